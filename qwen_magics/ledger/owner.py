"""Who holds a reservation, and whether that process still lives. Kernels and servers come and go; their rows stay."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

FOREIGN_SECONDS = 24 * 3600.0  # another host's process can't be looked at: after a day it counts as gone
_SAME_START = 2.0  # seconds; a process's start time is as exact as the system's clock


class Owner(Struct, frozen=True):
    """One process: its host (with its process namespace), that host's boot, its id, its start in seconds since 1970."""

    host: str
    boot: str
    pid: int
    started: float


def me() -> Owner:
    """This process; right after a fork too."""
    return _owner(os.getpid())


def gone(owner: Owner, age: float) -> bool:
    """Whether the process that made a reservation `age` seconds ago has ended (a zombie has)."""
    import psutil

    here = me()
    if owner == here:
        return False
    if owner.host != here.host:
        return age > FOREIGN_SECONDS
    if owner.boot != here.boot:
        return True
    try:
        process = psutil.Process(owner.pid)
        with process.oneshot():
            ended: bool = process.status() == psutil.STATUS_ZOMBIE
            return ended or bool(abs(process.create_time() - owner.started) > _SAME_START)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


@lru_cache(maxsize=4)
def _owner(pid: int) -> Owner:
    import psutil

    return Owner(_host(), _boot(), pid, psutil.Process(pid).create_time())


def _host() -> str:
    """Process ids mean something only within one namespace: containers that share a name are hosts of their own."""
    try:
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _boot() -> str:
    """Linux names each boot; elsewhere start times alone tell processes of two boots apart."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""

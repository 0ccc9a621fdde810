"""Where the running local model is written down, for every process of this user on this machine to find it.

One folder `local/` (0700) in the data folder; per host, because a home folder may be shared by several: a state file
(0600, it holds the server's key), a lock, and llama.cpp's log. The state file is also the server's right to live: when
it is gone or names another process, the server leaves; each use touches it, which starts its idle time anew.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOOPBACK = "127.0.0.1"


class Running(Struct, frozen=True, kw_only=True):
    """A local model that answers: where, with which key, and which process it is."""

    key: str
    port: int
    pid: int
    started: float  # the process's start time in seconds since the epoch: a pid alone may be another's by now
    host: str
    model_name: str  # what receipts call it
    file: str
    n_ctx: int  # tokens of input and output together
    engine: str  # xllamacpp's version

    @property
    def base_url(self) -> str:
        """Where OpenAI-compatible requests go."""
        return f"http://{LOOPBACK}:{self.port}/v1"

    def __repr__(self) -> str:  # never the key
        return f"Running({self.model_name} at {self.base_url}, pid {self.pid})"


class Place:
    """The files of the local model below `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self.folder, host = data_dir / "local", socket.gethostname()
        self.state = self.folder / f"{host}.json"
        self.log = self.folder / f"{host}.log"
        self._lock = self.folder / f"{host}.lock"

    def make(self) -> None:
        """Create the folder and the data folder, the user's alone."""
        self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # only the last folder gets the mode
        self.folder.mkdir(exist_ok=True, mode=0o700)

    def lock(self) -> BaseFileLock:
        """Hold it to start or end the server. The operating system frees it when its holder dies."""
        from filelock import FileLock

        self.make()
        return FileLock(self._lock, mode=0o600)

    def read(self) -> Running | None:
        """What the state file says; nobody knows yet whether it is still true."""
        try:
            return msgspec.json.decode(self.state.read_bytes(), type=Running)
        except (OSError, msgspec.MsgspecError):
            return None

    def write(self, running: Running) -> None:
        """Write the state file whole, readable by the user alone from its first byte."""
        draft = self.state.with_suffix(f".{running.pid}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(running))
        draft.replace(self.state)

    def clear(self, pid: int) -> None:
        """Remove the state file if it names `pid`."""
        if (running := self.read()) and running.pid == pid:
            self.state.unlink(missing_ok=True)

    def touch(self) -> None:
        """Say that the model is about to be used."""
        with suppress(OSError):
            os.utime(self.state)

    def touched(self) -> float:
        """When it was last about to be used; 0 if there is no state file."""
        try:
            return self.state.stat().st_mtime
        except OSError:
            return 0

"""The process of the local model: `python -m qwen_magics.provider.local.serve DATA_DIR FILE N_CTX IDLE`.

Started by `process.ensure`, in a session of its own. Loads the model, writes down where it listens and with which key,
and leaves when nothing was asked for IDLE seconds, when its state file is gone or names another, or on SIGTERM.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen_magics.provider.local import weights
from qwen_magics.provider.local.state import LOOPBACK, Place, Running

if TYPE_CHECKING:
    from collections.abc import Iterator

# Prompts are read in steps of so many tokens: between two of them progress is told and a hung-up request ends.
STEP = 128
CACHE_MB = 256  # prompts of other notebooks that are kept beside the current one
HTTP_THREADS = 32  # a waiting request holds one


def threads() -> int:
    """Threads to compute with: half the processors that this process may use (a container's cgroup v2 quota included).

    llama.cpp's threads wait for each other by spinning, so one that is kept off its processor by another program (a
    kernel, a browser) holds up all: seen to go from 60 tokens a second to 1 with a thread on each of four busy
    processors, and from 40 to 5 on two; with half as many threads it kept 40 and 25.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no cgroup, or `max`: no quota
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, int(quota) // int(period))
    return max(1, count // 2)


def load(file: Path, n_ctx: int, key: str) -> Any:
    """llama.cpp's own server on a free port of the loopback: one slot, key demanded, no web page, no foreign origin."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.model_alias = {weights.name_of(file)}
    params.n_ctx, params.n_parallel = n_ctx, 1
    params.n_batch = params.n_ubatch = STEP
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads()
    params.cache_ram_mib = CACHE_MB
    params.hostnames, params.port, params.n_threads_http = [LOOPBACK], 0, HTTP_THREADS
    params.api_keys = [key]
    params.cors_origins, params.cors_origins_explicit, params.cors_credentials = "", True, False
    params.ui, params.endpoint_slots, params.endpoint_metrics = False, False, True
    return xllamacpp.Server(params)


def watch(server: Any, place: Place, idle: float, leave: threading.Event) -> None:
    """Return when it is time to leave. Use is whatever moves llama.cpp's counters or touches the state file."""
    me, used = os.getpid(), time.monotonic()
    counters: tuple[str, ...] = ()
    touched = 0.0
    while not leave.wait(min(idle / 4, 2)):
        running = place.read()
        if running is None or running.pid != me:
            return
        before = counters, touched
        working, counters = _activity(server.handle_metrics())
        touched = place.touched()
        if working or (counters, touched) != before:
            used = time.monotonic()
        elif time.monotonic() - used >= idle and _resign(place, touched):
            return


def _activity(metrics: str) -> tuple[bool, tuple[str, ...]]:
    """(whether a request is worked on or waits, the counters of all tokens so far) from llama.cpp's metrics."""
    values = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if line.startswith("llamacpp:"))
    names = ("prompt_tokens_total", "prompt_tokens_cached_total", "tokens_predicted_total")
    working = any(values.get(f"llamacpp:requests_{what}", "0") != "0" for what in ("processing", "deferred"))
    return working, tuple(values.get(f"llamacpp:{name}", "") for name in names)


def _resign(place: Place, touched: float) -> bool:
    """Give up the state file, unless somebody is just about to use this server."""
    from filelock import Timeout

    try:
        with place.lock().acquire(timeout=0):
            if place.touched() != touched:
                return False
            place.clear(os.getpid())
            return True
    except Timeout:
        return False


@contextmanager
def _main_thread_gets(number: signal.Signals) -> Iterator[None]:
    """Threads born inside leave the signal to the main thread; taken by another, it would not wake the main one."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where terminating asks nobody
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    yield
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def main() -> None:
    """Load, write down, watch, leave."""
    data_dir, file, n_ctx, idle = sys.argv[1:]
    import psutil

    place, key, leave = Place(Path(data_dir)), secrets.token_urlsafe(32), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: leave.set())
    with _main_thread_gets(signal.SIGTERM):
        server = load(Path(file), int(n_ctx), key)
    place.write(
        Running(
            key=key,
            port=int(server.listening_address.rsplit(":", 1)[1]),
            pid=os.getpid(),
            started=psutil.Process().create_time(),
            host=socket.gethostname(),
            model_name=weights.name_of(Path(file)),
            file=file,
            n_ctx=int(n_ctx),
            engine=version("xllamacpp"),
        )
    )
    try:
        watch(server, place, float(idle), leave)
    finally:
        place.clear(os.getpid())
        del server  # ends its threads


if __name__ == "__main__":
    main()

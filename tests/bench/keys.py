"""Typing in the sidebar beside a notebook of 2,000 cells: from a key to the estimate's answer, over a real server."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx
from bench import notebooks
from bench.kernel import jupyter_in
from bench.table import Row, middle

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS, SIZES, QUESTION = 2_000, (400_000, 20_000_000), "What stands out in all of this?"


def measure() -> list[Row]:
    """The first estimate, one after each key, one after each switch of a chip; the notebook small and large."""
    rows = []
    for size in SIZES:
        with server() as client:
            content = notebooks.large(CELLS, size)
            name, body = held(client, content)
            first, _ = estimate(client, name, "W")
            typed = [estimate(client, name, QUESTION[:end]) for end in range(2, len(QUESTION))]
            switched = [estimate(client, name, QUESTION, notebook=on)[0] for on in (False, True) * 3]
        what = f"{CELLS:,} cells, {body / 1e6:.1f} MB"
        tokens = f"{typed[-1][1]['tokens']:,} tokens go along"
        rows += [
            Row(f"sidebar, {what}: estimate after a key", middle([ms for ms, _ in typed]), 150, "ms", tokens),
            Row(f"sidebar, {what}: the slowest of them", max(ms for ms, _ in typed), 300, "ms"),
            Row(f"sidebar, {what}: after the notebook's chip", middle(switched[1::2]), 300, "ms", "switched on again"),
            Row(f"sidebar, {what}: the first estimate", first, 1_000, "ms", "every cell is redacted and counted"),
        ]
    return rows


@contextmanager
def server() -> Iterator[httpx.Client]:
    """A Jupyter Server with the extension, in a place of its own; a client that is logged in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    with TemporaryDirectory(prefix="qwen-magics-bench-") as folder:
        own = {"QWEN_MAGICS_PROVIDER": "alibaba", "DASHSCOPE_API_KEY": f"sk-{secrets.token_hex(16)}"}
        env = {**os.environ, **jupyter_in(Path(folder)), "QWEN_MAGICS_DATA_DIR": str(Path(folder, "data")), **own}
        options = ["--no-browser", "--allow-root", f"--port={port}", f"--IdentityProvider.token={token}"]
        extension = "--ServerApp.jpserver_extensions={'qwen_magics.server': True}"
        running = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options, extension, f"--ServerApp.root_dir={folder}"],
            env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        headers = {"Authorization": f"token {token}"}
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}/", headers=headers, timeout=120, trust_env=False
        ) as client:
            try:
                _answers(client)
                yield client
            finally:
                running.terminate()
                running.wait(30)


def _answers(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            client.get("api").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server does not answer")


def held(client: httpx.Client, content: dict[str, Any]) -> tuple[str, int]:
    """Hand it over as a browser does; its name, and the bytes that went."""
    fresh = {
        f"k{n}": {
            "kind": cell["cell_type"], "id": cell["id"], "source": "".join(cell["source"]),
            "outputs": cell.get("outputs", []), "metadata": {},
        }
        for n, cell in enumerate(content["cells"])
    }  # fmt: skip
    body = {"path": "large.ipynb", "cells": list(fresh), "fresh": fresh, "metadata": {}}
    answer = client.post("qwen/api/notebook", json=body).raise_for_status()
    return answer.json()["notebook"], len(answer.request.content)


def estimate(client: httpx.Client, name: str, text: str, *, notebook: bool = True) -> tuple[float, dict[str, Any]]:
    """Milliseconds from the request to its answer, and the answer."""
    chips = [{"kind": "notebook", "on": notebook}, {"kind": "cell", "name": "cell-7"}]
    began = time.perf_counter()
    answer = client.post("qwen/api/estimate", json={"text": text, "notebook": name, "chips": chips})
    passed = (time.perf_counter() - began) * 1e3
    said: dict[str, Any] = answer.raise_for_status().json()
    return passed, said

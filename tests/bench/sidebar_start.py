"""What the sidebar adds to JupyterLab's start: time until `/lab` is served, memory then, script. And a stop's time."""

from __future__ import annotations

import gzip
import json
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
import psutil
from bench.kernel import jupyter_in
from bench.table import Row, middle
from fakes.provider import FakeProvider
from fakes.script import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 10
STOPS = 15
STATIC = Path(__file__).resolve().parents[2] / "qwen_magics" / "labextension" / "static"


def measure() -> list[Row]:
    """Starts with and without take turns; a stop is from its call to the provider's noticing that nobody listens."""
    found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    with TemporaryDirectory(prefix="qwen-magics-bench-") as folder:
        for run in range(RUNS + 1):
            for ours in (True, False) if run % 2 else (False, True):
                with _lab(Path(folder), ours) as (_, took, held):
                    if run:  # the first writes the byte code
                        found[ours].append((took, held))
        stops = _stops(Path(folder))
    (took, held), (took_bare, held_bare) = (_best(found[ours]) for ours in (True, False))
    against = f"a bare JupyterLab: {took_bare:.2f} s, {held_bare:.0f} MB"
    return [
        Row("sidebar: JupyterLab's start", 1e3 * (took - took_bare), 100, "ms", against),
        Row("sidebar: JupyterLab's start, memory", held - held_bare, 10, "MB", against),
        Row("sidebar: script, all of it", _script(), 60, "KB", "gzipped"),
        Row(
            "sidebar: from Stop to the provider's end of the line",
            1e3 * middle(stops),
            100,
            "ms",
            "an answer that hangs",
        ),
    ]


def _best(found: list[tuple[float, float]]) -> tuple[float, float]:
    """The quickest start: whatever else the machine does only adds. The median of what is held."""
    return min(took for took, _ in found), middle([held for _, held in found])


def _script() -> float:
    """KB of JavaScript, gzipped, also what is loaded only when the panel is looked at."""
    return sum(len(gzip.compress(file.read_bytes())) for file in STATIC.glob("*.js")) / 1e3


@contextmanager
def _lab(folder: Path, ours: bool, **env: str) -> Iterator[tuple[httpx.Client, float, float]]:
    """A JupyterLab that serves: a client, seconds until its page came, megabytes then."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    chosen = {"ServerApp": {"jpserver_extensions": {"qwen_magics.server": ours}}}
    (config / "jupyter_server_config.json").write_text(json.dumps(chosen), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port, token = free.getsockname()[1], secrets.token_hex(16)
    options = [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}", "--no-browser", "--allow-root"]
    own = {**os.environ, **jupyter_in(folder), "JUPYTER_PREFER_ENV_PATH": "0", **env}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"],
        env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    headers = {"Authorization": f"token {token}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/", headers=headers, trust_env=False, timeout=60) as client:
            while not _served(client):
                time.sleep(0.005)
            took = time.perf_counter() - began
            held = psutil.Process(process.pid).memory_info().rss / 1e6
            assert client.get("qwen/api/status").is_success is ours
            yield client, took, held
    finally:
        process.kill()
        process.wait()


def _served(client: httpx.Client) -> bool:
    try:
        return client.get("lab").status_code == 200
    except httpx.ConnectError:
        return False


def _stops(folder: Path) -> list[float]:
    """Seconds from DELETE to the upstream connection's end, seen by the provider."""
    found = []
    with FakeProvider("alibaba") as provider:
        provider.always = Answer(text=("One", " two"), hang_after=1)
        env = {
            "QWEN_MAGICS_PROVIDER": "alibaba", "QWEN_MAGICS_BASE_URL": provider.base_url,
            "DASHSCOPE_API_KEY": "sk-" + "a" * 32,
        }  # fmt: skip
        with _lab(folder, True, **env) as (client, _, _):
            for _ in range(STOPS):
                provider.hung_up.clear()
                with client.stream("POST", "qwen/api/chat", json={"text": "Count."}) as response:
                    events = (json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: "))
                    turn = _begun(events)
                    asked = time.perf_counter()
                    client.delete(f"qwen/api/chat/{turn}")
                    provider.hung_up.wait(10)
                    found.append(time.perf_counter() - asked)
    return found


def _begun(events: Iterator[dict[str, Any]]) -> str:
    """Read up to the answer's first piece; the turn's id."""
    turn = ""
    for event in events:
        turn = event.get("turn", turn)
        if event["type"] == "text":
            break
    return turn

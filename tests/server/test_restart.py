"""A server that ends in mid-answer, gently or not: the thread has what was on screen, the ledger what was spent."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fakes.browser import Browser
from fakes.script import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.provider import FakeProvider

HANGS = Answer(thinking=("Hm. ",), text=("One", " two", " three"), hang_after=3)


@pytest.fixture(autouse=True)
def asks_the_fake(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "alibaba")
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "a" * 32)


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[tuple[subprocess.Popen[bytes], Browser]]:
    """A Jupyter Server in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port, token = free.getsockname()[1], secrets.token_hex(16)
    options = [
        f"--ServerApp.port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
        "--ServerApp.jpserver_extensions={'qwen_magics.server': True}", "--no-browser", "--allow-root",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        browser = Browser(f"http://127.0.0.1:{port}/", token)
        while True:
            try:
                await browser.client.get("api")
                break
            except httpx.ConnectError:
                assert process.poll() is None
                await asyncio.sleep(0.02)
        yield process, browser
    finally:
        process.kill()
        process.wait()


async def interrupted(folder: Path, number: signal.Signals) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
    """Ask, end the server in mid-answer, start it again: the turn as its thread has it, spending, the last events."""
    async with server(folder) as (process, browser), browser.ask(text="Count.") as stream:
        events = await stream.until("text")
        events += await stream.until("text")
        thread, turn = events[0]["thread"], events[0]["turn"]
        while not (await browser.turn(thread, turn))["answer"]:
            await asyncio.sleep(0.02)
        os.kill(process.pid, number)
        try:
            events += await stream.rest()
        except httpx.TransportError:
            events.append(None)
        await asyncio.to_thread(process.wait)
    async with server(folder) as (_, browser):
        return await browser.turn(thread, turn), (await browser.call("GET", "usage")).json(), events


async def test_a_killed_server_loses_no_text(provider: FakeProvider, tmp_path: Path) -> None:
    provider.enqueue(HANGS)
    turn, usage, events = await interrupted(tmp_path, signal.SIGKILL)
    assert events[-1] is None
    assert (turn["status"], turn["answer"], turn["thinking"]) == ("lost", "One two", "Hm. ")
    assert [total["turns"] for total in usage["today"]] == [1]  # at its worst case: nobody knows more


async def test_a_server_that_is_stopped_settles_first(provider: FakeProvider, tmp_path: Path) -> None:
    provider.enqueue(HANGS)
    turn, usage, events = await interrupted(tmp_path, signal.SIGTERM)
    assert (turn["status"], turn["answer"], turn["thinking"]) == ("stopped", "One two", "Hm. ")
    assert turn["receipt"]["status"] == "stopped"
    assert [row["receipt"]["id"] for row in usage["turns"]] == [turn["id"]]
    assert (events[-1]["type"], events[-1]["text"]) == ("settled", "One two")  # the browser was told, too
    assert provider.hung_up.wait(5)

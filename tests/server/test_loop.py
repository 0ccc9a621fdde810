"""The server goes on answering everybody else while it counts a large notebook, or brings the local model up."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from fakes.browser import until

from qwen_magics.asking import sending
from qwen_magics.provider import local

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.browser import Browser
    from fakes.provider import FakeProvider

    from qwen_magics.server.desk import Desk


def large(cells: int) -> dict[str, Any]:
    """A notebook with that many different cells, 2 kB each."""
    fresh = {
        f"k{n}": {"kind": "code", "id": f"c{n}", "source": f"x_{n} = 1\n" + f"print(x_{n}, 'größer', {n})\n" * 60}
        for n in range(cells)
    }
    return {"path": "large.ipynb", "cells": list(fresh), "fresh": fresh}


async def test_others_are_answered_while_a_large_notebook_is_counted(browser: Browser, provider: FakeProvider) -> None:
    held = (await browser.call("POST", "notebook", large(2_000))).json()["notebook"]
    chips = [{"kind": "notebook"}]
    counting = asyncio.create_task(browser.call("POST", "estimate", {"text": "?", "notebook": held, "chips": chips}))
    answered = 0
    while not counting.done():
        await browser.client.get("api")
        answered += 1
    assert (await counting).json()["tokens"] > 10_000
    assert answered >= 5  # one, where the loop is blocked


async def test_the_local_model_comes_up_while_others_are_answered(
    browser: Browser, desk: Desk, local_home_alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_DATA_DIR", str(local_home_alone))
    monkeypatch.delenv("QWEN_MAGICS_BASE_URL")
    answered = 0
    async with browser.ask(text="Say yes.", provider="local", max_tokens=4) as stream:
        events = await stream.until("progress")
        coming = asyncio.create_task(stream.until("text"))
        while not coming.done():
            await browser.client.get("api")
            answered += 1
        events += await coming + await stream.rest()
    assert next(event["what"] for event in events if event["type"] == "progress") == "starting"
    assert (events[-1]["type"], events[-1]["receipt"]["cost"]["basis"]) == ("settled", "free")
    assert answered >= 5


async def test_models_that_take_long_to_come_up_keep_nobody_else_waiting(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent and stopped, again and again: each goes on waiting for the model in a thread of its own."""
    up = threading.Event()
    monkeypatch.setattr(sending, "ready", lambda plan, *_: up.wait(30) and plan)
    try:
        for _ in range(6):
            async with browser.ask(text="Why?") as stream:
                events = await stream.until("accepted")
                await browser.call("DELETE", f"chat/{events[0]['turn']}")
                assert (await stream.rest())[-1]["error"]["kind"] == "Stopped"
        assert len((await browser.call("GET", "threads")).json()["threads"]) == 6
    finally:
        up.set()


async def test_a_stop_while_the_local_model_comes_up_is_taken_at_once(
    browser: Browser, desk: Desk, local_home_alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_DATA_DIR", str(local_home_alone))
    monkeypatch.delenv("QWEN_MAGICS_BASE_URL")
    async with browser.ask(text="Say yes.", provider="local", max_tokens=4) as stream:
        events = await stream.until("progress")
        await browser.call("DELETE", f"chat/{events[0]['turn']}")
        events += await stream.rest()
    assert events[-1]["error"]["kind"] == "Stopped"
    kept = await browser.turn(events[0]["thread"], events[0]["turn"])
    assert (kept["status"], kept["answer"], kept["receipt"]) == ("stopped", "", None)
    await until(lambda: local.status(local_home_alone)["running"])  # it comes up all the same, for the next question

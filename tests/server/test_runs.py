"""A turn in flight and the browsers that come and go: nothing that was on screen is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from fakes.browser import until
from fakes.provider import refuse
from fakes.script import Answer

from qwen_magics.server import run as one
from qwen_magics.server import runs
from qwen_magics.server.threads import entries

if TYPE_CHECKING:
    from fakes.browser import Browser, HandClock
    from fakes.provider import FakeProvider

    from qwen_magics.server.bodies import Question
    from qwen_magics.server.desk import Desk
    from qwen_magics.server.question import Prepared
    from qwen_magics.server.run import Run

HANGS = Answer(thinking=("Hm. ",), text=("One", " two", " three"), hang_after=3)  # thinks, says "One two", is silent


def said(events: list[dict[str, Any]], kind: str = "text") -> str:
    return "".join(event["text"] for event in events if event["type"] == kind)


async def test_who_comes_back_goes_on_where_he_was(browser: Browser, provider: FakeProvider, clock: HandClock) -> None:
    provider.enqueue(HANGS)
    async with browser.ask(text="Count.") as stream:
        before = await stream.until("text")
    turn, last = before[0]["turn"], before[-1]["n"]
    await until(lambda: clock.waits(one.GRACE))
    clock.go(one.GRACE - 1)
    async with browser.attach(turn, last) as stream:
        after = await stream.until("text")
        assert said(before + after) == "One two"
        assert [event["n"] for event in before + after] == sorted({event["n"] for event in before + after})
        clock.go(2)  # nobody is missing any more
        assert (await browser.call("DELETE", f"chat/{turn}")).status_code == 204
        assert (await stream.rest())[-1]["receipt"]["status"] == "stopped"


async def test_who_does_not_come_back_is_waited_for_and_no_longer(
    browser: Browser, provider: FakeProvider, clock: HandClock, desk: Desk
) -> None:
    provider.enqueue(HANGS)
    async with browser.ask(text="Count.") as stream:
        events = await stream.until("text")
        events += await stream.until("text")
    run = desk.runs.get(events[0]["turn"])
    assert run is not None
    await until(lambda: clock.waits(one.GRACE))
    assert not run.ended
    clock.go(one.GRACE)
    await until(lambda: run.ended)
    assert provider.hung_up.wait(5)
    kept = await browser.turn(events[0]["thread"], events[0]["turn"])
    assert (kept["status"], kept["answer"], kept["thinking"]) == ("stopped", "One two", "Hm. ")
    assert kept["receipt"]["cost"]["bound"] == "at_least"


async def test_who_asks_again_under_the_same_name_asks_once(
    browser: Browser, provider: FakeProvider, clock: HandClock, desk: Desk
) -> None:
    """The connection was gone before the answer began: while it was counted, while it ran, when it was over."""
    provider.enqueue(HANGS)
    lost = asyncio.create_task(browser.call("POST", "chat", {"text": "Count.", "once": "n1"}))
    await until(lambda: "runs" in vars(desk) and "n1" in desk.runs._begun)
    lost.cancel()
    async with browser.ask(text="Count.", once="n1") as stream:
        events = await stream.until("text")
        async with browser.ask(text="Count.", once="n1") as again:
            assert await again.until("text") == events
        await browser.call("DELETE", f"chat/{events[0]['turn']}")
        events += await stream.rest()
    async with browser.ask(text="Count.", once="n1") as late:
        assert said(await late.rest()) == said(events)
    assert len(provider.questions) == 1
    assert (await browser.call("GET", "threads")).json()["threads"][0]["turns"] == 1
    clock.go(runs.KEPT)
    async with browser.ask(text="Count.", once="n1") as another:
        assert (await another.rest())[0]["turn"] != events[0]["turn"]


async def test_a_question_that_was_refused_may_be_asked_again_under_its_name(browser: Browser) -> None:
    refused = await browser.call("POST", "chat", {"text": "Why?", "notebook": "gone", "once": "n1"})
    assert refused.json()["stale"]
    async with browser.ask(text="Why?", once="n1") as stream:
        assert (await stream.rest())[-1]["type"] == "settled"


async def test_two_browsers_see_the_same_turn(browser: Browser, provider: FakeProvider, clock: HandClock) -> None:
    provider.enqueue(HANGS)
    async with browser.ask(text="Count.") as first:
        events = await first.until("text")
        async with browser.attach(events[0]["turn"]) as second:
            same = await second.until("text")
            assert [event["type"] for event in same][:2] == ["accepted", "started"]
            assert said(same, "thinking") == "Hm. "
            await browser.call("DELETE", f"chat/{events[0]['turn']}")
            assert (await first.rest())[-1] == (await second.rest())[-1]
    assert not clock.waits(one.GRACE)


async def test_a_stop_hangs_up_and_keeps_what_came(browser: Browser, provider: FakeProvider) -> None:
    provider.enqueue(HANGS)
    async with browser.ask(text="Count.") as stream:
        events = await stream.until("text")
        for _ in range(2):  # twice is once
            assert (await browser.call("DELETE", f"chat/{events[0]['turn']}")).status_code == 204
        events += await stream.rest()
    assert provider.hung_up.wait(5)
    assert events[-1]["type"] == "settled"
    assert events[-1]["text"] == said(events)
    assert (await browser.turn(events[0]["thread"], events[0]["turn"]))["status"] == "stopped"


async def test_what_came_is_stored_while_it_comes(browser: Browser, provider: FakeProvider, clock: HandClock) -> None:
    provider.enqueue(HANGS)
    async with browser.ask(text="Count.") as stream:
        events = await stream.until("text")
        events += await stream.until("text")
        clock.go(runs.STORE_EVERY)
        kept: dict[str, Any] = {"answer": ""}
        while not kept["answer"]:
            kept = await browser.turn(events[0]["thread"], events[0]["turn"])
        assert (kept["status"], kept["answer"], kept["thinking"]) == ("running", "One two", "Hm. ")


async def test_a_silent_line_is_kept_open(browser: Browser, provider: FakeProvider, clock: HandClock) -> None:
    provider.enqueue(HANGS)
    async with browser.ask(text="Count.") as stream:
        events = await stream.until("text")
        events += await stream.until("text")
        await until(lambda: clock.waits(one.KEEP_ALIVE))
        clock.go(one.KEEP_ALIVE)
        await until(lambda: clock.waits(one.KEEP_ALIVE))
        await browser.call("DELETE", f"chat/{events[0]['turn']}")
        await stream.rest()
        assert stream.comments == 1


async def test_a_turn_that_is_over_can_be_read_for_a_while(
    browser: Browser, provider: FakeProvider, clock: HandClock
) -> None:
    async with browser.ask(text="Why?") as stream:
        events = await stream.rest()
    turn = events[0]["turn"]
    async with browser.attach(turn) as again:
        assert said(await again.rest()) == said(events)
    async with browser.attach(turn, 10_000) as nothing:
        assert await nothing.rest() == []
    clock.go(runs.KEPT)
    assert (await browser.call("GET", f"chat/{turn}")).status_code == 404
    assert (await browser.call("DELETE", f"chat/{turn}")).status_code == 404
    assert (await browser.turn(events[0]["thread"], turn))["answer"] == said(events)


async def test_only_the_newest_of_what_shows_how_things_stand_is_said_again(
    browser: Browser, provider: FakeProvider
) -> None:
    provider.enqueue(refuse(429, "limit_requests", "slow down"), Answer(text=("Yes.",)))
    async with browser.ask(text="Why?") as stream:
        live = await stream.rest()
    async with browser.attach(live[0]["turn"]) as again:
        later = await again.rest()
    assert [event["type"] for event in later].count("retrying") == 1
    numbers = [event["n"] for event in later]
    assert numbers == sorted(set(numbers))
    assert [event for event in later if event["type"] in ("text", "settled")] == [
        event for event in live if event["type"] in ("text", "settled")
    ]


async def test_a_fault_of_the_provider_ends_the_turn_in_words(browser: Browser, provider: FakeProvider) -> None:
    provider.enqueue(refuse(401, "invalid_api_key", "no"))
    async with browser.ask(text="Why?") as stream:
        events = await stream.rest()
    assert [event["type"] for event in events][-2:] == ["settled", "failed"]
    assert events[-1]["error"]["kind"] == "WrongKey"
    kept = await browser.turn(events[0]["thread"], events[0]["turn"])
    assert (kept["status"], kept["question"]) == ("failed", "Why?")
    assert kept["error"] == events[-1]["error"]


async def test_an_answer_that_breaks_off_stays(browser: Browser, provider: FakeProvider) -> None:
    provider.enqueue(Answer(text=("One", " two"), error_after=1))
    async with browser.ask(text="Count.") as stream:
        events = await stream.rest()
    assert events[-1]["type"] == "failed"
    kept = await browser.turn(events[0]["thread"], events[0]["turn"])
    assert (kept["status"], kept["answer"]) == ("failed", "One")


async def test_what_goes_where_is_said_the_first_time(browser: Browser, provider: FakeProvider) -> None:
    notes = []
    for _ in range(2):
        async with browser.ask(text="Why?") as stream:
            notes.append(" ".join((await stream.rest())[-1]["receipt"]["notes"]))
    assert "the question alone → Alibaba Cloud" in notes[0]
    assert "→" not in notes[1]


async def test_a_fault_of_ours_ends_the_turn_too(
    browser: Browser, provider: FakeProvider, desk: Desk, caplog: Any
) -> None:
    desk.client.open = None  # type: ignore[assignment, method-assign]
    async with browser.ask(text="Why?") as stream:
        events = await stream.rest()
    assert events[-1]["type"] == "failed"
    assert "TypeError" not in events[-1]["error"]["message"]
    assert "TypeError" in caplog.text
    assert (await browser.turn(events[0]["thread"], events[0]["turn"]))["status"] == "failed"


@pytest.mark.parametrize("fault", [sqlite3.OperationalError("database or disk is full"), RuntimeError("odd")])
async def test_a_turn_whose_end_can_not_be_stored_ends_all_the_same_and_is_stored_later(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fails(*_: object) -> None:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(entries, "finish", fails)
        async with browser.ask(text="Why?") as stream:
            events = await stream.rest()
        assert [event["type"] for event in events][-2:] == ["settled", "failed"]
        assert not desk.busy
    kept = await browser.turn(events[0]["thread"], events[0]["turn"])
    assert (kept["status"], kept["answer"]) == ("complete", said(events))
    assert kept["receipt"]["id"] == events[0]["turn"]


async def test_a_turn_that_is_stopped_before_it_began_ends_too(browser: Browser, desk: Desk) -> None:
    """Its thread was deleted at that very moment."""
    begin = desk.runs.start

    async def and_stop(prepared: Prepared, asked: Question) -> Run:
        run = await begin(prepared, asked)
        run.stop()
        return run

    desk.runs.start = and_stop  # type: ignore[method-assign]
    async with browser.ask(text="Why?") as stream:
        events = await stream.rest()
    assert events[-1]["error"]["kind"] == "Stopped"
    assert (await browser.turn(events[0]["thread"], events[0]["turn"]))["status"] == "stopped"


async def test_a_server_with_a_turn_in_flight_is_busy_and_settles_it_at_its_end(
    browser: Browser, provider: FakeProvider, desk: Desk, jp_serverapp: Any
) -> None:
    provider.enqueue(HANGS)
    assert not jp_serverapp.extension_manager.any_activity()
    async with browser.ask(text="Count.") as stream:
        events = await stream.until("text")
        assert jp_serverapp.extension_manager.any_activity()
        await jp_serverapp.extension_manager.stop_all_extensions()
        events += await stream.rest()
    assert events[-1]["receipt"]["status"] == "stopped"
    assert desk.threads.get(events[0]["thread"]).turns_list[0].answer.startswith("One")
    assert not desk.busy


async def test_no_question_is_no_turn(browser: Browser, provider: FakeProvider) -> None:
    refused = await browser.call("POST", "chat", {"text": " \n"})
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, "There is no question.")
    assert not provider.questions


async def test_a_thread_deleted_in_mid_answer_costs_no_more_and_comes_back_with_what_came(
    browser: Browser, provider: FakeProvider
) -> None:
    provider.enqueue(HANGS)
    async with browser.ask(text="Count.") as stream:
        events = await stream.until("text")
        events += await stream.until("text")
        thread, turn = events[0]["thread"], events[0]["turn"]
        assert (await browser.call("DELETE", f"threads/{thread}")).status_code == 204
        assert (await stream.rest())[-1]["receipt"]["status"] == "stopped"
    assert provider.hung_up.wait(5)
    await browser.call("POST", f"threads/{thread}/restore")
    kept = await browser.turn(thread, turn)
    assert (kept["status"], kept["answer"]) == ("stopped", "One two")

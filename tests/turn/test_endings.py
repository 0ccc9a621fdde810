"""How a turn ends where its connection doesn't, where its task is cancelled, and where an earlier attempt failed."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import aclosing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from fakes.provider import Answer, refuse
from fakes.turns import Bench, collect

from qwen_magics import turn
from qwen_magics.errors import GuardError, NetworkDown, QwenError, ServerFault, Stopped, TimedOut
from qwen_magics.provider.client import AsyncClient
from qwen_magics.turn import Plan, Route, settle
from qwen_magics.values import Settled, Text, TurnEvent

if TYPE_CHECKING:
    from collections.abc import Callable

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100}
HELD = Answer(text=("a ", "b"), usage=USAGE, held=True)
EMPTY = Answer(raw=b"data: {}\n\n")
SHORT = 0.2  # seconds


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns bear less silence than a setting allows."""
    monkeypatch.setattr(Route, "silence", SHORT)


def last(events: list[Any]) -> Settled:
    assert isinstance(events[-1], Settled)
    return events[-1]


async def events_of(plan: Plan, events: list[TurnEvent], seen: Callable[[TurnEvent], None] = lambda _: None) -> None:
    client = AsyncClient()
    try:
        async for event in turn.run(plan, client):
            events.append(event)
            seen(event)
    finally:
        await client.close()


# --- an answer that is whole ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
def test_an_answer_is_complete_although_the_server_keeps_the_stream_open(bench: Bench) -> None:
    bench.provider.enqueue(HELD)
    events, problem = collect(bench.turn())
    assert problem is None
    receipt = last(events).receipt
    assert (receipt.status, receipt.usage.input, receipt.cost.bound) == ("complete", 1000, "exact")
    assert bench.provider.hung_up.wait(2)


@pytest.mark.usefixtures("impatient")
def test_it_is_complete_in_a_server_too(bench: Bench) -> None:
    bench.provider.enqueue(HELD)
    events: list[TurnEvent] = []
    asyncio.run(events_of(bench.plan(), events))
    assert last(events).receipt.status == "complete"


@pytest.mark.usefixtures("impatient")
def test_a_server_that_ends_neither_by_done_nor_by_hanging_up_has_answered_all_the_same(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("a ", "b"), usage=USAGE, done=False, held=True))
    events, problem = collect(bench.turn())
    assert problem is None
    assert (last(events).receipt.status, last(events).receipt.usage.output) == ("complete", 100)


def test_a_stop_after_the_last_word_does_not_make_the_answer_a_stopped_one(bench: Bench) -> None:
    """It is taken while the server, which sent no [DONE], is waited for: the answer is kept whole, the cell ends."""
    bench.provider.enqueue(Answer(text=("a ", "b"), usage=USAGE, done=False, held=True))
    flow, events = bench.turn(), []

    def show() -> None:
        with flow:
            for event in flow:
                events.append(event)
                if isinstance(event, Text) and "b" in event.text:
                    here = threading.main_thread().ident
                    threading.Timer(SHORT, signal.pthread_kill, (here, signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        show()
    receipt = last(events).receipt
    assert (receipt.status, receipt.error, receipt.usage.output) == ("complete", "", 100)
    assert bench.ledger.rows()[0].receipt == receipt


def test_a_stop_while_the_last_words_are_shown_comes_too_late(bench: Bench) -> None:
    whole = (
        b'data: {"choices": [{"index": 0, "delta": {"content": "all"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    )
    bench.provider.enqueue(Answer(raw=whole, held=True))
    flow = bench.turn()
    events = []
    for event in flow:
        events.append(event)
        if isinstance(event, Text):
            flow.stop()
    assert last(events).receipt.status == "complete"


def test_a_connection_is_kept_from_turn_to_turn(bench: Bench) -> None:
    async def twice() -> None:
        client = AsyncClient()
        for _ in range(2):
            assert [event async for event in turn.run(bench.plan(), client)]
        await client.close()

    asyncio.run(twice())
    flow = bench.turn()
    collect(flow)
    collect(turn.Turn(bench.plan(), flow._client))
    one, two, three, four = (seen.peer for seen in bench.provider.questions)
    assert one == two
    assert three == four


# --- a task that is cancelled -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["reserve", "leave"])
def test_a_cancel_while_the_ledger_is_written_leaves_nothing_reserved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    begun, go_on, work = threading.Event(), threading.Event(), getattr(Plan, at)

    def slow(plan: Plan) -> None:
        begun.set()
        assert go_on.wait(5)
        work(plan)

    monkeypatch.setattr(Plan, at, slow)

    async def cancelled() -> None:
        task = asyncio.create_task(events_of(bench.plan(), events))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # and once more, while it is being awaited
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not bench.ledger.in_flight()

    events: list[TurnEvent] = []
    asyncio.run(cancelled())
    assert last(events).receipt.status == "stopped"
    assert not bench.ledger.rows()
    assert not bench.provider.questions


def test_a_refusal_of_the_ledger_ends_a_server_s_turn_without_more_ado(bench: Bench) -> None:
    events: list[TurnEvent] = []
    with pytest.raises(GuardError):
        asyncio.run(events_of(bench.plan(guard_day="0.001 USD"), events))
    assert not events


def test_a_time_limit_around_a_turn_is_a_time_out(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("a ", "b "), hang_after=1))
    events: list[TurnEvent] = []

    async def limited() -> None:
        async with asyncio.timeout(None) as limit:

            def soon(event: TurnEvent) -> None:
                if isinstance(event, Text):
                    limit.reschedule(asyncio.get_running_loop().time())

            await events_of(bench.plan(), events, soon)

    with pytest.raises(TimeoutError):
        asyncio.run(limited())
    assert (last(events).text, last(events).receipt.status) == ("a ", "stopped")
    assert not bench.ledger.in_flight()


def test_a_cancel_while_the_turn_settles_changes_nothing_in_its_receipt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, settled = threading.Event(), threading.Event(), settle.settle

    def slow(*given: Any) -> Any:
        begun.set()
        assert go_on.wait(5)
        return settled(*given)

    monkeypatch.setattr(settle, "settle", slow)
    events: list[TurnEvent] = []

    async def cancelled() -> None:
        task = asyncio.create_task(events_of(bench.plan(), events))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert last(events).receipt.status == "complete"
    assert [row.receipt for row in bench.ledger.rows()] == [last(events).receipt]


def test_a_turn_that_nobody_listens_to_any_more_is_settled_off_the_event_loop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled, threads = settle.settle, []

    def seen(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return settled(*given)

    monkeypatch.setattr(settle, "settle", seen)
    bench.provider.enqueue(Answer(text=("a ", "b "), hang_after=1))

    async def abandoned() -> None:
        async with aclosing(turn.run(bench.plan(), AsyncClient())) as events:
            async for event in events:
                if isinstance(event, Text):
                    break

    asyncio.run(abandoned())
    assert [row.receipt.status for row in bench.ledger.rows()] == ["stopped"]
    assert len(threads) == 1
    assert threads != [threading.main_thread()]


# --- an attempt that failed before ------------------------------------------------------------------------------------


def test_nothing_of_an_attempt_that_failed_is_told_of_the_next_one(bench: Bench) -> None:
    """Neither its usage, nor its cost, nor its reason to finish, nor its number."""
    failed = (
        b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}\n\n'
        b'data: {"choices": [], "usage": {"prompt_tokens": 77, "completion_tokens": 7}}\n\n'
        b'data: {"error": {"code": "InternalError", "message": "broken"}}\n\n'
    )
    first = {"x-litellm-response-cost": "0.5", "X-Request-Id": "the-first"}
    bench.provider.enqueue(
        Answer(raw=failed, headers=first),
        Answer(text=("four words are here",), finish=None, send_usage=False, headers={"X-Request-Id": ""}),
    )
    events, problem = collect(bench.turn())
    assert problem is None
    receipt = last(events).receipt
    assert (receipt.attempts, receipt.finish_reason) == (2, "")
    assert receipt.request_id != "the-first"
    assert (receipt.usage.output, receipt.usage.estimated, receipt.cost.basis) == (4, True, "estimated")


@pytest.mark.parametrize(
    ("failed", "bound"),
    [
        (Answer(hang_after=0), "at_least"),  # silence
        (Answer(cut_after=0), "at_least"),  # hung up after the headers
        (EMPTY, "at_least"),
        (refuse(503, "ModelUnavailable", "overloaded"), "exact"),
        (refuse(408, "RequestTimeOut", "too slow"), "exact"),
    ],
)
@pytest.mark.parametrize("cost", [None, "0.002"])
@pytest.mark.usefixtures("impatient")
def test_an_attempt_that_may_be_billed_makes_the_cost_a_lower_bound(
    bench: Bench, failed: Any, bound: str, cost: str | None
) -> None:
    named = {"x-litellm-response-cost": cost} if cost else {}
    bench.provider.enqueue(failed, Answer(usage=USAGE, headers=named))
    events, problem = collect(bench.turn())
    assert problem is None
    receipt = last(events).receipt
    assert (receipt.status, receipt.attempts, receipt.cost.bound) == ("complete", 2, bound)
    assert receipt.cost.basis == ("reported" if cost else "computed")


@pytest.mark.parametrize(
    ("failed", "kind", "basis"),
    [
        (Answer(hang_after=0), TimedOut, "estimated"),
        (EMPTY, ServerFault, "estimated"),
        (Answer(raw=b'data: {"error": {"code": "InternalError", "message": "broken"}}\n\n'), ServerFault, "unbilled"),
        (refuse(408, "RequestTimeOut", "too slow"), TimedOut, "unbilled"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_a_turn_that_never_began_to_answer_is_unbilled_only_if_the_provider_said_why(
    bench: Bench, failed: Any, kind: type[QwenError], basis: str
) -> None:
    bench.provider.enqueue(failed)
    events, problem = collect(bench.turn(attempts=1))
    assert isinstance(problem, kind)
    cost = last(events).receipt.cost
    assert (cost.amount, cost.basis) == (Decimal(0), basis)
    assert cost.bound == ("at_least" if basis == "estimated" else "exact")


def test_nobody_there_costs_nothing(bench: Bench) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    events, problem = collect(bench.turn(base_url=nobody, attempts=1))
    assert isinstance(problem, NetworkDown)
    assert last(events).receipt.cost.basis == "unbilled"


def test_a_stop_in_the_countdown_after_a_refusal_costs_nothing(bench: Bench) -> None:
    bench.provider.enqueue(refuse(503, "ModelUnavailable", "overloaded", headers={"Retry-After": "50"}))

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    events, problem = collect(bench.turn(sleep=stop))
    assert isinstance(problem, Stopped)
    assert (last(events).receipt.status, last(events).receipt.cost.basis) == ("stopped", "unbilled")

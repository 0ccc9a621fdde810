"""One turn, whole: what the host is told, what stands in the receipt, what the ledger holds, whatever goes wrong."""

from __future__ import annotations

import asyncio
import datetime as dt
from decimal import Decimal

import pytest
from fakes.provider import Answer, refuse
from fakes.turns import Bench, collect

from qwen_magics import catalog, turn
from qwen_magics.errors import BrokenStream, GuardError, ModelNotOffered, RateLimited, ServerFault, Stopped, WrongKey
from qwen_magics.provider.client import AsyncClient
from qwen_magics.values import Retrying, Settled, Started, Text, Thinking

USAGE = {
    "prompt_tokens": 2048,
    "completion_tokens": 512,
    "prompt_tokens_details": {"cached_tokens": 1280},
    "completion_tokens_details": {"reasoning_tokens": 128},
}


def settled(events: list[object]) -> Settled:
    last = events[-1]
    assert isinstance(last, Settled)
    return last


def test_a_turn_tells_what_comes_and_ends_with_a_receipt_that_the_ledger_has_too(bench: Bench) -> None:
    bench.provider.enqueue(Answer(thinking=("Hm. ",), text=("It is ", "not the spread."), usage=USAGE))
    events, problem = collect(bench.turn(think="on"))
    assert problem is None
    assert isinstance(events[0], Started)
    assert "".join(e.text for e in events if isinstance(e, Thinking)) == "Hm. "
    assert "".join(e.text for e in events if isinstance(e, Text)) == "It is not the spread."
    end = settled(events)
    assert (end.text, end.thinking) == ("It is not the spread.", "Hm. ")
    assert end.receipt.cost.amount == Decimal("0.0043008")  # the mockup's own figure
    assert end.receipt.cost.cache_saved == Decimal("0.0012288")
    assert (end.receipt.status, end.receipt.finish_reason, end.receipt.attempts) == ("complete", "stop", 1)
    (entry,) = bench.ledger.rows()
    assert entry.receipt == end.receipt
    (saved,) = bench.ledger.answers("penguins.ipynb", "abc")
    assert (saved.asked, saved.text) == ("Why?", "It is not the spread.")


def test_the_key_travels_in_the_header_only(bench: Bench) -> None:
    events, _ = collect(bench.turn())
    (seen,) = bench.provider.questions
    assert seen.headers["authorization"] == "Bearer sk-" + "0" * 32
    assert "0" * 32 not in repr(events)


def test_an_overloaded_provider_is_asked_again_with_a_countdown_in_one_turn(bench: Bench) -> None:
    bench.provider.enqueue(refuse(503, "ModelUnavailable", "overloaded"), refuse(429, "limit_requests", "slow"))
    slept: list[float] = []
    events, problem = collect(bench.turn(sleep=slept.append))
    assert problem is None
    waits = [event for event in events if isinstance(event, Retrying)]
    assert {wait.attempt for wait in waits} == {2, 3}
    assert max(slept) <= 1.0  # a wait is told each second
    assert settled(events).receipt.attempts == 3
    assert len(bench.ledger.rows()) == 1


def test_retry_after_is_kept(bench: Bench) -> None:
    bench.provider.enqueue(refuse(429, "limit_requests", "slow", headers={"Retry-After": "7"}))
    slept: list[float] = []
    collect(bench.turn(sleep=slept.append))
    assert sum(slept) >= 7


def test_when_patience_ends_the_turn_fails_and_is_recorded_without_a_price_for_nothing(bench: Bench) -> None:
    bench.provider.always = refuse(500, "InternalError", "broken")
    events, problem = collect(bench.turn(attempts=2))
    assert isinstance(problem, ServerFault)
    receipt = settled(events).receipt
    assert (receipt.status, receipt.attempts, receipt.cost.amount) == ("failed", 2, Decimal(0))
    assert bench.ledger.rows()[0].receipt.status == "failed"
    assert not bench.ledger.in_flight()


def test_what_cannot_be_helped_is_not_tried_again(bench: Bench) -> None:
    for refusal, kind in (
        (refuse(401, "invalid_api_key", "Incorrect API key provided."), WrongKey),
        (refuse(404, "model_not_found", "no such model"), ModelNotOffered),
    ):
        bench.provider.enqueue(refusal)
        _, problem = collect(bench.turn())
        assert isinstance(problem, kind)
    assert len(bench.provider.questions) == 2


def test_after_the_first_token_nothing_is_asked_twice_and_what_came_is_kept(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("one ", "two ", "three"), error_after=2))
    events, problem = collect(bench.turn())
    assert problem is not None
    end = settled(events)
    assert end.text == "one two "
    assert (end.receipt.status, end.receipt.cost.bound) == ("failed", "at_least")
    assert end.receipt.usage.estimated
    assert len(bench.provider.questions) == 1


def test_a_stream_that_breaks_off_is_kept_and_marked(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("word ",) * 20, cut_after=3000))
    events, problem = collect(bench.turn())
    assert isinstance(problem, BrokenStream)
    end = settled(events)
    assert end.text
    assert bench.ledger.answers("penguins.ipynb", "abc")


def test_stopping_keeps_what_came_hangs_up_and_says_stopped(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("a ", "b ", "c "), hang_after=2))
    flow = bench.turn()
    events = []
    for event in flow:
        events.append(event)
        if isinstance(event, Text) and "b" in event.text:
            break
    flow.stop()
    rest, problem = collect(flow)
    assert isinstance(problem, Stopped)
    end = settled(rest)
    assert (end.text, end.receipt.status, end.receipt.cost.bound) == ("a b ", "stopped", "at_least")
    assert bench.provider.hung_up.wait(2)
    assert bench.ledger.rows()[0].receipt.status == "stopped"


def test_a_host_that_goes_away_still_has_its_turn_recorded(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("a ", "b "), hang_after=1))
    flow = bench.turn()
    while not isinstance(next(flow), Text):
        pass
    flow.close()
    assert bench.ledger.rows()[0].receipt.status == "stopped"
    assert not bench.ledger.in_flight()


def test_a_turn_that_is_expected_to_be_dear_needs_a_word(bench: Bench) -> None:
    long = "word " * 100_000
    with pytest.raises(GuardError, match="--yes"):
        bench.plan(long)
    assert not bench.provider.questions
    assert bench.plan(long, yes=True).expected.amount > Decimal("0.25")  # type: ignore[operator]


def test_a_day_that_is_used_up_refuses_before_sending(bench: Bench) -> None:
    collect(bench.turn())
    flow = bench.turn(guard_day="0.001 USD")
    with pytest.raises(GuardError, match="Nothing was sent"):
        next(flow)
    assert len(bench.provider.questions) == 1
    assert len(bench.ledger.rows()) == 1


def test_without_usage_the_receipt_is_an_estimate_and_says_so(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("four words are here",), send_usage=False))
    end = settled(collect(bench.turn())[0])
    assert end.receipt.usage.basis == {"input": "estimated", "output": "estimated"}
    assert (end.receipt.usage.output, end.receipt.cost.basis) == (4, "estimated")


def test_the_server_runs_the_same_turn(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("same ", "words"), usage=USAGE))

    async def run() -> list[object]:
        return [event async for event in turn.run(bench.plan(), AsyncClient())]

    end = settled(asyncio.run(run()))
    assert (end.text, end.receipt.cost.amount) == ("same words", Decimal("0.0043008"))
    assert bench.ledger.rows()[0].receipt == end.receipt


def test_a_cancelled_task_stops_the_turn_settles_it_and_stays_cancelled(bench: Bench) -> None:
    bench.provider.enqueue(Answer(text=("a ", "b "), hang_after=1))

    async def run() -> list[object]:
        events: list[object] = []

        async def read() -> None:
            async for event in turn.run(bench.plan(), AsyncClient()):
                events.append(event)
                if isinstance(event, Text):
                    started.set()

        started = asyncio.Event()
        task = asyncio.create_task(read())
        await asyncio.wait_for(started.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return events

    end = settled(asyncio.run(run()))
    assert end.receipt.status == "stopped"
    assert bench.provider.hung_up.wait(2)
    assert bench.ledger.rows()[0].receipt.status == "stopped"


def test_no_key_says_what_to_paste(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    with pytest.raises(Exception, match="%qwen_login"):
        bench.plan(provider="auto")


def test_rate_limits_beyond_patience_are_named(bench: Bench) -> None:
    bench.provider.always = refuse(429, "limit_requests", "Requests rate limit exceeded")
    _, problem = collect(bench.turn(attempts=1))
    assert isinstance(problem, RateLimited)


def test_prices_that_nobody_looked_up_for_90_days_say_their_date(bench: Bench) -> None:
    bench.now = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    old = settled(collect(bench.turn())[0]).receipt
    assert old.notes == (f"prices of {old.cost.prices_as_of}",)
    bench.now = None


def test_the_receipt_equals_the_table_in_every_scope_and_currency(bench: Bench) -> None:
    """Over real HTTP, at each bound of each tier and one past it."""
    for row in catalog.prices_of("qwen3-max"):
        if row.provider != "alibaba":
            continue
        for tier in row.tiers:
            for tokens in (tier.up_to or 1, (tier.up_to or 1) + 1):
                usage = {"prompt_tokens": tokens, "completion_tokens": 7}
                bench.provider.enqueue(Answer(usage=usage))
                end = settled(collect(bench.turn(scope=row.scope, currency=row.currency, guard_day="off"))[0])
                billed = next((t for t in row.tiers if t.up_to is None or tokens <= t.up_to), row.tiers[-1])
                assert end.receipt.cost.amount == (tokens * billed.input + 7 * billed.output) / 1_000_000
                assert end.receipt.cost.currency == row.currency


@pytest.mark.parametrize("inside", [False, True])
def test_a_key_of_no_known_shape_that_the_provider_echoes_is_masked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, inside: bool
) -> None:
    key = "TeamProxy" + "Key2026"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    said = f"Incorrect API key provided: {key}"
    echo = Answer(error_after=0, error={"code": "invalid_api_key", "message": said})
    bench.provider.enqueue(echo if inside else refuse(401, "invalid_api_key", said))
    events, problem = collect(bench.turn(provider="openai"))
    assert isinstance(problem, WrongKey)
    assert "[key]" in str(problem)
    assert key not in repr(events) + str(problem) + repr(bench.ledger.rows())

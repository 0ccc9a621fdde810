"""Budgets and a turn's limits: what doesn't fit is cut until it does, and only then refused. Eight at once, too."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import subprocess
import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from fakes.provider import Answer
from fakes.turns import PLACE, Bench, collect
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from qwen_magics import turn
from qwen_magics.catalog import prices, pricing
from qwen_magics.errors import GuardError, OptionError, OverCeiling
from qwen_magics.provider.client import AsyncClient
from qwen_magics.turn.budget import LEAST, fitting, outlook
from qwen_magics.values import Limits, Receipt, Settled, Started

if TYPE_CHECKING:
    from qwen_magics.errors import QwenError
    from qwen_magics.values import TurnEvent

ROWS = list(prices.read().values())
EDGES = sorted({tier.up_to + more for row in ROWS for tier in row.tiers if tier.up_to for more in (-65, -64, 0, 1)})
USAGE = {"prompt_tokens": 20, "completion_tokens": 40}
USD = Decimal


def whole(limits: Limits) -> int:
    return limits.answer + limits.thinking


@given(
    row=st.sampled_from(ROWS),
    counted=st.one_of(st.sampled_from(EDGES), st.integers(0, 1_000_000)),
    answer=st.integers(1, 65_536),
    thinking=st.one_of(st.just(0), st.integers(1, 65_536)),
    part=st.decimals("0", "1.2", places=6),
    explicit=st.booleans(),
)
def test_cut_limits_fit_the_room_and_no_larger_ones_would(
    row: Any, counted: int, answer: int, thinking: int, part: Decimal, explicit: bool
) -> None:
    """At every price row, on both sides of every bound; thinking goes first, nothing is cut without need."""

    def worst(limits: Limits) -> Any:
        return pricing.worst_case(row, counted, limits, None, explicit_cache=explicit, fees={"search": 1})

    wish = Limits(answer, thinking)
    least = Limits(min(answer, LEAST), min(thinking, LEAST))
    room = worst(wish).amount * part
    cut = fitting(worst(wish), wish, room)
    assert least.answer <= cut.answer <= answer
    assert least.thinking <= cut.thinking <= thinking
    assert cut.answer == answer or cut.thinking == least.thinking
    if worst(cut).amount > room:
        assert cut == least
    elif cut != wish:
        more = replace(cut, answer=cut.answer + 1) if cut.answer < answer else replace(cut, thinking=cut.thinking + 1)
        assert worst(more).amount > room


# --- one turn ---------------------------------------------------------------------------------------------------------


def began(events: list[TurnEvent]) -> Receipt:
    first = events[0]
    assert isinstance(first, Started)
    return first.receipt


def refusal(bench: Bench, kind: type[QwenError] = OverCeiling, **chosen: Any) -> QwenError:
    """What refuses a turn; nothing is sent or reserved then."""
    _, problem = collect(bench.turn(**chosen))
    assert isinstance(problem, kind), problem
    assert "Nothing was sent." in problem.message
    assert not bench.provider.questions
    assert not bench.ledger.in_flight()
    return problem


def limits_sent(bench: Bench) -> tuple[int, int]:
    body = bench.provider.questions[-1].body
    return body["max_tokens"], body.get("thinking_budget", 0)


def test_thinking_is_cut_before_the_answer_and_the_line_says_so(bench: Bench) -> None:
    bench.provider.always = Answer(usage=USAGE)
    wish = bench.plan(think="on").recounted()
    room = wish.worst.amount - USD("0.006") * 5  # five thousand tokens at $6 a million
    events, problem = collect(bench.turn(think="on", budget=(room, "")))
    assert problem is None
    assert limits_sent(bench) == (8_192, 3_192)
    for receipt in (began(events), bench.ledger.rows()[0].receipt):
        assert receipt.limits == Limits(8_192, 3_192)
        assert receipt.notes == ("thinking limit 3,192 (--budget)",)
        assert receipt.request_hash == wish.receipt.request_hash
        assert Decimal(receipt.expected["worst"]) == room
    bench.ledger.set_budget("turn", "USD", room - USD("0.006") * 4)
    collect(bench.turn(think="on"))
    assert limits_sent(bench) == (6_360, 1_024)
    assert bench.ledger.rows()[1].receipt.notes == ("thinking limit 1,024, answer limit 6,360 (a turn's budget)",)


def test_what_would_happen_can_be_told_beforehand(bench: Bench) -> None:
    assert outlook(bench.plan()) == ""
    assert outlook(bench.plan(budget=(USD("0.01"), ""))).startswith("It would go with less: answer limit 1,6")
    told = outlook(bench.plan(budget=(USD("0.001"), "")))
    assert told.startswith("It would be refused: This turn may cost up to 0.0063 USD with an answer of 1,024 tokens;")
    assert told.endswith("short. --budget 0.0063")
    assert "It would be refused: No price is known" in outlook(bench.plan(model="qwen-of-tomorrow", budget_day="1 USD"))
    assert not bench.ledger.in_flight()


def test_what_fits_is_left_as_it_is(bench: Bench) -> None:
    plan = bench.plan()
    events, _ = collect(bench.turn(budget=(plan.worst.amount, "USD")))
    assert limits_sent(bench) == (8_192, 0)
    assert began(events).notes == ()


def test_short_limits_stay_and_the_least_that_does_not_fit_is_refused(bench: Bench) -> None:
    short = bench.plan(max_tokens=200).recounted().worst.amount
    collect(bench.turn(max_tokens=200, budget=(short, "")))
    assert limits_sent(bench) == (200, 0)
    bench.provider.requests.clear()
    error = refusal(bench, max_tokens=200, budget=(short - USD("0.0000001"), ""))
    assert "with an answer of 200 tokens; at most" in error.message
    assert "0.0001 short" in error.message
    error = refusal(bench, think="on", budget=(USD("0.01"), "USD"))
    assert "with an answer of 1,024 tokens after 1,024 of thinking" in error.message
    assert error.remedy == "--budget 0.02USD"


def test_the_line_to_paste_is_enough(bench: Bench) -> None:
    """Whatever refuses, pasting its line lets the turn go."""
    error = refusal(bench, budget_day="0.001 USD, 7 CNY")
    assert error.remedy == '%config Qwen.budget_day = "0.0063 USD, 7 CNY"'
    _, problem = collect(bench.turn(budget_day="0.0063 USD, 7 CNY"))
    assert problem is None


def test_a_bound_by_bytes_is_counted_before_anything_is_cut(bench: Bench) -> None:
    text = "statistics " * 800  # 800 tokens, 8,800 bytes
    rough = bench.plan(text)
    assert not rough.exact
    exact = rough.recounted().worst.amount
    assert exact < rough.worst.amount
    events, _ = collect(bench.turn(text, budget=(exact, "")))
    assert limits_sent(bench) == (8_192, 0)
    assert began(events).expected["basis"] == "counted"


def test_the_days_guard_cuts_before_it_refuses(bench: Bench) -> None:
    collect(bench.turn(guard_day="0.03 USD"))
    assert limits_sent(bench)[0] < 8_192
    assert "(today's guard)" in bench.ledger.rows()[0].receipt.notes[0]


def test_a_new_day_and_a_new_month_begin_with_all_of_it(bench: Bench) -> None:
    bench.provider.always = lambda seen: Answer(usage=USAGE | {"completion_tokens": seen.body["max_tokens"]})
    bench.ledger.set_budget("day", "USD", USD("0.06"))
    bench.ledger.set_budget("month", "USD", USD("0.10"))
    told = []
    for day in ("11-29", "11-29", "11-29", "11-30", "11-30", "12-01"):
        bench.now = dt.datetime.fromisoformat(f"2026-{day}T12:00").astimezone()
        events, problem = collect(bench.turn())
        notes = "" if problem else " ".join(began(events).notes)
        told.append("refused" if problem else "today" if "today" in notes else "month" if "month" in notes else "whole")
    assert told == ["whole", "today", "refused", "month", "refused", "whole"]
    assert max(standing.spent for standing in bench.ledger.budgets("", now=bench.now)) < USD("0.06")


def test_a_driver_without_a_kernel_sends_what_was_reserved(bench: Bench) -> None:
    async def main() -> list[TurnEvent]:
        client = AsyncClient()
        try:
            return [event async for event in turn.run(bench.plan(budget=(USD("0.01"), "")), client)]
        finally:
            await client.close()

    events = asyncio.run(main())
    assert isinstance(events[-1], Settled)
    assert events[-1].receipt.limits.answer == limits_sent(bench)[0] < 8_192


# --- what no budget bounds --------------------------------------------------------------------------------------------


def test_a_budget_of_another_currency_is_refused(bench: Bench) -> None:
    error = refusal(bench, OptionError, budget=(USD(5), "CNY"))
    assert error.message == "--budget is in CNY, and this turn is priced in USD. Nothing was sent."
    refusal(bench, GuardError, budget_month="70 CNY")
    _, problem = collect(bench.turn(budget_month="70 CNY", unpriced=True))
    assert problem is None


def test_a_model_without_a_price_goes_by_a_word_only(bench: Bench) -> None:
    for budget in ({"budget": (USD(5), "")}, {"budget_day": "5 USD"}):
        error = refusal(bench, GuardError, model="qwen-of-tomorrow", **budget)
        assert "No price is known for qwen-of-tomorrow" in error.message
        assert "--unpriced" in error.remedy
    _, problem = collect(bench.turn(model="qwen-of-tomorrow", budget_day="5 USD", unpriced=True))
    assert problem is None


def test_without_a_budget_no_word_is_needed(bench: Bench) -> None:
    _, problem = collect(bench.turn(model="qwen-of-tomorrow"))
    assert problem is None


def test_what_an_administrator_locked_is_not_to_be_pasted(bench: Bench) -> None:
    plan = bench.plan(budget_day="0.001 USD")
    settings = plan.route.settings
    locked = replace(settings, locked=frozenset(["budget_day"]), sources={"budget_day": "/etc/jupyter/x.json"})
    with pytest.raises(OverCeiling) as caught:
        replace(plan, route=replace(plan.route, settings=locked)).reserve()
    assert caught.value.remedy == "`budget_day` is locked by /etc/jupyter/x.json: ask your administrator."


# --- several processes ------------------------------------------------------------------------------------------------

ASKS = """
import sys, time
from pathlib import Path
from fakes.turns import Bench, collect

folder, name, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
class Provider: base_url = url
bench = Bench(Provider, folder)
(folder / f"ready-{name}").touch()
while not (folder / "go").exists():
    time.sleep(0.002)
cut = refused = 0
for n in range(int(sys.argv[4])):
    events, problem = collect(bench.turn(f"{name} {n}?"))
    refused += problem is not None
    cut += problem is None and bool(events[-1].receipt.notes)
print(cut, refused)
"""


def asking(bench: Bench, name: str, turns: int) -> subprocess.Popen[str]:
    """A process that asks."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    arguments = [str(bench.ledger.path.parent), name, bench.provider.base_url, str(turns)]
    return subprocess.Popen([sys.executable, "-c", ASKS, *arguments], env=env, stdout=subprocess.PIPE, text=True)


def test_eight_processes_with_real_turns_end_at_or_under_the_budget(bench: Bench) -> None:
    """Their worst cases are eight times what is left in the end: limits shrink, then turns are refused."""
    budget = USD("0.25")
    bench.provider.always = Answer(usage={"prompt_tokens": 60, "completion_tokens": 900})  # within what was reserved
    bench.ledger.set_budget("notebook", "USD", budget, PLACE.notebook)
    started = [asking(bench, str(n), 40) for n in range(8)]
    folder = bench.ledger.path.parent
    while len(list(folder.glob("ready-*"))) < 8:
        assert all(process.poll() is None for process in started)
        time.sleep(0.01)
    (folder / "go").touch()
    told = [process.communicate(timeout=120)[0].split() for process in started]
    cut, refused = (sum(int(words[n]) for words in told) for n in range(2))
    (total,) = bench.ledger.spent()
    assert total.amount <= budget
    assert total.amount > budget - USD("0.0075")  # less than the least turn's worst case is left
    assert total.turns == 320 - refused == len(bench.provider.questions)
    assert cut > 0 < refused
    assert not bench.ledger.in_flight()
    for seen in bench.provider.questions:
        assert LEAST <= seen.body["max_tokens"] <= 8_192


def test_a_process_killed_with_its_request_out_counts_as_lost_at_its_worst_case(bench: Bench) -> None:
    bench.provider.enqueue(Answer(hang_after=1))
    bench.ledger.set_budget("day", "USD", USD("0.06"))
    process = asking(bench, "dies", 1)
    (bench.ledger.path.parent / "go").touch()
    while not bench.provider.questions:
        assert process.poll() is None
        time.sleep(0.005)
    (reserved,) = bench.ledger.in_flight()
    process.kill()
    process.communicate()
    collect(bench.turn())
    lost, mine = bench.ledger.rows()
    assert (lost.receipt.status, lost.receipt.cost.amount) == ("lost", reserved.amount)
    assert limits_sent(bench)[0] < 8_192
    assert mine.receipt.notes == (f"answer limit {limits_sent(bench)[0]:,} (today's budget)",)

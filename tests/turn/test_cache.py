"""What the cache probably holds of a prompt, where it is marked, and the words where a hit did not come."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from fakes.turns import PLACE

from qwen_magics import settings, turn
from qwen_magics.catalog import pricing
from qwen_magics.context.items import Item, messages
from qwen_magics.context.layout import layout
from qwen_magics.errors import GuardError
from qwen_magics.ledger import Ledger, Prompt
from qwen_magics.turn import Ask, Plan, cache
from qwen_magics.turn.plan import count

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
SYSTEM = Item(kind="instructions", label="instructions", text="Answer briefly.")


def cell(number: int, words: int = 800, word: str = "word") -> Item:
    """A cell of about two tokens a word."""
    return Item(kind="cell", label=f"#{number}", tag="cell", number=number, text=f"{word} = {number}\n" * words)


def past(number: int, asked: str, answer: str = "So.") -> Item:
    return Item(kind="turn", label=f"#{number}", number=number, text=asked, answer=answer)


def question(text: str = "Why?") -> Item:
    return Item(kind="question", label="the question", text=text)


class Desk:
    """A notebook whose prompts are planned one after the other, as if each were answered."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.before: list[Prompt] = []
        self.now = NOW

    def plan(self, *items: Item, minutes: float = 1, **chosen: Any) -> Plan:
        """The plan of the next question, some minutes after the last."""
        frozen = settings.load().with_options(**({"provider": "alibaba"} | chosen))
        self.now += dt.timedelta(minutes=minutes)
        route = turn.route(frozen)
        shown = [SYSTEM, *items]
        ask = Ask(
            messages=messages(shown), options=route.settings.options(), place=PLACE,
            layout=layout(shown), before=tuple(self.before),
        )  # fmt: skip
        return turn.plan(ask, route, self.ledger, now=self.now)

    def ask(self, *items: Item, minutes: float = 1, **chosen: Any) -> Plan:
        """The same, and it was answered."""
        plan = self.plan(*items, minutes=minutes, **chosen)
        receipt = plan.receipt
        sent = Prompt(receipt.id, receipt.time, plan.ask.layout, receipt.provider, receipt.region, receipt.model)
        self.before.insert(0, sent)
        return plan


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- what is probably cached ------------------------------------------------------------------------------------------


def test_what_was_sent_before_is_counted_on_and_its_price_expected(desk: Desk):
    first = desk.ask(cell(1), question())
    assert (first.hit.tokens, first.hit.why) == (0, "first question here")
    second = desk.plan(cell(1), past(2, "Why?"), cell(3, 10), question("And now?"))
    exact = second.repriced(count(second))
    assert exact.hit.parts == 3  # instructions, the cell, and the question that was asked
    assert first.repriced(count(first)).counted - 10 < exact.hit.tokens < exact.counted - 40
    assert exact.hit.why == ""
    assert exact.row is not None
    plain = pricing.expected(exact.row, exact.counted, exact.size.typical - exact.size.thinking)
    # 20 % of $1.2 a million in place of all of it
    assert plain.amount is not None
    assert exact.expected.amount is not None
    assert plain.amount - exact.expected.amount == exact.hit.tokens * Decimal("0.96") / 1_000_000


def test_the_same_cells_with_another_question_are_no_loss(desk: Desk):
    desk.ask(cell(1), question())
    again = desk.plan(cell(1), question("Why not?"))
    assert (again.hit.parts, again.hit.why) == (2, "")


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        ([cell(1)], [cell(1, word="other")], "cell #1 changed"),
        ([cell(1), cell(2), cell(3)], [cell(1), cell(3)], "cell #2 is gone"),
        ([cell(1), cell(3)], [cell(1), cell(2), cell(3)], "cell #2 is new"),
        ([past(2, "Why?", "So. " * 900), cell(3)], [past(2, "Why?", "No."), cell(3)], "cell #2 changed"),
        ([cell(1, 10)], [cell(1, 10)], "under 1,024 tokens"),
        ([cell(1, 10)], [cell(1, 11)], "under 1,024 tokens"),
        ([cell(1)], [Item(kind="mark", label="…", text="[cells #1 left out]"), cell(2)], "other cells are left out"),
    ],
)  # fmt: skip
def test_a_hit_that_is_not_to_be_expected_has_its_reason(desk: Desk, then: list[Item], now: list[Item], why: str):
    desk.ask(*then, question())
    hit = desk.plan(*now, question()).hit
    assert hit.why == why
    assert (hit.lost >= 1_024) == (not why.startswith("under"))


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"model": "qwen3-max-preview"}, "model changed"),
        ({"region": "beijing"}, "region changed"),
        ({"provider": "openrouter"}, "provider changed"),
    ],
)
def test_another_models_cache_is_no_help(desk: Desk, chosen: dict[str, str], why: str):
    desk.ask(cell(1), question())
    hit = desk.plan(cell(1), question(), **chosen).hit
    assert (hit.tokens, hit.why) == (0, why)
    assert hit.lost >= 1_024


def test_after_five_minutes_nothing_is_counted_on(desk: Desk):
    desk.ask(cell(1), question())
    assert desk.plan(cell(1), question(), minutes=4.9).hit.tokens
    late = desk.plan(cell(1), question(), minutes=7.5).hit
    assert (late.tokens, late.why) == (0, "12 min passed")


def test_a_question_from_further_up_loses_nothing(desk: Desk):
    desk.ask(cell(1), past(2, "Why?"), cell(3), question())
    up = desk.plan(cell(1), question("Why?")).hit
    assert (up.parts, up.why) == (3, "")


def test_a_fork_finds_the_prompt_that_it_shares_most_with(desk: Desk):
    desk.ask(cell(1), cell(2), cell(3), question())
    desk.ask(cell(1), question("What is #1?"))
    assert desk.plan(cell(1), cell(2), cell(3), cell(4), question()).hit.parts == 4


def test_where_caching_is_off_or_unknown_nothing_is_counted_on(desk: Desk):
    for chosen in ({"cache": "off"}, {"provider": "modelscope", "model": "Qwen/Qwen3-32B"}):
        desk.ask(cell(1), question(), **chosen)
        assert desk.plan(cell(1), question(), **chosen).hit == cache.Hit()


def test_the_guard_of_a_turn_counts_on_no_hit(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "0" * 32)
    many = [cell(n, 2_000) for n in range(1, 20)]
    desk.ask(*many, question())
    plan = desk.plan(*many, question())
    assert plan.expected.amount is not None
    assert plan.expected.amount < Decimal("0.25")
    with pytest.raises(GuardError):
        plan.ready()

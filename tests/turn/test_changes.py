"""What changed since the last question: by labels, in the order of the prompt, with what it costs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from qwen_magics import settings, turn
from qwen_magics.context.compose import Context
from qwen_magics.context.items import Item, messages
from qwen_magics.context.layout import layout
from qwen_magics.display import changes as shown
from qwen_magics.ledger import Ledger, Prompt
from qwen_magics.turn import Ask, Place, Plan
from qwen_magics.turn.changes import Change, changes
from qwen_magics.turn.preview import exact, preview

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def cell(number: int, text: str = "", output: str = "") -> Item:
    text = text or f"cell {'x' * 7 * number}"
    return Item(
        kind="cell", label=f"#{number}", title=text[:9], tag="cell", text=text, number=number,
        outputs=(output,) if output else (),
    )  # fmt: skip


def question(text: str = "Why?") -> Item:
    return Item(kind="question", label="the question", text=text)


BIG = "word " * 4_000
CELLS = [Item(kind="instructions", label="instructions", text="Help."), cell(1, output=BIG), cell(2, output=BIG)]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def planned(ledger: Ledger, now: Sequence[Item], before: Sequence[Item], **chosen: Any) -> Plan:
    """An exact plan; `before` was sent three minutes ago to the same model."""
    frozen = settings.load().with_options(**({"provider": "alibaba"} | chosen))
    route = turn.route(frozen)
    then = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=3)).isoformat()
    last = Prompt("t", then, layout(before), "alibaba", "singapore", "qwen3-max")
    ask = Ask(
        messages=messages(now), options=frozen.options(), place=Place(notebook="a.ipynb"), layout=layout(now),
        before=(last,) if before else (),
    )  # fmt: skip
    return exact(turn.plan(ask, route, ledger))


def found(ledger: Ledger, now: Sequence[Item], before: Sequence[Item]) -> tuple[Change, ...]:
    told = changes(planned(ledger, now, before))
    assert told is not None
    return told.changes


def test_a_cell_that_changed_is_new_or_gone(ledger: Ledger) -> None:
    before = [*CELLS, cell(3), cell(4), cell(5), question()]
    assert found(ledger, [*CELLS, cell(3), cell(4, "other"), cell(5), question()], before) == (Change("#4", "changed"),)
    assert found(ledger, [*CELLS, cell(3), cell(4), question()], before) == (Change("#5", "gone"),)
    assert found(ledger, [*before[:-1], cell(6), question()], before) == (Change("#6", "new"),)
    assert found(ledger, before, before) == ()


def test_a_turn_is_the_question_that_was_asked_and_its_answer_is_new(ledger: Ledger) -> None:
    turn_ = Item(kind="turn", label="#3", title="question, answer", text="Why?", answer="So.", number=3)
    now = [*CELLS, turn_, cell(4), question("And then?")]
    assert found(ledger, now, [*CELLS, question()]) == (
        Change("#3", "answered"), Change("#4", "new"), Change("the question", "new"),
    )  # fmt: skip


def test_cells_that_only_moved_are_told_by_their_numbers(ledger: Ledger) -> None:
    """A cell's number is part of what is sent, so they miss the cache all the same."""
    before = [*CELLS, cell(3), cell(4), cell(5), question()]
    moved = [replace(item, number=item.number + 1, label=f"#{item.number + 1}") for item in before[3:-1]]
    told = found(ledger, [*CELLS, cell(3, "something new altogether"), *moved, question()], before)
    assert told == (
        Change("#3", "new"), Change("#4", "moved", "#3"), Change("#5", "moved", "#4"), Change("#6", "moved", "#5"),
    )  # fmt: skip


def test_what_a_change_costs_is_what_its_lost_hits_cost(ledger: Ledger) -> None:
    before = [*CELLS, question()]
    now = [CELLS[0], cell(1, "changed", BIG), CELLS[2], question("Really?")]
    plan = planned(ledger, now, before)
    told = changes(plan)
    assert told is not None
    assert told.after == "instructions"
    assert told.hit.lost > 7_000
    assert told.extra == told.hit.lost * Decimal("0.96") / 1_000_000
    table = shown.table(told, preview(plan, Context(list(now))), where="there", now=dt.datetime.now(dt.UTC))
    words = " ".join(table.plain().split())
    assert f"▲ Everything after instructions misses the cache: {told.hit.lost:,} tokens, about $0.0077" in words
    assert "cell #1 changed" in words
    assert "the last question to there, 3 min ago. Nothing was sent." in words
    assert [row[:2] for row in table.rows] == [("#1 changed", "changed"), ("the question", "changed")]


def test_an_unchanged_beginning_is_a_hit(ledger: Ledger) -> None:
    before = [*CELLS, question()]
    now = [*CELLS, question("Really?")]
    plan = planned(ledger, now, before)
    table = shown.table(changes(plan), preview(plan, Context(now)), where="there", now=dt.datetime.now(dt.UTC))
    assert f"About {plan.hit.tokens:,} of {plan.counted:,} tokens probably come from the cache." in table.sentences
    assert "▲" not in table.plain()


def test_another_model_has_seen_nothing_of_it(ledger: Ledger) -> None:
    plan = planned(ledger, [*CELLS, question()], [*CELLS, question()], model="qwen-plus")
    assert changes(plan) is None
    table = shown.table(None, preview(plan, Context(CELLS)), where="there", now=dt.datetime.now(dt.UTC))
    assert "nothing was asked of there yet" in " ".join(table.plain().split())
    assert table.html()
    assert table.markdown()

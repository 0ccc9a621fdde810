"""`--trim`: below a step of the price, within what was asked for, or not at all; and that cuts hold."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics import catalog, tokens
from qwen_magics.context.compose import Context, Question, Rules, compose
from qwen_magics.context.fit import BLOCK
from qwen_magics.context.hold import FREE, LEAST, Rung, Sizes, hold
from qwen_magics.context.redact import Redactor
from qwen_magics.context.relevance import LATEST
from qwen_magics.errors import InputTooLong
from qwen_magics.notebook.cells import Cell, Notebook, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

MARGIN, FUZZ = 64, 3 + BLOCK  # what frames a message is known to three tokens


def bounds(scope: str = "international", currency: str = "USD") -> tuple[int, ...]:
    row = catalog.price("qwen3-max", "alibaba", scope, currency)
    assert row is not None
    return tuple(tier.up_to for tier in row.tiers if tier.up_to is not None)


BOUNDS = bounds()


def cell(number: int, shown: int, source: str = "", **more: Any) -> Cell:
    output = Output("stream", name="stdout", text=f"shown{number} " + "word " * shown + f"end{number}")
    return Cell(number=number, kind="code", source=source or f"f{number}()", outputs=(output,) * (shown > 0), **more)


def failed(number: int) -> Cell:
    output = Output("error", ename="ValueError", evalue=f"reason{number} " * 200, traceback=["a", "b"])
    return Cell(number=number, kind="code", source=f"f{number}()", outputs=(output,))


def text(number: int, words: int) -> Cell:
    return Cell(number=number, kind="markdown", source=f"text{number} " + "word " * words)


def answered(number: int, answer: str = "Yes.") -> Cell:
    mark = {"version": 1, "turn": "t", "role": "answer", "part": 0, "asked": f"asked{number}", "status": "complete"}
    output = Output("display_data", data={"text/plain": answer}, metadata={"qwen_magics": mark})
    return Cell(number=number, kind="code", source="%%qwen\nwhat?", outputs=(output,))


def composed(cells: Sequence[Cell], ask: str = "Why?", **rules: Any) -> Context:
    running = Cell(number=len(cells) + 1, kind="code", source="%%qwen\nWhy?")
    notebook = Notebook(cells=(*cells, running), running=len(cells))
    return compose(notebook, Question(text=ask), Rules(**{"bounds": BOUNDS, **rules}), Redactor({}, environ={}))


def size(context: Context) -> int:
    return tokens.count_messages(context.messages())


def said(context: Context) -> str:
    return "\n".join(message.content for message in context.messages())


@cache
def sized(goal: int) -> tuple[Cell, ...]:
    """A notebook that takes `goal` tokens uncut; about half of it is code and text."""
    cells = [text(1, 1_000), *(cell(n, 480, source=f"f{n}('{'word ' * 400}')") for n in range(2, goal // 900 - 1))]
    missing = goal - size(composed(cells, trim="off", room=10**6))
    return (text(1, 1_000 + missing), *cells[1:])


def test_the_bounds_are_the_price_lists() -> None:
    assert BOUNDS == bounds("mainland", "CNY") == bounds("global", "USD")
    assert BOUNDS[:2] == (32_000, 128_000)


@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("off", [-MARGIN - FUZZ - 1, -MARGIN - FUZZ, 1 - MARGIN, -1, 0, 1, MARGIN])
def test_outputs_are_shortened_from_64_below_a_bound_on_and_nothing_else(bound: int, off: int) -> None:
    cells, room = sized(bound + off), bound + 5_000
    uncut = composed(cells, trim="off", room=room)
    assert size(uncut) == bound + off
    context = composed(cells, room=room)
    if off <= -MARGIN - FUZZ:
        assert context == uncut
        return
    assert context.trimmed is not None
    assert size(context) <= bound - MARGIN
    assert size(context) + context.trimmed.tokens == bound + off
    assert all(words.endswith("cut to 100 tokens each") for words in context.left_out)
    assert [item.text for item in context.items] == [item.text for item in uncut.items]
    assert all(item.outputs for item in context.items if item.number > 1 and item.kind == "cell")


def test_a_step_leaves_a_quarter_free() -> None:
    assert 23_000 < size(composed(sized(32_100))) <= 32_000 * 3 // 4


def test_pins_are_never_shortened_and_errors_named_cells_and_the_last_ones_go_last() -> None:
    cells = [text(1, 17_000), *(cell(n, 500) for n in range(2, 40))]
    cells[4], cells[5] = cell(5, 500, tags=("qwen-pin",)), failed(6)
    context = composed(cells, ask="what of #9?")
    lengths = {item.number: tokens.count(item.outputs[0]) for item in context.items if item.outputs}
    assert context.trimmed is not None
    assert {n for n, length in lengths.items() if length > 100} >= {5, 6, 9, 37, 38, 39}
    assert lengths[2] <= 100
    assert {label for label, _ in context.trimmed.cells}.isdisjoint({"#1", "#5", "#6", "#9", "#39"})


def test_where_outputs_do_not_suffice_nothing_is_cut() -> None:
    cells = [text(1, 31_800), *(cell(n, 300) for n in range(2, 9))]
    context = composed(cells)
    assert context == composed(cells, trim="off")
    assert context.trimmed is None
    assert context.left_out == ()


def test_the_last_outputs_are_cut_where_nothing_else_is_left() -> None:
    cells = [text(1, 30_500), cell(2, 2_500)]
    context = composed(cells)
    assert size(context) <= BOUNDS[0] - MARGIN
    assert context.trimmed is not None
    assert [label for label, _ in context.trimmed.cells] == ["#2"]
    assert "shown2" in said(context)
    assert "end2" in said(context)


def test_it_never_goes_two_bounds_down() -> None:
    """Beyond 128,000 the outputs alone could bring it under 32,000, which would leave hardly anything of them."""
    context = composed([cell(n, 550) for n in range(1, 250)])
    assert BOUNDS[0] < size(context) <= BOUNDS[1] - MARGIN


def test_a_number_is_a_must() -> None:
    cells = [cell(n, 500, source=f"f{n}('{'word ' * 60}')") for n in range(1, 40)]
    whole = size(composed(cells, trim="off"))
    for most in (16_000, 8_000, 2_000, 1_000):
        context = composed(cells, trim=str(most), bounds=())
        assert size(context) <= most
        assert context.trimmed is not None
        assert context.left_out
        marks = sum(item.count("qwen3") for item in context.items if item.kind == "mark")
        assert size(context) - marks + context.trimmed.tokens == whole
    with pytest.raises(InputTooLong, match="--trim allows 100"):
        composed(cells, trim="100", ask="word " * 200)


def test_a_cell_that_the_question_names_stays_where_others_go() -> None:
    cells = [cell(n, 50, source=f"x{n} = '{'word ' * 100}'") for n in range(1, 60)]
    context = composed(cells, ask="what is `x3`, and #5?", trim="3000", bounds=())
    assert "shown3 " in said(context)
    assert "shown5 " in said(context)
    assert "[cells #1 to #2 left out: no room]" in said(context)
    assert "[cells #4 left out: no room]" in said(context)


def test_what_a_cell_was_does_not_change_what_its_leaving_takes() -> None:
    def going(source: str) -> list[int]:
        cells = [cell(n, 0, source=f"x{n} = '{'word ' * 100}'") for n in range(1, 60)]
        cells[3] = Cell(number=4, kind="code", source=source)
        context = composed(cells, trim="3000", bounds=())
        return [item.number for item in context.items if item.kind == "cell"]

    assert going("x = '" + "word " * 100 + "'") == going("y = '" + "else " * 100 + "'")


def test_off_sends_all_or_nothing() -> None:
    cells = sized(32_100)
    assert composed(cells, trim="off").trimmed is None
    assert size(composed(cells, trim="off")) == 32_100
    with pytest.raises(InputTooLong, match="All of it takes 32,100 tokens; the model takes 32,000") as problem:
        composed(cells, trim="off", room=32_000)
    assert "--trim window" in (problem.value.remedy or "")


def test_the_window_heeds_no_price() -> None:
    context = composed(sized(32_100), trim="window")
    assert size(context) == 32_100
    assert context.trimmed is None


def test_what_the_window_takes_is_no_trimming_for_money() -> None:
    context = composed(sized(32_100), trim="window", room=20_000)
    assert context.left_out
    assert context.trimmed is None


def test_a_window_and_a_bound_below_it_hold_both() -> None:
    context = composed([cell(n, 500) for n in range(1, 100)], room=40_000)
    assert size(context) <= BOUNDS[0] - MARGIN


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ((("#6", 2_030),), "trimmed #6 by 2,030 tokens"),
        ((("#6", 30), ("#2", 20)), "trimmed #6 and #2 by 50 tokens"),
        ((("#6", 30), ("#2", 20), ("#3", 10)), "trimmed #6, #2 and #3 by 60 tokens"),
        ((("#6", 30), ("#2", 20), ("#3", 10), ("#4", 5)), "trimmed #6, #2 and 2 more by 65 tokens"),
    ],
)
def test_it_is_said_in_a_line(cells: tuple[tuple[str, int], ...], words: str) -> None:
    from qwen_magics.context.words import Trimmed

    assert Trimmed(cells).words == words


# --- cuts hold --------------------------------------------------------------------------------------------------------


def settled(context: Context, before: int) -> str:
    """What the prompt says of the cells before this number."""
    return "\n".join(item.user_text for item in context.items if item.kind == "cell" and item.number < before)


def test_from_question_to_question_the_beginning_stays() -> None:
    cells = [cell(n, 400 + 7 * n % 90) for n in range(1, 200)]
    changed, before = 0, ""
    for count in range(40, 199):
        context = composed(cells[:count])
        assert size(context) <= BOUNDS[0] - MARGIN
        now = settled(context, count - LATEST)
        changed += not now.startswith(before)
        before = now
    assert 1 <= changed <= 8  # of 158 questions: a step frees 8,000 tokens, for which about 80 cut outputs come


def test_another_question_shakes_nothing() -> None:
    cells = [cell(n, 450) for n in range(1, 90)]
    one, another = composed(cells, ask="Why?"), composed(cells, ask="How does it come? " * 60)
    assert one.items[:-1] == another.items[:-1]


def test_what_a_long_question_needs_is_cut_below_the_last_answer() -> None:
    """There no provider has seen the prompt in this form, so no hit is lost."""
    cells = [
        text(1, 23_800),
        *(cell(n, 450) for n in range(2, 12)),
        answered(12),
        *(cell(n, 450) for n in range(13, 18)),
    ]
    short, long = composed(cells), composed(cells, ask="word " * 2_000)
    assert short.trimmed is None
    assert long.trimmed is not None
    assert size(long) <= BOUNDS[0] - MARGIN
    assert settled(long, 12) == settled(short, 12)
    assert {label for label, _ in long.trimmed.cells} <= {"#13", "#14", "#15", "#16", "#17"}


def test_what_a_named_output_needs_is_cut_behind_it() -> None:
    cells = [text(1, 17_000), *(cell(n, 500) for n in range(2, 30)), answered(30), cell(31, 10)]
    cells[9] = cell(10, 2_900)
    short, named = composed(cells), composed(cells, ask="what of #10?")
    assert settled(named, 10) == settled(short, 10)
    assert size(named) <= BOUNDS[0] - MARGIN
    assert tokens.count(next(item.outputs[0] for item in named.items if item.number == 10)) > 2_800


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 900), st.booleans()), max_size=60),
    st.integers(500, 4_000),
)
def test_limits_only_sink_while_cells_are_added(cells: list[tuple[int, int, bool]], target: int) -> None:
    """Cells as (source, output, failed). The same cells have the same limits later, until an overflow cuts more."""
    rungs = (Rung(0, 100), Rung(1, 100), Rung(0, 0))

    def held(count: int) -> tuple[list[int], int, int]:
        some = cells[:count]

        def of(at: int, limit: int) -> int:
            return some[at][0] + min(some[at][1], limit)

        longer = [max(min(shown, 3_000) - 600, 0) for _, shown, _ in some]
        sizes = Sizes([600] * count, [of(at, 600) for at in range(count)], longer, of)
        limits = hold(sizes, [int(failed) for *_, failed in some], rungs, target)
        total = sum(of(at, limit) for at, limit in enumerate(limits)) + sum(longer[-LATEST:])
        least = sum(of(at, 0 if at < count - LATEST and not some[at][2] else 100) for at in range(count))
        return limits, total, least

    before: list[int] = []
    for count in range(len(cells) + 1):
        limits, total, least = held(count)
        old = limits[: len(before)]
        assert all(now <= then for now, then in zip(old, before, strict=True))
        if old != before:  # it overflowed: there is room for what comes, unless all that is worth it was cut
            uncuttable = LEAST * count + sum(min(shown, 3_000) for _, shown, _ in cells[max(count - LATEST, 0) : count])
            assert total <= max(target - target // FREE, least + uncuttable, target)
        before = limits


def test_the_same_notebook_gives_the_same_bytes_whatever_was_composed_before() -> None:
    from qwen_magics.context.maker import Memory

    memory, cells = Memory(), [cell(n, 300 + 40 * n % 500) for n in range(1, 120)]
    for count in (100, 60, 119):
        running = Cell(number=count + 1, kind="code", source="%%qwen\nWhy?")
        notebook = Notebook(cells=(*cells[:count], running), running=count)
        rules = Rules(bounds=BOUNDS)
        seen = compose(notebook, Question(text="Why?"), rules, Redactor({}, environ={}), memory)
        assert json.dumps(said(seen)) == json.dumps(said(composed(cells[:count])))

"""Trimming in a notebook as people have them: with cells that are none of the model's business, turns and headings."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_magics import catalog, tokens
from qwen_magics.catalog import pricing
from qwen_magics.context.compose import Context, Question, Rules, compose
from qwen_magics.context.fit import BLOCK
from qwen_magics.context.layout import alike, layout
from qwen_magics.context.maker import Memory
from qwen_magics.context.redact import Redactor
from qwen_magics.notebook.cells import Cell, Notebook, Output
from qwen_magics.values import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

GOAL = 4_000 - 64
SILENT = ("", "%qwen_context", "%load_ext qwen_magics\n%config Qwen.model = 'qwen3-max'", "%%qwen\nnot answered")


REDACTOR = Redactor({}, environ={})


def cell(number: int, shown: int, source: str = "", **more: Any) -> Cell:
    output = Output("stream", name="stdout", text=f"shown{number} " + "word " * shown + f"end{number}")
    return Cell(number=number, kind="code", source=source or f"f{number}()", outputs=(output,) * (shown > 0), **more)


def silent(number: int, source: str) -> Cell:
    """A cell that says nothing to the model, though `%qwen_context` shows people something."""
    table = Output("display_data", data={"text/plain": "a table " * 500}, metadata={"qwen_magics": {"version": 1}})
    return Cell(number=number, kind="code", source=source, outputs=(table,) if source else ())


def answered(number: int, words: int = 150) -> Cell:
    mark = {"version": 1, "turn": "t", "role": "answer", "part": 0, "asked": f"asked{number}", "status": "complete"}
    output = Output("display_data", data={"text/plain": "Yes. " * words}, metadata={"qwen_magics": mark})
    return Cell(number=number, kind="code", source="%%qwen\nwhat?", outputs=(output,))


def composed(cells: Sequence[Cell], ask: str = "Why?", memory: Memory | None = None, **rules: Any) -> Context:
    running = Cell(number=len(cells) + 1, kind="code", source="%%qwen\nWhy?")
    notebook = Notebook(cells=(*cells, running), running=len(cells))
    how = Rules(**{"bounds": (4_000, 9_000), **rules})
    return compose(notebook, Question(text=ask), how, REDACTOR, memory)


def lengths(context: Context) -> list[int]:
    return [tokens.count(item.outputs[0]) for item in context.items if item.kind == "cell"]


def test_cells_that_say_nothing_take_no_place_among_the_last_three() -> None:
    shown = [cell(n, 900) for n in range(1, 6)]
    alone = lengths(composed(shown, trim="off"))
    assert [length > 600 for length in alone] == [False, False, True, True, True]
    with_silent = [*shown, *(silent(6 + n, source) for n, source in enumerate(SILENT))]
    assert lengths(composed(with_silent, trim="off")) == alone


def test_cells_that_say_nothing_move_no_cut() -> None:
    """Whether a notebook has them between its cells or not: what is shortened or leaves is the same."""
    sources = [*SILENT, *SILENT[::-1]]
    for rules in ({}, {"trim": "2000"}, {"trim": "1000"}, {"room": 1_500}):
        plain = [cell(2 * n, 700, source=f"x{n} = '{'word ' * 40}'") for n in range(1, 30)]
        mixed = [one for n, real in enumerate(plain) for one in (silent(2 * n + 1, sources[n % 8]), real)]
        with_them, without = composed(mixed, **rules), composed(plain, **rules)
        assert [item.user_text for item in with_them.items] == [item.user_text for item in without.items]
        assert with_them.left_out == without.left_out
        assert with_them.trimmed == without.trimmed


words = st.integers(0, 120)
shown = st.one_of(st.integers(0, 80), st.integers(80, 900))
kinds = st.sampled_from(["code", "code", "code", "text", "pin", "failed", "turn", "silent"])


def any_cell(number: int, kind: str, words: int, shown: int) -> Cell:
    source = f"x{number} = '{'word ' * words}'"
    if kind == "text":
        return Cell(number=number, kind="markdown", source=source)
    if kind == "turn":
        return answered(number, words)
    if kind == "silent":
        return silent(number, SILENT[number % 4])
    if kind == "failed":
        error = Output("error", ename="ValueError", evalue=f"reason{number} " + "word " * shown, traceback=["a"])
        return Cell(number=number, kind="code", source=source, outputs=(error,))
    return cell(number, shown, source, tags=("qwen-pin",) if kind == "pin" else ())


@settings(max_examples=40)
@given(st.lists(st.tuples(kinds, words, shown), min_size=12, max_size=40))
def test_a_growing_notebook_stays_below_the_bound_or_goes_whole_and_keeps_code_text_and_pins(
    made: list[tuple[str, int, int]],
) -> None:
    """Asked after each cell, with one memory: what was cut and what goes add up to the whole."""
    cells = [any_cell(number, *one) for number, one in enumerate(made, start=1)]
    memory = Memory()
    for count in range(1, len(cells) + 1):
        context, whole = composed(cells[:count], memory=memory), composed(cells[:count], trim="off", memory=memory)
        assert [(item.text, item.answer) for item in context.items] == [
            (item.text, item.answer) for item in whole.items
        ]
        pins = [[item.outputs for item in one.items if item.pinned] for one in (context, whole)]
        assert pins[0] == pins[1]
        size, uncut = (tokens.count_messages(one.messages()) for one in (context, whole))
        gives_up = uncut > GOAL and context.trimmed is None
        lost = context.trimmed.tokens if context.trimmed else 0
        assert size + lost == uncut
        if not gives_up:
            bound = 9_000 - 64 if uncut > 9_000 - 64 - BLOCK - 3 else GOAL
            assert size <= bound - BLOCK * (context.trimmed is not None)
        if context.trimmed:
            assert uncut > GOAL - BLOCK - 3
            assert context.trimmed.layout == layout(whole.items)


def test_over_a_conversation_trimming_pays_even_if_every_hit_came() -> None:
    """An overflow breaks what the cache knew; what it frees holds, so that the questions that follow are cheaper by
    more than that. And without a cache it pays at once.
    """
    row = catalog.price("qwen3-max", "alibaba", "international", "USD")
    assert row is not None
    paid: dict[tuple[str, bool], Decimal] = {}
    for trim in ("tier", "off"):
        cells: list[Cell] = []
        memory, sent = Memory(), layout([])
        for _ in range(34):
            cells += [cell(len(cells) + n, 500, f"x = '{'word ' * 50}'") for n in (1, 2, 3)]
            asked = f"asked{len(cells) + 1}"
            context = composed(cells, asked, memory, trim=trim, bounds=(32_000, 128_000))
            parts = layout(context.items)
            size = tokens.count_messages(context.messages())
            known = sum(part.size for part in parts[: alike(sent, parts)]) * size // sum(part.size for part in parts)
            for hits in (True, False):
                usage = Usage(input=size, cached=known * hits, cache_kind="implicit", output=200)
                paid[trim, hits] = paid.get((trim, hits), Decimal(0)) + (pricing.cost(row, usage).amount or 0)
            sent = parts
            cells.append(answered(len(cells) + 1))
    assert paid["tier", False] < paid["off", False] / 2
    assert paid["tier", True] < paid["off", True] * Decimal("0.75")

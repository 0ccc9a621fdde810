"""Trimming in a notebook as people have them: with cells that are none of the model's business, turns and headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qwen_magics import tokens
from qwen_magics.context.compose import Context, Question, Rules, compose
from qwen_magics.context.redact import Redactor
from qwen_magics.notebook.cells import Cell, Notebook, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

SILENT = ("", "%qwen_context", "%load_ext qwen_magics\n%config Qwen.model = 'qwen3-max'", "%%qwen\nnot answered")


def cell(number: int, shown: int, source: str = "", **more: Any) -> Cell:
    output = Output("stream", name="stdout", text=f"shown{number} " + "word " * shown + f"end{number}")
    return Cell(number=number, kind="code", source=source or f"f{number}()", outputs=(output,) * (shown > 0), **more)


def silent(number: int, source: str) -> Cell:
    """A cell that says nothing to the model, though `%qwen_context` shows people something."""
    table = Output("display_data", data={"text/plain": "a table " * 500}, metadata={"qwen_magics": {"version": 1}})
    return Cell(number=number, kind="code", source=source, outputs=(table,) if source else ())


def composed(cells: Sequence[Cell], ask: str = "Why?", **rules: Any) -> Context:
    running = Cell(number=len(cells) + 1, kind="code", source="%%qwen\nWhy?")
    notebook = Notebook(cells=(*cells, running), running=len(cells))
    return compose(notebook, Question(text=ask), Rules(**{"bounds": (4_000, 9_000), **rules}), Redactor({}, environ={}))


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

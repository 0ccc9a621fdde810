"""`%qwen_fix`: the last error explained, and the corrected cell put below, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.context.canonical import is_ours
from qwen_magics.errors import OptionError
from qwen_magics.magics.ask import run
from qwen_magics.magics.options import parse

if TYPE_CHECKING:
    from qwen_magics.magics.session import Session
    from qwen_magics.notebook.cells import Cell, Notebook, Output


_LONGEST = 500  # characters of an error's own words; the cell's output has them all


def fix(session: Session, line: str) -> None:
    """Ask about the last error. Raises OptionError where nothing failed."""
    given, wish = parse(line)
    notebook = session.notebook()
    found = last_error(notebook)
    if found is None:
        raise OptionError(
            "No cell of this session shows an error. Nothing was sent.",
            remedy="Run the cell that fails, then %qwen_fix.",
        )
    failed, error = found
    question = (
        f"Cell #{failed.number} fails with {error.ename}: {error.evalue[:_LONGEST]}\n"
        "Say in a sentence or two why, then give the whole corrected cell in one ```python block."
    )
    if wish:
        question += "\nMind:"
    below = notebook.running is None or failed.number > notebook.cells[notebook.running].number
    if below and given.context is None:
        given = replace(given, context="all")
    run(session, given, wish, lead=question, shared_receipt=True, product=True)


def last_error(notebook: Notebook) -> tuple[Cell, Output] | None:
    """The cell of this session that failed last, and its error; neither an interrupt nor an error of ours."""
    failed = [
        (cell, output)
        for cell in notebook.cells
        if cell.ran
        for output in cell.outputs
        if output.output_type == "error" and output.ename != "KeyboardInterrupt" and not is_ours(output)
    ]
    return max(failed, key=lambda pair: pair[0].execution_count or 0, default=None)

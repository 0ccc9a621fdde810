"""What a cell's saved outputs tell of a run to come: its answers, its questions in their final words. Runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.context import expressions, turns
from qwen_magics.context.compose import Question
from qwen_magics.context.items import Item
from qwen_magics.display.figures import clipped
from qwen_magics.magics import reading
from qwen_magics.magics.prepare import ASKED_BYTES, formed
from qwen_magics.notebook import answers
from qwen_magics.notebook.cells import Output

if TYPE_CHECKING:
    from qwen_magics.magics.options import Given
    from qwen_magics.magics.prepare import Prepared
    from qwen_magics.notebook.answers import SavedAnswer
    from qwen_magics.notebook.cells import Cell

_TITLE = 40  # characters of a question in the table
ONCE = "asked in a loop or a function; counted once"
_END_OF_VALUE = "\n</value>\n\n"


def known(cell: Cell, nth: int) -> SavedAnswer | None:
    """The answer that the cell's question has in the notebook as it is."""
    saved = [answer for answer in answers.read_all(cell.outputs) if answer.status != "failed" and answer.text.strip()]
    if turns.is_question(cell):
        return saved[-1] if saved else None
    return saved[nth] if nth < len(saved) else None


def times(cell: Cell, step: reading.Question) -> int:
    """How often it is asked: in a loop as often as the cell's saved outputs say, if nothing else asks in the cell."""
    saved = answers.read_all(cell.outputs)
    alone = len(reading.steps(cell)) == 1
    return len(saved) if step.repeated and alone and saved and unchanged(cell, saved[0]) else 1


def unchanged(cell: Cell, known: SavedAnswer | None) -> bool:
    """Whether the cell is what it was when it got this answer."""
    return known is not None and known.question == turns.fingerprint(cell.source)


def question(given: Given, text: str, cell: Cell, known: SavedAnswer | None) -> tuple[Question | None, list[str]]:
    """The question in its final words where they can't be had without running the user's code, and what isn't known.

    What an expression's value looked like stands with the saved answer, if the cell hasn't changed since.
    """
    names = expressions.names(text)
    if names is None and not given.attach:
        return None, []
    named = frozenset(names or ()) | frozenset(given.attach)
    if known is not None and known.asked and unchanged(cell, known) and not _is_cut(known):
        before, parted, after = known.asked.rpartition(_END_OF_VALUE) if given.attach else ("", "", known.asked)
        attached = (Item(kind="attachment", label=f"@{given.attach[0]}", text=f"{before}\n</value>"),) if parted else ()
        return Question(text=after, attachments=attached, names=named), []
    unknown = ["what {{ }} holds"] if names is not None else []
    unknown += [f"what {name} is (--with)" for name in given.attach]
    return Question(text=formed(text.strip(), given), names=named), unknown


def _is_cut(known: SavedAnswer) -> bool:
    return len(known.asked.encode("utf-8", "surrogatepass")) >= ASKED_BYTES


def answer(prepared: Prepared, text: str, name: str) -> Output:
    """An answer as display will write it."""
    mark = {"version": 1, "turn": name, "role": "answer", "asked": prepared.asked, "question": prepared.question}
    mark["status"] = "complete"
    return Output("display_data", data={"text/plain": prepared.before + text}, metadata={"qwen_magics": mark})


def is_answer(output: Output) -> bool:
    """Whether an output is a part of an answer."""
    mark = output.metadata.get("qwen_magics")
    return isinstance(mark, dict) and mark.get("role") == "answer"


def outputs_unknown(cell: Cell) -> bool:
    """A code cell that never ran as far as the file tells, and that may show something of its own."""
    if turns.is_question(cell):
        return False
    never = cell.kind == "code" and cell.execution_count is None and not cell.outputs and not cell.ran
    return never and bool(cell.source.strip()) and not reading.silent(cell.source)


def title(text: str) -> str:
    """A question's first words."""
    return clipped(" ".join(text.split()), _TITLE)

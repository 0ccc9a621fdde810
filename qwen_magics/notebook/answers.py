"""The answers that stand in a cell's outputs, as the model gave them. Display writes them; context reads them.

Each part of an answer has `metadata.qwen_magics = {"version": 1, "turn", "role": "answer", "part"}`; the first part
also has `asked` and `question`, the last one `status`. `text/plain` is the model's own text, `text/markdown` the same
made safe for display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics.notebook.cells import joined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qwen_magics.notebook.cells import Output


class SavedAnswer(Struct, frozen=True):
    """One turn's answer. `asked` is the question as it was sent, `question` the fingerprint of the cell's source then.

    `status` is a receipt's; `stopped` too where the last part is missing because the kernel died.
    """

    turn: str
    text: str
    asked: str = ""
    question: str = ""
    status: str = "stopped"


def read(outputs: Iterable[Output]) -> SavedAnswer | None:
    """The last turn's answer in a cell's outputs; None where there is none."""
    found = read_all(outputs)
    return found[-1] if found else None


def read_all(outputs: Iterable[Output]) -> list[SavedAnswer]:
    """Every turn's answer, in order. Unknown keys are ignored, wrong types are as good as missing."""
    turns: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for output in outputs:
        mark = output.metadata.get("qwen_magics")
        if isinstance(mark, dict) and mark.get("role") == "answer":
            turns.setdefault(_word(mark, "turn"), []).append((mark, _own_text(output)))
    return [_joined(turn, parts) for turn, parts in turns.items()]


def _joined(turn: str, parts: list[tuple[dict[str, Any], str]]) -> SavedAnswer:
    marks = [mark for mark, _ in parts]
    return SavedAnswer(
        turn=turn,
        text="".join(text for _, text in parts),
        asked=_word(marks[0], "asked"),
        question=_word(marks[0], "question"),
        status=_word(marks[-1], "status") or "stopped",
    )


def _own_text(output: Output) -> str:
    for mime in ("text/plain", "text/markdown"):
        text = output.data.get(mime)
        if isinstance(text, str) or (isinstance(text, list) and all(isinstance(line, str) for line in text)):
            return joined(text)
    return ""


def _word(mark: dict[str, Any], name: str) -> str:
    value = mark.get(name)
    return value if isinstance(value, str) else ""

"""A `%%qwen` cell read as a turn of the conversation: what was asked, what was answered."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.notebook import answers

if TYPE_CHECKING:
    from qwen_magics.notebook.cells import Cell

_QUESTION = re.compile(r"\s*%%qwen(?:[ \t]|\r?\n|$)")


class PastTurn(Struct, frozen=True):
    """One earlier question and its answer. `edited`: the cell is no longer what was asked."""

    asked: str
    answer: str
    stopped: bool = False
    edited: bool = False


def is_question(cell: Cell) -> bool:
    """Whether the cell is a `%%qwen` cell, the only kind that becomes a turn."""
    return cell.kind == "code" and _QUESTION.match(cell.source) is not None


def fingerprint(source: str) -> str:
    """A short name for a cell's source, kept with its answer to notice later edits."""
    return hashlib.sha256(source.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read(cell: Cell) -> PastTurn | None:
    """The turn of a `%%qwen` cell; None where it has no answer or its turn failed."""
    saved = answers.read(cell.outputs)
    if saved is None or saved.status == "failed" or not saved.text.strip():
        return None
    return PastTurn(
        asked=saved.asked or cell.source.lstrip().partition("\n")[2].strip(),
        answer=saved.text,
        stopped=saved.status == "stopped",
        edited=cell.edited or (bool(saved.question) and saved.question != fingerprint(cell.source)),
    )

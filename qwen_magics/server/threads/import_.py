"""A thread out of a file: one that was exported (JSON, a notebook), or the `%%qwen` cells of any notebook.

Files are others' texts: what can't be is refused with a reason, what is odd is set right. Nothing of it is run or sent.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.context import turns as past
from qwen_magics.ledger.forms import utc
from qwen_magics.notebook import answers, receipts
from qwen_magics.notebook.cells import Cell
from qwen_magics.notebook.file import SavedCell, UnreadableNotebookError, read_text
from qwen_magics.server.handler import Refused
from qwen_magics.server.threads.shapes import Portable, Turn
from qwen_magics.values import Receipt

LARGEST = 64_000_000  # characters
LARGEST_NUMBER, DIGITS = 10**15, 60  # in a receipt
_ENDINGS = {"complete": "complete", "replayed": "complete", "failed": "failed", "lost": "lost"}


class _Mark(Struct, frozen=True):
    version: int = 1
    thread: Portable | None = None


class _Metadata(Struct, frozen=True):
    qwen_magics: _Mark | None = None


class _File(Struct, frozen=True):
    """Either form: the thread by itself, or in a notebook's metadata."""

    qwen_magics: _Mark | None = None
    metadata: _Metadata | None = None
    nbformat: int | None = None


def read(name: str, content: str) -> Portable:
    """The thread in a file; a file's name names one that has no title. Raises Refused."""
    if len(content) > LARGEST:
        raise _refused(f"{name or 'The file'} is too large: {len(content):,} characters.")
    try:
        file = msgspec.json.decode(content, type=_File)
        mark = file.qwen_magics if file.metadata is None else file.metadata.qwen_magics
        if mark is not None and mark.thread is not None:
            thread = mark.thread
        elif file.nbformat is not None:
            thread = Portable(turns=_cells(content))
        else:
            raise _refused(f"{name or 'The file'} holds no thread.")
        return _set_right(thread, name)
    except (msgspec.DecodeError, UnreadableNotebookError, RecursionError, ValueError, ArithmeticError) as problem:
        raise _refused(f"{name or 'The file'} can't be read as a thread: {problem}.") from None


def _refused(message: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, message, "Choose a thread that was exported as JSON or as a notebook.")


def _set_right(thread: Portable, name: str) -> Portable:
    """Turns after their parents, each id once, none running, times that are times, amounts that are amounts."""
    now, known = utc(dt.datetime.now(dt.UTC)), dict[str, Turn]()
    for turn in thread.turns:
        if turn.id in known or not turn.id:
            continue
        if turn.receipt is not None:
            _see(turn.receipt)
        parent = turn.parent if turn.parent in known else ""
        status = "lost" if turn.status == "running" else turn.status
        known[turn.id] = replace(turn, parent=parent, status=status, time=_time(turn.time, now))
    head = thread.head if thread.head in known else next(reversed(known), "")
    title = thread.title or name.rpartition("/")[2].rpartition(".")[0]
    return replace(thread, title=title, head=head, turns=list(known.values()), created=_time(thread.created, now))


def _see(receipt: Receipt) -> None:
    """Raises ValueError for one that can't be shown."""
    waiting: list[Any] = [msgspec.to_builtins(receipt, builtin_types=(Decimal,))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list | tuple):
            waiting += value.values() if isinstance(value, dict) else value
        elif isinstance(value, Decimal | float) and not -LARGEST_NUMBER < value < LARGEST_NUMBER:
            raise ValueError("a receipt has a number that can't be")
        elif isinstance(value, Decimal) and len(value.as_tuple().digits) - value.adjusted() > DIGITS:
            raise ValueError("a receipt has a number of too many digits")


def _time(text: str, now: str) -> str:
    try:
        return utc(dt.datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return now


def _cells(content: str) -> list[Turn]:
    """The `%%qwen` cells of a notebook with their answers, each following the one above."""
    found: list[Turn] = []
    for number, cell in enumerate(read_text(content).cells, 1):
        turn = _turn(number, cell, found[-1].id if found else "")
        if turn is not None:
            found.append(turn)
    if not found:
        raise _refused("This notebook holds no `%%qwen` cell with an answer.")
    return found


def _turn(number: int, saved: SavedCell, parent: str) -> Turn | None:
    cell = Cell(number=number, kind=saved.kind, source=saved.source, outputs=saved.outputs)
    answer = answers.read(cell.outputs) if past.is_question(cell) else None
    if answer is None:
        return None
    paid = next((one.receipt for one in receipts.read(cell.outputs) if answer.turn in one.turns), None)
    return Turn(
        id=f"{number}",
        parent=parent,
        time=answer.time,
        question=cell.source.lstrip().partition("\n")[2].strip(),
        asked=answer.asked,
        answer=answer.text,
        thinking=answer.thinking,
        status=_ENDINGS.get(answer.status, "stopped"),  # type: ignore[arg-type]
        receipt=paid,
    )

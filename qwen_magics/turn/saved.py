"""Saved answers, read where they are: in the ledger by their request, in a notebook by its outputs. Chooses none."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.errors import LedgerError
from qwen_magics.notebook import answers, receipts
from qwen_magics.notebook.answers import SavedAnswer
from qwen_magics.values import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qwen_magics.ledger import Ledger
    from qwen_magics.ledger.saved import Known
    from qwen_magics.notebook.cells import Output


class Saved(Struct, frozen=True):
    """A saved answer and, where that is known, its turn's receipt. `known`: the ledger has it."""

    answer: SavedAnswer
    receipt: Receipt | None = None
    known: bool = False


class Run(Struct, frozen=True):
    """The answers to one request in one execution of a cell, in order; by turn where the ledger has them.

    `execution` is the ledger's name for it, empty where only the notebook's outputs have it.
    """

    key: str
    time: dt.datetime
    notebook: str
    cell: str
    session: str
    answers: tuple[str | Saved, ...]
    execution: str = ""

    @property
    def home(self) -> tuple[str, str]:
        """The session and notebook that it was part of."""
        return self.session, self.notebook

    def answer(self, nth: int, ledger: Ledger) -> Saved | None:
        """One of its answers; None where it is forgotten."""
        found = self.answers[nth]
        return load(found, ledger) if isinstance(found, str) else found


def in_ledger(ledger: Ledger, request: str, *, without: str) -> Iterator[Run]:
    """Every execution that got whole answers to the request; not those of the session `without`."""
    rows: dict[str, list[Known]] = {}
    for row in ledger.known(request):
        rows.setdefault(row.place.execution or row.turn, []).append(row)
    for execution, found in rows.items():
        first = found[0].place
        if not without or all(row.place.session != without for row in found):
            time, turns = max(moment(row.time) for row in found), tuple(row.turn for row in found)
            yield Run(execution, time, first.notebook, first.cell_id, first.session, turns, execution)


def load(turn: str, ledger: Ledger) -> Saved | None:
    """The answer that the ledger has of a turn; None where it has none, or can't be read."""
    with suppress(LedgerError):
        words = ledger.words(turn)
        if words is not None:
            answer = SavedAnswer(turn, words.text, status="complete", time=words.time, thinking=words.thinking)
            return Saved(answer, words.receipt, known=True)
    return None


def in_outputs(outputs: Iterable[Output]) -> list[Saved]:
    """The answers in a cell's outputs, with their receipts. Older ones have hash and time in their receipts only."""
    found = answers.read_all(outputs)
    if not found:
        return []
    alone = {saved.turns[0]: saved.receipt for saved in receipts.read(outputs) if len(saved.turns) == 1}
    return [_saved(answer, alone.get(answer.turn)) for answer in found]


def _saved(answer: SavedAnswer, receipt: Receipt | None) -> Saved:
    if receipt is not None and not answer.request_hash:
        answer = replace(answer, request_hash=receipt.request_hash, time=receipt.time)
    return Saved(answer, receipt)


def moment(text: str) -> dt.datetime:
    """A time to compare; what has none is the oldest."""
    with suppress(ValueError):
        read = dt.datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).replace(microsecond=0)
    return dt.datetime.min.replace(tzinfo=dt.UTC)

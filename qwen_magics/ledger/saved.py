"""The answers that the ledger keeps, and how they are found by the request that they answer: what replay reads.

Decides nothing.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from qwen_magics.ledger.entries import Place
from qwen_magics.ledger.forms import insert, utc
from qwen_magics.ledger.records import Where
from qwen_magics.values import Receipt


class Known(Struct, frozen=True):
    """Where and when an answer that came to its end was given; its words are `words`' matter."""

    turn: str
    time: str
    place: Where


class Words(Struct, frozen=True):
    """A saved answer's words, when they were given, and the turn's receipt unless that was forgotten."""

    time: str
    text: str
    thinking: str
    receipt: Receipt | None


def known(connection: sqlite3.Connection, request_hash: str) -> list[Known]:
    """The whole answers to one request, oldest first."""
    columns = "turn, time, notebook, cell, session, execution"
    query = f"select {columns} from answers where request_hash = ? and status = 'complete' order by n"
    return [Known(turn, time, Where(*place)) for turn, time, *place in connection.execute(query, (request_hash,))]


def words(connection: sqlite3.Connection, turn: str) -> Words | None:
    """What one turn answered; None where that is forgotten."""
    query = "select time, text, thinking from answers where turn = ?"
    found = connection.execute(query, (turn,)).fetchone()
    if found is None:
        return None
    row = connection.execute("select receipt from entries where turn = ? and kind = 'settled'", (turn,)).fetchone()
    time, text, thinking = found
    return Words(time, text, thinking, msgspec.json.decode(row[0], type=Receipt) if row else None)


def save(transaction: sqlite3.Connection, receipt: Receipt, place: Place, asked: str, text: str, thinking: str) -> None:
    """Keep a turn's answer; one that is kept already stays as it is."""
    row: dict[str, Any] = {
        "turn": receipt.id,
        "time": utc(dt.datetime.fromisoformat(receipt.time)),
        "notebook": place.notebook,
        "cell": place.cell_id,
        "session": place.session,
        "execution": place.execution,
        "request_hash": receipt.request_hash,
        "model": receipt.model,
        "status": receipt.status,
        "asked": asked,
        "text": text,
        "thinking": thinking,
        "size": sum(len(part.encode("utf-8", "surrogatepass")) for part in (asked, text, thinking)),
    }
    insert(transaction, "answers", row, "turn")


def keep_under(transaction: sqlite3.Connection, cap: int) -> None:
    """Drop the oldest answers until the rest fits; their turns' rows stay."""
    (held,) = transaction.execute("select bytes from held").fetchone()
    if held <= cap:
        return
    for n in list(_oldest(transaction, held - cap)):
        transaction.execute("delete from answers where n = ?", (n,))


def _oldest(transaction: sqlite3.Connection, excess: int) -> Iterator[int]:
    for n, size in transaction.execute("select n, size from answers order by n"):
        yield n
        excess -= size
        if excess <= 0:
            return

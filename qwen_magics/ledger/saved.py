"""The answers that the ledger keeps, found by the request that they answer: what replay reads. Decides nothing."""

from __future__ import annotations

import sqlite3

import msgspec
from msgspec import Struct

from qwen_magics.ledger.reports import Where
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

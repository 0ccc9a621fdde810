"""The threads' rows, written inside a transaction that `store` holds."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from qwen_magics.errors import UnknownThread
from qwen_magics.ledger.forms import digits, insert, utc
from qwen_magics.ledger.records import NO_MONEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qwen_magics.server.bodies import Problem
    from qwen_magics.server.threads.shapes import Turn
    from qwen_magics.values import Receipt


def now() -> str:
    """This moment, as it is stored."""
    return utc(dt.datetime.now(dt.UTC))


def unknown() -> UnknownThread:
    """What is raised where a thread isn't there."""
    return UnknownThread("This thread isn't there any more: it was deleted.", remedy="Begin a new one.")


def known(connection: sqlite3.Connection, thread: str, turn: str = "") -> str:
    """The thread's head. Raises UnknownThread where the thread isn't there, or the turn isn't in it."""
    found = connection.execute("select head from threads where id = ? and deleted = ''", (thread,)).fetchone()
    if found is None:
        raise unknown()
    there = "select 1 from turns where id = ? and thread = ?"
    if turn and connection.execute(there, (turn, thread)).fetchone() is None:
        raise UnknownThread("The turn that this follows isn't in its thread.", remedy="Load the thread again.")
    return str(found[0])


def new(transaction: sqlite3.Connection, title: str, notebook: str, time: str) -> str:
    """An empty thread; its id. `notebook` as it is kept."""
    thread = uuid.uuid4().hex
    row = {"id": thread, "title": title, "notebook": notebook, "created": time, "updated": time}
    insert(transaction, "threads", row, "id")
    return thread


def add(transaction: sqlite3.Connection, thread: str, turns: Iterable[Turn]) -> dict[str, str]:
    """Turns that were given before, under ids of their own; the new ids by the old ones."""
    names: dict[str, str] = {}
    for turn in turns:
        names[turn.id] = uuid.uuid4().hex
        row = {
            "id": names[turn.id],
            "thread": thread,
            "parent": names.get(turn.parent, ""),
            "time": turn.time,
            "question": turn.question,
            "asked": turn.asked,
            "chips": msgspec.json.encode(turn.chips).decode(),
            "answer": turn.answer,
            "thinking": turn.thinking,
            "status": turn.status,
            "error": problem(turn.error),
            **money(turn.receipt),
        }
        insert(transaction, "turns", row, "id")
    return names


def finish(transaction: sqlite3.Connection, turn: str, row: Mapping[str, Any]) -> None:
    """A turn is over; nothing is done where its thread was removed."""
    names = ", ".join(f"{name} = ?" for name in row)
    found = transaction.execute("select thread from turns where id = ?", (turn,)).fetchone()
    if found is not None:
        transaction.execute(f"update turns set {names}, owner = '' where id = ?", (*row.values(), turn))
        touch(transaction, found[0], now())


def touch(transaction: sqlite3.Connection, thread: str, time: str = "") -> None:
    """The thread has changed: it is another revision, and comes first in the list if `time` is given."""
    query = "update threads set revision = revision + 1, updated = coalesce(nullif(?, ''), updated) where id = ?"
    transaction.execute(query, (time, thread))


def purge(transaction: sqlite3.Connection, thread: str) -> None:
    """Remove it for good."""
    transaction.execute("delete from turns where thread = ?", (thread,))
    transaction.execute("delete from threads where id = ?", (thread,))


def text(said: str) -> str:
    """What can be stored: half a surrogate pair, in which a stream may end, can't."""
    return said.encode("utf-8", "replace").decode()


def problem(error: Problem | None) -> str | None:
    """As it is stored."""
    return None if error is None else text(msgspec.json.encode(error).decode())


def money(receipt: Receipt | None) -> dict[str, str | None]:
    """A receipt, and what sums need of it."""
    if receipt is None:
        return {"receipt": None, "currency": "", "amount": None, "bound": "exact"}
    cost = receipt.cost
    amount = None if cost.basis in NO_MONEY else digits(cost.amount)
    kept = msgspec.json.encode(receipt).decode()
    return {"receipt": kept, "currency": cost.currency, "amount": amount, "bound": cost.bound}

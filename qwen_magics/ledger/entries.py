"""The ledger's rows of turns, written inside a transaction that `store` holds. A row is appended, never changed.

`reserved` begins a turn; `settled`, `released` or `lost` ends it. Saved answers are `saved`'s matter.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from qwen_magics.ledger import budgets, owner, records
from qwen_magics.ledger.ceilings import Ceiling, check
from qwen_magics.ledger.forms import digits, insert, utc
from qwen_magics.ledger.owner import Owner
from qwen_magics.values import Cost, Receipt


class Place(Protocol):
    """Where a turn was asked."""

    @property
    def notebook(self) -> str: ...  # noqa: D102
    @property
    def cell_id(self) -> str: ...  # noqa: D102
    @property
    def session(self) -> str: ...  # noqa: D102
    @property
    def execution(self) -> str: ...  # noqa: D102


def allow(
    transaction: sqlite3.Connection,
    receipt: Receipt,
    worst: Cost,
    place: Place,
    ceilings: Iterable[Ceiling],
    *,
    unpriced: bool,
) -> None:
    """Raises what speaks against a turn at its worst case: a ceiling or budget without room for it, or one that can't
    bound it.
    """
    clear_up(transaction)
    every = [*ceilings, *budgets.read(transaction, place.notebook)]
    check(transaction, every, worst, receipt, place.notebook, unpriced=unpriced)


def reserve(transaction: sqlite3.Connection, receipt: Receipt, worst: Cost, place: Place) -> None:
    """Set a turn's worst case aside, for this process."""
    append(transaction, "reserved", replace(receipt, cost=worst), place)
    query = "insert into in_flight (turn, owner, receipt) values (?, ?, ?)"
    transaction.execute(query, (receipt.id, _json(owner.me()), _json(receipt)))


def append(transaction: sqlite3.Connection, kind: str, receipt: Receipt, place: Place) -> bool:
    """One more row; False where this turn has one of this kind already."""
    cost, usage = receipt.cost, receipt.usage
    money = cost.basis not in records.NO_MONEY
    row: dict[str, Any] = {
        "kind": kind,
        "turn": receipt.id,
        "time": utc(dt.datetime.fromisoformat(receipt.time)),
        "notebook": place.notebook,
        "cell": place.cell_id,
        "session": place.session,
        "provider": receipt.provider,
        "region": receipt.region,
        "model": receipt.model,
        "status": receipt.status,
        "currency": cost.currency if money else "",
        "amount": digits(cost.amount) if money else None,
        "basis": cost.basis,
        "bound": cost.bound,
        "derived": int(cost.derived),
        "saved": digits(cost.cache_saved),
        "input": usage.input,
        "cached": usage.cached,
        "output": usage.output,
        "thinking": usage.thinking,
        "request_hash": receipt.request_hash,
        "receipt": _json(receipt) if kind in ("settled", "lost") else "",
    }
    return insert(transaction, "entries", row, "turn, kind")


def clear_up(transaction: sqlite3.Connection) -> None:
    """End what processes that are gone left behind: lost what had left, released what had not."""
    mine = _json(owner.me())
    now = dt.datetime.now(dt.UTC)
    found = transaction.execute("select turn, owner, receipt, sent from in_flight where owner != ?", (mine,)).fetchall()
    for turn, held_by, receipt_json, sent in found:
        receipt = msgspec.json.decode(receipt_json, type=Receipt)
        age = (now - dt.datetime.fromisoformat(receipt.time)).total_seconds()
        if owner.gone(msgspec.json.decode(held_by, type=Owner), age):
            close(transaction, turn, "lost" if sent else "released")


def close(transaction: sqlite3.Connection, turn: str, kind: str) -> None:
    """End a reservation as `lost`, which keeps its worst case as its cost, or as `released`, which costs nothing."""
    query = (
        "select e.notebook, e.cell, e.session, e.currency, e.amount, e.basis, e.derived, f.receipt"
        " from in_flight f join entries e on e.turn = f.turn and e.kind = 'reserved' where f.turn = ?"
    )
    found = transaction.execute(query, (turn,)).fetchone()
    if found is None:
        return
    notebook, cell, session, currency, amount, basis, derived, receipt_json = found
    receipt = msgspec.json.decode(receipt_json, type=Receipt)
    if kind == "lost":
        cost = Cost(basis=basis)
        if amount is not None:
            cost = Cost(amount=Decimal(amount), currency=currency, basis="estimated", derived=bool(derived))
        receipt = replace(receipt, status="lost", cost=cost, error="The process ended before the answer did.")
    append(transaction, kind, receipt, records.Where(notebook, cell, session))
    transaction.execute("delete from in_flight where turn = ?", (turn,))


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()

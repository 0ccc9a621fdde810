"""What was spent since a moment, or in a notebook, in exact decimals: fast however much the ledger holds.

Rows are only appended, so a sum up to some row stays true: the table `sums` keeps a few, of each kind the newest, and
only the rows after it are added (SQLite's own sum is a float). Any process may write them, programs that don't know
them change nothing about them, and a trigger drops them all where rows are deleted.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from msgspec import Struct

from qwen_magics.ledger.forms import newest

EVERY = 64  # rows after which a sum is kept anew
FAR = 1_000  # rows that are read one after the other at most; further back, the index finds the wanted ones faster


class Span(Struct, frozen=True):
    """The turns of one currency that started from `since` on, or of one notebook."""

    currency: str
    since: str = ""  # UTC, as the ledger writes it
    notebook: str = ""

    @property
    def sql(self) -> tuple[str, str]:
        """The column's condition, and its value."""
        return ("time >= ?", self.since) if self.since else ("notebook = ?", self.notebook)


def spent(transaction: sqlite3.Connection, span: Span) -> Decimal:
    """What settled turns cost and lost ones may have cost. Needs a transaction that may write."""
    last = newest(transaction)
    after, amount = _kept(transaction, span)
    if last - after > FAR:
        after, amount = 0, Decimal(0)
    amount += _newer(transaction, span, after)
    if last - after >= EVERY:
        query = "insert or replace into sums (since, notebook, currency, n, amount) values (?, ?, ?, ?, ?)"
        transaction.execute(query, (span.since, span.notebook, span.currency, last, f"{amount:f}"))
    return amount


def reserved(transaction: sqlite3.Connection, span: Span) -> Decimal:
    """The worst cases of the turns in flight, a handful at most."""
    where, value = span.sql
    query = (
        "select amount from in_flight f cross join entries e on e.turn = f.turn and e.kind = 'reserved'"
        f" where {where} and currency = ? and amount is not null"
    )
    return _sum(transaction, query, value, span.currency)


def _kept(transaction: sqlite3.Connection, span: Span) -> tuple[int, Decimal]:
    """The last row that a kept sum holds, and the sum."""
    query = "select n, amount from sums where since = ? and notebook = ? and currency = ?"
    found = transaction.execute(query, (span.since, span.notebook, span.currency)).fetchone()
    return (0, Decimal(0)) if found is None else (found[0], Decimal(found[1]))


def _newer(transaction: sqlite3.Connection, span: Span, after: int) -> Decimal:
    """What the rows after this one add; one that settles a lost turn takes that turn's worst case out again."""
    where, value = span.sql
    if not after:
        query = f"select amount from spent where {where} and currency = ? and amount is not null"
        return _sum(transaction, query, value, span.currency)
    query = f"select amount from spent where n > ? and +{where} and currency = ? and amount is not null"
    again = (
        "select lost.amount from entries settled cross join entries lost"  # in this order: the new rows are few
        " on lost.turn = settled.turn and lost.kind = 'lost' where settled.n > ? and settled.kind = 'settled'"
        f" and lost.n <= ? and lost.{where} and lost.currency = ? and lost.amount is not null"
    )
    added = _sum(transaction, query, after, value, span.currency)
    return added - _sum(transaction, again, after, after, value, span.currency)


def _sum(transaction: sqlite3.Connection, query: str, *values: object) -> Decimal:
    return sum((Decimal(amount) for (amount,) in transaction.execute(query, values)), Decimal(0))

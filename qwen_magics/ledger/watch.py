"""The ledger as it is at a moment, for a view that follows it. Only reads, by a connection of its own."""

from __future__ import annotations

import datetime as dt
import sqlite3
from decimal import Decimal

from msgspec import Struct

from qwen_magics.ledger import records, reports
from qwen_magics.ledger.forms import newest
from qwen_magics.ledger.records import Entry, Filter
from qwen_magics.ledger.reports import Total


class Now(Struct, frozen=True):
    """Totals of today and of one notebook, the turns in flight with what is set aside for them, the last turns.

    `mark` is another one as soon as any of it is: whatever happens to a turn appends a row.
    """

    mark: int = 0
    today: tuple[Total, ...] = ()
    here: tuple[Total, ...] = ()
    in_flight: int = 0
    reserved: dict[str, Decimal] = {}  # by currency
    last: tuple[Entry, ...] = ()  # newest first


def now(connection: sqlite3.Connection, notebook: str, today: dt.datetime, last: int) -> Now:
    """What there is to show."""
    waiting = records.in_flight(connection)
    reserved: dict[str, Decimal] = {}
    for one in waiting:
        if one.amount is not None and one.currency:
            reserved[one.currency] = reserved.get(one.currency, Decimal(0)) + one.amount
    return Now(
        mark=newest(connection),
        today=tuple(reports.spent(connection, Filter(since=today), "", None)),
        here=tuple(reports.spent(connection, Filter(notebook=notebook), "", None)),
        in_flight=len(waiting),
        reserved=reserved,
        last=tuple(records.last(connection, last)),
    )

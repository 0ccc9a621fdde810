"""How the ledger writes a moment, an amount and a row: as text that sorts, compares and loses no digit."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def utc(moment: dt.datetime) -> str:
    """A moment as the ledger stores and compares it: UTC, to the millisecond."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digits(amount: Decimal | None) -> str | None:
    """An amount without an exponent; None stays None."""
    return None if amount is None else f"{amount:f}"


def insert(transaction: sqlite3.Connection, table: str, row: Mapping[str, Any], unless: str) -> bool:
    """One more row; False, and nothing done, where there is one with the same `unless` (columns of a unique index)."""
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    query = f"insert into {table} ({columns}) values ({marks}) on conflict ({unless}) do nothing"
    return transaction.execute(query, tuple(row.values())).rowcount == 1


def newest(connection: sqlite3.Connection) -> int:
    """The number of the row that was appended last; 0 where there is none."""
    return int(connection.execute("select coalesce(max(n), 0) from entries").fetchone()[0])

"""How the ledger writes a moment and an amount: as text that sorts, compares and loses no digit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal


def utc(moment: dt.datetime) -> str:
    """A moment as the ledger stores and compares it: UTC, to the millisecond."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digits(amount: Decimal | None) -> str | None:
    """An amount without an exponent; None stays None."""
    return None if amount is None else f"{amount:f}"

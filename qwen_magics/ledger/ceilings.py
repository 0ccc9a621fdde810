"""What a turn's worst case has to fit under: guard rails and budgets, checked inside the reserving transaction."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from qwen_magics.errors import OverCeiling

_WORDS = {"turn": "a turn", "notebook": "this notebook", "day": "today", "month": "this month"}


class Ceiling(Struct, frozen=True):
    """At most `amount` of `currency` per `scope`; turns in another currency, free or unpriced, it leaves alone.

    Days and months are local. `remedy` is what a refusal tells to paste.
    """

    scope: Literal["turn", "notebook", "day", "month"]
    currency: str
    amount: Decimal
    remedy: str = ""

    def since(self, moment: dt.datetime) -> dt.datetime | None:
        """The start of the ceiling's local day or month around `moment`; None: there is none."""
        local = moment.astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        if self.scope == "day":
            return local.astimezone()
        return local.replace(day=1).astimezone() if self.scope == "month" else None


def day_guard(amounts: Mapping[str, Decimal]) -> list[Ceiling]:
    """The guard rail of a day, by currency (`Qwen.guard_day`)."""
    return [
        Ceiling("day", currency, amount, f'%config Qwen.guard_day = "{2 * amount:f} {currency}"')
        for currency, amount in amounts.items()
    ]


def check(
    transaction: sqlite3.Connection,
    ceilings: Iterable[Ceiling],
    worst: Decimal,
    currency: str,
    moment: dt.datetime,
    notebook: str,
) -> None:
    """Raise OverCeiling, naming the shortfall, at the first ceiling that has no room for `worst` any more."""
    for ceiling in ceilings:
        if ceiling.currency != currency:
            continue
        used = Decimal(0) if ceiling.scope == "turn" else _used(transaction, ceiling, moment, notebook)
        room = ceiling.amount - used
        if worst > room:
            raise OverCeiling(_refusal(ceiling, worst, used, room), remedy=ceiling.remedy, room=room)


def _used(transaction: sqlite3.Connection, ceiling: Ceiling, moment: dt.datetime, notebook: str) -> Decimal:
    """Spent and reserved under a ceiling, in exact decimals (SQLite's own sum is a float)."""
    since = ceiling.since(moment)
    where, values = ("notebook = ?", notebook) if since is None else ("time >= ?", utc(since))
    spent = f"select amount from spent where {where} and currency = ? and amount is not null"
    reserved = (
        "select amount from entries join in_flight using (turn)"
        f" where kind = 'reserved' and {where} and currency = ? and amount is not null"
    )
    found = [
        *transaction.execute(spent, (values, ceiling.currency)),
        *transaction.execute(reserved, (values, ceiling.currency)),
    ]
    return sum((Decimal(amount) for (amount,) in found), Decimal(0))


def _refusal(ceiling: Ceiling, worst: Decimal, used: Decimal, room: Decimal) -> str:
    may = f"This turn may cost up to {_round(worst)} {ceiling.currency}"
    at_most = f"at most {ceiling.amount:f} are allowed for {_WORDS[ceiling.scope]}"
    if ceiling.scope == "turn":
        return f"{may}, and {at_most}. Nothing was sent."
    return (
        f"{may}; {at_most} on this machine, {_round(used)} are spent or reserved: {_round(worst - room)} short."
        " Nothing was sent."
    )


def _round(amount: Decimal) -> str:
    """Up, to what a person can compare: four decimals."""
    return f"{amount.quantize(Decimal('0.0001'), 'ROUND_UP').normalize():f}"


def utc(moment: dt.datetime) -> str:
    """A moment as the ledger stores and compares it: UTC, to the millisecond."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""What turns come to: totals per group and currency, in exact decimals. Formats nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from qwen_magics.ledger.records import NO_MONEY, Filter
from qwen_magics.values import Receipt, Tier

By = Literal["", "model", "tier", "provider", "notebook", "cell", "session", "day", "month"]
GROUPS: tuple[By, ...] = get_args(By)[1:]  # what people may ask for

COUNTS = (
    "turns", "input", "cached", "output", "thinking", "estimated", "at_least", "lost", "failed", "free", "plan",
    "unpriced", "replayed",
)  # fmt: skip


class Total(Struct, frozen=True, kw_only=True):
    """A group's turns in one currency ('': those without money), with what there is to say about the sum.

    A replayed turn stands in the currency that it saved.
    `lost` turns are in it at their worst case. `at_least` counts turns that may have cost more than is known.
    """

    group: str  # of a tier `32000..128000`, `128000..` without an end, '' where none is known
    currency: str
    within: str = ""  # a cell's notebook, a tier's model; what else they were split by
    amount: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)  # by the cache, net of its writes
    replay_saved: Decimal = Decimal(0)
    prices_as_of: str = ""  # the oldest price list that the amounts come from
    turns: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    thinking: int = 0
    estimated: int = 0  # estimated amounts, and amounts by derived prices
    at_least: int = 0
    lost: int = 0
    failed: int = 0
    free: int = 0
    plan: int = 0
    unpriced: int = 0
    replayed: int = 0

    @property
    def sign(self) -> str:
        """What the amount has to be marked with: `≥` (may be more), `≈` (estimated), or nothing."""
        return "≥" if self.at_least else "≈" if self.estimated else ""


_COLUMNS = (
    "time", "notebook", "cell", "session", "provider", "model", "status", "currency", "amount", "basis", "bound",
    "derived", "saved", "input", "cached", "output", "thinking", "receipt",
)  # fmt: skip


class _Priced(Struct, frozen=True):
    """What only the receipt of a row knows about its cost."""

    currency: str = "USD"
    tier: Tier | None = None
    prices_as_of: str = ""
    replay_saved: Decimal | None = None


class _Kept(Struct, frozen=True):
    cost: _Priced = _Priced()


def spent(connection: sqlite3.Connection, chosen: Filter, by: By, tz: dt.tzinfo | None, split: By = "") -> list[Total]:
    """Totals per group and currency: days and months in order, all else dearest first. `split` parts each group once
    more, by model for example, and stands in `within`.
    """
    where, values = chosen.sql()
    decoder = msgspec.json.Decoder(_Kept)
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    for found in connection.execute(f"select {', '.join(_COLUMNS)} from spent where {where} order by n", values):
        row = dict(zip(_COLUMNS, found, strict=True))
        cost = decoder.decode(row["receipt"]).cost
        row |= {"tier": cost.tier, "prices_as_of": cost.prices_as_of, "replay_saved": cost.replay_saved}
        currency = row["currency"] or (cost.currency if cost.replay_saved else "")
        within, group = _group(row, by, tz)
        within = _group(row, split, tz)[1] if split else within
        names = {"within": within, "group": group, "currency": currency}
        _add(sums.setdefault((within, group, currency), names), row)
    return sorted((Total(**fields) for fields in sums.values()), key=lambda total: _order(total, by))


def _order(total: Total, by: By) -> tuple[Any, ...]:
    if by == "tier":
        begins = total.group.partition("..")[0]
        return total.within, int(begins or -1), total.currency
    return total.group if by in ("day", "month") else "", -total.amount, total.within, total.group, total.currency


def totals(receipts: Iterable[tuple[Receipt, int]]) -> list[Total]:
    """What receipts come to, per currency: of a file, where no ledger is at hand. Each with the turns that it holds."""
    sums: dict[str, dict[str, Any]] = {}
    for receipt, turns in receipts:
        cost, usage = receipt.cost, receipt.usage
        currency = cost.currency if cost.replay_saved or cost.basis not in NO_MONEY else ""
        row = {name: getattr(usage, name) for name in ("input", "cached", "output", "thinking")} | {
            "amount": None if cost.basis in NO_MONEY else cost.amount,
            "saved": cost.cache_saved,
            "replay_saved": cost.replay_saved,
            "prices_as_of": cost.prices_as_of,
            "basis": cost.basis,
            "bound": cost.bound,
            "derived": cost.derived,
            "status": receipt.status,
        }
        _add(sums.setdefault(currency, {"group": "", "currency": currency}), row, turns)
    return [Total(**fields) for fields in sums.values()]


def together(found: Iterable[Total]) -> dict[str, int]:
    """Turns and tokens of totals in several currencies, which can be added where money can't."""
    every = list(found)
    return {name: sum(getattr(total, name) for total in every) for name in COUNTS}


def _group(row: dict[str, Any], by: By, tz: dt.tzinfo | None) -> tuple[str, str]:
    """What holds the group (a cell's notebook, a tier's model), and the group."""
    if by in ("day", "month"):
        day = dt.datetime.fromisoformat(row["time"]).astimezone(tz).date().isoformat()
        return "", day if by == "day" else day[:7]
    if by == "tier":
        tier = row["tier"]
        return row["model"], "" if tier is None else f"{tier.over}..{tier.up_to or ''}"
    if by == "cell":
        return row["notebook"], row["cell"]
    return "", row[by] if by else ""


def _add(sums: dict[str, Any], row: dict[str, Any], turns: int = 1) -> None:
    def more(name: str, by: Any) -> None:
        sums[name] = sums.get(name, 0) + by

    more("turns", turns)
    for name in ("input", "cached", "output", "thinking"):
        more(name, row[name])
    for name in ("amount", "saved", "replay_saved"):
        if row[name] is not None:
            sums[name] = sums.get(name, Decimal(0)) + Decimal(row[name])
    if row["prices_as_of"]:
        sums["prices_as_of"] = min(sums.get("prices_as_of") or row["prices_as_of"], row["prices_as_of"])
    more("estimated", int(row["basis"] == "estimated" or row["derived"]))
    more("at_least", int(row["bound"] == "at_least"))
    for status in ("lost", "failed"):
        more(status, int(row["status"] == status))
    for basis in NO_MONEY:
        more(basis, turns * (row["basis"] == basis))

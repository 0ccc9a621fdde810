"""What a model costs where: the rows of prices.toml, ours and the user's. Adds nothing up (that is `pricing`)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Literal

from msgspec import Struct, field

from qwen_magics.catalog import _toml
from qwen_magics.errors import SettingsError

BUILT_IN = Path(__file__).with_name("prices.toml")
FRESH_DAYS = 90

Currency = Literal["CNY", "USD"]
Key = tuple[str, str, str, str]  # model, provider, scope, currency


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One price tier: money per million tokens, for requests of at most `up_to` tokens of input (None: no end).

    A cache rate of None is not published: such tokens then count at the full input rate. `thinking_output` is the rate
    of a whole output that began with thinking; None: the same. `derived` figures follow from another currency's.
    """

    up_to: int | None = None
    input: Decimal
    output: Decimal
    thinking_output: Decimal | None = None
    implicit_hit: Decimal | None = None
    explicit_write: Decimal | None = None
    explicit_hit: Decimal | None = None
    batch_input: Decimal | None = None
    batch_output: Decimal | None = None
    derived: bool = False


class PriceRow(Struct, frozen=True, kw_only=True):
    """What one model costs at one provider, in one scope and currency. `fees` are per call, by kind (`search`)."""

    model: str
    provider: str
    scope: str
    currency: str
    tiers: tuple[Rates, ...]
    fees: dict[str, Decimal]
    source: str
    date: dt.date

    @property
    def basis(self) -> Literal["quoted", "derived"]:
        """Whether someone quotes these figures, all of them, or some follow from another currency's."""
        return "derived" if any(tier.derived for tier in self.tiers) else "quoted"

    def stale(self, today: dt.date) -> bool:
        """Older than 90 days: then its date has to be said."""
        return (today - self.date).days > FRESH_DAYS


class _Entry(Struct, kw_only=True, forbid_unknown_fields=True):
    """A `[[price]]` as it stands in the file: the same prices for several models and scopes."""

    models: list[str]
    currency: Currency
    tiers: tuple[Rates, ...]
    source: str = "your own prices.toml"
    date: dt.date
    provider: str = "alibaba"
    scopes: list[str] = field(default_factory=lambda: [""])
    fees: dict[str, Decimal] = field(default_factory=dict)


class _File(Struct, forbid_unknown_fields=True):
    price: list[object] = field(default_factory=list)


def read(extra: Path | None = None) -> dict[Key, PriceRow]:
    """All rows by (model, provider, scope, currency); those of `extra`, the user's prices.toml, replace ours.

    Raises SettingsError naming the file, the entry and the field.
    """
    rows: dict[Key, PriceRow] = {}
    for path in (BUILT_IN, extra):
        if path is not None:
            rows.update(_rows(path))
    return rows


def _rows(path: Path) -> dict[Key, PriceRow]:
    rows: dict[Key, PriceRow] = {}
    for number, raw in enumerate(_toml.check(_toml.read(path), _File, path, "its top level").price, 1):
        what = f"price {number}"
        entry = _toml.check(raw, _Entry, path, what)
        fault = _fault(entry)
        if fault:
            raise SettingsError(f"{path}, {what}: {fault}.", remedy=f"Mend {what} in {path}")
        for model in entry.models:
            for scope in entry.scopes:
                row = PriceRow(
                    model=model,
                    provider=entry.provider,
                    scope=scope,
                    currency=entry.currency,
                    tiers=entry.tiers,
                    fees=entry.fees,
                    source=entry.source,
                    date=entry.date,
                )
                key = (model, entry.provider, scope, entry.currency)
                if key in rows:
                    raise SettingsError(
                        f"{path}, {what}: {model} has two prices for {scope or entry.provider} in {entry.currency}.",
                        remedy=f"Remove one of them in {path}",
                    )
                rows[key] = row
    return rows


def _fault(entry: _Entry) -> str:
    """What is wrong with an entry whose fields are all of the right kind, or ''."""
    bounds = [tier.up_to for tier in entry.tiers]
    if not bounds or bounds[-1] is not None:
        return "the last tier must have no up_to (the model's largest input ends it)"
    ends = [bound for bound in bounds if bound is not None]
    if len(ends) != len(bounds) - 1 or ends != sorted(set(ends)) or any(end <= 0 for end in ends):
        return "up_to must grow from tier to tier"
    numbers = [n for tier in entry.tiers for n in (getattr(tier, f) for f in Rates.__struct_fields__)]
    amounts = [n for n in [*numbers, *entry.fees.values()] if isinstance(n, Decimal)]
    if any(not n.is_finite() or n < 0 for n in amounts):
        return "a price can't be negative"
    return ""

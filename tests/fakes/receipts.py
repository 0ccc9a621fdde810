"""Short ways to make receipts, for whoever tests what becomes of them."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

from qwen_magics.values import Cost, Receipt, Status, Usage

_numbers = itertools.count(1)


def money(amount: str, currency: str = "USD") -> Cost:
    """A cost as computed from a price row."""
    return Cost(amount=Decimal(amount), currency=currency, basis="computed")


def make(
    amount: str | None = None,
    *,
    cost: Cost | None = None,
    model: str = "qwen3-max",
    time: str = "",
    status: Status = "complete",
    usage: Usage | None = None,
    turn: str = "",
) -> Receipt:
    """A receipt of Alibaba's Singapore with an id of its own, of now unless `time` says otherwise."""
    return Receipt(
        id=turn or f"turn-{next(_numbers)}",
        time=time or dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        provider="alibaba",
        region="singapore",
        model=model,
        status=status,
        request_hash="h1",
        usage=usage or Usage(),
        cost=cost or (money(amount) if amount else Cost()),
    )

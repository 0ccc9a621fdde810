"""The receipts of one execution: several line magics share one, which adds up. The only sums that display makes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from qwen_magics.display import receipt as words
from qwen_magics.values import Basis, Cost, CostBasis, PriceLine, Receipt, Sent, Status, Timing, Usage

_WORST: tuple[Status, ...] = ("failed", "lost", "stopped", "complete", "replayed")
_SURE: tuple[CostBasis, ...] = ("estimated", "computed", "reported", "free", "replayed", "unbilled", "plan", "unpriced")


def summed(receipts: Sequence[Receipt]) -> Receipt:
    """One receipt for turns that are paid alike: each was priced alone, here the amounts are added."""
    first = receipts[0]
    if len(receipts) == 1:
        return first
    return replace(
        first,
        model=" + ".join(dict.fromkeys(one.model for one in receipts)),
        request_id="",
        status=min((one.status for one in receipts), key=_WORST.index),
        finish_reason="length" if any(one.finish_reason == "length" for one in receipts) else "",
        attempts=1 + sum(one.attempts - 1 for one in receipts),
        sent=Sent(*(max(getattr(one.sent, name) for one in receipts) for name in Sent.__struct_fields__)),
        left_out=tuple(dict.fromkeys(name for one in receipts for name in one.left_out)),
        redacted=max(one.redacted for one in receipts),
        usage=_usage([one.usage for one in receipts]),
        cost=_cost([one.cost for one in receipts]),
        timing=Timing(None, sum(one.timing.total_s for one in receipts)),
        notes=(f"{len(receipts):,} turns", *dict.fromkeys(note for one in receipts for note in one.notes)),
        error="; ".join(dict.fromkeys(one.error for one in receipts if one.error)),
    )


class Tally:
    """The shared receipt of one execution: one output for each way of paying, which is nearly always one."""

    def __init__(self) -> None:
        self._receipts: list[Receipt] = []
        self._displays: dict[str, str] = {}

    @property
    def display_id(self) -> str | None:
        """The output that already holds a receipt of this execution."""
        return next(reversed(self._displays.values()), None)

    def add(self, receipt: Receipt, display_id: str) -> None:
        """Take a receipt up; `display_id` is where it stands if it is the first of its kind."""
        self._receipts.append(receipt)
        self._displays.setdefault(_paid(receipt), display_id)

    def outputs(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """(display_id, data, metadata) of each receipt as it now is."""
        found = []
        for kind, display_id in self._displays.items():
            alike = [receipt for receipt in self._receipts if _paid(receipt) == kind]
            turns = {"turns": [receipt.id for receipt in alike]} if len(alike) > 1 else {}
            found.append((display_id, *words.bundle(summed(alike), **turns)))
        return found


def _paid(receipt: Receipt) -> str:
    return receipt.cost.currency if receipt.cost.amount is not None else receipt.cost.basis


def _usage(usages: Sequence[Usage]) -> Usage:
    basis: dict[str, Basis] = {}
    for usage in usages:
        basis.update({name: kind for name, kind in usage.basis.items() if kind == "estimated"})
    counts = {
        name: sum(getattr(usage, name) for usage in usages)
        for name in ("input", "cached", "cache_write", "output", "thinking")
    }
    return Usage(**counts, basis=basis)


def _cost(costs: Sequence[Cost]) -> Cost:
    tiers = [cost.tier for cost in costs if cost.tier is not None]
    return replace(
        costs[0],
        amount=_added(cost.amount for cost in costs),
        basis=min((cost.basis for cost in costs), key=_SURE.index),
        bound="at_least" if any(cost.bound == "at_least" for cost in costs) else "exact",
        tier=max(tiers, key=lambda tier: tier.over, default=None),
        lines=_lines(line for cost in costs for line in cost.lines),
        fees=_lines(fee for cost in costs for fee in cost.fees),
        derived=any(cost.derived for cost in costs),
        prices_as_of=min((cost.prices_as_of for cost in costs if cost.prices_as_of), default=""),
        cache_saved=_added(cost.cache_saved for cost in costs),
        replay_saved=_added(cost.replay_saved for cost in costs),
    )


def _lines(lines: Iterable[PriceLine]) -> tuple[PriceLine, ...]:
    def kind(line: PriceLine) -> tuple[str, Decimal]:
        return line.what, line.rate

    merged = []
    for (what, rate), group in groupby(sorted(lines, key=kind), kind):
        alike = list(group)
        amount = sum((line.amount for line in alike), Decimal(0))
        merged.append(PriceLine(what, sum(line.tokens for line in alike), rate, amount))
    return tuple(merged)


def _added(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None

"""What a planned request comes to, and what it would without some of its items: sums over its price row."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.catalog import pricing
from qwen_magics.turn.marks import SMALLEST
from qwen_magics.turn.parts import Parts, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from qwen_magics.catalog import PriceRow
    from qwen_magics.turn.plan import Plan

NEAR = pricing.MARGIN  # tokens to a bound within which a service's own additions may change the tier


class Bill:
    """What the request comes to, with and without some of its items."""

    def __init__(self, plan: Plan, row: PriceRow, parts: Parts) -> None:
        self._plan, self._row, self._parts, self._hit, self._total = plan, row, parts, plan.hit, plan.counted
        self.rates = pricing.tier(row, plan.counted)
        self.whole = plan.expected

    def rows(self) -> Iterator[Row]:
        """The rows with their shares of the cost, and what leaving each out would save."""
        parts = self._parts
        for n, row in enumerate(parts.rows()):
            cost = pricing.share(
                self.rates, row.tokens, cached=parts.hits[n], written=parts.writes[n], kind=self._hit.kind
            )
            priced = replace(row, cost=cost)
            if row.remedy:
                without = self.without((n,))
                priced = replace(priced, saves=without.saves, jump=without.jump)
            yield priced

    def fees(self) -> tuple[Row, ...]:
        """One row per kind of call that has a price."""
        return tuple(Row(label=fee.what, tokens=0, cost=fee.amount) for fee in self.whole.fees)

    def answer(self) -> Decimal:
        """What the answer costs."""
        return pricing.plain(self._now - self.amount(0))

    def amount(self, output: int) -> Decimal:
        """The whole with so long an answer."""
        return self._amount(self._total, self._hit.tokens, self._hit.written, output)

    def then(self) -> Decimal | None:
        """How many times as much input costs in the tier that follows; None where none is dearer."""
        following = self._row.tiers[self._row.tiers.index(self.rates) + 1 :][:1]
        if not following or not self.rates.input or following[0].input <= self.rates.input:
            return None
        return pricing.plain(round(following[0].input / self.rates.input, 2))

    def beside(self) -> Decimal | None:
        """What it would cost just across the nearest bound, where that is near."""
        over = self.whole.tier.over if self.whole.tier else 0
        if self.rates.up_to is not None and self.rates.up_to - self._total < NEAR:
            across = self.rates.up_to + 1
        elif over and self._total - over <= NEAR:
            across = over
        else:
            return None
        cached = min(self._hit.tokens, across)
        return self._amount(across, cached, min(self._hit.written, across - cached), self._plan.size.typical)

    def oldest(self) -> Row | None:
        """As many of the oldest cells as have to go, for the tier to be a cheaper one."""
        over, size = self.whole.tier.over if self.whole.tier else 0, 0
        if not over:
            return None
        gone: list[int] = []
        for n, item in enumerate(self._parts.items):
            if item.kind in ("cell", "turn") and self._total - size > over:
                if item.pinned:
                    return None
                gone.append(n)
                size += self._parts.sizes[n]
        if not gone:
            return None
        first, last = (self._parts.items[n].number for n in (gone[0], gone[-1]))
        oldest = self.without(gone)
        if self._total - oldest.tokens > over or not oldest.saves or oldest.saves <= 0:
            return None
        return replace(oldest, jump=True, remedy=f"`--without #{first}..{last}`")

    def without(self, gone: Collection[int]) -> Row:
        """What leaving these items out (by their places in the context) saves together: the change of tier, the
        answer's price and the hits that are lost by it included. Cuts that the rest would no longer need stay.
        """
        parts, hit = self._parts, self._hit
        size = sum(parts.sizes[n] for n in gone)
        cached, written = hit.tokens, hit.written - sum(parts.writes[n] for n in gone)
        held = min((n for n in gone if parts.held[n]), default=None)
        if held is not None:  # what follows it is no longer behind the same beginning
            cached = sum(parts.hits[n] for n in range(held) if n not in gone) + parts.hits[-1]
            cached = cached if cached >= SMALLEST else 0
            written = max(hit.tokens + hit.written - size - cached, 0) if hit.written else 0
        left = max(self._total - size, 0)
        without = self._amount(left, min(cached, left), written, self._plan.size.typical)
        jump = pricing.tier(self._row, left) != self.rates
        return Row(label="", tokens=size, saves=pricing.plain(self._now - without), jump=jump)

    @cached_property
    def _now(self) -> Decimal:
        return self.amount(self._plan.size.typical)

    def _amount(self, counted: int, cached: int, written: int, output: int) -> Decimal:
        thinking = min(self._plan.size.thinking, output)
        cost = pricing.expected(
            self._row, counted, output - thinking, thinking=thinking,
            cached=cached, written=written, kind=self._hit.kind, fees=self._plan.fees,
        )  # fmt: skip
        return cost.amount or Decimal(0)

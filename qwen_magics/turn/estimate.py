"""What running a whole notebook would cost: a line for each turn, and their sums. Prices nothing itself; sends nothing.

Each turn is priced by its plan, then added: never the other way round.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.values import Cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qwen_magics.turn.plan import Plan

Sure = Literal["exact", "about", "at_least"]


class Range(Struct, frozen=True):
    """What a turn probably costs, and at most; eight answers in ten lie between `low` and `high`."""

    low: Cost
    likely: Cost
    high: Cost
    worst: Cost


def between(planned: Plan, longest: int) -> Range:
    """The range of a turn by the size of its answer. `longest` is how many tokens its prompt has at most."""
    size = planned.size

    def of(output: int) -> Cost:
        if output == size.typical:
            return planned.expected
        sized = replace(planned, size=replace(size, typical=output, thinking=min(size.thinking, output)))
        return sized.repriced(planned.counted).expected

    worst = planned.worst if longest == planned.counted else planned.repriced(longest).worst
    return Range(of(size.low), planned.expected, of(size.high), worst)


class Line(Struct, frozen=True, kw_only=True):
    """One turn. `tokens` are those of its prompt: `about` where answers above it aren't given yet, `at_least` where
    something in it is unknown: `unknown` in the question itself, `above` in what these cells will show.

    `cost` is what asking costs, `saves` what is saved where the answer is at hand. `again`: why the answer that
    is there doesn't come back. `fails`: why Run All stops there; without a `cost` it can't be
    asked at all.
    """

    number: int
    title: str
    where: str = ""
    model: str = ""
    tokens: int = 0
    sure: Sure = "exact"
    cost: Range | None = None
    basis: int = 0  # how many answers the range goes by; 0: a plain guess
    saves: Cost | None = None
    again: str = ""
    unknown: tuple[str, ...] = ()
    above: tuple[int, ...] = ()
    fails: str = ""
    hint: str = ""  # what to ask for instead of a model that the catalogue doesn't know

    @property
    def replays(self) -> bool:
        """Whether a saved answer comes back, at no cost."""
        return self.saves is not None


class Sum(Struct, frozen=True, kw_only=True):
    """All turns in one currency. `derived`: one of the prices is nobody's quotation."""

    currency: str
    low: Decimal
    likely: Decimal
    high: Decimal
    worst: Decimal
    saved: Decimal
    derived: bool = False


class Estimate(Struct, frozen=True, kw_only=True):
    """The price tag of Run All. `notes` are (cell, what could not be told from its source), `unsaved` the cells whose
    output would go along and isn't saved, `overrides` what the notebook says against the command's options.
    """

    lines: tuple[Line, ...]
    notes: tuple[tuple[int, str], ...] = ()
    unsaved: tuple[int, ...] = ()
    overrides: tuple[str, ...] = ()

    @property
    def asked(self) -> tuple[Line, ...]:
        """The turns that are paid for."""
        return tuple(line for line in self.lines if line.cost is not None and not line.replays)

    @property
    def unpriced(self) -> tuple[Line, ...]:
        """Turns whose cost at most nobody knows: without a price, or with a fee that has none."""
        return tuple(line for line in self.asked if line.cost is not None and _endless(line.cost.worst))

    @property
    def breaks(self) -> Line | None:
        """The first turn that is asked anew though it was answered before: what stands below builds on its answer."""
        return next((line for line in self.asked if line.again), None)

    @property
    def unknown(self) -> dict[str, list[int]]:
        """What isn't known, in words, with the cells that it is true for."""
        return self._unknown(self.lines)

    @property
    def unbounded(self) -> dict[str, list[int]]:
        """Why the worst case is none, as `unknown` says it; empty where it is one. What is free is free at any size."""
        return self._unknown([line for line in self.lines if line.cost is None or line.cost.worst.basis != "free"])

    def _unknown(self, lines: Sequence[Line]) -> dict[str, list[int]]:
        said: dict[str, list[int]] = {f"#{number} {what}": [] for number, what in self.notes}
        for line in lines:
            for why in line.unknown:
                said.setdefault(why, []).append(line.number)
        above = {number for line in lines for number in line.above}
        if unsaved := [number for number in self.unsaved if number in above]:
            said["outputs that aren't saved"] = unsaved
        for line in lines:
            if line.fails and line.cost is None:
                said.setdefault("what a cell that fails would have asked", []).append(line.number)
        for line in self.unpriced:
            said.setdefault(f"no price of {line.model}", []).append(line.number)
        return said

    def sums(self) -> list[Sum]:
        """What it comes to, a sum for each currency."""
        paid = [line.cost for line in self.asked if line.cost is not None]
        kept = [line.saves for line in self.lines if line.saves is not None]
        money = [cost for cost in (*(one.worst for one in paid), *kept) if cost.amount and cost.basis != "free"]
        return [_sum(currency, paid, kept) for currency in sorted({cost.currency for cost in money})]

    def over(self, most: dict[str, Decimal]) -> list[Sum]:
        """The sums whose worst case is over what they may be; a currency that isn't named may cost nothing."""
        return [one for one in self.sums() if one.worst > most.get(one.currency, Decimal(0))]


def _endless(worst: Cost) -> bool:
    return worst.bound == "at_least" or worst.basis == "unpriced"


def _sum(currency: str, paid: Sequence[Range], kept: Sequence[Cost]) -> Sum:
    def add(costs: Iterable[Cost]) -> Decimal:
        amounts = (cost.amount for cost in costs if cost.currency == currency and cost.amount is not None)
        return sum(amounts, Decimal(0))

    return Sum(
        currency=currency,
        low=add(cost.low for cost in paid),
        likely=add(cost.likely for cost in paid),
        high=add(cost.high for cost in paid),
        worst=add(cost.worst for cost in paid),
        saved=add(kept),
        derived=any(cost.worst.derived for cost in paid if cost.worst.currency == currency),
    )

"""What explicit cache marks would have cost at the turns that were: by their own sizes, times and hits. Asks nobody.

Each turn's prompt is marked as `marks` would have, hits what the turns before it would have left in the cache, and
writes the rest; all at the price row that its receipt was computed by.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import catalog
from qwen_magics.catalog import pricing
from qwen_magics.turn.cache import LIFE
from qwen_magics.turn.marks import SMALLEST, held_from, places, unavailable, with_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qwen_magics.catalog import PriceRow
    from qwen_magics.context.layout import Part
    from qwen_magics.ledger import Ledger
    from qwen_magics.turn.route import Route
    from qwen_magics.values import Usage

CLEARLY = Decimal("0.1")  # of what was paid: less is within what a guess may err
LEAST = {"USD": Decimal("0.01"), "CNY": Decimal("0.07")}  # less isn't worth a line


class Past(Struct, frozen=True):
    """One turn that was: when, what its prompt was made of, what it used."""

    time: dt.datetime
    layout: tuple[Part, ...]
    usage: Usage


class Hindsight(Struct, frozen=True, kw_only=True):
    """What so many turns cost at list prices, and what they would have cost with marks."""

    turns: int
    did: Decimal
    would: Decimal
    currency: str

    @property
    def saves(self) -> Decimal:
        """Negative where marks would have been dearer."""
        return self.did - self.would

    @property
    def clear(self) -> bool:
        """Whether marks would have paid so that it is worth saying."""
        return self.saves > max(self.did * CLEARLY, LEAST.get(self.currency, Decimal(0)))


def hindsight(turns: Iterable[Past], row: PriceRow) -> Hindsight:
    """The sum over the turns of one model at one place, oldest first."""
    earlier: list[Past] = []
    did = would = Decimal(0)
    for turn in turns:
        marked = with_marks(turn.layout, places(turn.layout, [one.layout for one in earlier]))
        alive = [one.layout for one in earlier if turn.time - one.time < LIFE]
        did += _amount(row, turn.usage)
        would += _amount(row, _with_marks(turn.usage, marked, alive))
        earlier.append(replace(turn, layout=marked))
    return Hindsight(turns=len(earlier), did=did, would=would, currency=row.currency)


def session(ledger: Ledger, notebook: str, session: str, route: Route) -> Hindsight | None:
    """The same for a session's last turns in a notebook; None where marks can't be had, or nothing is to be said."""
    from qwen_magics.ledger import Filter

    scope, currency = catalog.price_list(route.settings, route.name)
    row = catalog.price(route.title, route.endpoint.provider, scope, currency)
    if row is None or route.endpoint.plan or route.endpoint.provider == "local" or unavailable(route, row):
        return None
    prompts = {
        prompt.turn: prompt
        for prompt in ledger.prompts(notebook, route.endpoint.provider, route.endpoint.region, route.title)
    }
    if len(prompts) < 2:
        return None
    asked = [
        (entry.receipt, prompts[entry.receipt.id])
        for entry in ledger.rows(Filter(notebook=notebook, session=session))
        if entry.receipt.id in prompts and entry.receipt.usage.input
    ]
    turns = [Past(dt.datetime.fromisoformat(it.time), prompt.layout, it.usage) for it, prompt in asked]
    return hindsight(turns, row) if len(turns) > 1 else None


def _with_marks(usage: Usage, layout: Sequence[Part], alive: Sequence[Sequence[Part]]) -> Usage:
    """What the turn would have used: the same tokens, others of them from the cache."""
    whole = sum(part.size for part in layout) or 1

    def tokens(parts: int) -> int:
        return usage.input * sum(part.size for part in layout[:parts]) // whole

    last = max((place for place, part in enumerate(layout, 1) if part.marked), default=0)
    hit = tokens(max((held_from(one, layout, explicit=True) for one in alive), default=0))
    hit = hit if hit >= SMALLEST else 0
    written = tokens(last) - hit if tokens(last) >= SMALLEST else 0
    if not hit and not written:
        return usage  # too short for marks: as it was
    return replace(usage, cached=hit, cache_write=max(written, 0), cache_kind="explicit")


def _amount(row: PriceRow, usage: Usage) -> Decimal:
    return pricing.cost(row, usage).amount or Decimal(0)

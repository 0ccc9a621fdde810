"""Trimming for money's sake: where a request's price rises, told to `context`, which knows no prices; and what was won,
told to people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics import catalog
from qwen_magics.display import figures
from qwen_magics.turn.plan import FREE

if TYPE_CHECKING:
    from qwen_magics.turn import Plan, Route


def bounds(route: Route) -> tuple[int, ...]:
    """The sizes in tokens beyond which all of a request has a dearer price; none where it has no price."""
    to = route.endpoint
    if to.plan or to.provider in FREE:
        return ()
    row = catalog.price(route.title, to.provider, *catalog.price_list(route.settings, route.name))
    return tuple(tier.up_to for tier in row.tiers if tier.up_to is not None) if row is not None else ()


def notes(planned: Plan) -> tuple[str, ...]:
    """`trimmed #6 by 2,030 tokens: ≈ $0.077 → $0.037`: what is expected uncut and as it is, if there is a price.

    Where the cache knew it uncut, a cut may cost more once; it holds, so that the cache knows the next prompt as well.
    """
    cut, uncut, now = planned.ask.trimmed, planned.untrimmed, planned.expected
    if cut is None:
        return ()
    if uncut is None or uncut.amount is None or now.amount is None or uncut.amount == now.amount:
        return (cut.words,)
    said = f"{cut.words}: ≈ {figures.money(uncut.amount, uncut.currency)} → {figures.money(now.amount, now.currency)}"
    once = " as the cache knew it whole, cheaper from the next question on"
    return (said + once if uncut.amount < now.amount else said,)

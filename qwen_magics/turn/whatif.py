"""What the same request would cost otherwise: the `ways` there are for one `Plan`, at every price row, side by side.

Nothing is asked, nothing is decided, amounts in different currencies are never compared. What it says in words is
`display.whatif`'s.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import catalog
from qwen_magics.turn.expect import expect
from qwen_magics.turn.plan import FREE, count
from qwen_magics.turn.ways import Asked, Way, block, free, otherwise, priced, would_think
from qwen_magics.values import Limits, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qwen_magics.catalog import Model, PriceRow
    from qwen_magics.context.compose import Context
    from qwen_magics.context.words import Trimmed
    from qwen_magics.turn.plan import Plan
    from qwen_magics.turn.ways import Need

REGIONS = {
    "mainland": ("beijing",),
    "international": ("singapore",),
    "global": ("virginia", "hongkong", "frankfurt", "tokyo"),
    "eu": ("frankfurt",),
    "us": ("virginia",),
}  # where each of Alibaba's price lists holds (facts 3.1)
_SOLD = ("alibaba", "openrouter", "huggingface", "modelscope", "local")  # what the catalogue knows models of


class WhatIf(Struct, frozen=True, kw_only=True):
    """All ways: those that can be asked, cheapest first, `now` among them, the currency of now before the other.

    `too_long` doesn't fit, the nearest first. `unpriced` names models and providers without a price, `unable` models
    that can't see, search or write JSON as the request wants.
    `turns`: beyond so many tokens another place is the cheapest for this model.
    """

    asked: Asked
    now: Way
    ways: tuple[Way, ...]
    too_long: tuple[Way, ...] = ()
    unpriced: tuple[tuple[str, str], ...] = ()
    unable: tuple[str, ...] = ()
    turns: tuple[int, Way] | None = None


def asked(plan: Plan, context: Context, trimmed: Trimmed | None = None) -> Asked:
    """A planned request in numbers, exactly counted. `trimmed` is what `--trim tier` would cut of its context."""
    vocabulary, model, limits = plan.route.vocabulary, plan.route.model, plan.request.limits
    total = count(plan)
    exact = plan.repriced(total)
    items = context.items
    own = sum(item.count(vocabulary) for item in items if item.kind in ("attachment", "question"))
    head = sum(item.count(vocabulary) for item in items if item.kind == "instructions")
    middle = sum(item.count(vocabulary) for item in items) - own - head
    cut = context.trimmed
    needs: dict[Need, bool] = {
        "vision": any(message.images for message in plan.ask.messages),
        "search": plan.ask.options.search,
        "json": plan.ask.options.json,
    }
    scope, currency = catalog.price_list(plan.route.settings, plan.route.name)
    think_limit, thought = plan.route.settings.think_tokens, plan.size.thinking
    if not limits.thinking:
        thought = expect(plan.ledger, plan.route.title, True, Limits(limits.answer, think_limit)).thinking
    return Asked(
        model=model, title=plan.route.title, provider=plan.endpoint.provider, region=plan.route.settings.region,
        scope=scope, currency=currency, row=plan.row, bare=total - block(model, limits.thinking > 0),
        expected=exact.expected, worst=exact.worst, limits=limits, think_limit=think_limit,
        answer=plan.size.typical - plan.size.thinking, thought=thought,
        rest=middle, prefix=head + middle, fewer=trimmed.tokens if trimmed else 0,
        lost=cut.tokens if cut else 0, whole=exact.untrimmed, which=_which(trimmed or cut),
        cache=_counted_on(plan), fees=plan.fees, squeezed=any(item.kind == "mark" for item in items),
        needs=frozenset(need for need, is_so in needs.items() if is_so),
    )  # fmt: skip


def _which(trimmed: Trimmed | None) -> str:
    if trimmed is None or not trimmed.cells:
        return ""
    more = len(trimmed.cells) - 1
    return trimmed.cells[0][0] + (f" and {more:,} more" if more else "")


def _counted_on(plan: Plan) -> Usage:
    hit = plan.hit
    return Usage(cached=hit.tokens, cache_write=hit.written, cache_kind=hit.kind if hit.tokens or hit.written else None)


def what_if(asked: Asked, today: dt.date | None = None) -> WhatIf:
    """Every way to ask the same, priced."""
    day = today or dt.date.today()
    now = Way(
        kind="now", what=asked.title, provider=asked.provider, scopes=(asked.scope,), tokens=asked.tokens,
        expected=asked.expected, worst=asked.worst,
    )  # fmt: skip
    others = _merged(elsewhere(asked, day))
    fitting = [now, *otherwise(asked), *(way for way in others if not way.beyond)]
    return WhatIf(
        asked=asked,
        now=now,
        ways=tuple(sorted(fitting, key=lambda way: _order(asked, way))),
        too_long=tuple(sorted(_too_long(others), key=lambda way: (way.beyond, way.what, way.provider))),
        unpriced=tuple((model.id, provider) for model, provider in _known(day) if not _has_price(model, provider)),
        unable=tuple(dict.fromkeys(model.id for model, _ in _known(day) if not able(model, asked.needs))),
        turns=_turns(asked),
    )


# --- elsewhere --------------------------------------------------------------------------------------------------------


def elsewhere(asked: Asked, today: dt.date) -> Iterator[Way]:
    """The same with every other price row, and where it is free. What a model can't do isn't asked of it."""
    here = (asked.model.id if asked.model is not None else "", asked.provider)
    for model, provider in _known(today):
        if not able(model, asked.needs):
            continue
        if provider in FREE and (model.id, provider) != here:
            yield free(asked, model, provider)
        for row in catalog.prices_of(model.id):
            if row.provider == provider and row != asked.row:
                yield priced(asked, row, model, would_think(asked, model, row.scope))


def able(model: Model, needs: frozenset[Need]) -> bool:
    """Whether it can do what is needed at all."""
    can = {"vision": model.vision, "search": model.search, "json": bool(model.json)}
    return all(can[need] for need in needs)


def _merged(ways: Iterable[Way]) -> list[Way]:
    """Price lists that charge the same for the same become one way."""
    found: dict[object, Way] = {}
    for way in ways:
        key = (way.what, way.provider, way.note, way.beyond, way.expected.currency, _figures(way))
        known = found.get(key)
        found[key] = way if known is None else replace(known, scopes=(*known.scopes, *way.scopes))
    return list(found.values())


def _too_long(ways: Iterable[Way]) -> Iterable[Way]:
    """Those that don't fit, whatever they would cost: each model once per provider."""
    found: dict[tuple[str, str, int], Way] = {}
    for way in (way for way in ways if way.beyond):
        known = found.setdefault((way.what, way.provider, way.beyond), way)
        scopes = tuple(dict.fromkeys((*known.scopes, *way.scopes)))
        found[way.what, way.provider, way.beyond] = replace(known, scopes=scopes)
    return found.values()


def _figures(way: Way) -> tuple[object, ...]:
    return way.expected.amount, way.expected.tier, way.expected.derived, way.expected.bound, way.worst.amount


def _order(asked: Asked, way: Way) -> tuple[object, ...]:
    amount = way.expected.amount
    away = not way.free and way.expected.currency != asked.currency
    return away, amount is None, amount or 0, way.kind != "now", way.what, way.scopes


def _known(today: dt.date) -> Iterator[tuple[Model, str]]:
    for provider in _SOLD:
        yield from ((model, provider) for model in catalog.offered(provider) if not model.is_retired(today))


def _has_price(model: Model, provider: str) -> bool:
    return provider in FREE or any(row.provider == provider for row in catalog.prices_of(model.id))


def _turns(asked: Asked) -> tuple[int, Way] | None:
    """The next bound beyond which another place is the cheapest for the same model, and that place."""
    model = asked.model
    if model is None or asked.row is None:
        return None
    rows = [row for row in catalog.prices_of(model.id) if row.currency == asked.currency and row.provider in model.ids]
    bounds = sorted({tier.up_to for row in rows for tier in row.tiers if tier.up_to is not None})
    here = _cheapest(asked, model, rows, asked.tokens)
    for bound in (bound for bound in bounds if bound >= asked.tokens):
        there = _cheapest(asked, model, rows, bound + 1)
        if here is None or there is None:
            return None
        if (there.provider, there.scopes) != (here.provider, here.scopes):
            return bound, there
    return None


def _cheapest(asked: Asked, model: Model, rows: Iterable[PriceRow], size: int) -> Way | None:
    """Of a model's rows, for a prompt of this size."""
    ways = []
    for row in rows:
        thinks = would_think(asked, model, row.scope)
        ways.append(priced(replace(asked, bare=size - block(model, thinks)), row, model, thinks))
    fitting = [way for way in _merged(ways) if not way.beyond and way.expected.amount is not None]
    return min(fitting, key=lambda way: way.expected.amount or 0, default=None)

"""What the same request would cost otherwise: elsewhere, thinking or not, shorter, in two, with the cache's help.

Sums over the price rows for one `Plan`: nothing is asked, nothing is decided, amounts in different currencies are never
compared. What it says in words is `display.whatif`'s.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import catalog
from qwen_magics.catalog import pricing
from qwen_magics.turn import cache
from qwen_magics.turn.expect import ANSWER, THINKING, expect
from qwen_magics.turn.plan import FREE, count
from qwen_magics.values import Basis, Cost, Limits, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qwen_magics.catalog import Model, PriceRow
    from qwen_magics.context.compose import Context
    from qwen_magics.context.words import Trimmed
    from qwen_magics.turn.plan import Plan

Kind = Literal["now", "thinking", "trimmed", "whole", "split", "cache", "place", "model"]
Need = Literal["vision", "search", "json"]

REGIONS = {
    "mainland": ("beijing",),
    "international": ("singapore",),
    "global": ("virginia", "hongkong", "frankfurt", "tokyo"),
    "eu": ("frankfurt",),
    "us": ("virginia",),
}  # where each of Alibaba's price lists holds (facts 3.1)
_SOLD = ("alibaba", "openrouter", "huggingface", "modelscope", "local")  # what the catalogue knows models of
_NO_THINKING = 4  # tokens of the empty block that a hybrid model's template writes where it doesn't think (facts 5.3)
_ESTIMATED: dict[str, Basis] = {"input": "estimated", "output": "estimated"}


class Asked(Struct, frozen=True, kw_only=True):
    """One request in numbers. `bare` is the prompt in tokens, without what a template adds where nothing is thought.

    Of it, `rest` is what could be halved and `prefix` what a cache could know. Trimming would win `fewer` tokens, or
    has won `lost`; `which` cells, in words. `answer` and `thought` are expected tokens; `thought` and `think_limit`
    hold where it thinks; `cache` is what now counts on. `squeezed`: cells were left out for want of room.
    """

    model: Model | None
    title: str
    provider: str
    region: str
    scope: str
    currency: str
    row: PriceRow | None
    bare: int
    expected: Cost
    worst: Cost
    limits: Limits
    think_limit: int = 8_192
    answer: int = ANSWER
    thought: int = THINKING
    rest: int = 0
    prefix: int = 0
    fewer: int = 0
    lost: int = 0
    which: str = ""
    cache: Usage = Usage()
    fees: dict[str, int] = {}
    squeezed: bool = False
    needs: frozenset[Need] = frozenset()

    @property
    def thinks(self) -> bool:
        """Whether it thinks now."""
        return self.limits.thinking > 0

    @property
    def tokens(self) -> int:
        """The prompt as it is now."""
        return self.bare + _block(self.model, self.thinks)


class Way(Struct, frozen=True, kw_only=True):
    """One way to ask. `scopes` are price lists that charge the same for it; `beyond`: tokens that don't fit its window.

    `rough`: its vocabulary is another than the one that was counted with, so its figures are near ones.
    """

    kind: Kind
    what: str  # the model, or what is otherwise
    provider: str
    scopes: tuple[str, ...]
    tokens: int
    expected: Cost
    worst: Cost
    rough: bool = False
    beyond: int = 0
    note: str = ""

    @property
    def free(self) -> bool:
        """Whether it costs nothing."""
        return self.expected.basis == "free"


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
        scope=scope, currency=currency, row=plan.row, bare=total - _block(model, limits.thinking > 0),
        expected=exact.expected, worst=exact.worst, limits=limits, think_limit=think_limit,
        answer=plan.size.typical - plan.size.thinking, thought=thought,
        rest=middle, prefix=head + middle, fewer=trimmed.tokens if trimmed else 0,
        lost=cut.tokens if cut else 0, which=_which(trimmed or cut),
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


# --- here, otherwise --------------------------------------------------------------------------------------------------


def otherwise(asked: Asked) -> Iterator[Way]:
    """The same model at the same price list: thinking the other way, shorter, in two, with a cache."""
    row = asked.row
    if row is None or asked.expected.amount is None or asked.expected.basis == "free":
        return
    yield from _thinking(asked, row)
    yield from _shorter(asked, row)
    yield from _cached(asked, row)


def _thinking(asked: Asked, row: PriceRow) -> Iterator[Way]:
    model = asked.model
    if model is None or model.thinking != "hybrid" or not model.thinks(asked.scope) or "json" in asked.needs:
        return
    what = "no thinking" if asked.thinks else "thinking"
    yield _here(asked, row, "thinking", what, thinks=not asked.thinks, cache=asked.cache)


def _shorter(asked: Asked, row: PriceRow) -> Iterator[Way]:
    """Trimmed, or as it was before; and, past a bound, in two requests that both have the question. None of them counts
    on a hit.
    """
    if asked.fewer:
        less = replace(asked, bare=asked.bare - asked.fewer)
        yield _here(less, row, "trimmed", f"trimmed by {asked.fewer:,} to {less.tokens:,}")
    if asked.lost:
        more = replace(asked, bare=asked.bare + asked.lost)
        yield _here(more, row, "whole", f"untrimmed, {more.tokens:,} tokens")
    if asked.rest > 1 and asked.expected.tier is not None and asked.expected.tier.over:
        halves = [asked.bare - asked.rest + part for part in (asked.rest // 2, asked.rest - asked.rest // 2)]
        one, two = (_here(replace(asked, bare=bare), row, "split", "in two requests") for bare in halves)
        sums = {"expected": _sum(one.expected, two.expected), "worst": _sum(one.worst, two.worst)}
        yield replace(two, tokens=one.tokens + two.tokens, **sums)


def _cached(asked: Asked, row: PriceRow) -> Iterator[Way]:
    """Everything before the question, from the cache or into it; and without, where now counts on it."""
    model, rates, now = asked.model, pricing.tier(row, asked.tokens), asked.cache
    kinds = model.cache if model is not None else ()
    if now.cached or now.cache_write:
        yield _here(asked, row, "cache", "no cache")
    if asked.prefix < cache.SMALLEST:
        return
    if "implicit" in kinds and rates.implicit_hit is not None and not (now.cached and now.cache_kind == "implicit"):
        usage = Usage(cached=asked.prefix, cache_kind="implicit")
        yield _here(asked, row, "cache", "implicit cache, hit", cache=usage)
    if "explicit" in kinds and rates.explicit_write is not None and rates.explicit_hit is not None:
        if now.cache_kind != "explicit" or now.cached:
            usage = Usage(cache_write=asked.prefix, cache_kind="explicit")
            yield _here(asked, row, "cache", "explicit cache, written", cache=usage)
        if now.cache_kind != "explicit" or not now.cached:
            usage = Usage(cached=asked.prefix, cache_kind="explicit")
            yield _here(asked, row, "cache", "explicit cache, hit", cache=usage)


def _here(
    asked: Asked, row: PriceRow, kind: Kind, what: str, *, thinks: bool | None = None, cache: Usage | None = None
) -> Way:
    """Now, but for what is given; `cache` says what of the prompt is read from a cache or written to it."""
    way = _priced(asked, row, asked.model, asked.thinks if thinks is None else thinks)
    way = replace(way, kind=kind, what=what, note="", rough=False)
    if cache is None:
        return way
    limits = _limits(asked, asked.model, asked.thinks if thinks is None else thinks)
    thought = min(asked.thought, limits.thinking)
    usage = replace(
        cache, input=way.tokens, output=min(asked.answer, limits.answer) + thought, thinking=thought,
        basis=dict(_ESTIMATED),
    )  # fmt: skip
    explicit = cache.cache_kind == "explicit"
    return replace(
        way,
        expected=pricing.cost(row, usage, fees=asked.fees),
        worst=pricing.worst_case(row, way.tokens, limits, asked.model, explicit_cache=explicit, fees=asked.fees),
    )


# --- elsewhere --------------------------------------------------------------------------------------------------------


def elsewhere(asked: Asked, today: dt.date) -> Iterator[Way]:
    """The same with every other price row, and where it is free. What a model can't do isn't asked of it."""
    here = (asked.model.id if asked.model is not None else "", asked.provider)
    for model, provider in _known(today):
        if not able(model, asked.needs):
            continue
        if provider in FREE and (model.id, provider) != here:
            yield _free(asked, model, provider)
        for row in catalog.prices_of(model.id):
            if row.provider == provider and row != asked.row:
                yield _priced(asked, row, model, _would_think(asked, model, row.scope))


def able(model: Model, needs: frozenset[Need]) -> bool:
    """Whether it can do what is needed at all."""
    can = {"vision": model.vision, "search": model.search, "json": bool(model.json)}
    return all(can[need] for need in needs)


def _would_think(asked: Asked, model: Model, scope: str) -> bool:
    return model.thinking == "always" or (asked.thinks and model.thinks(scope))


def _priced(asked: Asked, row: PriceRow, model: Model | None, thinks: bool) -> Way:
    """The request by this row, its limits no higher than this model's."""
    size = asked.bare + _block(model, thinks)
    limits = _limits(asked, model, thinks)
    thought = min(asked.thought, limits.thinking)
    note = "" if thinks == asked.thinks else "always thinks" if thinks else "doesn't think"
    return Way(
        kind="place" if model is not None and asked.model is not None and model.id == asked.model.id else "model",
        what=row.model,
        provider=row.provider,
        scopes=(row.scope,),
        tokens=size,
        expected=pricing.expected(row, size, min(asked.answer, limits.answer), thinking=thought, fees=asked.fees),
        worst=pricing.worst_case(row, size, limits, model, fees=asked.fees),
        rough=_vocabulary(model) != _vocabulary(asked.model),
        beyond=max(0, size - model.largest_input(thinks)) if model is not None else 0,
        note=note,
    )


def _limits(asked: Asked, model: Model | None, thinks: bool) -> Limits:
    thinking = (asked.limits.thinking or asked.think_limit) if thinks else 0
    if model is None:
        return Limits(asked.limits.answer, thinking)
    most = model.largest_output(thinks) or asked.limits.answer
    return Limits(min(asked.limits.answer, most), min(thinking, model.max_thinking or thinking))


def _free(asked: Asked, model: Model, provider: str) -> Way:
    thinks = _would_think(asked, model, "")
    size = asked.bare + _block(model, thinks)
    return Way(
        kind="model", what=model.id, provider=provider, scopes=(), tokens=size, expected=pricing.free(),
        worst=pricing.free(), rough=_vocabulary(model) != _vocabulary(asked.model),
        beyond=max(0, size - model.largest_input(thinks)),
    )  # fmt: skip


def _vocabulary(model: Model | None) -> str:
    return model.vocabulary if model is not None else "qwen3"


def _block(model: Model | None, thinks: bool) -> int:
    return _NO_THINKING if model is not None and model.thinking == "hybrid" and not thinks else 0


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


def _sum(one: Cost, two: Cost) -> Cost:
    """Priced each, then added."""
    amount = None if one.amount is None or two.amount is None else one.amount + two.amount
    return replace(two, amount=amount, lines=(*one.lines, *two.lines), fees=(*one.fees, *two.fees))


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
        thinks = _would_think(asked, model, row.scope)
        ways.append(_priced(replace(asked, bare=size - _block(model, thinks)), row, model, thinks))
    fitting = [way for way in _merged(ways) if not way.beyond and way.expected.amount is not None]
    return min(fitting, key=lambda way: way.expected.amount or 0, default=None)

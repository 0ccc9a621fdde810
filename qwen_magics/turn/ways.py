"""One request in numbers, and what it comes to at a price row: thinking or not, shorter, in two, with a cache's help.

Sums over price rows, nothing else; `whatif` says which rows there are and lays the ways side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.catalog import pricing
from qwen_magics.turn.expect import ANSWER, THINKING
from qwen_magics.turn.marks import SMALLEST
from qwen_magics.values import Cost, Limits, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.catalog import Model, PriceRow

Kind = Literal["now", "thinking", "trimmed", "whole", "split", "cache", "place", "model"]
Need = Literal["vision", "search", "json"]

_NO_THINKING = 4  # tokens of the empty block that a hybrid model's template writes where it doesn't think (facts 5.3)


class Asked(Struct, frozen=True, kw_only=True):
    """One request in numbers. `bare` is the prompt in tokens, without what a template adds where nothing is thought.

    Of it, `rest` is what could be halved and `prefix` what a cache could know. Trimming would win `fewer` tokens, or
    has won `lost` where it would else be expected to cost `whole`; `which` cells, in words. `answer` and `thought` are
    expected tokens; `thought` and `think_limit` hold where it thinks; `cache` is what now counts on. `squeezed`: cells
    were left out for want of room.
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
    whole: Cost | None = None
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
        return self.bare + block(self.model, self.thinks)


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


# --- one way ----------------------------------------------------------------------------------------------------------


def priced(asked: Asked, row: PriceRow, model: Model | None, thinks: bool) -> Way:
    """The request by this row, its limits no higher than this model's."""
    size = asked.bare + block(model, thinks)
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


def free(asked: Asked, model: Model, provider: str) -> Way:
    """The request where it costs nothing."""
    thinks = would_think(asked, model, "")
    size = asked.bare + block(model, thinks)
    return Way(
        kind="model", what=model.id, provider=provider, scopes=(), tokens=size, expected=pricing.free(),
        worst=pricing.free(), rough=_vocabulary(model) != _vocabulary(asked.model),
        beyond=max(0, size - model.largest_input(thinks)),
    )  # fmt: skip


def would_think(asked: Asked, model: Model, scope: str) -> bool:
    """Whether it would think there: as it does now, as far as the model can choose."""
    return model.thinking == "always" or (asked.thinks and model.thinks(scope))


def _limits(asked: Asked, model: Model | None, thinks: bool) -> Limits:
    thinking = (asked.limits.thinking or asked.think_limit) if thinks else 0
    if model is None:
        return Limits(asked.limits.answer, thinking)
    most = model.largest_output(thinks) or asked.limits.answer
    return Limits(min(asked.limits.answer, most), min(thinking, model.max_thinking or thinking))


def _vocabulary(model: Model | None) -> str:
    return model.vocabulary if model is not None else "qwen3"


def block(model: Model | None, thinks: bool) -> int:
    """Tokens that the template adds where nothing is thought."""
    return _NO_THINKING if model is not None and model.thinking == "hybrid" and not thinks else 0


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
    """Trimmed, or as it was before; and, past a bound, in two requests that both have the question. Only what it was
    before counts on hits: those that it would have had.
    """
    if asked.fewer:
        less = replace(asked, bare=asked.bare - asked.fewer)
        yield _here(less, row, "trimmed", f"trimmed by {asked.fewer:,} to {less.tokens:,}")
    if asked.lost:
        more = replace(asked, bare=asked.bare + asked.lost)
        way = _here(more, row, "whole", f"untrimmed, {more.tokens:,} tokens")
        yield replace(way, expected=asked.whole or way.expected)
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
    if asked.prefix < SMALLEST:
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
    way = priced(asked, row, asked.model, asked.thinks if thinks is None else thinks)
    way = replace(way, kind=kind, what=what, note="", rough=False)
    if cache is None:
        return way
    limits = _limits(asked, asked.model, asked.thinks if thinks is None else thinks)
    thought = min(asked.thought, limits.thinking)
    usage = replace(
        cache, input=way.tokens, output=min(asked.answer, limits.answer) + thought, thinking=thought,
        basis=dict(pricing.ESTIMATED),
    )  # fmt: skip
    explicit = cache.cache_kind == "explicit"
    return replace(
        way,
        expected=pricing.cost(row, usage, fees=asked.fees),
        worst=pricing.worst_case(row, way.tokens, limits, asked.model, explicit_cache=explicit, fees=asked.fees),
    )


def _sum(one: Cost, two: Cost) -> Cost:
    """Priced each, then added."""
    amount = None if one.amount is None or two.amount is None else one.amount + two.amount
    return replace(two, amount=amount, lines=(*one.lines, *two.lines), fees=(*one.fees, *two.fees))

"""What a question would cost otherwise, as a table that a person can read: the best of each kind. Counts no money."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from qwen_magics.display import figures
from qwen_magics.display.table import HERE, Column, Table
from qwen_magics.settings.names import PROVIDERS, REGIONS
from qwen_magics.turn import whatif

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from qwen_magics.turn.ways import Way
    from qwen_magics.turn.whatif import WhatIf
    from qwen_magics.values import Cost

MOST_TOO_LONG = 2  # lines
_LONG = 29  # characters of the first column, so that the table fits a terminal
_COLUMNS = (
    Column("what if", wraps=True), Column("expected", "right"), Column("change", "right"), Column("at most", "right"),
    Column("tier", "right", quiet=True), Column("", quiet=True, wraps=True),
)  # fmt: skip
_SCOPES = {"global": "global", "eu": "Frankfurt (eu)", "us": "Virginia (us)"}
_CLASSES = ("max", "plus", "flash")  # what people choose between
_VARIANT = re.compile(r"-(?:preview|prime|\d{4}(?:-\d\d-\d\d)?)$")
_PARTS = {
    2: "half", 3: "a third", 4: "a quarter", 5: "a fifth", 6: "a sixth", 7: "a seventh", 8: "an eighth", 9: "a ninth",
    10: "a tenth",
}  # fmt: skip


def table(found: WhatIf, keys: AbstractSet[str] = frozenset(), *, full: bool = False) -> Table:
    """The ways to ask, cheapest first, those in another currency below, what doesn't fit last.

    `keys` are the providers that have a key; `full` shows every way.
    """
    shown = list(found.ways) if full else _best(found, keys)
    too_long = found.too_long if full else found.too_long[:MOST_TOO_LONG]
    rows = [_row(found, way, keys) for way in shown if _same_money(found, way)]
    others = [_row(found, way, keys) for way in shown if not _same_money(found, way)]
    if others:
        rows += [_heading("in yuan" if found.now.expected.currency == "USD" else "in dollars"), *others]
    if too_long:
        rows += [_heading("too long"), *map(_too_long, too_long)]
    hidden = len(found.ways) + len(found.too_long) - len(shown) - len(too_long)
    return Table(
        columns=_COLUMNS,
        rows=tuple(rows),
        sentences=tuple(_what_matters(found)),
        quiet=tuple(_small_print(found, [*shown, *too_long], hidden)),
        wide=80,
    )


# --- which of them ----------------------------------------------------------------------------------------------------


def _best(found: WhatIf, keys: AbstractSet[str]) -> list[Way]:
    """What is otherwise here; the cheapest place of this model; the cheapest model of all, of each class, and of those
    that need no other key; what is free on this machine. In the other currency: the first and the second of these.
    """
    names = {way.what for way in found.ways}
    # Who doesn't think where now does, or can't help it, is not the same request.
    plain = [way for way in found.ways if not way.free and not way.note and not _is_variant(way.what, names)]
    here = [way for way in plain if _same_money(found, way)]
    away = [way for way in plain if not _same_money(found, way)]
    models = [way for way in here if way.kind == "model"]
    picked = [way for way in found.ways if way.kind not in ("place", "model")]
    picked += [way for way in found.ways if way.provider == "local" and way.kind == "model"]
    for some in (here, away):
        picked += _first(way for way in some if way.kind == "place" and _change(found.now, way) != "same")
        picked += _first(way for way in some if way.kind == "model")
    for word in _CLASSES:
        picked += _first(way for way in models if word in way.what.split("-"))
    picked += _first(way for way in models if _at_hand(found, way, keys))
    return [way for way in found.ways if way in picked]


def _first(ways: Iterator[Way]) -> list[Way]:
    return [way for way in [next(ways, None)] if way is not None]


def _is_variant(model: str, names: AbstractSet[str]) -> bool:
    """Whether it is a preview, or a snapshot of a model that is there too."""
    return model.endswith("-preview") or _VARIANT.sub("", model) in names - {model}


def _same_money(found: WhatIf, way: Way) -> bool:
    return way.free or way.expected.currency == found.now.expected.currency or way.kind == "now"


def _at_hand(found: WhatIf, way: Way, keys: AbstractSet[str]) -> bool:
    """Whether it needs no other key than there is, or than now needs anyway."""
    if way.provider == "local":
        return True
    if way.provider not in keys | {found.now.provider}:
        return False
    regions = {region for scope in way.scopes for region in whatif.REGIONS.get(scope, ())}
    return way.provider != "alibaba" or found.asked.region in regions


# --- the cells --------------------------------------------------------------------------------------------------------


def _row(found: WhatIf, way: Way, keys: AbstractSet[str]) -> tuple[str, ...]:
    elsewhere = way.kind in ("place", "model")
    what, note = _named(way) if elsewhere or way.kind == "now" else (way.what, "")
    other = "other key" if elsewhere and not _at_hand(found, way, keys) else ""
    return (
        f"{HERE} {what}" if way.kind == "now" else what,
        _money(way, way.expected),
        "now" if way.kind == "now" else _change(found.now, way),
        "" if way.free else _money(way, way.worst),
        _tier(way),
        ", ".join(part for part in (note, way.note, other) if part),
    )


def _too_long(way: Way) -> tuple[str, ...]:
    what, note = _named(way)
    return what, f"by {way.beyond:,}", "", "", "", note


def _heading(text: str) -> tuple[str, ...]:
    return text, "", "", "", "", ""


def _named(way: Way) -> tuple[str, str]:
    """Model and place; the place apart where both together are long."""
    whole = f"{way.what}, {_place(way)}"
    return (whole, "") if len(whole) <= _LONG else (way.what, _place(way))


def _money(way: Way, cost: Cost) -> str:
    """An estimate anyway; ≈ where the tokens or the price are near ones too."""
    if cost.amount is None or cost.basis == "free":
        return figures.price(cost)
    sign = "≥ " if cost.bound == "at_least" else "≈ " if way.rough or cost.derived else ""
    return f"{sign}{figures.money(cost.amount, cost.currency)}"


def _change(now: Way, way: Way) -> str:
    before, after = now.expected.amount, way.expected.amount
    if not before or after is None or way.expected.currency != now.expected.currency:
        return ""
    if after == before:
        return "same"
    if after >= 4 * before:
        return f"× {_whole(after / before):,}"
    percent = max(Decimal(1), _whole(abs(after - before) / before * 100))
    return f"+{percent} %" if after > before else f"−{min(percent, Decimal(99)) if after else 100} %"


def _whole(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1), ROUND_HALF_UP)


def _tier(way: Way) -> str:
    tier = way.expected.tier
    if tier is None or (tier.first and tier.up_to is None):
        return ""
    return f"≤ {figures.bound(tier.up_to)}" if tier.up_to is not None else f"> {figures.bound(tier.over)}"


def _place(way: Way) -> str:
    if way.provider != "alibaba":
        return "here" if way.provider == "local" else PROVIDERS.get(way.provider, way.provider)
    return ", ".join(_region(scope) for scope in way.scopes)


def _region(scope: str) -> str:
    (first, *_) = whatif.REGIONS.get(scope, ("",))
    return _SCOPES.get(scope) or REGIONS.get(first, scope)


# --- the sentences ----------------------------------------------------------------------------------------------------


def _what_matters(found: WhatIf) -> Iterator[str]:
    now = found.now.expected
    if not now.amount:
        return
    said = [*_trimming(found, now.amount)]
    for kind in ("place", "model"):
        ways = (way for way in found.ways if way.kind == kind and _same_money(found, way) and not way.free)
        best = next((way for way in ways if not way.note), None)
        if best is not None and best.expected.amount is not None and best.expected.amount < now.amount:
            said.append(f"`{best.what}` {_at(best)} costs {_share(best.expected.amount / now.amount)}")
    yield f"**{'; '.join(said[:2])}.**" if said else "Nothing here is cheaper than now."
    if found.turns is not None:
        bound, way = found.turns
        yield f"Beyond {bound:,} tokens {_place(way)} is the cheapest place for {way.what}."


def _trimming(found: WhatIf, before: Decimal) -> Iterator[str]:
    """What it would save, or saves."""
    way = next((way for way in found.ways if way.kind in ("trimmed", "whole")), None)
    if way is None or way.expected.amount is None:
        return
    which, currency = found.asked.which, found.now.expected.currency
    if way.kind == "trimmed" and way.expected.amount < before:
        yield f"Trimming {which} saves {figures.money(before - way.expected.amount, currency)} (`--trim tier`)"
    if way.kind == "whole" and way.expected.amount > before:
        yield f"Trimming {which} saves {figures.money(way.expected.amount - before, currency)} already"


def _at(way: Way) -> str:
    regions = whatif.REGIONS.get(way.scopes[0], ("",))
    return f"in {REGIONS.get(regions[0], way.scopes[0])}" if way.provider == "alibaba" else f"at {_place(way)}"


def _share(ratio: Decimal) -> str:
    parts = int(_whole(1 / ratio))
    if parts in _PARTS and abs(ratio * parts - 1) < Decimal("0.1"):
        return f"about {_PARTS[parts]}"
    percent = int(_whole(ratio * 100))
    return f"{percent} % of it" if percent else "less than 1 % of it"


def _small_print(found: WhatIf, shown: Sequence[Way], hidden: int) -> Iterator[str]:
    asked = found.asked
    if any(way.kind == "split" for way in shown):
        yield "In two requests each sees the question and half of the cells, and both answers are paid."
    if asked.squeezed:
        yield "Cells were left out so that it fits here; where there is more room more would go along."
    if any("global" in way.scopes for way in shown):
        yield "global: Virginia, Hong Kong, Frankfurt, Tokyo."
    if found.unpriced:
        yield f"Unpriced, which is not free: {_unpriced(found)}."
    if found.unable:
        yield f"Not among them, for they can't: {', '.join(found.unable)}."
    thought = f" and {asked.thought:,} of thinking" if asked.thinks else ""
    near = " ≈: another vocabulary, or a price that nobody quotes." if any(map(_is_near, shown)) else ""
    more = f" {hidden:,} more ways: `%qwen_context --what-if --full`." if hidden else ""
    yield f"Nothing was sent or converted. List prices, an answer of {asked.answer:,} tokens{thought}.{near}{more}"


def _is_near(way: Way) -> bool:
    return not way.free and not way.beyond and (way.rough or way.expected.derived)


def _unpriced(found: WhatIf) -> str:
    """The models that have a price nowhere, and the providers that have none for anything."""
    ways = (*found.ways, *found.too_long)
    priced = {way.what for way in ways if way.kind in ("now", "model", "place") and not way.free}
    sold = {way.provider for way in ways}
    models = dict.fromkeys(model for model, _ in found.unpriced if model not in priced)
    everything = [PROVIDERS[name] for name in dict.fromkeys(name for _, name in found.unpriced) if name not in sold]
    return ", ".join([*models, *(f"everything at {name}" for name in everything)])

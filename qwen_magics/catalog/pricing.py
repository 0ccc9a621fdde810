"""The sums: what a request costs, or may cost at most, by a price row. Exact decimals, no I/O, no floats.

The rule (facts/qwen_api.md, sections 0.1 and 1.8): all tokens of a request are billed at the tier that its total input
falls in, bounds inclusive; thinking is output; cached and written tokens are part of the input, at rates of their own.
Price each request, then add; never the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from qwen_magics.catalog.models import Model
from qwen_magics.catalog.prices import PriceRow, Rates
from qwen_magics.values import Basis, Cost, Limits, PriceLine, Tier, Usage

MILLION = 1_000_000
MARGIN = 64  # tokens that a service may append to a prompt beyond our count

_MILLIONTH = Decimal("0.000001")
ESTIMATED: dict[str, Basis] = {"input": "estimated", "output": "estimated"}


def tier(row: PriceRow, tokens: int) -> Rates:
    """The rates of a request with this much input in all."""
    return row.tiers[_index(row, tokens)]


def to_next_bound(row: PriceRow, tokens: int) -> int | None:
    """How many more tokens the tier of this input still takes; None where no dearer tier follows."""
    up_to = tier(row, tokens).up_to
    return None if up_to is None else up_to - tokens


def cost(row: PriceRow, usage: Usage, *, fees: Mapping[str, int] | None = None) -> Cost:
    """What this usage costs by this row; `fees` counts calls by kind (`{"search": 2}`).

    `computed`, or `estimated` where the usage is. A kind of call whose price is not known makes the cost `at_least`.
    """
    rates = tier(row, usage.input)
    lines = _lines(rates, usage)
    charged, unknown = _fees(row, fees or {})
    return Cost(
        amount=plain(sum((line.amount for line in lines + charged), Decimal(0))),
        currency=row.currency,
        basis="estimated" if usage.estimated else "computed",
        bound="at_least" if unknown else "exact",
        tier=_tier(row, usage.input),
        lines=lines,
        fees=charged,
        derived=rates.derived,
        prices_as_of=row.date.isoformat(),
        cache_saved=_cache_saved(rates, usage),
    )


def expected(
    row: PriceRow,
    counted: int,
    answer: int,
    *,
    thinking: int = 0,
    cached: int = 0,
    written: int = 0,
    kind: Literal["implicit", "explicit"] = "implicit",
    fees: Mapping[str, int] | None = None,
) -> Cost:
    """What a request will cost if it answers with this many tokens after this much thinking; an estimate.

    `cached` of the counted tokens come from this `kind` of cache, `written` go into it.
    """
    usage = Usage(
        input=counted,
        cached=cached,
        cache_kind=kind if cached or written else None,
        cache_write=written,
        output=answer + thinking,
        thinking=thinking,
        basis=dict(ESTIMATED),
    )
    return cost(row, usage, fees=fees)


def share(
    rates: Rates,
    tokens: int,
    *,
    cached: int = 0,
    written: int = 0,
    kind: Literal["implicit", "explicit"] = "implicit",
) -> Decimal:
    """What so many tokens of a request's input cost at the rates of the whole: shares add up to its cost."""
    part = Usage(input=tokens, cached=cached, cache_kind=kind, cache_write=written)
    return plain(sum((line.amount for line in _lines(rates, part)), Decimal(0)))


def worst_case(
    row: PriceRow,
    counted: int,
    limits: Limits,
    model: Model | None,
    *,
    explicit_cache: bool = False,
    fees: Mapping[str, int] | None = None,
) -> Cost:
    """What a request can cost at most: the counted input and a margin, no cache hit, both limits used up, all fees.

    The margin is 64 tokens, and 1 % where the vocabulary is not proved. Only with `explicit_cache` can input cost more
    than its plain rate (a write). `at_least` says that a fee is not known, so that there is no true upper limit.
    """
    proved = model is not None and model.vocabulary_proved
    most = counted + MARGIN + (0 if proved else -(-counted // 100))
    write = tier(row, most).explicit_write
    dearer = explicit_cache and write is not None and write > tier(row, most).input
    usage = Usage(
        input=most,
        cache_write=most if dearer else 0,
        output=limits.answer + limits.thinking,
        thinking=limits.thinking,
        basis=dict(ESTIMATED),
    )
    return cost(row, usage, fees=fees)


def reported(amount: Decimal, currency: str = "USD") -> Cost:
    """The provider's own figure, which wins over any of ours."""
    return Cost(amount=amount, currency=currency, basis="reported")


def free() -> Cost:
    """Nothing to pay: the local model, ModelScope."""
    return Cost(amount=Decimal(0), basis="free")


def plan() -> Cost:
    """Paid by a subscription: tokens, no money."""
    return Cost(basis="plan")


def unpriced() -> Cost:
    """No honest number exists."""
    return Cost(basis="unpriced")


# --- the parts --------------------------------------------------------------------------------------------------------


def _index(row: PriceRow, tokens: int) -> int:
    return next(i for i, rates in enumerate(row.tiers) if rates.up_to is None or tokens <= rates.up_to)


def _tier(row: PriceRow, tokens: int) -> Tier:
    index = _index(row, tokens)
    if index == 0:
        return Tier(up_to=row.tiers[0].up_to)
    base, rates = row.tiers[0].input, row.tiers[index].input
    times = plain(round(rates / base, 2)) if base else None
    return Tier(up_to=row.tiers[index].up_to, first=False, over=row.tiers[index - 1].up_to or 0, times=times)


def _lines(rates: Rates, usage: Usage) -> tuple[PriceLine, ...]:
    cached = min(usage.cached, usage.input)
    written = min(usage.cache_write, usage.input - cached)
    kind = usage.cache_kind or "implicit"
    thought = f", {usage.thinking:,} of it thinking" if usage.thinking else ""
    parts = (
        ("input, not cached", usage.input - cached - written, rates.input),
        (f"input, {kind} cache hit", cached, _hit_rate(rates, usage)),
        ("input, written to the cache", written, _write_rate(rates)),
        (f"output{thought}", usage.output, _output_rate(rates, usage)),
    )
    return tuple(PriceLine(what, n, rate, plain(n * rate * _MILLIONTH)) for what, n, rate in parts if n)


def _hit_rate(rates: Rates, usage: Usage) -> Decimal:
    hit = rates.explicit_hit if usage.cache_kind == "explicit" else rates.implicit_hit
    return rates.input if hit is None else hit


def _write_rate(rates: Rates) -> Decimal:
    return rates.input if rates.explicit_write is None else rates.explicit_write


def _output_rate(rates: Rates, usage: Usage) -> Decimal:
    return rates.thinking_output if usage.thinking and rates.thinking_output is not None else rates.output


def _cache_saved(rates: Rates, usage: Usage) -> Decimal | None:
    """Net of what writing cost, so it can be negative; None where the cache had no part in it."""
    if not usage.cached and not usage.cache_write:
        return None
    won = usage.cached * (rates.input - _hit_rate(rates, usage))
    paid = usage.cache_write * (_write_rate(rates) - rates.input)
    return plain((won - paid) * _MILLIONTH)


def _fees(row: PriceRow, calls: Mapping[str, int]) -> tuple[tuple[PriceLine, ...], bool]:
    """A line per priced kind of call (`tokens` are calls, `rate` is per million of them), and whether one has none."""
    known = {kind: n for kind, n in calls.items() if n and kind in row.fees}
    return tuple(_fee(kind, n, row.fees[kind]) for kind, n in known.items()), len(known) < sum(
        map(bool, calls.values())
    )


def _fee(kind: str, calls: int, each: Decimal) -> PriceLine:
    what = f"{kind}, {calls} call{'s' if calls > 1 else ''}"
    return PriceLine(what, calls, plain(each * MILLION), plain(each * calls))


def plain(number: Decimal) -> Decimal:
    """The same number without trailing zeros (and 100, not 1E+2)."""
    short = number.normalize()
    return short.quantize(Decimal(1)) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]

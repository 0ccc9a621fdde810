"""How numbers look to people, in one place: money, tokens, per cents, seconds, bounds. Formats; never prices.

`labextension/src/receipt/{money,figures}.ts` say the same in the browser; `tests/fixtures/receipts.json` holds both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from qwen_magics.values import Cost

LOSS = "▲"  # stands before whatever says that money is being lost; colour is never the only sign

_SIGNS = {"USD": "$", "CNY": "¥"}
_RATES = {Decimal(2): "double", Decimal(3): "triple"}


def money(amount: Decimal, currency: str = "USD") -> str:
    """For a line: two significant digits, two decimals from 1 on. `0.0043008` → `$0.0043`; never $0 for what costs."""
    if amount == 0:
        return _signed(amount, currency, 2)
    places = max(2, 1 - amount.adjusted())
    rounded = _round(amount, places)
    if places > 2 and rounded.adjusted() > amount.adjusted():  # 0.0996 became 0.100: one digit too many
        places -= 1
    return _signed(_round(amount, places), currency, places)


def exact(amount: Decimal, currency: str = "USD", places: int = 2) -> str:
    """For details: every digit, at least `places` decimals. `0.003072`, 7 → `$0.0030720`."""
    return _signed(amount, currency, max(places, places_needed([amount])))


def places_needed(amounts: Iterable[Decimal]) -> int:
    """Decimals that let amounts stand under one another with every digit, at least two."""
    return max([2, *(_places(amount) for amount in amounts)])


def price(cost: Cost, write: Callable[[Decimal, str], str] = money) -> str:
    """The amount with the sign of how sure it is (≈ estimated or derived, ≥ more may be billed), or a word."""
    if cost.basis == "unbilled":
        return "not billed"
    if cost.basis in ("free", "plan", "replayed"):
        return cost.basis
    if cost.amount is None or cost.basis == "unpriced":
        return "unpriced"
    if cost.bound == "at_least":
        return f"≥ {write(cost.amount, cost.currency)}"
    sure = cost.basis != "estimated" and not cost.derived
    return write(cost.amount, cost.currency) if sure else f"≈ {write(cost.amount, cost.currency)}"


def tokens(count: int, *, estimated: bool = False) -> str:
    """`3412` → `3,412`, with ≈ where nobody reported it."""
    return f"≈ {count:,}" if estimated else f"{count:,}"


def percent(part: int, whole: int) -> str:
    """Whole per cents, half up; `100 %` only for all of it and `0 %` only for none."""
    if part <= 0 or part >= whole:
        return "100 %" if 0 < whole <= part else "0 %"
    return f"{min(99, max(1, (200 * part + whole) // (2 * whole)))} %"


def seconds(value: float) -> str:
    """One decimal under 100 s, none above; half up."""
    places = Decimal("0.1") if value < 100 else Decimal(1)
    return f"{Decimal(value).quantize(places, ROUND_HALF_UP)} s"


def bound(count: int) -> str:
    """A tier's bound in short: `32000` → `32K`, `1000000` → `1M`; any other number in full."""
    if count and count % 1_000_000 == 0:
        return f"{count // 1_000_000}M"
    return f"{count // 1000}K" if count and count % 1000 == 0 else f"{count:,}"


def times(factor: Decimal) -> str:
    """How much dearer: `2` → `double rate`, `2.5` → `2.5 × rate`."""
    rounded = _round(factor, 1).normalize()
    return f"{_RATES.get(rounded) or f'{rounded:f} ×'} rate"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 cell`, `12 cells`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clipped(text: str, most: int) -> str:
    """The text in at most so many signs, `…` at its end if it lost something."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _round(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


def _places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _signed(amount: Decimal, currency: str, places: int) -> str:
    minus = "−" if amount < 0 else ""
    return f"{minus}{_SIGNS.get(currency, currency + ' ')}{abs(amount):,.{places}f}"

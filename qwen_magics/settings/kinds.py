"""Kinds of settings that traitlets doesn't have: patterns, thinking, amounts of money. Text in, one form out."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from traitlets import TraitError, TraitType, Unicode

CURRENCIES = ("USD", "CNY")
# Qwen3.8's own steps of `reasoning_effort` (facts 1.3), and one more; sent as a token limit, which all models take.
THINK_LEVELS = {"low": 4_096, "medium": 16_384, "high": 65_536}


class Pattern(Unicode[str, str | bytes]):
    """Text that matches a whole pattern; spaces around it are dropped."""

    def __init__(self, pattern: str, default_value: str, **kwargs: Any) -> None:
        self.pattern = re.compile(pattern)
        super().__init__(default_value, **kwargs)

    def validate(self, obj: Any, value: Any) -> str:
        """Refuse what doesn't match."""
        text = str(super().validate(obj, value)).strip()
        if not self.pattern.fullmatch(text):
            self.error(obj, value)
        return text


class Think(TraitType[str, Any]):
    """`off`, `on`, a level, or a number of tokens; kept as text."""

    default_value = "off"

    def validate(self, obj: Any, value: Any) -> str:
        """Take True, False and whole numbers as well."""
        if isinstance(value, bool):
            return "on" if value else "off"
        text = str(value).strip().lower().replace(",", "").replace("_", "")
        if text in ("off", "on", *THINK_LEVELS):
            return text
        if text.isascii() and text.isdigit():
            return str(int(text)) if int(text) else "off"
        raise TraitError(text)

    def from_string(self, s: str) -> str:
        """What a variable says."""
        return s


class Trim(TraitType[str, Any]):
    """`tier`, `window`, `off`, or a number of tokens (`20000`, `32k`); kept as text."""

    default_value = "tier"

    def validate(self, obj: Any, value: Any) -> str:
        """Bring numbers to one form."""
        text = str(value).strip().lower().replace(",", "").replace("_", "")
        if text in ("tier", "window", "off"):
            return text
        number = f"{text[:-1]}000" if text.endswith("k") else text
        if number.isascii() and number.isdigit() and int(number) >= 100:
            return str(int(number))
        raise TraitError(text)

    def from_string(self, s: str) -> str:
        """What a variable says."""
        return s


class Amounts(TraitType[str, Any]):
    """`0.25 USD, 2 CNY`, or `off`; a currency that is not named keeps its default. Kept as text."""

    def validate(self, obj: Any, value: Any) -> str:
        """Bring it to one form."""
        if value is None or str(value).strip().lower() == "off":
            return "off"
        try:
            named = amounts(str(value))
        except (InvalidOperation, ValueError):
            self.error(obj, value)
        return ", ".join(f"{amount} {currency}" for currency, amount in (amounts(self.default_value) | named).items())

    def from_string(self, s: str) -> str:
        """What a variable says."""
        return s


def amount(text: str) -> tuple[Decimal, str]:
    """`0.05 USD`, `0.30CNY`, `$0.05`, or `0.05`, which names no currency. Raises ValueError, or Decimal's own error."""
    try:
        ((currency, found),) = amounts(text).items()
    except ValueError:
        ((_, found),) = amounts(f"{text} USD").items()
        currency = ""
    return found, currency


def amounts(text: str) -> dict[str, Decimal]:
    """`0.25 USD, 2 CNY` (or `$0.25, ¥2`) as amounts by currency; `off` is none. Raises ValueError."""
    found: dict[str, Decimal] = {}
    signs = text.replace("$", " USD ").replace("¥", " CNY ").replace("￥", " CNY ")
    for part in re.sub(r"(?i)(USD|CNY)", r" \1 ", signs).split(","):
        match sorted(part.split(), key=lambda word: word.upper() not in CURRENCIES):
            case ["off"]:
                continue
            case [currency, amount] if currency.upper() in CURRENCIES and Decimal(amount).is_finite():
                if Decimal(amount) < 0:
                    raise ValueError(part)
                found[currency.upper()] = Decimal(amount)
            case _:
                raise ValueError(part)
    return found

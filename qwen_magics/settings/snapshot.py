"""The settings of one turn: frozen, plain values, each with where it came from. What a turn uses of `settings`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

from msgspec import Struct

from qwen_magics.settings.kinds import THINK_LEVELS
from qwen_magics.values import Options


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting at one moment; the traits of `Qwen` say what each means. `sources` tells who chose it."""

    provider: str
    region: str
    scope: str
    workspace: str
    base_url: str  # without a slash at its end
    currency: str
    model: str
    instructions: str
    think: str
    max_tokens: int
    think_tokens: int
    max_input: int | None  # None: the model's own limit
    temperature: float | None
    top_p: float | None
    seed: int | None
    context: str
    outputs: Literal["short", "schema", "none"]
    trim: str  # tier, window, off, or tokens as digits
    cache: Literal["implicit", "explicit", "off"]
    replay: Literal["on", "off"]
    receipt: Literal["line", "off"]
    guard_turn: dict[str, Decimal]  # amounts by currency; one that is missing has no guard
    guard_day: dict[str, Decimal]
    budget_turn: dict[str, Decimal]
    budget_notebook: dict[str, Decimal]
    budget_day: dict[str, Decimal]
    budget_month: dict[str, Decimal]
    attempts: int
    timeout: float | None
    data_dir: Path
    sources: dict[str, str]
    locked: frozenset[str] = frozenset()  # names that an administrator decided

    def source_of(self, name: str) -> str:
        """Where the value came from: `option`, `%config`, a variable, a file, `login`, or `default`."""
        return self.sources.get(name, "default")

    @property
    def think_limit(self) -> int:
        """The thinking's limit in tokens, 0 for none."""
        if self.think.isdigit():
            return int(self.think)
        return {"off": 0, "on": self.think_tokens, **THINK_LEVELS}[self.think]

    def options(self, *, search: bool = False, json: bool = False, continued: bool = False) -> Options:
        """What of it goes into a request's body."""
        return Options(
            think=self.think_limit,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            search=search,
            json=json,
            continued=continued,
            cache=self.cache != "off",
        )

"""A prompt's items as rows: their tokens, what the cache holds of each, and how each is left out. No money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from qwen_magics import tokens
from qwen_magics.context.nature import nature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qwen_magics.context.items import Item
    from qwen_magics.turn.plan import Plan


class Row(Struct, frozen=True, kw_only=True):
    """One item: its tokens and its share of the whole cost (None: no price). `cached`: whether the cache probably holds
    the whole of it, a part, or nothing.

    `saves` is what the request costs less without it, the change of tier (`jump`), the answer's price and hits that are
    lost by it included, so it can be negative; None where it can't be left out. `remedy` is how: words with the option
    to paste. `mostly` names what most of it is (`cell #6's log`), which is `core` tokens large (0: not worth knowing).
    """

    label: str
    title: str = ""
    tokens: int
    cached: Literal["", "part", "whole"] = ""
    cost: Decimal | None = None
    saves: Decimal | None = None
    jump: bool = False
    remedy: str = ""
    mostly: str = ""
    core: int = 0
    notes: tuple[str, ...] = ()


class Parts:
    """The items' tokens, and how many of each the cache probably holds (`hits`) or will be told to keep (`writes`).

    What frames the messages has no item: it is the last entry of each list. Hits and writes add up to the plan's.
    """

    def __init__(self, plan: Plan, items: Sequence[Item]) -> None:
        self.items, self._vocabulary = items, plan.route.vocabulary
        self.sizes = [item.count(self._vocabulary) for item in items]
        self.sizes.append(plan.counted - sum(self.sizes))
        marks = [n for n, part in enumerate(plan.ask.layout, 1) if part.marked]
        self.held = self._within(plan.hit.parts)
        self.hits = self._spread(plan.hit.tokens, self.held, [0] * len(self.sizes))
        self.writes = self._spread(plan.hit.written, self._within(max(marks, default=0)), self.hits)

    def _within(self, parts: int) -> list[int]:
        """How many tokens of each item lie within so many parts of the layout (see context.layout)."""
        said, at, joined = [], 0, 0
        for item, size in zip(self.items, self.sizes, strict=False):
            if item.kind == "attachment":  # one part with the question that follows
                said.append(0)
                joined += 1
                continue
            at += 1
            if at > parts:
                said.append(0)
            elif item.answer and at == parts:
                said.append(tokens.count(item.user_text, self._vocabulary))
            else:
                said.append(size)
            if joined and at <= parts:
                said[-1 - joined : -1] = self.sizes[len(said) - 1 - joined : len(said) - 1]
            at, joined = at + bool(item.answer), 0
        return [*said, max(self.sizes[-1], 0) if parts else 0]

    def _spread(self, amount: int, most: Sequence[int], taken: Sequence[int]) -> list[int]:
        """So many tokens over what isn't `taken` of the items, as far as they lie within `most`; what is left over,
        for a share of a message is measured by its bytes, over what follows.
        """
        said = [0] * len(self.sizes)
        for limits in (most, self.sizes):
            for n, limit in enumerate(limits):
                more = min(amount, max(limit - taken[n] - said[n], 0))
                said[n], amount = said[n] + more, amount - more
        return said

    def rows(self) -> Iterator[Row]:
        """One row per item and one for the frames, without money."""
        total = sum(self.sizes)
        for n, item in enumerate(self.items):
            word, text = nature(item)
            yield Row(
                label=item.label,
                title=item.title,
                tokens=self.sizes[n],
                cached="" if not self.held[n] else "whole" if self.held[n] >= self.sizes[n] else "part",
                remedy=_remedy(item),
                mostly=_named(item, word),
                core=tokens.count(text, self._vocabulary) if 4 * self.sizes[n] > total else 0,
                notes=_notes(item),
            )
        yield Row(label="message frames", tokens=self.sizes[-1], cached="whole" if self.held[-1] else "")


def _remedy(item: Item) -> str:
    """What leaves it out, with the option to paste; '' where nothing does."""
    if item.kind in ("cell", "turn"):
        return f"`--without {item.label}`"
    return f"leave `--with {item.label.removeprefix('@')}` out" if item.kind == "attachment" else ""


def _named(item: Item, word: str) -> str:
    """`cell #6's log`, `@df's summary`, `the question`."""
    who = f"cell {item.label}" if item.label.startswith("#") else item.label
    return f"{who}'s {word}" if word else f"the {item.label}" if item.kind == "instructions" else who


def _notes(item: Item) -> tuple[str, ...]:
    said = []
    if item.pinned:
        said.append("pinned")
    if item.cut:
        said.append(f"{'cut' if item.kind == 'attachment' else 'outputs cut'} by about {item.cut:,}")
    if item.redacted:
        said.append(f"{item.redacted} {'secret' if item.redacted == 1 else 'secrets'} redacted")
    if item.note:
        said.append(item.note)
    return tuple(said)

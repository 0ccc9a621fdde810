"""A turn's price before it is asked, item by item. What `%qwen_context` and `--dry-run` show; sends nothing.

Tokens are counted once, item by item; all else is arithmetic on them. What the cache may hold is `cache`'s guess.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import tokens
from qwen_magics.catalog import pricing
from qwen_magics.context.nature import nature
from qwen_magics.turn import cache
from qwen_magics.turn.plan import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qwen_magics.catalog import PriceRow
    from qwen_magics.context.compose import Context
    from qwen_magics.context.items import Item
    from qwen_magics.turn.cache import Hit
    from qwen_magics.turn.expect import Expectation
    from qwen_magics.turn.plan import Plan
    from qwen_magics.values import Cost

NEAR = pricing.MARGIN  # tokens to a bound within which a service's own additions may change the tier


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


class Preview(Struct, frozen=True, kw_only=True):
    """What would be sent. The rows' tokens add up to `tokens`, the costs of rows, fees and answer to `expected`.

    `low` and `high` bound the cost in eight cases of ten (`size` says of how many answers). `to_next` is how many
    tokens this tier still takes, after which input costs `then` times as much; `beside` is the cost on the other side
    of a bound that is within 64 tokens. `sure`: the vocabulary is proved for this model.
    """

    rows: tuple[Row, ...]
    answer: Row
    fees: tuple[Row, ...] = ()
    tokens: int
    room: int
    size: Expectation
    hit: Hit
    expected: Cost
    worst: Cost
    low: Decimal | None = None
    high: Decimal | None = None
    to_next: int | None = None
    then: Decimal | None = None
    beside: Decimal | None = None
    oldest: Row | None = None
    sure: bool = True

    @property
    def heaviest(self) -> Row:
        """The item that most of the prompt is made of."""
        return max(self.rows, key=lambda row: row.tokens)

    @property
    def way_down(self) -> Row | None:
        """The smallest item without which the request falls into a cheaper tier and costs less; where none is enough
        by itself, the oldest cells together, as one row.
        """
        ways = [row for row in self.rows if row.jump and row.saves is not None and row.saves > 0]
        return min(ways, key=lambda row: row.tokens, default=self.oldest)


def exact(plan: Plan) -> Plan:
    """The same plan, counted: for a turn a bound may do, for looking it doesn't."""
    return plan if plan.exact else plan.repriced(count(plan))


def preview(plan: Plan, context: Context) -> Preview:
    """Price every item of an exact plan at the tier that the whole request falls in."""
    parts, size, model = _Parts(plan, context.items), plan.size, plan.route.model
    seen = Preview(
        rows=tuple(parts.rows()),
        answer=Row(label="answer", title="expected", tokens=size.typical),
        tokens=plan.counted,
        room=plan.route.room,
        size=size,
        hit=plan.hit,
        expected=plan.expected,
        worst=plan.worst,
        sure=model is not None and model.vocabulary_proved,
    )
    if plan.unpriceable is not None or plan.row is None:
        return seen
    bill = _Bill(plan, plan.row, parts)
    return replace(
        seen,
        rows=tuple(bill.rows()),
        answer=replace(seen.answer, cost=bill.answer()),
        fees=bill.fees(),
        low=bill.amount(size.low),
        high=bill.amount(size.high),
        to_next=pricing.to_next_bound(plan.row, plan.counted),
        then=bill.then(),
        beside=bill.beside(),
        oldest=bill.oldest(),
    )


def shortened(plan: Plan, by: int) -> Decimal | None:
    """What an exact plan would be expected to cost with so many tokens less, as much of them cached; None: no price."""
    if plan.unpriceable is not None or plan.row is None:
        return None
    size, left = plan.size, plan.counted - by
    cost = pricing.expected(
        plan.row, left, size.typical - size.thinking, thinking=size.thinking, fees=plan.fees,
        cached=min(plan.hit.tokens, left), kind=plan.hit.kind,
    )  # fmt: skip
    return cost.amount


class _Parts:
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


class _Bill:
    """What the request comes to, with and without one of its items."""

    def __init__(self, plan: Plan, row: PriceRow, parts: _Parts) -> None:
        self._plan, self._row, self._parts, self._hit, self._total = plan, row, parts, plan.hit, plan.counted
        self.rates = pricing.tier(row, plan.counted)
        self.whole = plan.expected

    def rows(self) -> Iterator[Row]:
        """The rows with their shares of the cost, and what leaving each out would save."""
        parts = self._parts
        for n, row in enumerate(parts.rows()):
            cost = pricing.share(
                self.rates, row.tokens, cached=parts.hits[n], written=parts.writes[n], kind=self._hit.kind
            )
            priced = replace(row, cost=cost)
            yield self._with_saving(priced, n) if row.remedy else priced

    def fees(self) -> tuple[Row, ...]:
        """One row per kind of call that has a price."""
        return tuple(Row(label=fee.what, tokens=0, cost=fee.amount) for fee in self.whole.fees)

    def answer(self) -> Decimal:
        """What the answer costs."""
        return pricing.plain(self.amount(self._plan.size.typical) - self.amount(0))

    def amount(self, output: int) -> Decimal:
        """The whole with so long an answer."""
        return self._amount(self._total, self._hit.tokens, self._hit.written, output)

    def then(self) -> Decimal | None:
        """How many times as much input costs in the tier that follows; None where none is dearer."""
        following = self._row.tiers[self._row.tiers.index(self.rates) + 1 :][:1]
        if not following or not self.rates.input or following[0].input <= self.rates.input:
            return None
        return pricing.plain(round(following[0].input / self.rates.input, 2))

    def beside(self) -> Decimal | None:
        """What it would cost just across the nearest bound, where that is near."""
        over = self.whole.tier.over if self.whole.tier else 0
        if self.rates.up_to is not None and self.rates.up_to - self._total < NEAR:
            across = self.rates.up_to + 1
        elif over and self._total - over <= NEAR:
            across = over
        else:
            return None
        cached = min(self._hit.tokens, across)
        return self._amount(across, cached, min(self._hit.written, across - cached), self._plan.size.typical)

    def oldest(self) -> Row | None:
        """As many of the oldest cells as have to go, for the tier to be a cheaper one."""
        over, size = self.whole.tier.over if self.whole.tier else 0, 0
        if not over:
            return None
        first = last = 0
        for item, tokens_ in zip(self._parts.items, self._parts.sizes, strict=False):
            if item.kind in ("cell", "turn") and self._total - size > over:
                if item.pinned:
                    return None
                first, last, size = first or item.number, item.number, size + tokens_
        output = self._plan.size.typical
        saves = self.amount(output) - self._amount(max(self._total - size, 0), 0, 0, output)
        if self._total - size > over or saves <= 0:
            return None
        return Row(label="", tokens=size, saves=saves, jump=True, remedy=f"`--without #{first}..{last}`")

    def _with_saving(self, row: Row, n: int) -> Row:
        parts, hit, size = self._parts, self._hit, self._parts.sizes[n]
        cached, written = hit.tokens, hit.written - parts.writes[n]
        if parts.held[n]:  # what follows it is no longer behind the same beginning
            cached = sum(parts.hits[:n]) + parts.hits[-1]
            cached = cached if cached >= cache.SMALLEST else 0
            written = max(hit.tokens + hit.written - size - cached, 0) if hit.written else 0
        left = self._total - size
        without = self._amount(left, cached, written, self._plan.size.typical)
        jump = pricing.tier(self._row, left) != self.rates
        return replace(row, saves=pricing.plain(self.amount(self._plan.size.typical) - without), jump=jump)

    def _amount(self, counted: int, cached: int, written: int, output: int) -> Decimal:
        thinking = min(self._plan.size.thinking, output)
        cost = pricing.expected(
            self._row, counted, output - thinking, thinking=thinking,
            cached=cached, written=written, kind=self._hit.kind, fees=self._plan.fees,
        )  # fmt: skip
        return cost.amount or Decimal(0)


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
        said.append(f"cut by about {item.cut:,}")
    if item.redacted:
        said.append(f"{item.redacted} {'secret' if item.redacted == 1 else 'secrets'} redacted")
    if item.note:
        said.append(item.note)
    return tuple(said)

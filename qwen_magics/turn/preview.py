"""A turn's price before it is asked, item by item. What `%qwen_context` and `--dry-run` show; sends nothing.

Tokens are counted once, item by item; all else is arithmetic on them. What the cache may hold is `cache`'s guess.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.catalog import pricing
from qwen_magics.turn.bill import Bill
from qwen_magics.turn.parts import Parts, Row
from qwen_magics.turn.plan import count

if TYPE_CHECKING:
    from qwen_magics.context.compose import Context
    from qwen_magics.turn.cache import Hit
    from qwen_magics.turn.expect import Expectation
    from qwen_magics.turn.plan import Plan
    from qwen_magics.values import Cost


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
    parts, size, model = Parts(plan, context.items), plan.size, plan.route.model
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
    bill = Bill(plan, plan.row, parts)
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

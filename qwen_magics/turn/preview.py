"""A turn's price before it is asked, item by item. What `%qwen_context` and `--dry-run` show; sends nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.catalog import pricing
from qwen_magics.turn.plan import count

if TYPE_CHECKING:
    from qwen_magics.context.compose import Context
    from qwen_magics.context.items import Item
    from qwen_magics.turn.plan import Plan
    from qwen_magics.values import Cost


class Row(Struct, frozen=True, kw_only=True):
    """One item: its tokens and what they cost by themselves (None: no price). `notes` says cut, redacted, pinned, …"""

    label: str
    title: str
    tokens: int
    cost: Decimal | None
    notes: tuple[str, ...] = ()


class Preview(Struct, frozen=True, kw_only=True):
    """What would be sent. `tokens` and the rows' tokens before the answer add up; so do the costs."""

    rows: tuple[Row, ...]
    answer: Row
    tokens: int
    room: int
    expected: Cost
    worst: Cost


def preview(plan: Plan, context: Context) -> Preview:
    """Price every item of a planned turn at the tier that the whole request falls in."""
    vocabulary = plan.route.vocabulary
    total = count(plan)
    rates = pricing.tier(plan.row, total) if plan.row is not None and plan.unpriceable is None else None

    def cost(tokens: int, rate: Decimal | None) -> Decimal | None:
        return None if rate is None else pricing.plain(tokens * rate / pricing.MILLION)

    rows = [
        Row(
            label=item.label,
            title=item.title,
            tokens=(tokens := item.count(vocabulary)),
            cost=cost(tokens, rates.input if rates else None),
            notes=_notes(item),
        )
        for item in context.items
    ]
    frame = total - sum(row.tokens for row in rows)
    rows.append(Row(label="message frames", title="", tokens=frame, cost=cost(frame, rates.input if rates else None)))
    limits = plan.request.limits
    answer = plan.size.typical
    output = None
    if rates is not None:
        output = rates.thinking_output if limits.thinking and rates.thinking_output else rates.output
    exact = plan.repriced(total)
    return Preview(
        rows=tuple(rows),
        answer=Row(label="answer", title="expected", tokens=answer, cost=cost(answer, output), notes=("a guess",)),
        tokens=total,
        room=plan.route.room,
        expected=exact.expected,
        worst=exact.worst,
    )


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

"""After the last byte: usage, cost and the final receipt of a turn, and its row in the ledger.

A number here is the provider's, or computed from the provider's usage, or marked as an estimate.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import tokens
from qwen_magics.catalog import pricing
from qwen_magics.errors import LedgerError, QwenError, Stopped
from qwen_magics.turn import cache
from qwen_magics.turn.plan import FREE, count
from qwen_magics.values import Cost, Receipt, Reported, Status, Timing, Usage

if TYPE_CHECKING:
    from qwen_magics.turn.plan import Plan

CHARACTERS_PER_TOKEN = 4  # while a stream runs, a rough figure marked ≈ is enough


class Spent(Struct, frozen=True, kw_only=True):
    """What came back: the texts, the provider's own usage if any, whether anything was answered or even sent.

    `doubtful`: more may be billed than is known here, for this attempt or one before it.
    """

    text: str
    thinking: str
    reported: Reported | None
    header_cost: Decimal | None
    answered: bool
    left: bool
    doubtful: bool = False


class Ending(Struct, frozen=True, kw_only=True):
    """How the turn ended."""

    error: QwenError | None
    attempts: int
    finish_reason: str
    request_id: str
    timing: Timing

    @property
    def status(self) -> Status:
        """The receipt's word for it."""
        if self.error is None:
            return "complete"
        return "stopped" if isinstance(self.error, Stopped) else "failed"


def settle(plan: Plan, spent: Spent, ending: Ending) -> Receipt:
    """The final receipt, recorded. A request that never left leaves no row, only its reservation goes."""
    usage = usage_of(plan, spent)
    receipt = replace(
        plan.receipt,
        status=ending.status,
        finish_reason=ending.finish_reason,
        attempts=ending.attempts,
        request_id=ending.request_id,
        usage=usage,
        cost=cost_of(plan, spent, usage, ending),
        timing=ending.timing,
        notes=(*plan.receipt.notes, *cache.missed(plan, usage)),
        error=ending.error.message if ending.error else "",
    )
    try:
        if spent.left:
            read = spent.answered or spent.reported is not None  # the prompt, and so it may be cached
            plan.ledger.settle(
                receipt, plan.ask.place, text=spent.text, thinking=spent.thinking, asked=plan.ask.asked,
                layout=plan.ask.layout if read else (),
            )  # fmt: skip
        else:
            plan.ledger.release(receipt.id)
    except LedgerError as problem:  # the answer is paid for and stays; that its row is missing must be seen
        receipt = replace(receipt, notes=(*receipt.notes, f"not in the ledger: {problem.message}"))
    return receipt


def running(plan: Plan, text: int, thinking: int, timing: Timing) -> Receipt:
    """The receipt so far, from the characters that came; everything in it is an estimate."""
    thought = thinking // CHARACTERS_PER_TOKEN
    usage = Usage(
        input=plan.counted if plan.exact else plan.counted // CHARACTERS_PER_TOKEN,
        output=text // CHARACTERS_PER_TOKEN + thought,
        thinking=thought,
        basis={"input": "estimated", "output": "estimated"},
    )
    return replace(plan.receipt, usage=usage, cost=_price(plan, usage), timing=timing)


def usage_of(plan: Plan, spent: Spent) -> Usage:
    """The provider's own usage, or our count of what was sent and what came, marked as an estimate."""
    if spent.reported is not None:
        usage = spent.reported.usage
        # A request goes by one kind of cache only, and OpenRouter doesn't say by which.
        return replace(usage, cache_kind="explicit") if usage.cached and plan.hit.kind == "explicit" else usage
    if not spent.answered:
        return Usage()
    thought = tokens.count(spent.thinking, plan.route.vocabulary)
    return Usage(
        input=count(plan),
        output=tokens.count(spent.text, plan.route.vocabulary) + thought,
        thinking=thought,
        basis={"input": "estimated", "output": "estimated"},
    )


def cost_of(plan: Plan, spent: Spent, usage: Usage, ending: Ending) -> Cost:
    """The provider's own figure first; else the price table's; never a zero that nobody can stand behind."""
    reported = spent.reported.cost if spent.reported is not None and spent.reported.cost is not None else None
    if reported is None:
        reported = spent.header_cost
    if reported is not None:
        cost = pricing.reported(reported)
    elif not spent.answered and spent.reported is None and (nothing := _unanswered(plan, spent)) is not None:
        return nothing
    else:
        cost = _price(plan, usage)
    # What was generated and never arrived, or an attempt before that nobody answered.
    more = (cost.basis == "estimated" and ending.error is not None) or (spent.doubtful and cost.amount)
    return replace(cost, bound="at_least") if more else cost


def _unanswered(plan: Plan, spent: Spent) -> Cost | None:
    """An error answered before the first token isn't billed; a connection that broke may have been."""
    if plan.endpoint.provider in FREE or plan.endpoint.plan:
        return None
    if not spent.doubtful:
        return Cost(amount=Decimal(0), currency=plan.worst.currency, basis="unbilled")
    if plan.row is None:
        return None
    return Cost(amount=Decimal(0), currency=plan.row.currency, basis="estimated", bound="at_least")


def _price(plan: Plan, usage: Usage) -> Cost:
    """By the price row, fees included. How often the model searched isn't reported: once, at least."""
    if plan.unpriceable is not None or plan.row is None:
        return plan.unpriceable or pricing.unpriced()
    cost = pricing.cost(plan.row, usage, fees=plan.fees)
    return replace(cost, bound="at_least") if plan.fees else cost

"""In place of a turn: a saved answer to the very same request, shown again. Sends nothing, needs no key, costs nothing.

Which one, `replays` has chosen.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.errors import LedgerError
from qwen_magics.values import Cost, Receipt, Sent, Settled, Started, Text, Thinking, Timing, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.turn.plan import Plan
    from qwen_magics.turn.saved import Saved
    from qwen_magics.values import TurnEvent

ASKS = "--fresh asks anew"


class Replay:
    """A saved answer as a turn: the same events, used like `Turn`."""

    def __init__(self, plan: Plan, saved: Saved) -> None:
        self.plan, self.saved = plan, saved

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[TurnEvent]:
        return self.events()

    def events(self) -> Iterator[TurnEvent]:
        """Started, Thinking, Text, Settled."""
        plan, answer = self.plan, self.saved.answer
        receipt, text = receipt_of(plan, self.saved), answer.text[answer.begun :]
        yield Started(receipt)
        if answer.thinking:
            yield Thinking(answer.thinking)
        if text:
            yield Text(text)
        try:
            new = {} if self.saved.known else {"text": text, "thinking": answer.thinking, "answered": answer.time}
            plan.ledger.replayed(receipt, plan.ask.place, asked=plan.ask.asked, **new)
        except LedgerError as problem:
            receipt = replace(receipt, notes=(*receipt.notes, f"not in the ledger: {problem.message}"))
        yield Settled(receipt, text, answer.thinking)


def receipt_of(plan: Plan, saved: Saved) -> Receipt:
    """The receipt of a replay: nothing was sent or used; what the answer cost when it was asked is saved."""
    then = saved.receipt
    where = {name: getattr(then, name) for name in ("provider", "region", "scope", "model")} if then else {}
    return replace(
        plan.receipt,
        **where,
        status="replayed",
        finish_reason=then.finish_reason if then else "stop",
        sent=Sent(),
        left_out=(),
        redacted=0,
        usage=Usage(),
        expected={},
        cost=_nothing(then.cost if then else plan.expected, then),
        timing=Timing(),
        notes=(ASKS,),
    )


def _nothing(cost: Cost, then: Receipt | None) -> Cost:
    worth = None if then is None else cost.replay_saved if then.status == "replayed" else cost.amount
    return Cost(amount=Decimal(0), currency=cost.currency, basis="replayed", replay_saved=worth)

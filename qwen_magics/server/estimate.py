"""What is being typed, priced: the routes `estimate` and `request` (what is sent). They send nothing anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.server.bodies import Estimate, Price, Question, SentItem, WhatIsSent
from qwen_magics.server.handler import Handler
from qwen_magics.server.question import prepare
from qwen_magics.turn.preview import exact, preview

if TYPE_CHECKING:
    from qwen_magics.server.desk import Desk


def estimate(desk: Desk, asked: Question) -> Estimate:
    """What it would take. Blocks."""
    prepared = prepare(desk, asked)
    planned = exact(prepared.plan)
    seen = preview(planned, prepared.context)
    return Estimate(
        model=planned.receipt.model,
        provider=planned.receipt.provider,
        label=planned.endpoint.label,
        tokens=seen.tokens,
        room=seen.room,
        sure=seen.sure,
        price=Price(
            currency=seen.expected.currency,
            basis=seen.expected.basis,
            expected=seen.expected.amount,
            worst=seen.worst.amount,
            low=seen.low,
            high=seen.high,
            derived=seen.expected.derived,
        ),
    )


def what_is_sent(desk: Desk, asked: Question) -> WhatIsSent:
    """The exact request. Blocks."""
    prepared = prepare(desk, asked)
    planned = exact(prepared.plan)
    seen = preview(planned, prepared.context)
    items = [
        SentItem(kind=item.kind, label=row.label, title=row.title, tokens=row.tokens, cost=row.cost, saves=row.saves,
                 cached=row.cached, notes=list(row.notes), text=item.user_text, answer=item.answer)
        for item, row in zip(prepared.context.items, seen.rows, strict=False)
    ]  # fmt: skip
    return WhatIsSent(
        label=planned.endpoint.label,
        tokens=seen.tokens,
        items=items,
        body=planned.request.body.decode(),
        currency=seen.expected.currency,
    )


class EstimateHandler(Handler):
    """`POST estimate`."""

    async def post(self) -> None:
        """Takes a Question, answers an Estimate."""
        self.answer(await self.desk.count(estimate, self.desk, self.body(Question)))


class RequestHandler(Handler):
    """`POST request`."""

    async def post(self) -> None:
        """Takes a Question, answers a WhatIsSent."""
        self.answer(await self.desk.count(what_is_sent, self.desk, self.body(Question)))

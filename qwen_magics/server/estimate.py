"""What is open and being typed, priced: the routes `notebook`, `estimate`, `request` (what is sent). They send nothing.

What they need is imported by whoever first types something: a server's start doesn't wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.server.bodies import Estimate, LiveNotebook, Price, Question, SentItem, WhatIsSent
from qwen_magics.server.handler import Handler

if TYPE_CHECKING:
    from qwen_magics.server.bodies import Held
    from qwen_magics.server.desk import Desk


def take(desk: Desk, live: LiveNotebook) -> Held:
    """Take the open notebook in. Blocks."""
    return desk.notebooks.put(live)


def estimate(desk: Desk, asked: Question) -> Estimate:
    """What it would take. Blocks."""
    from qwen_magics.server.question import prepare
    from qwen_magics.turn.preview import exact, preview

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
    from qwen_magics.server.question import prepare
    from qwen_magics.turn.preview import exact, preview

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


class NotebookHandler(Handler):
    """`POST notebook`: the browser hands over the notebook that is open."""

    async def post(self) -> None:
        """Takes a LiveNotebook, answers a Held."""
        self.answer(await self.work(take, self.desk, self.body(LiveNotebook)))


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

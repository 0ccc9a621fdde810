"""What would be sent, item by item, and the body as it would go: the route `request`. It sends nothing anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qwen_magics.server.bodies import Question, SentItem, WhatIsSent
from qwen_magics.server.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qwen_magics.server.desk import Desk
    from qwen_magics.server.files import File


def what_is_sent(desk: Desk, asked: Question, files: Mapping[str, File]) -> WhatIsSent:
    """The exact request. Blocks."""
    from qwen_magics.server.question import prepare
    from qwen_magics.turn.budget import foreseen
    from qwen_magics.turn.preview import exact, preview

    prepared = prepare(desk, asked, files)
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
        body=json.dumps(json.loads(foreseen(planned).request.body), indent=2, ensure_ascii=False),
        currency=seen.expected.currency,
    )


class RequestHandler(Handler):
    """`POST request`."""

    async def post(self) -> None:
        """Takes a Question, answers a WhatIsSent."""
        asked = self.body(Question)
        files = await self.desk.files.read(self, asked.files)
        self.answer(await self.desk.count(what_is_sent, self.desk, asked, files))

"""What a session is told at most once, under `%qwen_context` or `%qwen_usage`: that explicit marks would have paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.display import figures
from qwen_magics.errors import QwenError
from qwen_magics.magics.prepare import place
from qwen_magics.turn import hindsight, route

if TYPE_CHECKING:
    from qwen_magics.magics.session import Session
    from qwen_magics.turn import Route

LINE = '%config Qwen.cache = "explicit"'


def marks(session: Session, where: Route | None = None) -> tuple[str, ...]:
    """The sentence, by this session's last turns in this notebook; nothing where it has been said, or isn't so."""
    if "marks" in session.hinted:
        return ()
    try:
        where = where or route(session.settings())
        if where.settings.cache != "implicit":
            return ()
        found = hindsight.session(session.ledger, place(session, session.notebook()).notebook, session.id, where)
    except QwenError:  # a report needs neither a route nor a ledger
        return ()
    if found is None or not found.clear:
        return ()
    session.hinted.add("marks")
    did, would = (figures.money(amount, found.currency) for amount in (found.did, found.would))
    return (
        f"With explicit cache marks the last {found.turns} questions here would have cost about {would} "
        f"instead of {did} at list prices: `{LINE}`",
    )

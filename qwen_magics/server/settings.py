"""How the server is set: what a question is asked with where the browser chooses nothing. Changes nothing.

What the browser may not see is left out: addresses, the workspace in them, folders, keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qwen_magics.server.handler import Handler
from qwen_magics.server.office import Chosen

if TYPE_CHECKING:
    from qwen_magics.server.desk import Desk

SHOWN = (
    "provider", "region", "scope", "currency", "model", "instructions", "think", "think_tokens", "max_tokens",
    "max_input", "temperature", "top_p", "seed", "outputs", "trim", "cache", "guard_turn", "guard_day", "budget_turn",
    "budget_notebook", "budget_day", "budget_month", "attempts", "timeout",
)  # fmt: skip


def settings(desk: Desk) -> Chosen:
    """The settings of this moment. Blocks: reads files. Raises SettingsError."""
    from qwen_magics import credentials

    set_ = desk.settings()
    placed = credentials.placed(set_)  # a region nobody chose is the one that the key was stored with
    return Chosen(
        values={name: _plain(getattr(set_ if name == "provider" else placed, name)) for name in SHOWN},
        sources={name: placed.source_of(name) for name in SHOWN},
        locked=sorted(placed.locked),
    )


def _plain(value: Any) -> Any:
    """Amounts by currency as people write them."""
    if isinstance(value, dict):
        return ", ".join(f"{amount:f} {currency}" for currency, amount in value.items()) or "off"
    return value


class SettingsHandler(Handler):
    """`GET settings`."""

    async def get(self) -> None:
        """Answers Chosen."""
        self.answer(await self.work(settings, self.desk))

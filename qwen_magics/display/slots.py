"""Where a turn's outputs stand, in their order, and how they reach the front end. Knows nothing of what they show."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from qwen_magics.display import receipt

MESSAGE = 600  # bytes of a message besides what it shows


Data = Mapping[str, Any]


class Publish(Protocol):
    """How an output reaches the front end: shown, or updated where `display_id` already stands."""

    def __call__(self, data: Data, metadata: Data, display_id: str, update: bool) -> None:
        """Show it."""


class Slots:
    """The outputs of one turn, by number. `sent` counts bytes; `filled` is the first slot without content."""

    def __init__(self, publish: Publish) -> None:
        self._publish, self._name, self._made = publish, uuid.uuid4().hex[:12], set[str]()
        self.turn, self.filled, self.sent = "", 0, 0

    def content(self, slot: int, data: Data, role: str, **said: Any) -> None:
        """Show thinking or a part of the answer; a live line that stood in the slot gives way."""
        self.filled = max(self.filled, slot + 1)
        self.send(self.name(slot), data, receipt.marked(role, self.turn, **said))

    def live(self, text: str, *, shared: str | None = None) -> None:
        """One line in the next slot, or in the output that the turns of an execution share."""
        mark = receipt.marked("receipt", self.turn, live=True)
        self.send(shared or self.name(self.filled), receipt.live(text), mark, made=shared is not None)

    def name(self, slot: int) -> str:
        """The display id of a slot."""
        return f"qwen-{self._name}-{slot}"

    def stands(self, display_id: str) -> bool:
        """Whether this turn has shown something under that id."""
        return display_id in self._made

    def send(self, display_id: str, data: Data, metadata: Data, *, made: bool = False) -> None:
        """Show or update; `made`: another turn of this execution has shown it."""
        self._publish(data, metadata, display_id, made or display_id in self._made)
        self._made.add(display_id)
        self.sent += MESSAGE + sum(len(text.encode()) for text in data.values() if isinstance(text, str))

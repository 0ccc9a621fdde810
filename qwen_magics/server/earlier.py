"""The turns of its thread that a question takes along: all of them while they fit, the last ones of a long thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.context.items import Item
from qwen_magics.context.maker import STOPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.server.threads.shapes import Said

MOST, LEAST = 2, 4  # the share of the model's room that a thread may fill, and to which it is shortened then
_GONE = Item(kind="said", label="…", title="left out", text="[earlier turns of this conversation left out: no room]")


class Earlier(Struct, frozen=True):
    """What goes, the oldest first; how many turns don't, which are the oldest."""

    items: tuple[Item, ...] = ()
    gone: int = 0

    @property
    def left_out(self) -> tuple[str, ...]:
        """What doesn't, in words."""
        if not self.gone:
            return ()
        return ("the first turn of this thread" if self.gone == 1 else f"the first {self.gone} turns of this thread",)


def earlier(turns: Sequence[Said], room: int, vocabulary: str) -> Earlier:
    """Of a model that takes `room` tokens. A failed turn is left out with its question; a half answer is marked.

    Shortened in large steps, which follow from the thread alone: so a cache holds what stays until the next one.
    """
    items = [
        Item(kind="said", label=f"turn {number}", text=turn.asked or turn.question, answer=_answer(turn))
        for number, turn in enumerate(turns, 1)
        if turn.answer.strip() and turn.status != "failed"
    ]
    if sum(item.bound() for item in items) <= room // MOST:
        return Earlier(tuple(items))
    first = size = 0
    sizes = [item.count(vocabulary) for item in items]
    for last, more in enumerate(sizes):
        size += more
        if size > room // MOST:
            while size > room // LEAST and first < last:
                size -= sizes[first]
                first += 1
    return Earlier((_GONE, *items[first:]) if first else tuple(items), first)


def _answer(turn: Said) -> str:
    return turn.answer if turn.status == "complete" else f"{turn.answer}{STOPPED}"

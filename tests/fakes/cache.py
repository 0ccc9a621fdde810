"""The context cache of the fake provider: what it has read, per model, and what marks made it keep (facts 1.8).

Without marks it remembers every prompt and finds the longest beginning that agrees. A request with marks knows only
what marks kept, for five minutes from the last hit on, and finds it at most 20 blocks before one of its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LIFE = 300.0
SMALLEST = 1_024
BACK = 20
MARKS = 4


class Found(NamedTuple):
    """Tokens of a prompt that came from the cache and that went into it; `explicit`: by marks."""

    cached: int = 0
    written: int = 0
    explicit: bool = False


class Cache:
    """`smallest`: tokens that the implicit one begins at (None: there is none). `later`: seconds that have passed."""

    def __init__(self, smallest: int | None = None) -> None:
        self.smallest, self.later = smallest, 0.0
        self._read: dict[str, list[str]] = {}
        self._kept: dict[tuple[str, str], float] = {}

    def find(self, body: dict[str, Any]) -> Found:
        """What this request finds; from now on its own prompt is there to be found."""
        blocks = list(_blocks(body["messages"]))
        if any(marked for _, marked in blocks):
            return self._by_marks(body["model"], blocks)
        prompt, known = "".join(text for text, _ in blocks), self._read.setdefault(body["model"], [])
        cached = max((_common(prompt, other) for other in known), default=0) // 4
        known.append(prompt)
        return Found(cached if self.smallest is not None and cached >= self.smallest else 0)

    def _by_marks(self, model: str, blocks: list[tuple[str, bool]]) -> Found:
        now = time.monotonic() + self.later
        begins = ["".join(text for text, _ in blocks[: place + 1]) for place in range(len(blocks))]
        marks = [place for place, (_, marked) in enumerate(blocks) if marked]
        near = [place for place in range(len(blocks)) if any(0 <= mark - place < BACK for mark in marks)]
        hits = [begins[place] for place in near if self._kept.get((model, begins[place]), 0.0) > now]
        cached = max((len(begin) for begin in hits), default=0) // 4
        large = [begins[mark] for mark in marks if len(begins[mark]) // 4 >= SMALLEST]
        for begin in (*hits, *large):
            self._kept[model, begin] = now + LIFE
        written = max((len(begin) for begin in large), default=0) // 4 - cached
        return Found(cached, max(written, 0), explicit=True)


def too_many(body: dict[str, Any]) -> bool:
    """Whether a request carries more marks than it may."""
    return sum(marked for _, marked in _blocks(body["messages"])) > MARKS


def text_of(content: Any) -> str:
    """A message's text, whether it came whole or in parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _blocks(messages: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    for message in messages:
        parts = message["content"] if isinstance(message["content"], list) else [{"text": message["content"]}]
        lead = f"<{message['role']}>"
        for part in parts:
            yield lead + part.get("text", ""), "cache_control" in part
            lead = ""


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))

"""Part a `<think>` block from the answer that follows it, for servers without a reasoning parser (facts 3.4). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qwen_magics.values import Text, Thinking

if TYPE_CHECKING:
    from collections.abc import Iterator

Piece = type[Text] | type[Thinking]
_OPEN, _CLOSE = "<think>", "</think>"


class ThinkBlock:
    """Splits `<think>…</think>` off the start of a content that comes in pieces; trims the white space around both."""

    def __init__(self) -> None:
        self.state: Literal["before", "inside", "after", "over"] = "before"
        self._held = ""
        self._thought = False

    def feed(self, text: str) -> Iterator[tuple[Piece, str]]:
        """What `text` makes certain; the rest is held until more comes."""
        self._held += text
        if self.state == "before":
            head = self._held.lstrip()
            if head.startswith(_OPEN):
                self.state, self._held = "inside", head.removeprefix(_OPEN)
            elif not _OPEN.startswith(head):
                self.state = "over"
        if self.state == "inside":
            yield from self._inside()
        if self.state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self.state = "over"
        if self.state == "over":
            yield from self.finish()

    def _inside(self) -> Iterator[tuple[type[Thinking], str]]:
        if not self._thought:
            self._held = self._held.lstrip()
        thinking, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self.state = "after"
        else:  # hold what may be the tag's beginning, and the white space before it
            size = next(n for n in range(len(_CLOSE) - 1, -1, -1) if self._held.endswith(_CLOSE[:n]))
            thinking = self._held[: len(self._held) - size]
            rest = self._held[len(thinking.rstrip()) :]
        self._held = rest
        if thinking.rstrip():
            self._thought = True
            yield Thinking, thinking.rstrip()

    def finish(self) -> Iterator[tuple[Piece, str]]:
        """What is still held, once no more comes."""
        held, self._held = self._held, ""
        if held:
            yield Thinking if self.state == "inside" else Text, held

"""Where an answer that still grows is parted: between top-level blocks, so that a finished part is never sent again.

Knows lines and fences only. The parts' texts joined are the answer, to the last character.
"""

from __future__ import annotations

import re

from msgspec import Struct

KB = 1024
FENCE_MAX = 8 * KB  # a longer fence is closed, and reopened in the next part
MAX_PARTS = 38  # with thinking and receipt 40 outputs a turn; JupyterLab folds what comes after the 50th
STEP = 512  # characters that must come before parting is tried again

_FENCE = re.compile(r"^([ \t]*(?:(?:>[ \t]*|(?:[-*+]|\d{1,9}[.)])[ \t]+))*)(`{3,}(?=[^`]*$)|~{3,})(.*)$")
_GOES_ON = " \t-*+>|0123456789:"  # a line that begins so may belong to the block before the blank line


class Fence(Struct, frozen=True):
    """An open fence: its run of ` or ~ and the words after it."""

    marker: str
    info: str = ""
    quoted: bool = False
    indent: int = 0

    @property
    def opening(self) -> str:
        """The line that opens it again."""
        return f"{self.marker}{self.info}\n"

    def closed_by(self, line: str) -> bool:
        """Whether this line ends the fence, in a list or quotation too."""
        bare = line.strip(" \t>" if self.quoted else " \t")
        if len(line) - len(line.lstrip()) > self.indent + 3:
            return False
        return len(bare) >= len(self.marker) and bare == self.marker[0] * len(bare)


class Part(Struct, frozen=True):
    """A part of an answer: the model's own `text`, and the Markdown to show, where a fence that goes on is reopened."""

    number: int
    text: str
    markdown: str
    continues: bool = False


def opens(line: str) -> Fence | None:
    """The fence that this line opens, in a list or quotation too."""
    match = _FENCE.match(line)
    return Fence(match[2], match[3].strip(), ">" in match[1], len(match[1])) if match else None


class Parting:
    """The open part of a growing answer, and the finished ones one by one."""

    def __init__(self) -> None:
        self._number, self._text, self._continues = 0, "", False
        self._fence: Fence | None = None
        self.enough = _size(0) or 0  # characters of the open part that make `finished` worth asking

    @property
    def length(self) -> int:
        """Characters of the open part."""
        return len(self._text)

    def add(self, text: str) -> None:
        """Let the open part grow."""
        self._text += text

    def start(self, fence: Fence) -> None:
        """Before the first part: the answer is bare code, which is to stand in this fence."""
        self._fence = fence

    @property
    def open(self) -> Part:
        """What is not yet finished."""
        return self._part(self._text)

    def finished(self, *, early: bool = False) -> list[Part]:
        """The parts that are long enough and end well, taken from what is open; `early`: two thirds are enough."""
        done = []
        while (cut := self._cut(early)) is not None:
            at, fence = cut
            done.append(self._part(self._text[:at]))
            self._number, self._text = self._number + 1, self._text[at:]
            self._fence, self._continues = fence, fence is not None
        self.enough = max(self._target() or 0, len(self._text) + STEP)
        return done

    def _part(self, text: str) -> Part:
        markdown = self._fence.opening + text if self._fence else text
        return Part(self._number, text, markdown, self._continues)

    def _target(self) -> int | None:
        size = _size(self._number)
        return size if size is None or self._text.isascii() else size * len(self._text) // len(self._text.encode())

    def _cut(self, early: bool) -> tuple[int, Fence | None] | None:
        target = self._target()
        if target is None or len(self._text) < (target * 2 // 3 if early else target):
            return None
        return _cut(self._text, self._fence, target)


def _size(number: int) -> int | None:
    """About how many bytes part `number` (from 0) has; None: the last one takes the rest."""
    if number >= MAX_PARTS - 1:
        return None
    return (4 if number < 8 else 12 if number < 24 else 16) * KB


def _cut(text: str, fence: Fence | None, target: int) -> tuple[int, Fence | None] | None:
    """The character to part before, and the fence that goes on after it; None: not yet. `target` in characters."""
    places = _Places(text, fence)
    if places.top >= target * 2 // 3:
        return places.top, None
    if places.fence is not None and len(text) - places.fence_at >= FENCE_MAX:
        return (places.line if places.line > places.fence_at else len(text) - 1), places.fence
    if len(text) < target * 5 // 4:
        return None
    if places.top >= target // 3:
        return places.top, None
    if places.fence is not None:  # a short fence stays whole
        return (places.fence_at, None) if places.fence_at >= target // 4 else None
    ends = (places.blank, places.line, text.rfind(" ") + 1)
    return next((place for place in ends if target // 2 <= place < len(text)), len(text) - 1), None


class _Places:
    """The last places to part at (before a top-level block, after a blank line, after a line), and the open fence."""

    def __init__(self, text: str, fence: Fence | None) -> None:
        self.fence, self.fence_at = fence, 0
        self.top = self.blank = self.line = 0
        at, free, math = 0, False, False
        for line in text.split("\n"):
            whole = at + len(line) < len(text)
            self.line = at if line or whole else self.line
            if self.fence is not None:
                free = whole and self.fence.closed_by(line)
                self.fence = None if free else self.fence
            else:
                if at and free and not math:
                    self.blank = at
                    self.top = at if line and line[0] not in _GOES_ON else self.top
                self.fence = opens(line) if whole else None
                self.fence_at = at if self.fence else self.fence_at
                math = math != (line.strip() == "$$")
                free = not line.strip()
            at += len(line) + 1

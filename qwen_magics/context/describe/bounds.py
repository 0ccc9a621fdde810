"""Texts within bounds, for `describe`: cut in the middle, numbers in few digits, rows as an aligned table. Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WORD_START = re.compile(r"""[^\s"'`,;(){}\[\]<>\x80-\U0010ffff]+\Z""")
_WORD_END = re.compile(r"""[^\s"'`,;(){}\[\]<>\x80-\U0010ffff]+""")
_TOKEN = re.compile(r"[A-Za-z]+|\d|[^\w\s]+|[^\x00-\x7f]| {2,}|\n")
_KEPT_OF_A_WORD = 8
_LONGEST_WORD = 4_096


def encodable(text: str) -> str:
    """Lone surrogates can't be sent."""
    return _SURROGATE.sub("\ufffd", text)


def clip(text: str, limit: int, mark: str | None = None) -> str:
    """`text` in at most `limit` characters: without its middle, and with a mark that says how much there was.

    A word at the cut goes but for its first or last characters: half a key would pass the redaction that comes after.
    """
    if len(text) <= limit:
        return text
    mark = f" … [{len(text):,} characters in all] … " if mark is None else mark
    room = limit - len(mark)
    if room < len(mark):
        return (_head(text, limit - 1) + "…")[:limit] if limit > 0 else ""
    return _head(text, room * 2 // 3) + mark + _tail(text, room - room * 2 // 3)


def _head(text: str, size: int) -> str:
    head = text[:size]
    cut = _WORD_START.search(head[-_LONGEST_WORD:]) if _WORD_END.match(text, size) else None
    return head[: len(head) - len(cut[0]) + _KEPT_OF_A_WORD] if cut else head


def _tail(text: str, size: int) -> str:
    start = len(text) - size
    cut = _WORD_END.match(text, start) if start > 0 and _WORD_START.search(text[start - 1 : start]) else None
    return text[max(start, cut.end() - _KEPT_OF_A_WORD) :] if cut else text[start:]


def clip_lines(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, whole lines where that can be: the beginning and the last few."""
    if len(text) <= limit:
        return text
    lines = text.split("\n")
    head, tail, room = 0, len(lines), limit - 32
    while head < tail:
        # Three lines of the beginning for one of the end: signatures, headers and first rows say most.
        from_head = (head + len(lines) - tail) % 4 != 3
        line = lines[head] if from_head else lines[tail - 1]
        room -= len(line) + 1
        if room < 0:
            break
        head, tail = (head + 1, tail) if from_head else (head, tail - 1)
    if not head:
        return clip(text, limit)
    return clip("\n".join([*lines[:head], f"… {tail - head:,} more lines …", *lines[tail:]]), limit)


def one_line(text: str) -> str:
    """`text` without line breaks and the runs of spaces around them."""
    return " ".join(text.split()) if "\n" in text or "\r" in text else text


def counted(count: int, noun: str) -> str:
    """`1 row`, `1,000 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def rough_tokens(text: str) -> int:
    """About how many tokens `text` has, within a fifth: words, single digits, runs of signs. Needs no vocabulary."""
    return len(_TOKEN.findall(text))


def number(value: float, digits: int = 6) -> str:
    """At least `digits` digits and two decimals, no more; never an exponent for what people write without one."""
    if not math.isfinite(value):
        return "NaN" if value != value else str(value)
    size = abs(value)
    if size < 1e15 and value == int(value):
        return str(int(value))
    if not 1e-4 <= size < 1e15:
        return f"{value:.{digits}g}"
    decimals = max(2, digits - 1 - math.floor(math.log10(size)))
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Rows as aligned columns, two spaces between them; the columns numbered in `right` end together."""
    if not rows:
        return ""
    ends = frozenset(right)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if at in ends else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)

"""A value as a model reads it: its kind, its size, what is in it, in a bounded text. Not how a user sees it displayed.

Whatever the value is, describing it doesn't raise, doesn't take long and doesn't change it.
"""

from __future__ import annotations

import re
import reprlib

LIMIT = 2_400  # characters: about 600 tokens, as much as one output of a notebook

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


def describe(value: object, *, limit: int = LIMIT) -> str:
    """`value` in at most `limit` characters; the same value gives the same text. Never raises."""
    return clip(_ADDRESS.sub("0x…", _text(value)), limit)


def clip(text: str, limit: int) -> str:
    """`text` without its middle where it is longer than `limit` characters, with a mark that says how much is gone."""
    if len(text) <= limit:
        return text
    mark = f" … {len(text):,} characters in all … "
    room = max(0, limit - len(mark))
    if not room:
        return text[:limit]
    head = room * 2 // 3
    return text[:head] + mark + text[len(text) - (room - head) :]


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    short = reprlib.Repr()
    short.maxdict = short.maxlist = short.maxtuple = short.maxset = short.maxfrozenset = 20
    short.maxstring = short.maxother = short.maxlong = LIMIT
    try:
        frame = hasattr(type(value), "columns") or hasattr(type(value), "iloc")
        return repr(value) if frame else short.repr(value)
    except Exception as problem:
        return f"<{type(value).__name__}, whose repr raised {type(problem).__name__}>"

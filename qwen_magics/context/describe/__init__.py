"""A value as a model reads it: its kind, its size, what is in it, in a bounded text. Not how a user sees it displayed.

Whatever the value is, describing it doesn't raise, doesn't change it or use it up, ends, and gives the same text again.
One module per family knows how (`frames`, `code`, …); the first that knows the value describes it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.arrays import array
from qwen_magics.context.describe.bounds import clip, encodable, rough_tokens
from qwen_magics.context.describe.code import code
from qwen_magics.context.describe.containers import container, iterator, scalar
from qwen_magics.context.describe.errors import error
from qwen_magics.context.describe.figures import figure
from qwen_magics.context.describe.frames import frame
from qwen_magics.context.describe.objects import instance
from qwen_magics.context.describe.short import named

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 2_400  # characters of a summary …
TOKENS = 600  # … and about as many tokens as one output of a notebook has: of numbers that is fewer characters
LIMIT_OF_TEXT = 12_000  # of what isn't summarised but said as it is: strings, source; as much as an output in question
_PATIENCE = 3.0  # seconds for the value's own words

_FAMILIES: tuple[Callable[[object, int], str | None], ...] = (
    scalar, container, frame, array, figure, error, code, iterator, instance,
)  # fmt: skip


def describe(value: object, *, limit: int | None = None) -> str:
    """`value` in at most `limit` characters, by default as many as its kind needs. Never raises.

    Strings and numbers come as they are, short containers in one line, all else as a title and lines below it.
    """
    with peek.patience(_PATIENCE):
        for family in _FAMILIES:
            whole = family in (scalar, code)
            room = limit if limit is not None else LIMIT_OF_TEXT if whole else LIMIT
            text = peek.attempt(partial(family, value, room))
            if text is None:
                continue
            if limit is None and not whole and (tokens := rough_tokens(text)) > TOKENS:
                room = len(text) * TOKENS // tokens
                text = peek.attempt(partial(family, value, room)) or text
            return clip(encodable(text), room)
    return clip(named(value), LIMIT if limit is None else limit)

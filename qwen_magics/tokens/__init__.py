"""How many tokens a text, a message or an image takes, offline; and how a text is cut to a number of tokens.

`counting` loads the vocabularies and counts, `chat` knows what a template adds around messages and which tokens control
it, `cutting` shortens. Knows no prices, no items, nor which model has which vocabulary.
"""

from __future__ import annotations

from qwen_magics.tokens.chat import LOCAL_SYSTEM, MESSAGE, break_control, count_messages, image_tokens
from qwen_magics.tokens.counting import FILES, count, fits, upper_bound
from qwen_magics.tokens.cutting import Cut, cut

__all__ = [
    "FILES",
    "LOCAL_SYSTEM",
    "MESSAGE",
    "Cut",
    "break_control",
    "count",
    "count_messages",
    "cut",
    "fits",
    "image_tokens",
    "upper_bound",
]

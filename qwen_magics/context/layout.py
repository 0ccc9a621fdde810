"""What a prompt is made of, part by part and without its words: for telling how much of it a provider has seen before.

A cache knows prefixes. So the unit is what two prompts share from their beginning on: what the user showed or asked,
and each answer. A question that was asked and the turn that it has become are the same part.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qwen_magics.context.items import Item


class Part(Struct, frozen=True, array_like=True):
    """One part: how people call the item it belongs to, a digest of its text, and that text's size in UTF-8 bytes.

    `marked`: the provider was asked to keep the prompt up to its end. `cut`: about the tokens that its outputs lost.
    """

    label: str
    digest: str
    size: int
    marked: bool = False
    cut: int = 0


def layout(items: Iterable[Item]) -> tuple[Part, ...]:
    """The parts of a context's items, in the order in which they are sent."""
    parts: list[Part] = []
    asked: list[str] = []  # attachments and the question are one part: so a later turn shows them
    for item in items:
        if item.kind in ("attachment", "question"):
            asked.append(item.user_text)
            if item.kind == "attachment":
                continue
        text = "\n\n".join(asked) if asked else item.user_text
        parts.append(_part(item.label, text, item.cut))
        if item.answer:
            parts.append(_part(item.label, item.answer))
    return tuple(parts)


def alike(before: Sequence[Part], now: Sequence[Part]) -> int:
    """How many parts the two have in common from the beginning on."""
    pairs = enumerate(zip(before, now, strict=False))
    return next((n for n, (old, new) in pairs if old.digest != new.digest), min(len(before), len(now)))


def _part(label: str, text: str, cut: int = 0) -> Part:
    data = text.encode("utf-8", "surrogatepass")
    return Part(label, hashlib.blake2b(data, digest_size=8).hexdigest(), len(data), cut=cut)

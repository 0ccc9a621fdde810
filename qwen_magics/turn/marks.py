"""Where a prompt asks the provider to keep what it has read: at most four explicit marks (shared facts, section 1.8).

A mark costs: what it adds to the cache is written at a quarter more than the input's price, and read later at a tenth.
What a mark then gives is `cache`'s matter; how it is written into the body is `request`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.context.layout import alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.catalog import PriceRow
    from qwen_magics.context.layout import Part
    from qwen_magics.ledger import Prompt
    from qwen_magics.turn.ask import Ask
    from qwen_magics.turn.route import Route
    from qwen_magics.values import Message

SMALLEST = 1_024  # tokens that a provider's cache begins at
BYTES_PER_TOKEN = 4  # of code and prose, about: where nothing was counted
MARKS = 4  # that one request may carry


def marked(ask: Ask, route: Route, row: PriceRow | None) -> Ask:
    """The same, with marks where they are wanted, offered and of use."""
    if route.settings.cache != "explicit" or route.endpoint.provider == "local" or unavailable(route, row):
        return ask
    ends = part_ends(ask.messages, ask.layout)
    at = places(ask.layout, [prompt.layout for prompt in sent_there(ask.before, route)]) if ends else []
    messages = list(ask.messages)
    for place in at:
        message, end = ends[place - 1]
        messages[message] = _with_mark(messages[message], end)
    layout = with_marks(ask.layout, at)
    return replace(ask, messages=messages, layout=layout)


def unmarked(ask: Ask, route: Route, row: PriceRow | None) -> tuple[str, ...]:
    """What the receipt's line says where explicit marks are wanted, would be of use, and can't be had."""
    why = unavailable(route, row)
    return (why,) if route.settings.cache == "explicit" and why and _large(ask.layout) else ()


def unavailable(route: Route, row: PriceRow | None) -> str:
    """Why explicit marks can't be had there, or ''. An unknown model of Alibaba's is believed to take them.

    OpenRouter hands marks on to Alibaba (its prompt-caching guide, 2026-10); only where its price of a write is known,
    else nothing would bound what a turn costs.
    """
    provider, model = route.endpoint.provider, route.model
    if provider == "local":  # needs no marks
        return ""
    if provider == "openrouter":
        known = row is not None and all(rates.explicit_write is not None for rates in row.tiers)
        return "" if known else f"no known price for an explicit cache of {route.title} at OpenRouter"
    if provider != "alibaba":
        return "explicit cache: only at Alibaba Cloud and OpenRouter"
    return f"{model.id} has no explicit cache" if model is not None and "explicit" not in model.cache else ""


def places(layout: Sequence[Part], before: Sequence[Sequence[Part]]) -> list[int]:
    """After how many parts of the layout a mark is of use, given what was sent `before`.

    That is where a later prompt may part from this one: after the question (the next turn goes on from there), before
    it (it may be asked in other words), where this prompt parts from an earlier one, at the last place that was marked
    before (so that it is found however many parts follow), and after the instructions. Never after an answer.
    """
    may = [place for place, part in enumerate(layout, 1) if place == 1 or part.label != layout[place - 2].label]
    fork = max((alike(parts, layout) for parts in before), default=0)
    kept = max((held_from(parts, layout, explicit=True) for parts in before), default=0)
    wanted = (*reversed(may[-2:]), *[place for place in may if place <= fork][-1:], kept, 1)
    large = [place for place in dict.fromkeys(wanted) if place in may and _large(layout[:place])]
    return sorted(large[:MARKS])


def with_marks(layout: Sequence[Part], at: Sequence[int]) -> tuple[Part, ...]:
    """The layout with these marks and no others."""
    return tuple(replace(part, marked=place in at) for place, part in enumerate(layout, 1))


def held_from(before: Sequence[Part], now: Sequence[Part], *, explicit: bool) -> int:
    """How many parts of `now` the cache holds from `before`: with marks up to one of them, without marks all alike.

    A request goes by one kind of cache only.
    """
    marks = [place for place, part in enumerate(before, 1) if part.marked]
    shared = alike(before, now)
    if not explicit:
        return 0 if marks else shared
    return max((place for place in marks if place <= shared), default=0)


def sent_there(before: Sequence[Prompt], route: Route) -> list[Prompt]:
    """Those that went to the same model at the same place: a cache knows no others."""
    here = (route.endpoint.provider, route.endpoint.region, route.title)
    return [prompt for prompt in before if (prompt.provider, prompt.region, prompt.model) == here]


def part_ends(messages: Sequence[Message], layout: Sequence[Part]) -> list[tuple[int, int]]:
    """Where each part ends: in which message, after how many bytes. Empty where the two don't match."""
    ends: list[tuple[int, int]] = []
    for at, message in enumerate(messages):
        length, end = size(message.content), -2  # a blank line parts them
        while end < length:
            if len(ends) == len(layout):
                return []
            end += 2 + layout[len(ends)].size
            ends.append((at, end))
        if end != length:
            return []
    return ends if len(ends) == len(layout) else []


def size(text: str) -> int:
    """Bytes of a text as layouts count them."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _with_mark(message: Message, end: int) -> Message:
    """A mark where the part that is `end` bytes long ends."""
    return replace(message, marks=(*message.marks, reach(message.content, end)))


def reach(content: str, end: int) -> int:
    """Characters of a content up to `end` bytes and the blank line that parts them from what follows: no token crosses
    that place.
    """
    cut = (
        end
        if content.isascii()
        else len(content.encode("utf-8", "surrogatepass")[:end].decode("utf-8", "surrogatepass"))
    )
    return cut + 2 if content.startswith("\n\n", cut) else cut


def _large(parts: Sequence[Part]) -> bool:
    return sum(part.size for part in parts) >= SMALLEST * BYTES_PER_TOKEN

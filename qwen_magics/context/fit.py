"""Makes a context fit the model's window: outputs shrink first, then the oldest unpinned cells go. Pure and stateless.

Which cells go depends on sizes alone and moves in large steps, so the prompt's beginning stays the same from one
question to the next and the provider's cache still holds (contract "What is sent").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import tokens
from qwen_magics.context.items import Item, messages
from qwen_magics.errors import InputTooLong

if TYPE_CHECKING:
    from collections.abc import Sequence

SHRINK = (300, 100, 30)  # tokens that an old output keeps, tried in this order
STEP = 4  # cells leave in steps of a quarter of the room
LAST = 3  # the last cells keep their outputs longest
DENSEST = 6  # characters a token, at the most, in ordinary text: to skip counting what can't possibly fit


class Fitted(Struct, frozen=True):
    """The items that go, and what was left out, in words (`#1 to #12`, `outputs of #4 to 30 tokens`)."""

    items: list[Item]
    left_out: tuple[str, ...] = ()


def fit(items: Sequence[Item], room: int, vocabulary: str) -> Fitted:
    """`items` within `room` tokens, messages' overhead included. Raises InputTooLong where even the least is too much.

    The vocabulary is loaded only where the bound by bytes can't settle it.
    """
    kept = list(items)
    if _bound(kept) <= room or _fits(kept, room, vocabulary):
        return Fitted(kept)
    for limit in SHRINK:
        shrunk = [_shrink(item, limit, vocabulary) if old else item for item, old in _aged(kept)]
        if _fits(shrunk, room, vocabulary):
            return Fitted(shrunk, (_shrunk_words(kept, shrunk, limit),))
    bare = [_shrink(item, SHRINK[-1], vocabulary) for item in kept]
    return _drop(bare, room, vocabulary)


def _drop(items: list[Item], room: int, vocabulary: str) -> Fitted:
    """Let the oldest unpinned cells go, in steps of room/4 of what they hold."""
    size = [item.bound() // 2 for item in items]  # a stand-in for tokens that needs no counting: only the order matters
    loose = [i for i, item in enumerate(items) if item.kind in ("cell", "turn") and not item.pinned]
    step = max(room // STEP, 1)
    gone: set[int] = set()
    goal = 0
    for i in loose:
        if goal <= 0:
            rest = [item for j, item in enumerate(items) if j not in gone]
            marked = _marked(rest, [items[j] for j in sorted(gone)])
            if gone and _fits(marked, room, vocabulary):
                return Fitted(marked, (_names([items[j] for j in sorted(gone)]),))
            goal = step
        gone.add(i)
        goal -= size[i]
    rest = _marked([item for j, item in enumerate(items) if j not in gone], [items[j] for j in sorted(gone)])
    if _fits(rest, room, vocabulary):
        return Fitted(rest, (_names([items[j] for j in sorted(gone)]),) if gone else ())
    need = tokens.count_messages(messages(rest), vocabulary=vocabulary)
    raise InputTooLong(
        f"The question, its attachments and what is pinned take {need:,} tokens; the model takes {room:,}. "
        "Nothing was sent.",
        remedy="Attach less, unpin cells, or ask with --context none.",
    )


def _marked(items: list[Item], gone: list[Item]) -> list[Item]:
    """A line in place of what went, so that the model knows and the prompt names it."""
    if not gone:
        return items
    mark = Item(kind="mark", label="…", title="left out", text=f"[cells {_names(gone)} left out: no room]")
    at = 1 if items and items[0].kind == "instructions" else 0
    return [*items[:at], mark, *items[at:]]


def _names(gone: Sequence[Item]) -> str:
    """`#1 to #12, #15`: runs of numbers as people say them."""
    numbers = [item.number for item in gone]
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"#{run[0]} to #{run[-1]}" if len(run) > 1 else f"#{run[0]}" for run in runs)


def _aged(items: list[Item]) -> list[tuple[Item, bool]]:
    """Each item, and whether its outputs may shrink before those of the last cells."""
    cells = [i for i, item in enumerate(items) if item.kind == "cell"]
    last = set(cells[-LAST:])
    return [(item, item.kind == "cell" and not item.pinned and i not in last) for i, item in enumerate(items)]


def _shrink(item: Item, limit: int, vocabulary: str) -> Item:
    if item.pinned or not item.outputs:
        return item
    cuts = [tokens.cut(output, limit, vocabulary) for output in item.outputs]
    return replace(item, outputs=tuple(cut.text for cut in cuts), cut=item.cut + sum(cut.dropped for cut in cuts))


def _shrunk_words(before: Sequence[Item], after: Sequence[Item], limit: int) -> str:
    changed = [new for old, new in zip(before, after, strict=True) if old.outputs != new.outputs]
    return f"outputs of {_names(changed)} cut to {limit} tokens"


def _bound(items: Sequence[Item]) -> int:
    return sum(item.bound() + 16 for item in items)


def _fits(items: Sequence[Item], room: int, vocabulary: str) -> bool:
    if sum(len(item.user_text) + len(item.answer) for item in items) > room * DENSEST:
        return False
    return tokens.count_messages(messages(items), vocabulary=vocabulary) <= room

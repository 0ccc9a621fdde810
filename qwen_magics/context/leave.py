"""Where shorter outputs don't suffice and a size is a must: old outputs are left out, then the oldest cells go.

What can't go along is not worked out: cells are taken from the last one back until the room is full. They go up to one
of the steps, which are counted from the first cell and so stay where they are while cells are added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.context.maker import OUTPUT_TOKENS_NEAR, SHORT
from qwen_magics.context.sized import MARK
from qwen_magics.context.words import GONE
from qwen_magics.errors import InputTooLong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.context.sized import Sized

STEP = 4  # cells leave in steps of a quarter of the room
KEEPS = (OUTPUT_TOKENS_NEAR, 1000, 300, 100)  # what the last outputs keep where old ones are left out


def without_the_oldest(sized: Sized, most: int) -> list[int]:
    """Limits that keep a prompt within `most` tokens. Raises InputTooLong where even the least is too much."""
    for keep in KEEPS:
        limits = [_bare(sized, at, keep) for at in range(len(sized.drafts))]
        stays = _stays(sized, limits, most)
        least = _least(sized, limits, stays)
        first = _first_with_room(sized, limits, stays, most - least)
        if least <= most and first == 0:
            return limits
        near = sum(sized.tokens(at, limits[at]) for at, is_near in enumerate(sized.near) if is_near)
        if least + near <= most * 3 // 4:
            break
    if least > most:
        raise _too_long(sized, [limit if stay else GONE for limit, stay in zip(limits, stays, strict=True)], most)
    begin = _step(sized, first, most)
    return [limit if at >= begin or stays[at] else GONE for at, limit in enumerate(limits)]


def _bare(sized: Sized, at: int, keep: int) -> int:
    """How much outputs keep where old ones are left out: the last ones and named ones `keep`, errors a little."""
    draft = sized.drafts[at]
    if draft.pinned:
        return sized.whole[at]
    return keep if sized.near[at] else SHORT if draft.failed else 0


def _stays(sized: Sized, limits: Sequence[int], most: int) -> list[bool]:
    """Pinned cells never go; those that the question names stay where they take no more than a step."""
    named = [at for at, named in enumerate(sized.named) if named]
    if sum(sized.tokens(at, limits[at]) for at in named) > most // STEP:
        return [draft.pinned for draft in sized.drafts]
    return [draft.pinned or named for draft, named in zip(sized.drafts, sized.named, strict=True)]


def _least(sized: Sized, limits: Sequence[int], stays: Sequence[bool]) -> int:
    """The tokens of what goes in any case: all but the cells that may go, and the words in place of those."""
    kept = [at for at, stay in enumerate(stays) if stay]
    return sized.fixed + MARK * (len(kept) + 2) + sum(sized.tokens(at, limits[at]) for at in kept) + sized.asked


def _first_with_room(sized: Sized, limits: Sequence[int], stays: Sequence[bool], left: int) -> int:
    """Where the cells begin that have room, counted from the last one back; 0: all of them have."""
    for at in range(len(limits) - 1, -1, -1):
        left -= 0 if stays[at] else sized.tokens(at, limits[at])
        if left < 0:
            return at + 1
    return 0


def _step(sized: Sized, first: int, most: int) -> int:
    """The first step that is at `first` or behind it."""
    held = 0
    for at, draft in enumerate(sized.drafts):
        if held >= most // STEP:
            held = 0
            if at >= first:
                return at
        held += 0 if draft.pinned else draft.estimate(0)
    return len(sized.drafts)


def _too_long(sized: Sized, least: Sequence[int], most: int) -> InputTooLong:
    takes = "the model takes" if most == sized.rules.room else "--trim allows"
    need = max(sized.counted(least), most + 1)  # room is left for words in place of what went
    return InputTooLong(
        f"The question, its attachments and what is pinned take about {need:,} tokens; {takes} {most:,}. "
        "Nothing was sent.",
        remedy="Attach less, unpin cells, or ask with --context none.",
    )

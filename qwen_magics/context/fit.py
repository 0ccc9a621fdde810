"""Makes a context fit: below the model's window, below a size that was asked for, or below the next step of the price.

Outputs are shortened first, the least relevant ones, as `hold` says; cells go only where a size is a must (the window,
`--trim N`), the oldest first and in large steps. A step of the price is no must: code, Markdown and pins stay for it,
and where outputs don't suffice nothing is cut.

What one question needs beyond the cuts that hold (it is long, or it names outputs that were cut) is cut behind what a
provider has seen before: the cells down to the last answer above, and of those only up to the first that the question
names. That follows from the notebook alone, so the same notebook gives the same bytes wherever it is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.context.hold import Rung, Sizes, cut_for_now, hold
from qwen_magics.context.layout import layout
from qwen_magics.context.leave import without_the_oldest
from qwen_magics.context.maker import OUTPUT_TOKENS, SHORT
from qwen_magics.context.relevance import LATEST
from qwen_magics.context.sized import MARK, Offered, Sized
from qwen_magics.context.turns import is_question
from qwen_magics.context.words import GONE, Trimmed, left_out
from qwen_magics.errors import InputTooLong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.context.maker import Made, Maker

__all__ = ["Fitted", "Offered", "fit"]

BLOCK = 4  # tokens that a hybrid model's template adds where it doesn't think (facts 5.3)
MARGIN = 64 + BLOCK  # and those that a service may add to a prompt
QUESTION = 512  # tokens: questions up to this length move no cut

_ORDINARY, _ERROR, _LATEST = 0, 1, 2
_MONEY = (Rung(_ORDINARY, SHORT), Rung(_ERROR, SHORT))
# The last outputs lose a quarter at a time: most often little is needed, and they are what is asked about.
_LAST = tuple(Rung(_LATEST, limit) for limit in (2250, 1700, 1275, 950, 700, 525, 400, 300, SHORT))
_A_MUST = (Rung(_ORDINARY, SHORT), Rung(_ORDINARY, 0), Rung(_ERROR, SHORT))


class Fitted(Struct, frozen=True):
    """What goes, what was left out, in words, and what that made of a prompt which could have gone as it was."""

    made: list[Made]
    left_out: tuple[str, ...] = ()
    trimmed: Trimmed | None = None


def fit(offered: Offered, maker: Maker) -> Fitted:
    """As much of it as `Rules.trim` allows, messages' overhead included.

    Raises InputTooLong where even the least is too much. The vocabulary is loaded only where the bound by bytes can't
    settle it.
    """
    sized, rules = Sized(offered, maker), maker.rules
    most = min(rules.room, int(rules.trim)) if rules.trim.isdigit() else rules.room
    bounds = [bound - MARGIN for bound in rules.bounds if bound - MARGIN < most] if rules.trim == "tier" else []
    hopeless = sized.hopeless(OUTPUT_TOKENS)
    if not hopeless and sized.bound <= min([most, *bounds]):
        return _fitted(sized, sized.whole)
    if rules.trim == "off":
        return _untouched(sized)
    limits = _within(sized, most)
    if rules.trim.isdigit():
        return _fitted(sized, limits, None if hopeless or sized.size(sized.whole) > rules.room else sized.whole)
    size = sized.size(limits) if bounds else 0
    goal = max((bound for bound in bounds if bound < size), default=None)
    shorter = _cut(sized, goal, limits, _MONEY, _LAST) if goal is not None else None
    return _fitted(sized, shorter or limits, limits)


def _fitted(sized: Sized, limits: list[int], before: list[int] | None = None) -> Fitted:
    """The limits carried out; `before` are those with which the prompt could have gone too, but for money."""
    said = left_out(sized.drafts, limits, lambda at: sized.is_cut(at, limits[at]))
    return Fitted(sized.going(limits), tuple(said), _trimmed(sized, limits, before) if before is not None else None)


def _trimmed(sized: Sized, limits: Sequence[int], before: Sequence[int]) -> Trimmed | None:
    lost = [
        (f"#{draft.number}", sized.tokens(at, old) - sized.tokens(at, new))
        for at, (draft, old, new) in enumerate(zip(sized.drafts, before, limits, strict=True))
        if old != new
    ]
    lost = sorted((one for one in lost if one[1] > 0), key=lambda one: -one[1])
    return Trimmed(tuple(lost), layout(made.item for made in sized.going(before))) if lost else None


def _untouched(sized: Sized) -> Fitted:
    if sized.size(sized.whole) > sized.rules.room:
        raise InputTooLong(
            f"All of it takes {sized.counted(sized.whole):,} tokens; the model takes {sized.rules.room:,}, and with "
            "trim = off nothing is shortened. Nothing was sent.",
            remedy="Ask with --trim window, or of fewer cells: --context #3..7",
        )
    return _fitted(sized, sized.whole)


def _within(sized: Sized, most: int) -> list[int]:
    """Limits that keep the prompt within `most` tokens, which is a must. Raises InputTooLong."""
    stays = [near or draft.pinned for near, draft in zip(sized.near, sized.drafts, strict=True)]
    for limit in (OUTPUT_TOKENS, SHORT):
        if sized.hopeless(limit):
            continue
        uncut = [whole if stay else limit for whole, stay in zip(sized.whole, stays, strict=True)]
        limits = uncut if sized.size(uncut) <= most else _cut(sized, most, uncut, _A_MUST)
        if limits is not None:
            return limits
    return without_the_oldest(sized, most)


def _cut(
    sized: Sized, goal: int, uncut: list[int], rungs: Sequence[Rung], last: Sequence[Rung] = ()
) -> list[int] | None:
    """Cuts of outputs down to `goal`: those that hold, then those that this question needs besides. None: outputs don't
    suffice.
    """
    old = [min(limit, OUTPUT_TOKENS) for limit in uncut]
    made = [sized.made(at, limit) for at, limit in enumerate(old)]
    cells = Sizes(
        limits=old,
        uncut=[one.count(sized.rules.vocabulary) if one else 0 for one in made],
        longer=[one.longer if one else 0 for one in made],
        size=sized.tokens,
    )
    around = sized.fixed + sized.marks(uncut) + MARK
    held_ranks, ranks = ([_rank(sized, at, uncut, now=now) for at in range(len(uncut))] for now in (False, True))
    unsent, question = _unsent(sized), QUESTION
    for _ in range(2 if unsent.start else 1):
        held = hold(cells, held_ranks, rungs, goal - around - question)
        limits = [uncut[at] if near else held[at] for at, near in enumerate(sized.near)]
        over = sized.size(limits) - goal
        if cut_for_now(cells, limits, ranks, (*rungs, *last), unsent, over) <= 0:
            return limits
        question = 1 << (question + over - 1).bit_length()  # in powers of two: near questions cut the same
    return None


def _rank(sized: Sized, at: int, uncut: Sequence[int], *, now: bool) -> int | None:
    """What goes first. To the walk every cell was one of the last once; `now` they go last, and what is named stays."""
    draft = sized.drafts[at]
    if draft.pinned or uncut[at] == GONE or not draft.shown or (now and sized.named[at]):
        return None
    if now and sized.near[at]:
        return _LATEST
    return _ERROR if draft.failed else _ORDINARY


def _unsent(sized: Sized) -> range:
    """What no provider has seen in this form: the cells below the last answer, or below the first that is named."""
    turns = [at for at, draft in enumerate(sized.drafts) if is_question(draft.cell)]
    named = [at for at, draft in enumerate(sized.drafts) if sized.named[at] and draft.shown]
    last = len(sized.drafts) - LATEST
    return range(max(min([turns[-1] + 1 if turns else 0, *named[:1], last]), 0), len(sized.drafts))

"""Makes a context fit: below the model's window, below a size that was asked for, or below the next step of the price.

Outputs are shortened first, the least relevant ones, as `hold` says; cells go only where a size is a must (the window,
`--trim N`), the oldest first and in large steps. A step of the price is no must: code, Markdown and pins stay for it,
and where outputs don't suffice nothing is cut.

What one question needs beyond the cuts that hold (it is long, or it names outputs that were cut) is cut behind what a
provider has seen before: the cells down to the last answer above, and of those only up to the first that the question
names. That follows from the notebook alone, so the same notebook gives the same bytes wherever it is asked.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics import tokens
from qwen_magics.context.hold import Rung, Sizes, cut_for_now, hold
from qwen_magics.context.items import messages
from qwen_magics.context.maker import OUTPUT_TOKENS, OUTPUT_TOKENS_NEAR, SHORT, Made
from qwen_magics.context.relevance import LATEST
from qwen_magics.context.turns import is_question
from qwen_magics.context.words import GONE, Trimmed, left_out, marks
from qwen_magics.errors import InputTooLong

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from qwen_magics.context.maker import Draft, Maker

MARGIN = 64  # tokens that a service may add to a prompt
STEP = 4  # cells leave in steps of a quarter of the room
FRAME = 16  # tokens around the system's and the user's message
MARK = 40  # tokens of the words in place of what went, for each run of cells
HOPELESS = 2  # an estimate of more than this many windows: not worth trying
QUESTION = 512  # tokens: questions up to this length move no cut

_ORDINARY, _ERROR, _LATEST = 0, 1, 2
_MONEY = (Rung(_ORDINARY, SHORT), Rung(_ERROR, SHORT))
# The last outputs lose a quarter at a time: most often little is needed, and they are what is asked about.
_LAST = tuple(Rung(_LATEST, limit) for limit in (2250, 1700, 1275, 950, 700, 525, 400, 300, SHORT))
_A_MUST = (Rung(_ORDINARY, SHORT), Rung(_ORDINARY, 0), Rung(_ERROR, SHORT))
_KEEPS = (OUTPUT_TOKENS_NEAR, 1000, 300, 100)  # what the last outputs keep where old ones are left out


class Offered(Struct, frozen=True):
    """What would go if there were room: the instructions, cells, attachments and the question.

    `named` are the numbers of the cells that the question speaks of: their outputs may be as long as the last ones'.
    """

    head: list[Made]
    drafts: list[Draft]
    tail: list[Made]
    named: AbstractSet[int] = frozenset()


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
    return _Fit(offered, maker).fitted()


class _Fit:
    """Works with limits: for each draft how many tokens its outputs keep, or GONE."""

    def __init__(self, offered: Offered, maker: Maker) -> None:
        self._offered, self._drafts, self._maker, self._rules = offered, offered.drafts, maker, maker.rules
        first = len(self._drafts) - LATEST
        self._near = [at >= first or draft.number in offered.named for at, draft in enumerate(self._drafts)]
        self._whole = [OUTPUT_TOKENS_NEAR if near else OUTPUT_TOKENS for near in self._near]

    def fitted(self) -> Fitted:
        """What goes."""
        room, trim = self._rules.room, self._rules.trim
        most = min(room, int(trim)) if trim.isdigit() else room
        bounds = [bound - MARGIN for bound in self._rules.bounds if bound - MARGIN < room] if trim == "tier" else []
        hopeless = self._hopeless(OUTPUT_TOKENS)
        if not hopeless and self._bound <= min([most, *bounds]):
            return self._as(self._whole)
        if trim == "off":
            return self._untouched()
        limits = self._within(most)
        if trim.isdigit():
            return self._as(limits, None if hopeless or self._size(self._whole) > room else self._whole)
        size = self._size(limits) if bounds else 0
        goal = max((bound for bound in bounds if bound < size), default=None)
        return self._as(limits if goal is None else self._cut(goal, limits, _MONEY, _LAST) or limits, limits)

    def _untouched(self) -> Fitted:
        if self._size(self._whole) > self._rules.room:
            raise InputTooLong(
                f"All of it takes {self._counted(self._whole):,} tokens; the model takes {self._rules.room:,}, and "
                "with trim = off nothing is shortened. Nothing was sent.",
                remedy="Ask with --trim window, or of fewer cells: --context #3..7",
            )
        return self._as(self._whole)

    def _as(self, limits: list[int], before: list[int] | None = None) -> Fitted:
        """The limits carried out; `before` are those with which the prompt could have gone too, but for money."""
        trimmed = self._trimmed(before, limits) if before is not None and limits != before else None
        return Fitted(self._going(limits), tuple(left_out(self._drafts, limits, self._is_cut(limits))), trimmed)

    def _trimmed(self, before: list[int], limits: list[int]) -> Trimmed | None:
        lost = [
            (f"#{draft.number}", self._tokens(at, before[at]) - self._tokens(at, limits[at]))
            for at, draft in enumerate(self._drafts)
            if limits[at] != before[at]
        ]
        return Trimmed(tuple(sorted((one for one in lost if one[1]), key=lambda one: -one[1])))

    # --- sizes --------------------------------------------------------------------------------------------------------

    def _going(self, limits: list[int]) -> list[Made]:
        cells = marks(self._drafts, limits, lambda at: self._maker.made(self._drafts[at], limits[at]))
        return [*self._offered.head, *cells, *self._offered.tail]

    @property
    def _bound(self) -> int:
        """At least as many tokens as all of it has, by its bytes alone."""
        return sum(made.bound for made in self._going(self._whole))

    def _counted(self, limits: list[int]) -> int:
        items = [made.item for made in self._going(limits)]
        return tokens.count_messages(messages(items), vocabulary=self._rules.vocabulary)

    def _made(self, at: int, limit: int) -> Made | None:
        return self._maker.made(self._drafts[at], limit) if limit != GONE else None

    def _tokens(self, at: int, limit: int) -> int:
        made = self._made(at, limit)
        return made.count(self._rules.vocabulary) if made is not None else 0

    @cached_property
    def _fixed(self) -> int:
        """The instructions, and what frames messages."""
        return FRAME + sum(made.count(self._rules.vocabulary) for made in self._offered.head)

    @cached_property
    def _asked(self) -> int:
        """The question and its attachments."""
        return sum(made.count(self._rules.vocabulary) for made in self._offered.tail)

    def _marks(self, limits: list[int]) -> int:
        """Room for the words in place of what went; always the same for a run of cells, however long."""
        runs = sum(limit == GONE != before for before, limit in pairwise([0, *limits]))
        return MARK * (runs + any(limit == 0 for limit in limits))

    def _size(self, limits: list[int]) -> int:
        cells = sum(self._tokens(at, limit) for at, limit in enumerate(limits))
        return self._fixed + self._marks(limits) + cells + self._asked

    def _is_cut(self, limits: list[int]) -> Callable[[int], bool]:
        """Whether a cell's outputs are shorter than they would be with room, or gone."""

        def is_cut(at: int) -> bool:
            if limits[at] >= self._whole[at] or not limits[at]:
                return limits[at] < self._whole[at]
            made = self._maker.made(self._drafts[at], limits[at])
            return made is not None and made.item.cut > 0

        return is_cut

    # --- outputs ------------------------------------------------------------------------------------------------------

    def _cut(self, goal: int, uncut: list[int], rungs: Sequence[Rung], last: Sequence[Rung] = ()) -> list[int] | None:
        """Cuts of outputs down to `goal`: those that hold, then those that this question needs besides. None: outputs
        don't suffice.
        """
        old = [min(limit, OUTPUT_TOKENS) for limit in uncut]
        made = [self._made(at, limit) for at, limit in enumerate(old)]
        cells = Sizes(
            limits=old,
            uncut=[one.count(self._rules.vocabulary) if one else 0 for one in made],
            longer=[one.longer if one else 0 for one in made],
            size=self._tokens,
        )
        around = self._fixed + self._marks(uncut) + MARK
        held_ranks, ranks = ([self._rank(at, uncut, now=now) for at in range(len(uncut))] for now in (False, True))
        unsent, question = self._unsent(), QUESTION
        for _ in range(2 if unsent.start else 1):
            held = hold(cells, held_ranks, rungs, goal - around - question)
            limits = [uncut[at] if near else held[at] for at, near in enumerate(self._near)]
            over = self._size(limits) - goal
            if cut_for_now(cells, limits, ranks, (*rungs, *last), unsent, over) <= 0:
                return limits
            question = 1 << (question + over - 1).bit_length()  # in powers of two: near questions cut the same
        return None

    def _rank(self, at: int, uncut: list[int], *, now: bool = False) -> int | None:
        """What goes first. To the walk every cell was one of the last once; now they and what is named go last."""
        draft = self._drafts[at]
        if draft.pinned or uncut[at] == GONE or not draft.shown or (now and draft.number in self._offered.named):
            return None
        if now and self._near[at]:
            return _LATEST
        return _ERROR if draft.failed else _ORDINARY

    def _unsent(self) -> range:
        """What no provider has seen in this form: the cells below the last answer, or below the first that is named."""
        turns = [at for at, draft in enumerate(self._drafts) if is_question(draft.cell) and draft.speaks]
        named = [at for at, draft in enumerate(self._drafts) if draft.number in self._offered.named and draft.shown]
        last = len(self._drafts) - LATEST
        return range(max(min([turns[-1] + 1 if turns else 0, *named[:1], last]), 0), len(self._drafts))

    # --- a must: within the window, or within what was asked for ------------------------------------------------------

    def _within(self, most: int) -> list[int]:
        """Limits that keep the prompt within `most` tokens. Raises InputTooLong."""
        for limit in (OUTPUT_TOKENS, SHORT):
            if self._hopeless(limit):
                continue
            stay = [near or draft.pinned for near, draft in zip(self._near, self._drafts, strict=True)]
            uncut = [whole if stays else limit for whole, stays in zip(self._whole, stay, strict=True)]
            limits = uncut if self._size(uncut) <= most else self._cut(most, uncut, _A_MUST)
            if limits is not None:
                return limits
        return self._without_the_oldest(most)

    def _hopeless(self, limit: int) -> bool:
        """Whether the cells are by far too large for the window, which needs nothing to be worked out."""
        left = HOPELESS * self._rules.room
        for draft, near in zip(reversed(self._drafts), reversed(self._near), strict=True):
            left -= draft.estimate(OUTPUT_TOKENS_NEAR if near else limit)
            if left < 0:
                return True
        return False

    def _without_the_oldest(self, most: int) -> list[int]:
        """Old outputs are left out and, where that doesn't suffice, the oldest cells.

        Cells go up to one of the steps, which are counted from the first cell and so stay where they are.
        """
        for keep in _KEEPS:
            limits = [self._bare(at, keep) for at in range(len(self._drafts))]
            stays = self._stays(limits, most)
            least = self._least(limits, stays)
            first = self._first_with_room(limits, stays, most - least)
            if least <= most and first == 0:
                return limits
            near = sum(self._tokens(at, limits[at]) for at, is_near in enumerate(self._near) if is_near)
            if least + near <= most * 3 // 4:
                break
        if least > most:
            raise self._too_long([limit if stay else GONE for limit, stay in zip(limits, stays, strict=True)], most)
        begin = self._step(first, most)
        return [limit if at >= begin or stays[at] else GONE for at, limit in enumerate(limits)]

    def _bare(self, at: int, keep: int) -> int:
        """How much outputs keep where old ones are left out: the last ones and named ones `keep`, errors a little."""
        draft = self._drafts[at]
        if draft.pinned:
            return self._whole[at]
        return keep if self._near[at] else SHORT if draft.failed else 0

    def _stays(self, limits: list[int], most: int) -> list[bool]:
        """Pinned cells never go; those that the question names stay where they take no more than a step."""
        named = {at for at, draft in enumerate(self._drafts) if draft.number in self._offered.named}
        if sum(self._tokens(at, limits[at]) for at in named) > most // STEP:
            named = set()
        return [draft.pinned or at in named for at, draft in enumerate(self._drafts)]

    def _least(self, limits: list[int], stays: list[bool]) -> int:
        """The tokens of what goes in any case: all but the cells that may go, and the words in place of those."""
        kept = [at for at, stay in enumerate(stays) if stay]
        words = MARK * (len(kept) + 2)
        return self._fixed + words + sum(self._tokens(at, limits[at]) for at in kept) + self._asked

    def _first_with_room(self, limits: list[int], stays: list[bool], left: int) -> int:
        """Where the cells begin that have room, counted from the last one back; 0: all of them have."""
        for at in range(len(limits) - 1, -1, -1):
            left -= 0 if stays[at] else self._tokens(at, limits[at])
            if left < 0:
                return at + 1
        return 0

    def _step(self, first: int, most: int) -> int:
        """The first step that is at `first` or behind it."""
        held = 0
        for at, draft in enumerate(self._drafts):
            if held >= most // STEP:
                held = 0
                if at >= first:
                    return at
            held += 0 if draft.pinned else draft.estimate(0)
        return len(self._drafts)

    def _too_long(self, least: list[int], most: int) -> InputTooLong:
        takes = "the model takes" if most == self._rules.room else "--trim allows"
        return InputTooLong(
            f"The question, its attachments and what is pinned take {self._counted(least):,} tokens; {takes} {most:,}. "
            "Nothing was sent.",
            remedy="Attach less, unpin cells, or ask with --context none.",
        )

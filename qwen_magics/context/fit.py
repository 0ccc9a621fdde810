"""Makes a context fit the model's window: outputs shrink first, then the oldest unpinned cells go.

Which cells go depends on sizes alone and moves in large steps, so the prompt's beginning stays the same from one
question to the next and the provider's cache still holds (contract "What is sent"). What can't go is not worked out:
cells are taken from the last one back until the room is full.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics import tokens
from qwen_magics.context.items import Item, messages
from qwen_magics.context.maker import OUTPUT_TOKENS, OUTPUT_TOKENS_NEAR, Made
from qwen_magics.errors import InputTooLong

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.context.maker import Draft, Maker

STEP = 4  # cells leave in steps of a quarter of the room
FRAME = 16  # tokens around the system's and the user's message
MARK = 40  # tokens of the words in place of what went, for each run of cells
HOPELESS = 2  # an estimate of more than this many rooms: not worth trying


class Keep(Struct, frozen=True):
    """How many tokens an output keeps: an old cell's, and one of the last cells or what the question names."""

    old: int
    near: int


KEEPS = (
    *(Keep(old, OUTPUT_TOKENS_NEAR) for old in (OUTPUT_TOKENS, 300, 100, 0)),
    *(Keep(0, near) for near in (1000, 300, 100)),
)


class Fitted(Struct, frozen=True):
    """What goes, and what was left out, in words (`#1 to #12`, `outputs of #13 to #40 cut to 100 tokens`)."""

    made: list[Made]
    left_out: tuple[str, ...] = ()


class Offered(Struct, frozen=True):
    """What would go if there were room: the instructions, cells, attachments and the question.

    `near` are the numbers of the cells whose outputs may be long.
    """

    head: list[Made]
    drafts: list[Draft]
    tail: list[Made]
    near: AbstractSet[int]


def fit(offered: Offered, maker: Maker) -> Fitted:
    """As much of it as has room, messages' overhead included. Raises InputTooLong where even the least is too much.

    The vocabulary is loaded only where the bound by bytes can't settle it.
    """
    for keep in KEEPS:
        attempt = _Attempt(offered, maker, keep)
        if keep.old and attempt.hopeless:
            continue
        if (keep == KEEPS[0] and attempt.surely_fits) or attempt.fits:
            return attempt.fitted(0)
        if keep.old == 0 and (attempt.roomy or keep == KEEPS[-1]):
            break
    return attempt.without_the_oldest()


class _Attempt:
    """One way to keep outputs, and how many cells have room then."""

    def __init__(self, offered: Offered, maker: Maker, keep: Keep) -> None:
        self._offered, self._drafts, self._maker, self._keep = offered, offered.drafts, maker, keep
        self._room, self._vocabulary = maker.rules.room, maker.rules.vocabulary

    @property
    def hopeless(self) -> bool:
        """Whether the cells are by far too large, which needs nothing to be worked out."""
        left = HOPELESS * self._room
        for draft in reversed(self._drafts):
            left -= draft.estimate(self._limit(draft))
            if left < 0:
                return True
        return False

    @property
    def surely_fits(self) -> bool:
        """Whether all of it fits by its bytes alone."""
        return sum(made.bound for made in self._going(0)) <= self._room

    @property
    def fits(self) -> bool:
        """Whether all of it fits, counted."""
        return self._least <= self._room and self._first_with_room == 0

    @property
    def roomy(self) -> bool:
        """Whether what goes in any case leaves a quarter of the room."""
        near = sum(self._tokens(draft) for draft in self._drafts if draft.number in self._offered.near)
        return self._least + near <= self._room * 3 // 4

    def without_the_oldest(self) -> Fitted:
        """What fits from one of the steps on, which are counted from the first cell and so stay where they are."""
        if self._least > self._room:
            raise self._too_long()
        least, held = self._first_with_room, 0
        for at, draft in enumerate(self._drafts):
            if held >= self._room // STEP:
                held = 0
                if at >= least:
                    return self.fitted(at)
            held += 0 if draft.pinned else draft.estimate(0)
        return self.fitted(len(self._drafts))

    def fitted(self, first: int) -> Fitted:
        """The cells from `first` on, and the pinned ones before it."""
        going = self._going(first)
        mark = self._mark(first)
        at = len(self._offered.head)
        return Fitted([*going[:at], *([mark] if mark else []), *going[at:]], self._left_out(first))

    @cached_property
    def _first_with_room(self) -> int:
        """Where the cells begin that have room, counted from the last one back; 0: all of them have."""
        held = self._least
        for at in range(len(self._drafts) - 1, -1, -1):
            held += 0 if self._drafts[at].pinned else self._tokens(self._drafts[at])
            if held > self._room:
                return at + 1
        return 0

    def _going(self, first: int) -> list[Made]:
        drafts = [draft for at, draft in enumerate(self._drafts) if at >= first or draft.pinned]
        cells = (self._maker.made(draft, self._limit(draft)) for draft in drafts)
        return [*self._offered.head, *(made for made in cells if made is not None), *self._offered.tail]

    def _limit(self, draft: Draft) -> int:
        keep = KEEPS[0] if draft.pinned else self._keep
        return keep.near if draft.number in self._offered.near else keep.old

    def _tokens(self, draft: Draft) -> int:
        made = self._maker.made(draft, self._limit(draft))
        return made.count(self._vocabulary) if made is not None else 0

    @cached_property
    def _least(self) -> int:
        """What goes in any case: all but the cells that are not pinned, and the words in place of those."""
        pinned = [draft for draft in self._drafts if draft.pinned]
        fixed = sum(made.count(self._vocabulary) for made in (*self._offered.head, *self._offered.tail))
        mark = 0 if self._keep.old else MARK * (len(pinned) + 1)
        return FRAME + mark + fixed + sum(self._tokens(draft) for draft in pinned)

    # --- in words -----------------------------------------------------------------------------------------------------

    def _mark(self, first: int) -> Made | None:
        """A line in place of what went, so that the model knows. It says nothing that changes with the next cell."""
        gone = self._gone(first)
        said = [f"[cells {gone} left out: no room]"] if gone else []
        if self._keep.old == 0 and any(draft.shown for draft in self._drafts):
            said.append("[outputs of older cells left out: no room]")
        return Made(Item(kind="mark", label="…", title="left out", text="\n".join(said))) if said else None

    def _left_out(self, first: int) -> tuple[str, ...]:
        near = {at for at, draft in enumerate(self._drafts) if draft.number in self._offered.near}
        cut = {at for at in range(first, len(self._drafts)) if self._is_cut(self._drafts[at])}
        said = [self._gone(first)]
        for limit, places, between in ((self._keep.old, cut - near, near), (self._keep.near, cut & near, set[int]())):
            names = self._names(sorted(places), between)
            said += [f"outputs of {names} {f'cut to {limit:,} tokens' if limit else 'left out'}"] if names else []
        return tuple(filter(None, said))

    def _gone(self, first: int) -> str:
        return self._names([at for at in range(first) if not self._drafts[at].pinned])

    def _is_cut(self, draft: Draft) -> bool:
        """Whether its outputs are shorter than they would be with room, or gone."""
        limit = self._limit(draft)
        whole = KEEPS[0].near if draft.number in self._offered.near else KEEPS[0].old
        if limit >= whole or not draft.shown:
            return False
        made = self._maker.made(draft, limit) if limit else None
        return not limit or (made is not None and made.item.cut > 0)

    def _names(self, places: Sequence[int], between: AbstractSet[int] = frozenset()) -> str:
        """`#1 to #12, #15`: runs of cells as people say them. What has nothing to say doesn't part a run; what is
        pinned or stands `between` does.
        """
        walls = sorted({*between, *(at for at, draft in enumerate(self._drafts) if draft.pinned)})
        said = []
        for _, group in groupby(places, lambda at: bisect_left(walls, at)):
            run = [self._drafts[at] for at in group]
            ends = [next((draft for draft in way if draft.speaks), None) for way in (run, reversed(run))]
            said.append(" to ".join(dict.fromkeys(f"#{draft.number}" for draft in ends if draft is not None)))
        return ", ".join(filter(None, said))

    def _too_long(self) -> InputTooLong:
        least = [made.item for made in self._going(len(self._drafts))]
        need = tokens.count_messages(messages(least), vocabulary=self._vocabulary)
        return InputTooLong(
            f"The question, its attachments and what is pinned take {need:,} tokens; the model takes {self._room:,}. "
            "Nothing was sent.",
            remedy="Attach less, unpin cells, or ask with --context none.",
        )

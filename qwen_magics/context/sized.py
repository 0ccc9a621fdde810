"""What would go along, as sizes: the tokens of a prompt where each cell's outputs keep so many. Decides nothing."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics import tokens
from qwen_magics.context.items import messages
from qwen_magics.context.maker import OUTPUT_TOKENS, OUTPUT_TOKENS_NEAR
from qwen_magics.context.relevance import LATEST
from qwen_magics.context.words import GONE, marks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from qwen_magics.context.maker import Draft, Made, Maker

FRAME = 16  # tokens around the system's and the user's message
MARK = 40  # tokens of the words in place of what went, for each run of cells
HOPELESS = 2  # an estimate of more than this many windows: not worth trying


class Offered(Struct, frozen=True):
    """What would go if there were room: the instructions, cells, attachments and the question.

    `named` are the numbers of the cells that the question speaks of: their outputs may be as long as the last ones'.
    """

    head: list[Made]
    drafts: list[Draft]
    tail: list[Made]
    named: AbstractSet[int] = frozenset()


class Sized:
    """Works with limits: for each draft how many tokens its outputs keep, or GONE.

    `near` says which drafts' outputs may be long, `whole` are the limits of a prompt that nothing is cut of. Cells that
    say nothing to the model aren't among the drafts: an empty one, or `%qwen_context`, must not move what is sent.
    """

    def __init__(self, offered: Offered, maker: Maker) -> None:
        self.offered, self.rules = offered, maker.rules
        self.drafts = [draft for draft in offered.drafts if draft.speaks]
        self._maker, self._vocabulary = maker, maker.rules.vocabulary
        first = len(self.drafts) - LATEST
        self.named = [draft.number in offered.named for draft in self.drafts]
        self.near = [at >= first or named for at, named in enumerate(self.named)]
        self.whole = [OUTPUT_TOKENS_NEAR if near else OUTPUT_TOKENS for near in self.near]

    def going(self, limits: Sequence[int]) -> list[Made]:
        """What goes, in order, with the words in place of what doesn't."""
        cells = marks(self.drafts, limits, lambda at: self.made(at, limits[at]))
        return [*self.offered.head, *cells, *self.offered.tail]

    def made(self, at: int, limit: int) -> Made | None:
        """What goes along of one cell."""
        return self._maker.made(self.drafts[at], limit) if limit != GONE else None

    # --- in tokens ----------------------------------------------------------------------------------------------------

    def tokens(self, at: int, limit: int) -> int:
        """One cell."""
        made = self.made(at, limit)
        return made.count(self._vocabulary) if made is not None else 0

    def size(self, limits: Sequence[int]) -> int:
        """All of it; at most three too many."""
        cells = sum(self.tokens(at, limit) for at, limit in enumerate(limits))
        return self.fixed + self.marks(limits) + cells + self.asked

    def counted(self, limits: Sequence[int]) -> int:
        """All of it, exactly."""
        return tokens.count_messages(messages(made.item for made in self.going(limits)), vocabulary=self._vocabulary)

    @cached_property
    def fixed(self) -> int:
        """The instructions, and what frames messages."""
        return FRAME + sum(made.count(self._vocabulary) for made in self.offered.head)

    @cached_property
    def asked(self) -> int:
        """The question and its attachments."""
        return sum(made.count(self._vocabulary) for made in self.offered.tail)

    def marks(self, limits: Sequence[int]) -> int:
        """Room for the words in place of what went: always the same for a run of cells, whatever they were."""
        runs = sum(limit == GONE != before for before, limit in pairwise([0, *limits]))
        return MARK * (runs + any(limit == 0 for limit in limits))

    # --- without a vocabulary -----------------------------------------------------------------------------------------

    @property
    def bound(self) -> int:
        """At least as many tokens as all of it has, by its bytes alone."""
        return sum(made.bound for made in self.going(self.whole))

    def hopeless(self, limit: int) -> bool:
        """Whether cells are by far too large for the window, which needs nothing to be worked out."""
        left = HOPELESS * self.rules.room
        for draft, near in zip(reversed(self.drafts), reversed(self.near), strict=True):
            left -= draft.estimate(OUTPUT_TOKENS_NEAR if near else limit)
            if left < 0:
                return True
        return False

    def is_cut(self, at: int, limit: int) -> bool:
        """Whether a cell's outputs are shorter than they would be with room, or gone."""
        if limit >= self.whole[at] or not limit:
            return limit < self.whole[at]
        made = self.made(at, limit)
        return made is not None and made.item.cut > 0

"""Which outputs are cut so that a prompt stays below a target, question after question. Sizes in, limits out.

A prompt's beginning is worth money: a provider's cache knows it. So nothing is remembered and yet cuts hold: the
notebook grows again cell by cell, and wherever it would have overflowed, outputs are cut until a quarter of the target
is free. The same cells give the same cuts later, until the next overflow. What an overflow breaks is paid once; what it
saves is saved at every question that follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.context.relevance import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FREE = 4  # after a step one part in so many of the target is free
LEAST = 32  # tokens: what wins less stays as it is


class Rung(Struct, frozen=True):
    """One way to cut: the outputs of cells of this rank keep `limit` tokens each."""

    rank: int
    limit: int


class Sizes(Struct, frozen=True):
    """Cells as numbers. `limits` says how many tokens the outputs of each keep uncut, `uncut` what the cell takes then,
    `longer` how much more it took while it was one of the last, `size` what it takes with any limit.
    """

    limits: Sequence[int]
    uncut: Sequence[int]
    longer: Sequence[int]
    size: Callable[[int, int], int]

    def won(self, at: int, limit: int, to: int) -> int:
        """The tokens that a shorter limit wins; 0 where it wins almost nothing."""
        won = self.size(at, limit) - self.size(at, to) if to < limit else 0
        return won if won >= LEAST else 0


def hold(cells: Sizes, ranks: Sequence[int | None], rungs: Sequence[Rung], target: int) -> list[int]:
    """How many tokens the outputs of each cell keep. Cells without a rank stay as they are.

    One walk, in which every rung looks at each cell once. A rung is climbed only where those before it don't suffice.
    The last cells are never cut here, so the target may still be missed.
    """
    limits = list(cells.limits)
    begins = [0] * len(rungs)
    total = 0
    for now, size in enumerate(cells.uncut):
        total += size
        besides = sum(cells.longer[max(now - LATEST + 1, 0) : now + 1])
        for step, rung in enumerate(rungs):
            if total + besides <= target:
                break
            over = total + besides - (target - target // FREE)
            while over > 0 and begins[step] <= now - LATEST:
                at = begins[step]
                begins[step] += 1
                won = cells.won(at, limits[at], rung.limit) if ranks[at] == rung.rank else 0
                if won:
                    limits[at] = rung.limit
                    total, over = total - won, over - won
    return limits


def cut_for_now(
    cells: Sizes,
    limits: list[int],
    ranks: Sequence[int | None],
    rungs: Sequence[Rung],
    places: Iterable[int],
    over: int,
) -> int:
    """Cut outputs at `places` in `limits`, in this order and no more than needed; returns how much is still `over`."""
    at_all = list(places)
    for rung in rungs:
        for at in at_all:
            if over <= 0:
                return over
            won = cells.won(at, limits[at], rung.limit) if ranks[at] == rung.rank else 0
            if won:
                limits[at], over = rung.limit, over - won
    return over

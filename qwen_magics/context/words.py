"""What was cut or left out, in words: for the model in place of it, and for people. Decides nothing."""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.context.items import Item
from qwen_magics.context.maker import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from qwen_magics.context.layout import Part
    from qwen_magics.context.maker import Draft

GONE = -1  # in place of the tokens that a cell's outputs keep: the whole cell is left out


class Trimmed(Struct, frozen=True):
    """What was cut of a prompt that could have gone as it was: the cells by their labels (`#6`), each with the tokens
    that it lost, the most first. Uncut the prompt had `tokens` more than it has, and `layout` is what it was made of.
    """

    cells: tuple[tuple[str, int], ...]
    layout: tuple[Part, ...] = ()

    @property
    def tokens(self) -> int:
        """All that was lost, counted."""
        return sum(lost for _, lost in self.cells)

    @property
    def words(self) -> str:
        """`trimmed #6 by 2,030 tokens`, `trimmed #3, #6 and 4 more by 9,120 tokens`."""
        names = [label for label, _ in self.cells]
        if len(names) <= 3:  # "and 1 more" takes more room than its name
            said = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        else:
            said = f"{', '.join(names[:2])} and {len(names) - 2:,} more"
        return f"trimmed {said} by {self.tokens:,} tokens"


def marks(drafts: Sequence[Draft], limits: Sequence[int], made: Callable[[int], Made | None]) -> Iterator[Made]:
    """The cells that go, and for each run of those that don't a line in its place, so that the model knows.

    No line says anything that changes with the next cell.
    """
    if any(limit == 0 and draft.shown for draft, limit in zip(drafts, limits, strict=True)):
        yield _mark("outputs of older cells")
    for is_gone, run in groupby(range(len(drafts)), lambda at: limits[at] == GONE):
        places = list(run)
        if not is_gone:
            yield from filter(None, map(made, places))
        else:
            yield _mark(f"cells {_span([drafts[at] for at in places])}")


def _mark(what: str) -> Made:
    return Made(Item(kind="mark", label="…", title="left out", text=f"[{what} left out: no room]"))


def left_out(drafts: Sequence[Draft], limits: Sequence[int], is_cut: Callable[[int], bool]) -> Iterator[str]:
    """`#1 to #12`, `outputs of #13 to #40 cut to 100 tokens each`: runs of cells as people say them.

    What has nothing to show doesn't part a run; what is treated otherwise does.
    """
    gone = [at for at, limit in enumerate(limits) if limit == GONE]
    if said := _names(drafts, gone, [at for at, limit in enumerate(limits) if limit != GONE]):
        yield said
    shows = [at for at, draft in enumerate(drafts) if draft.shown and limits[at] != GONE]
    cut: dict[int, list[int]] = {}
    for at in shows:
        if is_cut(at):
            cut.setdefault(limits[at], []).append(at)
    for limit in sorted(cut):
        others = [at for at in shows if limits[at] != limit]
        said = _names(drafts, cut[limit], [*gone[-1:], *others])
        yield f"outputs of {said} {f'cut to {limit:,} tokens each' if limit else 'left out'}"


def sentences(left_out: Sequence[str]) -> Iterator[str]:
    """What `left_out` says, for people: `Shortened: …` what was cut, `Left out: …` what is gone."""
    cut = [said for said in left_out if said.endswith(" each")]
    gone = [said.removesuffix(" left out") for said in left_out if said not in cut]
    for head, found in (("Shortened", cut), ("Left out", gone)):
        if found:
            yield f"{head}: {', '.join(found)}."


def _names(drafts: Sequence[Draft], places: Sequence[int], between: Collection[int]) -> str:
    walls = sorted(between)
    runs = (list(run) for _, run in groupby(places, lambda at: bisect_left(walls, at)))
    return ", ".join(_span([drafts[at] for at in run]) for run in runs)


def _span(run: Sequence[Draft]) -> str:
    """`#7`, `#1 to #12`."""
    return " to ".join(dict.fromkeys(f"#{draft.number}" for draft in (run[0], run[-1])))

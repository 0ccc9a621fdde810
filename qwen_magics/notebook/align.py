"""Which cell of a notebook an execution was of, where only its source tells. Pure.

Sources are taken in the order of their first execution. Equal sources are told apart by order: the next such cell below
the previous execution's is meant, and where there is none the first (it was run again). An execution whose cell was
edited since the file was saved goes to the most similar cell between its neighbours'.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_SIMILAR = 0.5  # share of words in common from which two sources may be the same cell, edited
_MOST_COMPARISONS = 2_000
_NEAR = 50  # cells below the previous execution's
_LONGEST = 4_000  # characters of a source that are compared


class Executed(NamedTuple):
    """What is known of an execution: its source, and whether its cell's identity is (`own`): then no other execution
    can be of the same cell.
    """

    source: str
    own: bool = False


def align(
    executed: Sequence[Executed], cells: Sequence[str], taken: Iterable[int] = (), edited: bool = True
) -> list[int | None]:
    """For each execution the index of its cell in `cells`, or None. Cells in `taken` are somebody else's.

    `edited` allows for cells whose text has changed since.
    """
    used = set(taken)
    where: dict[str, list[int]] = defaultdict(list)
    for position, source in enumerate(cells):
        if position not in used:
            where[source].append(position)
    placed: list[int | None] = []
    owned: set[int] = set()
    last = -1
    for execution in executed:
        found = [position for position in where.get(execution.source, ()) if position not in owned]
        index = next((below for below in found if below > last), found[0] if found else None)
        if index is not None:
            last = index
            used.add(index)
            if execution.own:
                owned.add(index)
        placed.append(index)
    if edited:
        _place_edited(executed, cells, placed, used)
    return placed


def _place_edited(executed: Sequence[Executed], cells: Sequence[str], placed: list[int | None], used: set[int]) -> None:
    budget = _MOST_COMPARISONS
    words: dict[int, Counter[str]] = {}
    after = _following(placed, len(cells))
    last = -1
    for number, execution in enumerate(executed):
        index = placed[number]
        if index is None:
            end = after[number] if after[number] > last else len(cells)
            near = range(last + 1, min(end, last + 1 + _NEAR, last + 1 + budget))
            free = [cell for cell in near if cell not in used]
            budget -= len(free)
            mine = _words(execution.source) if free else Counter()
            for cell in free:
                words.setdefault(cell, _words(cells[cell]))
            best = max(free, key=lambda cell: _similarity(mine, words[cell]), default=None)
            if best is not None and _similarity(mine, words[best]) >= _SIMILAR:
                placed[number] = index = best
                used.add(best)
        last = last if index is None else index


def _following(placed: Sequence[int | None], end: int) -> list[int]:
    """For each execution the cell of the next one that has one."""
    following = []
    for index in reversed(placed):
        following.append(end)
        end = end if index is None else index
    return following[::-1]


def _words(source: str) -> Counter[str]:
    return Counter(re.findall(r"\w+|[^\w\s]", source[:_LONGEST]))


def _similarity(one: Counter[str], other: Counter[str]) -> float:
    """Dice's coefficient of two bags of words."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0

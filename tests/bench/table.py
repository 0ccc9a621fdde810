"""What a benchmark found, and the table that all of them make."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple


class Row(NamedTuple):
    """One figure with its goal; `baseline` says what it was measured against, in the same run."""

    what: str
    measured: float
    goal: float
    unit: str
    baseline: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal is reached."""
        return "ok" if self.measured <= self.goal else "over"


HEADINGS = ("what", "measured", "goal", "", "against")


def show(rows: list[Row]) -> str:
    """The rows as a table in plain text."""
    cells = [HEADINGS] + [
        (row.what, figure(row.measured, row.unit), f"≤ {figure(row.goal, row.unit)}", row.verdict, row.baseline)
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
    return "\n".join(lines)


def figure(value: float, unit: str) -> str:
    """`1.08x`, `23.4 ms`."""
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:.2f}x" if unit == "x" else f"{text} {unit}"


def middle(values: list[float]) -> float:
    """The median: a shared machine has its moments."""
    return median(values)

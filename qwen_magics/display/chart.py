"""A small bar chart for reports: HTML in grey, good in light and dark, and the same in block characters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from msgspec import Struct

from qwen_magics.display.table import NO_MATH, stressed, width

_BAR = 220  # pixels of the longest bar
_CELL = "border:0;padding:1px 8px 1px 0;white-space:nowrap"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BLOCKS = 24  # signs of the longest bar in text


class Bar(Struct, frozen=True):
    """One bar: its name, its size (not negative), and its figure in words."""

    name: str
    size: Decimal
    said: str


def html(bars: Sequence[Bar], title: str) -> str:
    """Horizontal bars for `text/html`: a table, because an untrusted notebook loses SVG. The figures are in words."""
    rows = "".join(
        f'<tr style="background:none"><th scope="row" style="{_CELL};text-align:right;font-weight:normal">'
        f'{stressed(bar.name)}</th><td style="{_CELL};text-align:left">'
        f'<div style="display:inline-block;width:{round(long)}px;height:10px;background-color:rgba(128,128,128,0.55);'
        f'vertical-align:middle;margin-right:6px"></div>{escape(bar.said)}</td></tr>'
        for bar, long in zip(bars, _lengths(bars, _BAR), strict=True)
    )
    if not rows:
        return ""
    caption = f'<caption style="text-align:left;padding:0">{escape(title)}</caption>'
    style = "border-collapse:collapse;margin:0;font-size:12px;line-height:1.5;font-variant-numeric:tabular-nums"
    table = f'<table class="{NO_MATH}" style="{style}">{caption}<tbody>{rows}</tbody></table>'
    return f'<div tabindex="0" style="overflow-x:auto">{table}</div>'


def plain(bars: Sequence[Bar]) -> str:
    """The same bars as text."""
    names = max((width(bar.name) for bar in bars), default=0)
    lines = []
    for bar, long in zip(bars, _lengths(bars, _BLOCKS * 8), strict=True):
        whole, rest = divmod(round(long), 8)
        drawn = "█" * whole + _EIGHTHS[rest].strip()
        lines.append(f"{' ' * (names - width(bar.name))}{bar.name} {drawn} {bar.said}".rstrip())
    return "\n".join(lines)


def _lengths(bars: Sequence[Bar], longest: int) -> list[float]:
    """Each bar's length; what is not nothing can be seen."""
    most = max((bar.size for bar in bars), default=Decimal(0))
    if most <= 0:
        return [0.0] * len(bars)
    return [max(1.0, float(bar.size / most * longest)) if bar.size > 0 else 0.0 for bar in bars]

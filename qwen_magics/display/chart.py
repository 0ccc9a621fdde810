"""A small bar chart for reports: inline SVG in the colours of the text, and the same in block characters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from msgspec import Struct

from qwen_magics.display.table import width

_ROW, _BAR, _SIGN = 18, 220, 7.4  # pixels: a row's height, the longest bar, about the width of a sign
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BLOCKS = 24  # signs of the longest bar in text


class Bar(Struct, frozen=True):
    """One bar: its name, its size (not negative), and its figure in words."""

    name: str
    size: Decimal
    said: str


def svg(bars: Sequence[Bar], title: str) -> str:
    """Horizontal bars as inline SVG for `text/html`, read out as one picture with its title."""
    if not bars:
        return ""
    left = 8 + max(width(bar.name) for bar in bars) * _SIGN
    right = 8 + max(width(bar.said) for bar in bars) * _SIGN
    drawn = "".join(
        f'<text x="{left - 8:.0f}" y="{_ROW * n + 13}" text-anchor="end" opacity=".75">{escape(bar.name)}</text>'
        f'<rect x="{left:.0f}" y="{_ROW * n + 3}" width="{long:.1f}" height="12" rx="2" opacity=".45"/>'
        f'<text x="{left + long + 6:.0f}" y="{_ROW * n + 13}">{escape(bar.said)}</text>'
        for n, (bar, long) in enumerate(zip(bars, _lengths(bars, _BAR), strict=True))
    )
    said = escape(f"{title}: " + ", ".join(f"{bar.name} {bar.said}" for bar in bars), quote=True)
    wide, high = left + _BAR + right, _ROW * len(bars) + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{said}" viewBox="0 0 {wide:.0f} {high}" '
        f'style="width:{wide:.0f}px;max-width:100%;height:auto;fill:currentColor;display:block;'
        f'font:12px system-ui,sans-serif;color:var(--jp-ui-font-color1,inherit)">{drawn}</svg>'
    )


def plain(bars: Sequence[Bar]) -> str:
    """The same bars as text."""
    names = max((width(bar.name) for bar in bars), default=0)
    lines = []
    for bar, long in zip(bars, _lengths(bars, _BLOCKS * 8), strict=True):
        whole, rest = divmod(round(long), 8)
        drawn = "█" * whole + _EIGHTHS[rest].strip()
        lines.append(f"{' ' * (names - width(bar.name))}{bar.name} {drawn} {bar.said}")
    return "\n".join(lines)


def _lengths(bars: Sequence[Bar], longest: int) -> list[float]:
    """Each bar's length; what is not nothing can be seen."""
    most = max((bar.size for bar in bars), default=Decimal(0))
    if most <= 0:
        return [0.0] * len(bars)
    return [max(1.0, float(bar.size / most * longest)) if bar.size > 0 else 0.0 for bar in bars]

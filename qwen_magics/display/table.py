"""A small quiet table for reports, as HTML, Markdown and plain text. Knows no report."""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import Any, Literal

from msgspec import Struct

from qwen_magics.display import prose
from qwen_magics.display.figures import LOSS

NO_MATH = "mathjax_ignore tex2jax_ignore"  # or a page with MathJax reads `$0.08 → $0.04` as a formula
_QUIET = "var(--jp-ui-font-color2,inherit)"
_RULE = "1px solid var(--jp-border-color2,rgba(128,128,128,.4))"
_FONT = "font-size:12px;line-height:1.5;font-variant-numeric:tabular-nums;color:var(--jp-ui-font-color1,inherit)"
_LOSS = f'<span style="color:var(--jp-warn-color1,#f57c00)">{LOSS}</span>'


class Column(Struct, frozen=True):
    """A column's head. `quiet` columns are grey, `wraps` may break their lines."""

    name: str
    align: Literal["left", "right"] = "left"
    quiet: bool = False
    wraps: bool = False


class Table(Struct, frozen=True, kw_only=True):
    """Rows of text under columns, a foot that adds them up, sentences below. A cell that begins with ▲ is stressed.

    In sentences `…` is code.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()

    def html(self) -> str:
        """Static HTML with inline styles only, good in light and dark."""
        style = f"border-bottom:{_RULE};font-weight:600;color:{_QUIET}"
        head = "".join(f'<th style="{_cell(column)};{style}">{_text(column.name)}</th>' for column in self.columns)
        body = "".join(_row(self.columns, row) for row in self.rows)
        foot = _row(self.columns, self.foot, f"border-top:{_RULE};font-weight:600") if self.foot else ""
        below = "".join(f'<p style="margin:6px 0 0">{_sentence(said)}</p>' for said in self.sentences)
        return (
            f'<div class="{NO_MATH}" style="{_FONT};overflow-x:auto">'
            f'<table style="border-collapse:collapse;margin:0;{_FONT}">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}{foot}</tbody></table>{below}</div>"
        )

    def markdown(self) -> str:
        """A GFM table; text of others in it is made safe."""
        lines = [[column.name for column in self.columns], *self.rows]
        rows = [f"| {' | '.join(map(_markdown, line))} |" for line in lines]
        rows.insert(1, "|" + "|".join("--:" if column.align == "right" else ":--" for column in self.columns) + "|")
        if self.foot:
            rows.append("| " + " | ".join(f"**{_markdown(cell)}**" if cell else "" for cell in self.foot) + " |")
        return "\n\n".join(["\n".join(rows), *(prose.safe(said, said) for said in self.sentences)])

    def plain(self) -> str:
        """Text in columns as wide as a terminal shows it, Chinese too."""
        lines = [tuple(column.name for column in self.columns), *self.rows, *([self.foot] if self.foot else [])]
        widths = [max(width(cell) for cell in cells) for cells in zip(*lines, strict=True)]
        drawn = ["  ".join(map(_padded, line, self.columns, widths)).rstrip() for line in lines]
        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        drawn.insert(1, rule)
        if self.foot:
            drawn.insert(-1, rule)
        return "\n".join([*drawn, *self.sentences])

    def bundle(self) -> dict[str, str]:
        """The table in every form; a front end takes the one that it likes best."""
        return {"text/html": self.html(), "text/markdown": self.markdown(), "text/plain": self.plain()}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.bundle()


def width(text: str) -> int:
    """Columns that a terminal takes for the text."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _padded(text: str, column: Column, columns: int) -> str:
    blank = " " * (columns - width(text))
    return blank + text if column.align == "right" else text + blank


def _row(columns: tuple[Column, ...], cells: tuple[str, ...], style: str = "") -> str:
    drawn = []
    for column, cell in zip(columns, cells, strict=True):
        quiet = f";color:{_QUIET}" if column.quiet and not style else ""
        stress = ";font-weight:600" if cell.startswith(LOSS) else ""
        drawn.append(f'<td style="{_cell(column)}{quiet}{stress};{style}">{_text(cell)}</td>')
    return f'<tr style="background:none">{"".join(drawn)}</tr>'


def _cell(column: Column) -> str:
    wrap = "normal;min-width:14em" if column.wraps else "nowrap"
    return f"border:0;padding:2px 10px 2px 0;text-align:{column.align};vertical-align:top;white-space:{wrap}"


def _text(text: str) -> str:
    return escape(text).replace(LOSS, _LOSS)


def _sentence(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(text))


def _markdown(cell: str) -> str:
    one = " ".join(cell.split())
    return prose.safe(one, one).replace("|", "&#124;")

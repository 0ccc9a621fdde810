"""A small quiet table for reports, as HTML, Markdown and plain text. Knows no report."""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.display import prose
from qwen_magics.display.figures import LOSS

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_MATH = "mathjax_ignore tex2jax_ignore"  # or a page with MathJax reads `$0.08 → $0.04` as a formula
HERE = "▸"  # a row that begins with it is the one that the others are laid beside
_QUIET = "var(--jp-ui-font-color2,inherit)"
_RULE = "1px solid var(--jp-border-color2,rgba(128,128,128,.4))"
_FONT = "font-size:12px;line-height:1.5;font-variant-numeric:tabular-nums;color:var(--jp-ui-font-color1,inherit)"
_LEAST = 16  # columns that the first one keeps
_CODE, _STRESS = re.compile(r"`([^`]+)`"), re.compile(r"\*\*([^*]+)\*\*")
_LOSS = f'<span style="color:var(--jp-warn-color1,#f57c00)">{LOSS}</span>'


class Column(Struct, frozen=True):
    """A column's head. `quiet` columns are grey, `wraps` may break their lines."""

    name: str
    align: Literal["left", "right"] = "left"
    quiet: bool = False
    wraps: bool = False


class Table(Struct, frozen=True, kw_only=True):
    """Rows of text under columns, a foot that adds them up (`feet`: one for each currency), sentences below. A cell
    that begins with ▲ is stressed, and so is a row that begins with ▸. A row with nothing but its first cell heads
    those below it.

    In sentences and in a quiet column that wraps `…` is code and **…** is stressed; `quiet` sentences come last, in
    grey. `wide`: as text it takes at most so many columns (0: any number); the first one is shortened, what has no room
    in a last one that wraps stands beneath. A table of more than `tall` rows scrolls in HTML.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] = ()
    feet: tuple[tuple[str, ...], ...] = ()
    sentences: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    wide: int = 0
    tall: int = 40

    def slim(self) -> Table:
        """The table without columns that hold nothing."""
        lines = (*self.rows, *self._feet)
        kept = [n for n in range(len(self.columns)) if n == 0 or any(line[n] for line in lines)]

        def kept_of(line: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(line[n] for n in kept)

        return replace(
            self,
            columns=tuple(self.columns[n] for n in kept),
            rows=tuple(map(kept_of, self.rows)),
            foot=kept_of(self.foot) if self.foot else (),
            feet=tuple(map(kept_of, self.feet)),
        )

    def html(self) -> str:
        """Static HTML with inline styles only, good in light and dark."""
        head = "".join(map(_head, self.columns))
        body = "".join(_row(self.columns, row) for row in self.rows)
        bold = "font-weight:600"
        styles = [f"border-top:{_RULE};{bold}", *[bold] * len(self._feet)]
        foot = "".join(_row(self.columns, line, style) for line, style in zip(self._feet, styles, strict=False))
        below = "".join(f'<p style="margin:6px 0 0">{_sentence(said)}</p>' for said in self.sentences)
        below += "".join(f'<p style="margin:3px 0 0;color:{_QUIET}">{_sentence(said)}</p>' for said in self.quiet)
        scrolls = "max-height:60em;overflow:auto" if len(self.rows) > self.tall else "overflow-x:auto"
        return (
            f'<div class="{NO_MATH}" style="{_FONT}"><div tabindex="0" style="{scrolls}">'
            f'<table style="border-collapse:collapse;margin:0;{_FONT}">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}{foot}</tbody></table></div>{below}</div>"
        )

    def markdown(self) -> str:
        """A GFM table; text of others in it is made safe."""
        lines = [[column.name for column in self.columns], *self.rows]
        rows = [
            _bold(line) if line[0].startswith(HERE) else f"| {' | '.join(map(_markdown, line))} |" for line in lines
        ]
        rows.insert(1, "|" + "|".join("--:" if column.align == "right" else ":--" for column in self.columns) + "|")
        rows += map(_bold, self._feet)
        return "\n\n".join(
            ["\n".join(rows), *(_no_formula(prose.safe(said, said)) for said in (*self.sentences, *self.quiet))]
        )

    def plain(self) -> str:
        """Text in columns as wide as a terminal shows it, Chinese too."""
        lines = [tuple(column.name for column in self.columns), *self.rows, *self._feet]
        if self.wide:
            lines = self._narrow(lines)
        notes = bool(self.wide) and self.columns[-1].wraps
        widths = [max(map(width, cells)) for cells in zip(*lines, strict=True)][: -1 if notes else None]
        held = sum(widths) + 2 * (len(widths) - 1)
        drawn = []
        for line in lines:
            said = "  ".join(map(_padded, line, self.columns, widths))
            drawn.append("\n".join(_noted(said, line[-1], held, self.wide)) if notes else said.rstrip())
        rule = "─" * (self.wide or held)
        drawn.insert(1, rule)
        if self._feet:
            drawn.insert(-len(self._feet), rule)
        return "\n".join([*drawn, *(_wrapped(_unmarked(said), self.wide) for said in (*self.sentences, *self.quiet))])

    @property
    def _feet(self) -> tuple[tuple[str, ...], ...]:
        return (self.foot, *self.feet) if self.foot else self.feet

    def _narrow(self, lines: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """The lines with a first column that leaves room for the others."""
        middle = list(zip(*lines, strict=True))[1 : -1 if self.columns[-1].wraps else None]
        room = max(_LEAST, self.wide - sum(2 + max(map(width, cells)) for cells in middle))
        return [(shortened(line[0], room), *line[1:]) for line in lines]

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


def shortened(text: str, columns: int) -> str:
    """The text in at most so many columns, `…` at its end if it lost something."""
    if width(text) <= columns:
        return text
    while width(text) > columns - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def _noted(line: str, note: str, held: int, wide: int) -> list[str]:
    """A line with its note beside it, or beneath where there is no room."""
    if not note:
        return [line.rstrip()]
    if held + 2 + width(note) <= wide:
        return [f"{line}  {note}"]
    return [line.rstrip(), *(f"    {part}" for part in _wrapped(note, wide - 4).split("\n"))]


def _wrapped(text: str, wide: int) -> str:
    """The text in lines of at most so many columns; a longer word has a line of its own."""
    if not wide:
        return text
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width(longer) > wide:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _padded(text: str, column: Column, columns: int) -> str:
    blank = " " * (columns - width(text))
    return blank + text if column.align == "right" else text + blank


def _head(column: Column) -> str:
    tag = "th" if column.name else "td"  # a head that says nothing is none to a screen reader
    style = f"{_cell(column)};white-space:normal;border-bottom:{_RULE};font-weight:600;color:{_QUIET}"
    return f'<{tag} style="{style}">{stressed(column.name)}</{tag}>'


def _row(columns: tuple[Column, ...], cells: tuple[str, ...], style: str = "") -> str:
    drawn = []
    if cells[0] and not any(cells[1:]):
        style = style or f"border-top:{_RULE};font-weight:600;color:{_QUIET}"
    for column, cell in zip(columns, cells, strict=True):
        quiet = f";color:{_QUIET}" if column.quiet and not style else ""
        stress = ";font-weight:600" if cell.startswith(LOSS) or cells[0].startswith(HERE) else ""
        said = _sentence(cell) if column.wraps and column.quiet else stressed(cell)
        drawn.append(f'<td style="{_cell(column)}{quiet}{stress};{style}">{said}</td>')
    return f'<tr style="background:none">{"".join(drawn)}</tr>'


def _cell(column: Column) -> str:
    wrap = "normal;overflow-wrap:anywhere;min-width:9em" if column.wraps else "nowrap"
    return f"border:0;padding:2px 10px 2px 0;text-align:{column.align};vertical-align:top;white-space:{wrap}"


def stressed(text: str) -> str:
    """The text for HTML, ▲ in the colour of a warning."""
    return escape(text).replace(LOSS, _LOSS)


def _sentence(text: str) -> str:
    return _STRESS.sub(
        r"<b>\1</b>",
        _CODE.sub(
            r'<code style="white-space:nowrap;background:none;padding:0;color:inherit">\1</code>', stressed(text)
        ),
    )


def _unmarked(text: str) -> str:
    return _STRESS.sub(r"\1", text)


def _bold(cells: Sequence[str]) -> str:
    return "| " + " | ".join(f"**{_markdown(cell)}**" if cell else "" for cell in cells) + " |"


def _markdown(cell: str) -> str:
    one = " ".join(cell.split())
    return _no_formula(prose.safe(one, one)).replace("|", "&#124;")


def _no_formula(text: str) -> str:
    """Two prices in a line are no formula. In code a backslash would be seen, and nothing takes code for one."""
    return "".join(part if part.startswith("`") else part.replace("$", r"\$") for part in re.split(r"(`[^`]*`)", text))

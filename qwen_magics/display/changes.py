"""What changed since the last question, as a table, and what that means for the cache. Compares nothing itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from qwen_magics.display.context import TEXT
from qwen_magics.display.figures import LOSS, money
from qwen_magics.display.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.turn.changes import Change, Changes
    from qwen_magics.turn.parts import Row
    from qwen_magics.turn.preview import Preview

_WORDS = {"changed": "changed", "new": "is new", "gone": "is gone", "answered": "was answered"}
_COLUMNS = (Column("since the last question"), Column(""), Column("tokens", "right"))
_MANY = 3  # cells with other numbers; more are counted, not named


def table(found: Changes | None, preview: Preview, *, where: str, now: dt.datetime) -> Table:
    """What changed, item by item. `where`: provider and model."""
    if found is None:
        none = f"From this notebook nothing was asked of {where} yet, as far as the ledger remembers: all of it is new."
        return Table(columns=(Column(where),), rows=(), sentences=(none,), quiet=("Nothing was sent.",), wide=TEXT)
    rows = {row.label: row for row in preview.rows}
    moved = [change for change in found.changes if change.what == "moved"]
    told = [change for change in found.changes if change.what != "moved"]
    lines = tuple(_line(change, rows) for change in told)
    said, then = (*_cache(found, preview), *_moved(moved)), _ago(found.since, now)
    quiet = (f"Compared with the last question to {where}, {then}. Nothing was sent.",)
    return Table(columns=_COLUMNS, rows=lines, sentences=said, quiet=quiet, wide=TEXT).slim()


def _line(change: Change, rows: dict[str, Row]) -> tuple[str, ...]:
    row = rows.get(change.label) if change.what != "gone" else None
    title = f" {row.title}" if row is not None and row.title else ""
    word = _WORDS[change.what]
    if change.label == "…":
        word = "other cells are left out"
    elif change.before.startswith("#"):
        word = f"changed, was {change.before}"
    tokens = f"{row.tokens:,}" if row is not None else ""
    return (f"{change.label}{title}", word, tokens)


def _cache(found: Changes, preview: Preview) -> Iterator[str]:
    hit = found.hit
    if hit.lost:
        after = f"everything after {found.after}" if found.after else "all of it"
        cost = f", about {money(found.extra, found.currency)}" if found.extra else ""
        yield f"**{LOSS} {after[0].upper()}{after[1:]} misses the cache: {hit.lost:,} tokens{cost}** ({hit.why})."
    if hit.tokens:
        yield f"About {hit.tokens:,} of {preview.tokens:,} tokens probably come from the cache."
    elif hit.why and not hit.lost:
        yield f"No hit is expected: {hit.why}."


def _moved(moved: list[Change]) -> Iterator[str]:
    if len(moved) > _MANY:
        first = moved[0]
        yield f"{len(moved):,} cells have other numbers, {first.before} is now {first.label}; the model is told them."
    elif moved:
        yield f"{', '.join(f'{change.before} is now {change.label}' for change in moved)}."


def _ago(since: str, now: dt.datetime) -> str:
    minutes = int((now - dt.datetime.fromisoformat(since)).total_seconds() // 60)
    if minutes < 1:
        return "less than a minute ago"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"

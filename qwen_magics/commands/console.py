"""How commands speak: lines, tables and JSON on standard output. Decides nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def say(*lines: str) -> None:
    """Lines to standard output."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def for_terminal(text: str) -> str:
    """What is said for notebooks, with the magic that has a command of the same kind turned into it."""
    return text.replace("%qwen_login", "jupyter qwen login")


def as_json(value: object) -> str:
    """For programs; Decimals, dates and paths as text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Rows as aligned lines, the first a heading; `right` names the columns of numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]

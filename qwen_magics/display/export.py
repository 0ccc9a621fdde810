"""The ledger's turns and totals for programs: CSV and JSON, with every digit. Columns are `ledger.records.COLUMNS`."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qwen_magics.ledger.records import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qwen_magics.ledger import Total


def as_csv(turns: Iterable[Mapping[str, Any]]) -> str:
    """A heading and a line for each turn."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in turn.items()} for turn in turns)
    return out.getvalue()


def as_json(value: object) -> str:
    """An object of totals and turns; money and paths as text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


def totals(found: Iterable[Total]) -> list[dict[str, Any]]:
    """Totals by field."""
    return [{name: getattr(total, name) for name in total.__struct_fields__} for total in found]


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _safe(value: Any) -> Any:
    """A spreadsheet runs a text that begins like a formula, and file names and errors are others' texts."""
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    return value if value[1:].replace(".", "", 1).isdecimal() else f"'{value}"

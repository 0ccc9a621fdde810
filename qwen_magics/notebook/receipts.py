"""The receipts that stand in a notebook's outputs. Display writes them; reports add them up without a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qwen_magics.values import Receipt

if TYPE_CHECKING:
    from qwen_magics.notebook.cells import Notebook

MIME = "application/vnd.qwen-magics.receipt+json"


def read(notebook: Notebook) -> list[Receipt]:
    """All receipts, in document order. What is not one (any more) is passed over."""
    found = [_receipt(output.data[MIME]) for cell in notebook.cells for output in cell.outputs if MIME in output.data]
    return [receipt for receipt in found if receipt is not None]


def _receipt(data: Any) -> Receipt | None:
    try:
        return msgspec.convert(data, Receipt)
    except msgspec.ValidationError:
        return None

"""The receipts that stand in a notebook's outputs. Display writes them; reports add them up without a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from qwen_magics.values import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qwen_magics.notebook.cells import Output

MIME = "application/vnd.qwen-magics.receipt+json"


class SavedReceipt(Struct, frozen=True):
    """A receipt as it stands in a file, and the ids of the turns that it holds: the line magics of one execution
    share a receipt that adds them up.
    """

    receipt: Receipt
    turns: tuple[str, ...]


def read(outputs: Iterable[Output], seen: set[str] | None = None) -> list[SavedReceipt]:
    """All receipts, in order. What is not one (any more) is passed over.

    A turn counts once, however often its cell was copied; `seen` are the turns of other files, and grows.
    """
    seen = set() if seen is None else seen
    found = []
    for output in outputs:
        receipt = _receipt(output.data.get(MIME))
        if receipt is None:
            continue
        turns = _turns(output.metadata, receipt)
        if seen.isdisjoint(turns):
            found.append(SavedReceipt(receipt, turns))
        seen.update(turns)
    return found


def _turns(metadata: dict[str, Any], receipt: Receipt) -> tuple[str, ...]:
    mark = metadata.get("qwen_magics")
    turns = mark.get("turns") if isinstance(mark, dict) else None
    if isinstance(turns, list) and turns and all(isinstance(turn, str) for turn in turns):
        return tuple(dict.fromkeys(turns))
    return (receipt.id,)


def _receipt(data: Any) -> Receipt | None:
    try:
        return msgspec.convert(data, Receipt) if isinstance(data, dict) else None
    except msgspec.ValidationError:
        return None

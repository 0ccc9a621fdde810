"""What the last prompts of a notebook were made of: digests and sizes, no text of theirs.

From it follows what a provider's context cache may hold; what that is worth is `turn.cache`'s matter.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from qwen_magics.context.layout import Part
from qwen_magics.ledger.forms import insert, utc
from qwen_magics.values import Receipt

KEPT = 8  # prompts of a notebook: enough to go back to where a conversation forked


class Prompt(Struct, frozen=True):
    """One prompt that a provider has read. `time` is its turn's start, ISO 8601 in UTC."""

    turn: str
    time: str
    layout: tuple[Part, ...]
    provider: str = ""
    region: str = ""
    model: str = ""


@lru_cache(maxsize=2 * KEPT)  # the same few are read at every question
def _decode(layout: str) -> tuple[Part, ...]:
    return msgspec.json.decode(layout, type=tuple[Part, ...])


def save(transaction: sqlite3.Connection, receipt: Receipt, notebook: str, layout: Sequence[Part]) -> None:
    """Keep a turn's layout, and of its notebook only the newest few."""
    row = {
        "turn": receipt.id,
        "time": utc(dt.datetime.fromisoformat(receipt.time)),
        "notebook": notebook,
        "provider": receipt.provider,
        "region": receipt.region,
        "model": receipt.model,
        "layout": msgspec.json.encode(layout).decode(),
    }
    insert(transaction, "prompts", row, "turn")
    newest = "select n from prompts where notebook = ? order by n desc limit ?"
    transaction.execute(f"delete from prompts where notebook = ? and n not in ({newest})", (notebook, notebook, KEPT))


def read(
    connection: sqlite3.Connection, notebook: str, provider: str, region: str | None, model: str, limit: int
) -> list[Prompt]:
    """The newest first. An empty provider or model, or no region, stands for any."""
    wanted = (("provider = ?", provider or None), ("region = ?", region), ("model = ?", model or None))
    given = [("notebook = ?", notebook), *(one for one in wanted if one[1] is not None)]
    where = " and ".join(condition for condition, _ in given)
    query = f"select turn, time, layout, provider, region, model from prompts where {where} order by n desc limit ?"
    found = connection.execute(query, (*(value for _, value in given), limit))
    return [Prompt(turn, time, _decode(layout), *rest) for turn, time, layout, *rest in found]

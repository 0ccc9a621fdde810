"""The ledger's rows, read: turns, reservations, saved answers, and a turn flat for programs. Adds nothing up."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from qwen_magics.ledger.forms import digits, utc
from qwen_magics.values import Receipt

NO_MONEY = ("free", "plan", "unpriced", "replayed")  # bases of a cost that has no amount to add


class Filter(Struct, frozen=True, kw_only=True):
    """Which turns: started from `since` on and before `until`, of one notebook, session or model."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    notebook: str | None = None
    session: str | None = None
    model: str | None = None

    def sql(self) -> tuple[str, list[str]]:
        """A condition and its values."""
        since, until = (None if moment is None else utc(moment) for moment in (self.since, self.until))
        wanted = (
            ("time >= ?", since),
            ("time < ?", until),
            ("notebook = ?", self.notebook),
            ("session = ?", self.session),
            ("model = ?", self.model),
        )
        given = [(condition, value) for condition, value in wanted if value is not None]
        return " and ".join(condition for condition, _ in given) or "1", [value for _, value in given]


ALL = Filter()


class Where(Struct, frozen=True):
    """The place of a recorded turn."""

    notebook: str
    cell_id: str
    session: str
    execution: str = ""


class Entry(Struct, frozen=True):
    """One turn that left: its receipt and its place."""

    receipt: Receipt
    place: Where


class Reservation(Struct, frozen=True):
    """A turn in flight and the worst case that is set aside for it (None: it has no price)."""

    turn: str
    time: str
    place: Where
    model: str
    amount: Decimal | None
    currency: str


class Answer(Struct, frozen=True):
    """A saved answer. `status` is its turn's: a stopped one is not whole."""

    turn: str
    time: str
    place: Where
    model: str
    status: str
    asked: str
    text: str
    thinking: str


def rows(connection: sqlite3.Connection, chosen: Filter) -> list[Entry]:
    """The turns, oldest first."""
    where, values = chosen.sql()
    return _entries(connection, f"where {where} order by time, n", values)


def outputs(connection: sqlite3.Connection, model: str, last: int, *, thinking: bool) -> list[tuple[int, int]]:
    """Tokens of output, and of thinking among them, of a model's last complete answers, newest first.

    Answers with and without thinking are apart. The oldest of so many rows may be left unread.
    """
    query = (
        "select output, thinking from"
        " (select kind, status, output, thinking from entries where model = ? order by n desc limit ?)"
        " where kind = 'settled' and status = 'complete' and (thinking > 0) = ? limit ?"
    )
    return connection.execute(query, (model, 20 * last, thinking, last)).fetchall()


def last(connection: sqlite3.Connection, limit: int) -> list[Entry]:
    """The turns that were recorded last, newest first."""
    return _entries(connection, "order by n desc limit ?", (limit,))


def receipt(connection: sqlite3.Connection, turn: str) -> Receipt | None:
    """A turn's receipt."""
    found = connection.execute("select receipt from spent where turn = ?", (turn,)).fetchone()
    return None if found is None else msgspec.json.decode(found[0], type=Receipt)


def _entries(connection: sqlite3.Connection, which: str, values: Sequence[str | int]) -> list[Entry]:
    decode = msgspec.json.Decoder(Receipt).decode
    found = connection.execute(f"select receipt, notebook, cell, session from spent {which}", values)
    return [Entry(decode(receipt), Where(*place)) for receipt, *place in found]


def in_flight(connection: sqlite3.Connection) -> list[Reservation]:
    """The reservations, oldest first."""
    query = (
        "select e.turn, e.time, e.notebook, e.cell, e.session, e.model, e.amount, e.currency"
        " from entries e join in_flight f on f.turn = e.turn where e.kind = 'reserved' order by e.n"
    )
    return [
        Reservation(turn, time, Where(*place), model, None if amount is None else Decimal(amount), currency)
        for turn, time, *place, model, amount, currency in connection.execute(query)
    ]


def answers(connection: sqlite3.Connection, notebook: str, cell_id: str | None, limit: int) -> list[Answer]:
    """Saved answers, newest first."""
    where = "notebook = ?" if cell_id is None else "notebook = ? and cell = ?"
    values = (notebook, limit) if cell_id is None else (notebook, cell_id, limit)
    columns = "turn, time, notebook, cell, session, model, status, asked, text, thinking"
    query = f"select {columns} from answers where {where} order by n desc limit ?"
    return [Answer(turn, time, Where(*rest[:3]), *rest[3:]) for turn, time, *rest in connection.execute(query, values)]


def flat(entry: Entry) -> dict[str, str | int | float | None]:
    """A turn as one row of a CSV file or a DataFrame. Times are UTC; money stays text, so that no digit is lost.

    Its keys, in this order, are what programs may rely on: new ones come at the end, none goes.
    """
    receipt, place = entry.receipt, entry.place
    cost, usage, tier = receipt.cost, receipt.usage, receipt.cost.tier
    return {
        "time": _utc(receipt.time),
        "notebook": place.notebook,
        "cell": place.cell_id,
        "session": place.session,
        "provider": receipt.provider,
        "region": receipt.region,
        "scope": receipt.scope,
        "model": receipt.model,
        "status": receipt.status,
        "finish_reason": receipt.finish_reason,
        "attempts": receipt.attempts,
        "input": usage.input,
        "cached": usage.cached,
        "cache_write": usage.cache_write,
        "output": usage.output,
        "thinking": usage.thinking,
        "usage_estimated": int(usage.estimated),
        "amount": digits(cost.amount),
        "currency": cost.currency,
        "cost_basis": cost.basis,
        "cost_bound": cost.bound,
        "derived": int(cost.derived),
        "prices_as_of": cost.prices_as_of,
        "cache_saved": digits(cost.cache_saved),
        "first_token_s": receipt.timing.first_token_s,
        "total_s": receipt.timing.total_s,
        "request_id": receipt.request_id,
        "turn": receipt.id,
        "error": receipt.error,
        "tier_over": None if tier is None else tier.over,
        "tier_up_to": None if tier is None else tier.up_to,
        "replay_saved": digits(cost.replay_saved),
        "cache_kind": usage.cache_kind,
    }


def _utc(time: str) -> str:
    """A receipt's time as the ledger writes it; one that is none (a file can hold anything) as it is."""
    try:
        return utc(dt.datetime.fromisoformat(time))
    except (ValueError, OverflowError):
        return time


COLUMNS = tuple(flat(Entry(Receipt(id="", time="", provider="", model=""), Where("", "", ""))))

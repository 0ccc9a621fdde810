"""What the ledger tells: totals, turns, saved answers. Only reads, and adds in exact decimals; formats nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from qwen_magics.ledger.ceilings import utc
from qwen_magics.values import Receipt

By = Literal["", "model", "provider", "notebook", "cell", "session", "day", "month"]
GROUPS: tuple[By, ...] = get_args(By)[1:]  # what people may ask for

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


class Total(Struct, frozen=True, kw_only=True):
    """A group's turns in one currency ('': those without money), with what there is to say about the sum.

    `lost` turns are in it at their worst case. `at_least` counts turns that may have cost more than is known.
    """

    group: str
    currency: str
    amount: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)  # by the cache, net of its writes
    turns: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    thinking: int = 0
    estimated: int = 0  # estimated amounts, and amounts by derived prices
    at_least: int = 0
    lost: int = 0
    failed: int = 0
    free: int = 0
    plan: int = 0
    unpriced: int = 0
    replayed: int = 0

    @property
    def sign(self) -> str:
        """What the amount has to be marked with: `≥` (may be more), `≈` (estimated), or nothing."""
        return "≥" if self.at_least else "≈" if self.estimated else ""


_COLUMNS = (
    "time", "notebook", "cell", "session", "provider", "model", "status", "currency", "amount", "basis", "bound",
    "derived", "saved", "input", "cached", "output", "thinking",
)  # fmt: skip


def spent(connection: sqlite3.Connection, chosen: Filter, by: By, tz: dt.tzinfo | None) -> list[Total]:
    """Totals per group and currency: days and months in order, all else dearest first."""
    where, values = chosen.sql()
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for found in connection.execute(f"select {', '.join(_COLUMNS)} from spent where {where} order by n", values):
        row = dict(zip(_COLUMNS, found, strict=True))
        group = _group(row, by, tz)
        _add(sums.setdefault((group, row["currency"]), {"group": group, "currency": row["currency"]}), row)
    totals = [Total(**fields) for fields in sums.values()]
    return sorted(totals, key=lambda t: (t.group if by in ("day", "month") else "", -t.amount, t.group, t.currency))


def totals(receipts: Iterable[Receipt]) -> list[Total]:
    """What receipts come to, per currency: of a file, where no ledger is at hand."""
    sums: dict[str, dict[str, Any]] = {}
    for receipt in receipts:
        cost, usage = receipt.cost, receipt.usage
        currency = "" if cost.basis in NO_MONEY else cost.currency
        row = {name: getattr(usage, name) for name in ("input", "cached", "output", "thinking")} | {
            "amount": cost.amount if currency else None,
            "saved": cost.cache_saved,
            "basis": cost.basis,
            "bound": cost.bound,
            "derived": cost.derived,
            "status": receipt.status,
        }
        _add(sums.setdefault(currency, {"group": "", "currency": currency}), row)
    return [Total(**fields) for fields in sums.values()]


def rows(connection: sqlite3.Connection, chosen: Filter) -> list[Entry]:
    """The turns, oldest first."""
    where, values = chosen.sql()
    decoder = msgspec.json.Decoder(Receipt)
    query = f"select receipt, notebook, cell, session from spent where {where} order by time, n"
    return [Entry(decoder.decode(receipt), Where(*place)) for receipt, *place in connection.execute(query, values)]


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
    """A turn as one row of a CSV file or a DataFrame; money stays text, so that no digit is lost."""
    receipt, place = entry.receipt, entry.place
    cost, usage = receipt.cost, receipt.usage
    return {
        "time": receipt.time,
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
        "amount": None if cost.amount is None else f"{cost.amount:f}",
        "currency": cost.currency,
        "cost_basis": cost.basis,
        "cost_bound": cost.bound,
        "derived": int(cost.derived),
        "prices_as_of": cost.prices_as_of,
        "cache_saved": None if cost.cache_saved is None else f"{cost.cache_saved:f}",
        "first_token_s": receipt.timing.first_token_s,
        "total_s": receipt.timing.total_s,
        "request_id": receipt.request_id,
        "turn": receipt.id,
        "error": receipt.error,
    }


def _group(row: dict[str, Any], by: By, tz: dt.tzinfo | None) -> str:
    if by in ("day", "month"):
        day = dt.datetime.fromisoformat(row["time"]).astimezone(tz).date().isoformat()
        return day if by == "day" else day[:7]
    return str(row[by]) if by else ""


def _add(sums: dict[str, Any], row: dict[str, Any]) -> None:
    def more(name: str, by: Any) -> None:
        sums[name] = sums.get(name, 0) + by

    more("turns", 1)
    for name in ("input", "cached", "output", "thinking"):
        more(name, row[name])
    for name in ("amount", "saved"):
        if row[name] is not None:
            sums[name] = sums.get(name, Decimal(0)) + Decimal(row[name])
    more("estimated", int(row["basis"] == "estimated" or row["derived"]))
    more("at_least", int(row["bound"] == "at_least"))
    for status in ("lost", "failed"):
        more(status, int(row["status"] == status))
    for basis in ("free", "plan", "unpriced", "replayed"):
        more(basis, int(row["basis"] == basis))

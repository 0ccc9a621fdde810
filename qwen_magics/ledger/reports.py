"""What the ledger tells: totals, turns, saved answers. Only reads, and adds in exact decimals; formats nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from qwen_magics.ledger.forms import digits, utc
from qwen_magics.values import Receipt, Tier

By = Literal["", "model", "tier", "provider", "notebook", "cell", "session", "day", "month"]
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
COUNTS = (
    "turns", "input", "cached", "output", "thinking", "estimated", "at_least", "lost", "failed", "free", "plan",
    "unpriced", "replayed",
)  # fmt: skip


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

    A replayed turn stands in the currency that it saved.
    `lost` turns are in it at their worst case. `at_least` counts turns that may have cost more than is known.
    """

    group: str  # of a tier `32000..128000`, `128000..` without an end, '' where none is known
    currency: str
    within: str = ""  # a cell's notebook, a tier's model
    amount: Decimal = Decimal(0)
    saved: Decimal = Decimal(0)  # by the cache, net of its writes
    replay_saved: Decimal = Decimal(0)
    prices_as_of: str = ""  # the oldest price list that the amounts come from
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
    "derived", "saved", "input", "cached", "output", "thinking", "receipt",
)  # fmt: skip


class _Priced(Struct, frozen=True):
    """What only the receipt of a row knows about its cost."""

    currency: str = "USD"
    tier: Tier | None = None
    prices_as_of: str = ""
    replay_saved: Decimal | None = None


class _Kept(Struct, frozen=True):
    cost: _Priced = _Priced()


def spent(connection: sqlite3.Connection, chosen: Filter, by: By, tz: dt.tzinfo | None) -> list[Total]:
    """Totals per group and currency: days and months in order, all else dearest first."""
    where, values = chosen.sql()
    decoder = msgspec.json.Decoder(_Kept)
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    for found in connection.execute(f"select {', '.join(_COLUMNS)} from spent where {where} order by n", values):
        row = dict(zip(_COLUMNS, found, strict=True))
        cost = decoder.decode(row["receipt"]).cost
        row |= {"tier": cost.tier, "prices_as_of": cost.prices_as_of, "replay_saved": cost.replay_saved}
        currency = row["currency"] or (cost.currency if cost.replay_saved else "")
        within, group = _group(row, by, tz)
        names = {"within": within, "group": group, "currency": currency}
        _add(sums.setdefault((within, group, currency), names), row)
    return sorted((Total(**fields) for fields in sums.values()), key=lambda total: _order(total, by))


def _order(total: Total, by: By) -> tuple[Any, ...]:
    if by == "tier":
        begins = total.group.partition("..")[0]
        return total.within, int(begins or -1), total.currency
    return total.group if by in ("day", "month") else "", -total.amount, total.within, total.group, total.currency


def totals(receipts: Iterable[tuple[Receipt, int]]) -> list[Total]:
    """What receipts come to, per currency: of a file, where no ledger is at hand. Each with the turns that it holds."""
    sums: dict[str, dict[str, Any]] = {}
    for receipt, turns in receipts:
        cost, usage = receipt.cost, receipt.usage
        currency = cost.currency if cost.replay_saved or cost.basis not in NO_MONEY else ""
        row = {name: getattr(usage, name) for name in ("input", "cached", "output", "thinking")} | {
            "amount": None if cost.basis in NO_MONEY else cost.amount,
            "saved": cost.cache_saved,
            "replay_saved": cost.replay_saved,
            "prices_as_of": cost.prices_as_of,
            "basis": cost.basis,
            "bound": cost.bound,
            "derived": cost.derived,
            "status": receipt.status,
        }
        _add(sums.setdefault(currency, {"group": "", "currency": currency}), row, turns)
    return [Total(**fields) for fields in sums.values()]


def together(found: Iterable[Total]) -> dict[str, int]:
    """Turns and tokens of totals in several currencies, which can be added where money can't."""
    every = list(found)
    return {name: sum(getattr(total, name) for total in every) for name in COUNTS}


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


def last(connection: sqlite3.Connection, limit: int) -> list[Entry]:
    """The turns that were recorded last, newest first."""
    decoder = msgspec.json.Decoder(Receipt)
    query = "select receipt, notebook, cell, session from spent order by n desc limit ?"
    return [Entry(decoder.decode(receipt), Where(*place)) for receipt, *place in connection.execute(query, (limit,))]


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


def _group(row: dict[str, Any], by: By, tz: dt.tzinfo | None) -> tuple[str, str]:
    """What holds the group (a cell's notebook, a tier's model), and the group."""
    if by in ("day", "month"):
        day = dt.datetime.fromisoformat(row["time"]).astimezone(tz).date().isoformat()
        return "", day if by == "day" else day[:7]
    if by == "tier":
        tier = row["tier"]
        return row["model"], "" if tier is None else f"{tier.over}..{tier.up_to or ''}"
    if by == "cell":
        return row["notebook"], row["cell"]
    return "", row[by] if by else ""


def _add(sums: dict[str, Any], row: dict[str, Any], turns: int = 1) -> None:
    def more(name: str, by: Any) -> None:
        sums[name] = sums.get(name, 0) + by

    more("turns", turns)
    for name in ("input", "cached", "output", "thinking"):
        more(name, row[name])
    for name in ("amount", "saved", "replay_saved"):
        if row[name] is not None:
            sums[name] = sums.get(name, Decimal(0)) + Decimal(row[name])
    if row["prices_as_of"]:
        sums["prices_as_of"] = min(sums.get("prices_as_of") or row["prices_as_of"], row["prices_as_of"])
    more("estimated", int(row["basis"] == "estimated" or row["derived"]))
    more("at_least", int(row["bound"] == "at_least"))
    for status in ("lost", "failed"):
        more(status, int(row["status"] == status))
    for basis in ("free", "plan", "unpriced", "replayed"):
        more(basis, turns * (row["basis"] == basis))


COLUMNS = tuple(flat(Entry(Receipt(id="", time="", provider="", model=""), Where("", "", ""))))

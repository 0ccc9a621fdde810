"""The ledger: every request that left has its row. Last step of a turn, and the guard before its first.

A turn appends `reserved` (its worst case) and later `settled` (what it cost), `released` (it never left) or `lost`
(its process died while the request was out). Nothing is changed afterwards. No key ever comes here.

A ledger that can't be used raises LedgerError. Before sending, the turn is refused: what can't be recorded can't be
guarded. After the answer came, the answer stays and only the row is missing; the turn's receipt has to say so.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from qwen_magics.context.layout import Part
from qwen_magics.ledger import budgets, owner, prompts, reports, saved, watch
from qwen_magics.ledger.ceilings import Ceiling, Scope, Standing, check, standings, utc
from qwen_magics.ledger.database import Database
from qwen_magics.ledger.owner import Owner
from qwen_magics.ledger.prompts import Prompt
from qwen_magics.values import Cost, Receipt

ANSWERS_CAP = 256_000_000  # bytes of saved answers; beyond, the oldest go


class Place(Protocol):
    """Where a turn was asked."""

    @property
    def notebook(self) -> str: ...  # noqa: D102
    @property
    def cell_id(self) -> str: ...  # noqa: D102
    @property
    def session(self) -> str: ...  # noqa: D102
    @property
    def execution(self) -> str: ...  # noqa: D102


class Ledger:
    """The ledger of this machine's data folder, shared by its kernels and servers. Opened at first use."""

    def __init__(self, path: Path, *, answers_cap: int = ANSWERS_CAP) -> None:
        self.path, self.answers_cap = Path(path), answers_cap
        self._file = Database(self.path)

    # --- one turn -----------------------------------------------------------------------------------------------------

    def reserve(
        self,
        receipt: Receipt,
        worst: Cost,
        place: Place,
        ceilings: Iterable[Ceiling] = (),
        *,
        unpriced: bool = False,
    ) -> None:
        """Set a turn's worst case aside, if it fits under every ceiling and every budget that is kept here: one
        transaction, alone on the machine. `unpriced`: it may go though no budget bounds it.

        Raises OverCeiling (its `room` says what would fit), GuardError and LedgerError; then nothing is reserved.
        """
        with self._file.write() as transaction:
            _allow(transaction, receipt, worst, place, ceilings, unpriced=unpriced)
            _append(transaction, "reserved", replace(receipt, cost=worst), place)
            transaction.execute(
                "insert into in_flight (turn, owner, receipt) values (?, ?, ?)",
                (receipt.id, _json(owner.me()), _json(receipt)),
            )

    def allow(
        self,
        receipt: Receipt,
        worst: Cost,
        place: Place,
        ceilings: Iterable[Ceiling] = (),
        *,
        unpriced: bool = False,
    ) -> None:
        """Whether `reserve` would do so now. Raises what it would raise, and sets nothing aside."""
        with self._file.write() as transaction:
            _allow(transaction, receipt, worst, place, ceilings, unpriced=unpriced)

    def left(self, turn: str) -> None:
        """The request is about to leave: should this process die, the turn counts as lost, at its worst case."""
        with self._file.write() as transaction:
            transaction.execute("update in_flight set sent = 1 where turn = ?", (turn,))

    def release(self, turn: str) -> None:
        """The request never left: its reservation goes."""
        with self._file.write() as transaction:
            _close(transaction, turn, "released")

    def settle(
        self,
        receipt: Receipt,
        place: Place,
        *,
        text: str = "",
        thinking: str = "",
        asked: str = "",
        layout: Sequence[Part] = (),
    ) -> None:
        """Record what a turn took and cost, in place of its reservation (if it had one), and save its answer.

        A turn settles once; settling again changes nothing. `asked` is what the question was, for finding it again;
        `layout` is what the prompt was made of, where the provider has read it.
        """
        with self._file.write() as transaction:
            if not _append(transaction, "settled", receipt, place):
                return
            transaction.execute("delete from in_flight where turn = ?", (receipt.id,))
            if text or thinking:
                _save_answer(transaction, receipt, place, asked, text, thinking)
                _keep_under(transaction, self.answers_cap)
            if layout:
                prompts.save(transaction, receipt, place.notebook, layout)

    def replayed(
        self, receipt: Receipt, place: Place, *, text: str = "", thinking: str = "", asked: str = "", answered: str = ""
    ) -> None:
        """Note that a saved answer was shown again: nothing left and nothing is spent.

        One that only the notebook had is saved too, as the answer of the turn `receipt.id`, given at `answered`.
        """
        with self._file.write() as transaction:
            _append(transaction, "settled", receipt, place)
            if text:
                then = replace(receipt, status="complete", time=answered or receipt.time)
                _save_answer(transaction, then, place, asked, text, thinking)
                _keep_under(transaction, self.answers_cap)

    def clear_up(self) -> None:
        """Settle what processes that have ended left behind, as lost or released. (Each `reserve` does so too.)"""
        with self._file.write() as transaction:
            _clear_up(transaction)

    # --- budgets ------------------------------------------------------------------------------------------------------

    def set_budget(self, scope: Scope, currency: str, amount: Decimal | None, notebook: str = "") -> None:
        """From now on at most this much per turn, day or month of this machine, or for one notebook; None: no limit.

        Every kernel obeys at its next turn.
        """
        with self._file.write() as transaction:
            budgets.save(transaction, scope, currency, amount, notebook)

    def budgets(
        self, notebook: str, ceilings: Iterable[Ceiling] = (), now: dt.datetime | None = None
    ) -> list[Standing]:
        """The given ceilings and the budgets kept here, with what is spent and reserved under each."""
        with self._file.write() as transaction:
            _clear_up(transaction)
            every = [*ceilings, *budgets.read(transaction, notebook)]
            return standings(transaction, every, now or dt.datetime.now(dt.UTC), notebook)

    # --- what was -----------------------------------------------------------------------------------------------------

    def spent(
        self, chosen: reports.Filter = reports.ALL, by: reports.By = "", tz: dt.tzinfo | None = None
    ) -> list[reports.Total]:
        """Totals per group and currency; days and months in `tz` (None: local)."""
        with self._file.read() as connection:
            return reports.spent(connection, chosen, by, tz)

    def turns(self) -> int:
        """How many turns it holds. Leaves no trace: a file that isn't there is not made, one that is stays as it is."""
        with self._file.look() as connection:
            return int(connection.execute("select count(*) from spent").fetchone()[0])

    def rows(self, chosen: reports.Filter = reports.ALL) -> list[reports.Entry]:
        """Every turn that left, oldest first."""
        with self._file.read() as connection:
            return reports.rows(connection, chosen)

    def in_flight(self) -> list[reports.Reservation]:
        """What is reserved right now."""
        self.clear_up()
        with self._file.read() as connection:
            return reports.in_flight(connection)

    def now(self, notebook: str, today: dt.datetime, last: int, known: int = -1) -> watch.Now | None:
        """Today's and a notebook's totals, the turns in flight and the last ones; None where it is still as `known`.

        Never waits for this process's other readers and writers, and makes no file.
        """
        if not self.path.exists():
            return watch.Now()
        with self._file.look() as connection:
            return None if watch.mark(connection) == known else watch.now(connection, notebook, today, last)

    def answers(self, notebook: str, cell_id: str | None = None, limit: int = 20) -> list[reports.Answer]:
        """Saved answers of a notebook or one of its cells, newest first."""
        with self._file.read() as connection:
            return reports.answers(connection, notebook, cell_id, limit)

    def prompts(
        self, notebook: str, provider: str = "", region: str | None = None, model: str = "", limit: int = prompts.KEPT
    ) -> list[Prompt]:
        """What the last prompts of a notebook were made of, newest first; of one provider, region and model, or any."""
        with self._file.read() as connection:
            return prompts.read(connection, notebook, provider, region, model, limit)

    def outputs(self, model: str, *, thinking: bool, last: int) -> list[tuple[int, int]]:
        """Tokens of output and of thinking of a model's last complete answers, newest first."""
        with self._file.read() as connection:
            return reports.outputs(connection, model, last, thinking=thinking)

    def known(self, request_hash: str) -> list[saved.Known]:
        """Where and when this very request was answered, oldest first."""
        with self._file.read() as connection:
            return saved.known(connection, request_hash)

    def words(self, turn: str) -> saved.Words | None:
        """What a turn answered."""
        with self._file.read() as connection:
            return saved.words(connection, turn)

    def has_sent(self, notebook: str, provider: str, region: str = "") -> bool:
        """Whether this notebook ever sent a request to this provider and region."""
        to = "notebook = ? and provider = ? and region = ? and status != 'replayed'"
        query = f"select 1 from spent where {to} limit 1"
        with self._file.read() as connection:
            return connection.execute(query, (notebook, provider, region)).fetchone() is not None

    def forget(self, *, notebook: str | None = None, before: dt.datetime | None = None, spend: bool = False) -> int:
        """Remove saved answers and what prompts were made of, with `spend` their turns' rows too; of one notebook, or
        older than, or all.

        What is removed can't be read from the file any more. Returns how many answers or rows went.
        """
        where, values = reports.Filter(notebook=notebook, until=before).sql()
        with self._file.write() as transaction:
            count = transaction.execute(f"delete from answers where {where}", values).rowcount
            transaction.execute(f"delete from prompts where {where}", values)
            if spend:
                still = "turn not in (select turn from in_flight)"
                count = transaction.execute(f"delete from entries where {still} and {where}", values).rowcount
        self._file.shred()
        return count

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()


# --- inside a transaction ---------------------------------------------------------------------------------------------


def _allow(
    transaction: sqlite3.Connection,
    receipt: Receipt,
    worst: Cost,
    place: Place,
    ceilings: Iterable[Ceiling],
    *,
    unpriced: bool,
) -> None:
    _clear_up(transaction)
    every = [*ceilings, *budgets.read(transaction, place.notebook)]
    check(transaction, every, worst, receipt, place.notebook, unpriced=unpriced)


def _append(transaction: sqlite3.Connection, kind: str, receipt: Receipt, place: Place) -> bool:
    """One more row; False where this turn has one of this kind already."""
    cost, usage = receipt.cost, receipt.usage
    money = cost.basis not in reports.NO_MONEY
    row: dict[str, Any] = {
        "kind": kind,
        "turn": receipt.id,
        "time": utc(dt.datetime.fromisoformat(receipt.time)),
        "notebook": place.notebook,
        "cell": place.cell_id,
        "session": place.session,
        "provider": receipt.provider,
        "region": receipt.region,
        "model": receipt.model,
        "status": receipt.status,
        "currency": cost.currency if money else "",
        "amount": _text(cost.amount) if money else None,
        "basis": cost.basis,
        "bound": cost.bound,
        "derived": int(cost.derived),
        "saved": _text(cost.cache_saved),
        "input": usage.input,
        "cached": usage.cached,
        "output": usage.output,
        "thinking": usage.thinking,
        "request_hash": receipt.request_hash,
        "receipt": _json(receipt) if kind in ("settled", "lost") else "",
    }
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    query = f"insert into entries ({columns}) values ({marks}) on conflict (turn, kind) do nothing"
    return transaction.execute(query, tuple(row.values())).rowcount == 1


def _clear_up(transaction: sqlite3.Connection) -> None:
    mine = _json(owner.me())
    now = dt.datetime.now(dt.UTC)
    found = transaction.execute("select turn, owner, receipt, sent from in_flight where owner != ?", (mine,)).fetchall()
    for turn, held_by, receipt_json, sent in found:
        receipt = msgspec.json.decode(receipt_json, type=Receipt)
        age = (now - dt.datetime.fromisoformat(receipt.time)).total_seconds()
        if owner.gone(msgspec.json.decode(held_by, type=Owner), age):
            _close(transaction, turn, "lost" if sent else "released")


def _close(transaction: sqlite3.Connection, turn: str, kind: str) -> None:
    """End a reservation as `lost`, which keeps its worst case as its cost, or as `released`, which costs nothing."""
    query = (
        "select e.notebook, e.cell, e.session, e.currency, e.amount, e.basis, e.derived, f.receipt"
        " from in_flight f join entries e on e.turn = f.turn and e.kind = 'reserved' where f.turn = ?"
    )
    found = transaction.execute(query, (turn,)).fetchone()
    if found is None:
        return
    notebook, cell, session, currency, amount, basis, derived, receipt_json = found
    receipt = msgspec.json.decode(receipt_json, type=Receipt)
    if kind == "lost":
        cost = Cost(basis=basis)
        if amount is not None:
            cost = Cost(amount=Decimal(amount), currency=currency, basis="estimated", derived=bool(derived))
        receipt = replace(receipt, status="lost", cost=cost, error="The process ended before the answer did.")
    _append(transaction, kind, receipt, reports.Where(notebook, cell, session))
    transaction.execute("delete from in_flight where turn = ?", (turn,))


def _save_answer(
    transaction: sqlite3.Connection, receipt: Receipt, place: Place, asked: str, text: str, thinking: str
) -> None:
    row: Mapping[str, Any] = {
        "turn": receipt.id,
        "time": utc(dt.datetime.fromisoformat(receipt.time)),
        "notebook": place.notebook,
        "cell": place.cell_id,
        "session": place.session,
        "execution": place.execution,
        "request_hash": receipt.request_hash,
        "model": receipt.model,
        "status": receipt.status,
        "asked": asked,
        "text": text,
        "thinking": thinking,
        "size": sum(len(part.encode("utf-8", "surrogatepass")) for part in (asked, text, thinking)),
    }
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    query = f"insert into answers ({columns}) values ({marks}) on conflict (turn) do nothing"
    transaction.execute(query, tuple(row.values()))


def _keep_under(transaction: sqlite3.Connection, cap: int) -> None:
    """Drop the oldest answers until the rest fits; their turns' rows stay."""
    (held,) = transaction.execute("select bytes from held").fetchone()
    if held <= cap:
        return
    for n in list(_oldest(transaction, held - cap)):
        transaction.execute("delete from answers where n = ?", (n,))


def _oldest(transaction: sqlite3.Connection, excess: int) -> Iterator[int]:
    for n, size in transaction.execute("select n, size from answers order by n"):
        yield n
        excess -= size
        if excess <= 0:
            return


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"

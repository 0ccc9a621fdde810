"""The ledger: every request that left has its row. Last step of a turn, and the guard before its first.

A turn appends `reserved` (its worst case) and later `settled` (what it cost), `released` (it never left) or `lost`
(its process died while the request was out). Nothing is changed afterwards. No key ever comes here.

A ledger that can't be used raises LedgerError. Before sending, the turn is refused: what can't be recorded can't be
guarded. After the answer came, the answer stays and only the row is missing; the turn's receipt has to say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from qwen_magics.context.layout import Part
from qwen_magics.ledger import budgets, entries, prompts, records, reports, saved, watch
from qwen_magics.ledger.ceilings import Ceiling, Scope, Standing, standings
from qwen_magics.ledger.database import Database
from qwen_magics.ledger.entries import Place
from qwen_magics.ledger.forms import newest
from qwen_magics.ledger.prompts import Prompt
from qwen_magics.ledger.schema import SCHEMAS
from qwen_magics.values import Cost, Receipt

ANSWERS_CAP = 256_000_000  # bytes of saved answers; beyond, the oldest go


class Ledger:
    """The ledger of this machine's data folder, shared by its kernels and servers. Opened at first use."""

    def __init__(self, path: Path, *, answers_cap: int = ANSWERS_CAP) -> None:
        self.path, self.answers_cap = Path(path), answers_cap
        self._file = Database(self.path, SCHEMAS, "ledger")

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
            entries.allow(transaction, receipt, worst, place, ceilings, unpriced=unpriced)
            entries.reserve(transaction, receipt, worst, place)

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
            entries.allow(transaction, receipt, worst, place, ceilings, unpriced=unpriced)

    def left(self, turn: str) -> None:
        """The request is about to leave: should this process die, the turn counts as lost, at its worst case."""
        with self._file.write() as transaction:
            transaction.execute("update in_flight set sent = 1 where turn = ?", (turn,))

    def release(self, turn: str) -> None:
        """The request never left: its reservation goes."""
        with self._file.write() as transaction:
            entries.close(transaction, turn, "released")

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
            if not entries.append(transaction, "settled", receipt, place):
                return
            transaction.execute("delete from in_flight where turn = ?", (receipt.id,))
            if text or thinking:
                saved.save(transaction, receipt, place, asked, text, thinking)
                saved.keep_under(transaction, self.answers_cap)
            if layout:
                prompts.save(transaction, receipt, place.notebook, layout)

    def replayed(
        self, receipt: Receipt, place: Place, *, text: str = "", thinking: str = "", asked: str = "", answered: str = ""
    ) -> None:
        """Note that a saved answer was shown again: nothing left and nothing is spent.

        One that only the notebook had is saved too, as the answer of the turn `receipt.id`, given at `answered`.
        """
        with self._file.write() as transaction:
            entries.append(transaction, "settled", receipt, place)
            if text:
                then = replace(receipt, status="complete", time=answered or receipt.time)
                saved.save(transaction, then, place, asked, text, thinking)
                saved.keep_under(transaction, self.answers_cap)

    def clear_up(self) -> None:
        """Settle what processes that have ended left behind, as lost or released. (Each `reserve` does so too.)"""
        with self._file.write() as transaction:
            entries.clear_up(transaction)

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
            entries.clear_up(transaction)
            every = [*ceilings, *budgets.read(transaction, notebook)]
            return standings(transaction, every, now or dt.datetime.now(dt.UTC), notebook)

    # --- what was -----------------------------------------------------------------------------------------------------

    def spent(
        self,
        chosen: records.Filter = records.ALL,
        by: reports.By = "",
        tz: dt.tzinfo | None = None,
        *,
        split: reports.By = "",
    ) -> list[reports.Total]:
        """Totals per group and currency; days and months in `tz` (None: local). `split` parts each group once more."""
        with self._file.read() as connection:
            return reports.spent(connection, chosen, by, tz, split)

    def turns(self) -> int:
        """How many turns it holds. Leaves no trace: a file that isn't there is not made, one that is stays as it is."""
        with self._file.look() as connection:
            return int(connection.execute("select count(*) from spent").fetchone()[0])

    def rows(self, chosen: records.Filter = records.ALL) -> list[records.Entry]:
        """Every turn that left, oldest first."""
        with self._file.read() as connection:
            return records.rows(connection, chosen)

    def last(self, limit: int) -> list[records.Entry]:
        """The turns that were recorded last, newest first."""
        with self._file.read() as connection:
            return records.last(connection, limit)

    def in_flight(self) -> list[records.Reservation]:
        """What is reserved right now."""
        self.clear_up()
        with self._file.read() as connection:
            return records.in_flight(connection)

    def now(self, notebook: str, today: dt.datetime, last: int, known: int = -1) -> watch.Now | None:
        """Today's and a notebook's totals, the turns in flight and the last ones; None where it is still as `known`.

        Never waits for this process's other readers and writers, and makes no file.
        """
        if not self.path.exists():
            return watch.Now()
        with self._file.look() as connection:
            return None if newest(connection) == known else watch.now(connection, notebook, today, last)

    def answers(self, notebook: str, cell_id: str | None = None, limit: int = 20) -> list[records.Answer]:
        """Saved answers of a notebook or one of its cells, newest first."""
        with self._file.read() as connection:
            return records.answers(connection, notebook, cell_id, limit)

    def prompts(
        self, notebook: str, provider: str = "", region: str | None = None, model: str = "", limit: int = prompts.KEPT
    ) -> list[Prompt]:
        """What the last prompts of a notebook were made of, newest first; of one provider, region and model, or any."""
        with self._file.read() as connection:
            return prompts.read(connection, notebook, provider, region, model, limit)

    def outputs(self, model: str, *, thinking: bool, last: int) -> list[tuple[int, int]]:
        """Tokens of output and of thinking of a model's last complete answers, newest first."""
        with self._file.read() as connection:
            return records.outputs(connection, model, last, thinking=thinking)

    def known(self, request_hash: str) -> list[saved.Known]:
        """Where and when this very request was answered, oldest first."""
        with self._file.read() as connection:
            return saved.known(connection, request_hash)

    def receipt(self, turn: str) -> Receipt | None:
        """What a turn took and cost, its worst case where it was lost; None where nothing left, or it is in flight."""
        with self._file.write() as transaction:
            entries.clear_up(transaction)
            return records.receipt(transaction, turn)

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
        where, values = records.Filter(notebook=notebook, until=before).sql()
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

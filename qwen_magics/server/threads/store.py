"""Keeps the sidebar's threads in SQLite: what was asked and answered, branches and all. Sends nothing, formats nothing.

Several servers may share the file. A turn that runs knows its process; where that is gone, the turn counts as lost with
what came. A deleted thread can be brought back for KEPT_DAYS.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from qwen_magics.errors import LedgerError
from qwen_magics.ledger.database import Database
from qwen_magics.ledger.forms import insert, utc
from qwen_magics.ledger.owner import Owner, gone, me
from qwen_magics.server.threads import entries, rows
from qwen_magics.server.threads.schema import SCHEMAS
from qwen_magics.server.threads.shapes import Said, Summary, Thread, Turn
from qwen_magics.server.threads.titles import tidy, title

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from qwen_magics.server.bodies import Problem, Question
    from qwen_magics.values import Receipt, Settled

FILE = "sidebar.sqlite"  # in the data folder
MOST = 1_000  # threads in a list
KEPT_DAYS = 30


class Threads:
    """Used from several threads of a process. `root`: the folder that notebooks' paths are relative to. `owner`: this
    process. `receipt`: what a turn cost whose end nobody saw, by the ledger.

    Everything here raises LedgerError where the file can't be used.
    """

    def __init__(
        self,
        path: Path,
        root: str = "",
        owner: Callable[[], Owner] = me,
        receipt: Callable[[str], Receipt | None] = lambda _: None,
    ) -> None:
        self._file = Database(Path(path), SCHEMAS, "threads file")
        self._root, self._owner, self._receipt = root, owner, receipt
        self._ends: dict[str, dict[str, str | None]] = {}  # of turns, which are not in the file yet

    # --- one turn -----------------------------------------------------------------------------------------------------

    def begin(self, turn: str, asked: Question, notebook: str = "", sent: str = "") -> str:
        """Note a turn that is about to be asked; returns its thread, a new one where it has none.

        `notebook`: its path; `sent`: the question as it goes. Raises UnknownThread.
        """
        now = entries.now()
        with self._file.write() as transaction:
            thread = asked.thread
            if thread:
                entries.known(transaction, thread, asked.parent)
            else:
                thread = entries.new(transaction, "", self._placed(notebook), now)
            row = {
                "id": turn,
                "thread": thread,
                "parent": asked.parent if asked.thread else "",
                "time": now,
                "question": asked.text,
                "asked": entries.text(sent),
                "chips": msgspec.json.encode(asked.chips).decode(),
                "owner": msgspec.json.encode(self._owner()).decode(),
            }
            insert(transaction, "turns", row, "id")
            named = "update threads set head = ?, title = coalesce(nullif(title, ''), ?) where id = ?"
            transaction.execute(named, (turn, title(asked.text), thread))
            entries.touch(transaction, thread, now)
        return thread

    def progress(self, turn: str, text: str, thinking: str = "") -> None:
        """What came until now."""
        with self._file.write() as transaction:
            query = "update turns set answer = ?, thinking = ? where id = ? and status = 'running'"
            transaction.execute(query, (entries.text(text), entries.text(thinking), turn))

    def end(
        self, turn: str, settled: Settled | None, problem: Problem | None, text: str = "", thinking: str = ""
    ) -> None:
        """What came of it; `text` and `thinking` are what came where it didn't settle.

        Where it can't be stored now (a full disk, a file that is held), `clear_up` tries again.
        """
        row = {
            "answer": entries.text(text if settled is None else settled.text),
            "thinking": entries.text(thinking if settled is None else settled.thinking),
            "status": _ending(settled, problem),
            "error": entries.problem(problem),
            **entries.money(None if settled is None else settled.receipt),
        }
        self._ends[turn] = row
        self._store_ends()

    def path(self, thread: str, turn: str) -> list[Said]:
        """The turns from the thread's beginning to `turn`."""
        with self._file.read() as connection:
            return rows.path(connection, thread, turn)

    def clear_up(self) -> None:
        """Turns whose process has ended become lost, with the text that was stored and what the ledger knows. Ends that
        could not be stored are. Threads that were deleted long ago go for good.
        """
        with suppress(LedgerError):  # who only reads is not kept from it
            self._store_ends()
        now = dt.datetime.now(dt.UTC)
        old = utc(now - dt.timedelta(days=KEPT_DAYS))
        with self._file.read() as connection:
            running = connection.execute("select id, owner, time from turns where status = 'running'").fetchall()
            dead = connection.execute("select id from threads where deleted != '' and deleted < ?", (old,)).fetchall()
        lost = {turn: self._known_cost(turn) for turn, owner, time in running if _gone(owner, time, now)}
        if not lost and not dead:
            return
        with self._file.write() as transaction:
            for turn, receipt in lost.items():
                still = "select 1 from turns where id = ? and status = 'running'"
                if transaction.execute(still, (turn,)).fetchone():  # its process may have come back
                    entries.finish(transaction, turn, {"status": "lost", **entries.money(receipt)})
            for (thread,) in dead:
                entries.purge(transaction, thread)

    def _store_ends(self) -> None:
        for turn, row in [*self._ends.items()]:
            with self._file.write() as transaction:
                entries.finish(transaction, turn, row)
            self._ends.pop(turn, None)

    def _known_cost(self, turn: str) -> Receipt | None:
        with suppress(LedgerError):
            return self._receipt(turn)
        return None

    # --- threads ------------------------------------------------------------------------------------------------------

    def listed(self, notebook: str | None = None, query: str = "") -> list[Summary]:
        """The last changed first; of one notebook ("": free ones), that hold all words of a query."""
        self.clear_up()
        with self._file.read() as connection:
            where, values = "deleted = ''", [] if notebook is None else [self._placed(notebook)]
            where += "" if notebook is None else " and notebook = ?"
            where += rows.holding(connection, query)
            return [self._shown(summary) for summary in rows.summaries(connection, where, values, MOST)]

    def get(self, thread: str) -> Thread:
        """A thread with all its turns. Raises UnknownThread."""
        return self.whole(thread)[0]

    def whole(self, thread: str) -> tuple[Thread, list[Turn]]:
        """The same, and its turns with what was sent."""
        self.clear_up()
        with self._file.read() as connection:
            head = entries.known(connection, thread)
            (summary,) = rows.summaries(connection, "id = ?", (thread,), 1)
            turns = rows.turns(connection, thread)
        fields = msgspec.structs.asdict(self._shown(summary))
        return Thread(**fields, head=head, turns_list=[turn.record() for turn in turns]), turns

    def create(self, title: str = "", notebook: str = "", turns: Sequence[Turn] = (), head: str = "") -> Thread:
        """A new thread, empty or with turns that were given before: these get ids of their own."""
        with self._file.write() as transaction:
            thread = entries.new(transaction, tidy(title), self._placed(notebook), entries.now())
            names = entries.add(transaction, thread, turns)
            transaction.execute("update threads set head = ? where id = ?", (names.get(head, ""), thread))
        return self.get(thread)

    def change(self, thread: str, title: str | None = None, head: str | None = None) -> Summary:
        """Another title, another branch on screen. Raises UnknownThread."""
        with self._file.write() as transaction:
            entries.known(transaction, thread, head or "")
            if title is not None and tidy(title):
                transaction.execute("update threads set title = ? where id = ?", (tidy(title), thread))
            if head is not None:
                transaction.execute("update threads set head = ? where id = ?", (head, thread))
            entries.touch(transaction, thread, entries.now() if title is not None else "")
            return self._one(transaction, thread)

    def delete(self, thread: str) -> None:
        """Put it aside; `restore` brings it back. Raises UnknownThread."""
        with self._file.write() as transaction:
            entries.known(transaction, thread)
            transaction.execute("update threads set deleted = ? where id = ?", (entries.now(), thread))
            entries.touch(transaction, thread)

    def restore(self, thread: str) -> Summary:
        """Bring a deleted one back; one that is there stays as it is. Raises UnknownThread."""
        with self._file.write() as transaction:
            query = "update threads set deleted = '', revision = revision + (deleted != '') where id = ?"
            if not transaction.execute(query, (thread,)).rowcount:
                raise entries.unknown()
            return self._one(transaction, thread)

    def moved(self, before: str, after: str) -> None:
        """A notebook, or a folder with notebooks, has another name now."""
        if not self._file.path.exists():
            return
        old, new = self._placed(before), self._placed(after)
        with self._file.write() as transaction:
            transaction.execute(
                "update threads set notebook = ?2 || substr(notebook, length(?1) + 1), revision = revision + 1"
                " where notebook = ?1 or substr(notebook, 1, length(?1) + 1) = ?1 || ?3",
                (old, new, os.sep),
            )

    def forget(self, *, notebook: str | None = None, before: dt.datetime | None = None) -> int:
        """Remove threads for good, so that they can't be read from the file any more: of one notebook, or last changed
        before, or all. Returns how many.
        """
        given = {"notebook = ?": notebook, "updated < ?": None if before is None else utc(before)}
        wanted = {condition: value for condition, value in given.items() if value is not None}
        with self._file.write() as transaction:
            where = " and ".join(wanted) or "1"
            found = transaction.execute(f"select id from threads where {where}", [*wanted.values()]).fetchall()
            for (thread,) in found:
                entries.purge(transaction, thread)
        self._file.shred()
        return len(found)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def _one(self, connection: sqlite3.Connection, thread: str) -> Summary:
        return self._shown(rows.summaries(connection, "id = ?", (thread,), 1)[0])

    def _placed(self, notebook: str) -> str:
        """A notebook's name in the file: the ledger's, so that servers with several roots may share it."""
        return str(Path(self._root).expanduser().absolute() / notebook) if notebook and self._root else notebook

    def _shown(self, summary: Summary) -> Summary:
        root, path = Path(self._root).expanduser().absolute(), Path(summary.notebook)
        if not self._root or not summary.notebook or not path.is_relative_to(root):
            return summary
        return msgspec.structs.replace(summary, notebook=path.relative_to(root).as_posix())


def _gone(owner: str, time: str, now: dt.datetime) -> bool:
    age = (now - dt.datetime.fromisoformat(time)).total_seconds()
    return not owner or gone(msgspec.json.decode(owner, type=Owner), age)


def _ending(settled: Settled | None, problem: Problem | None) -> str:
    if settled is not None:
        return "complete" if settled.receipt.status == "replayed" else settled.receipt.status
    return "stopped" if problem is not None and problem.kind == "Stopped" else "failed"

"""Keeps the sidebar's threads in SQLite: what was asked and answered, branches and all. Sends nothing, formats nothing.

Several servers may share the file. A turn that runs knows its process; where that is gone, the turn counts as lost with
what came. A deleted thread can be brought back for KEPT_DAYS.
"""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from qwen_magics.errors import UnknownThread
from qwen_magics.ledger.database import Database
from qwen_magics.ledger.forms import digits, insert, utc
from qwen_magics.ledger.owner import Owner, gone, me
from qwen_magics.ledger.records import NO_MONEY
from qwen_magics.server.threads import rows
from qwen_magics.server.threads.schema import SCHEMAS
from qwen_magics.server.threads.shapes import Said, Summary, Thread, Turn

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from qwen_magics.server.bodies import Problem, Question
    from qwen_magics.values import Receipt, Settled

MOST = 1_000  # threads in a list
KEPT_DAYS = 30
TITLE = 60  # characters of one that is taken from a question
LONGEST_TITLE = 200


class Threads:
    """Used from several threads of a process. `root`: the folder that notebooks' paths are relative to.

    Everything here raises LedgerError where the file can't be used.
    """

    def __init__(self, path: Path, root: str = "", owner: Callable[[], Owner] = me) -> None:
        self._file = Database(Path(path), SCHEMAS, "threads file")
        self._root, self._owner = root, owner
        self.path_of_file = Path(path)

    # --- one turn -----------------------------------------------------------------------------------------------------

    def begin(self, turn: str, asked: Question, notebook: str = "", sent: str = "") -> str:
        """Note a turn that is about to be asked; returns its thread, a new one where it has none.

        `notebook`: its path; `sent`: the question as it goes. Raises UnknownThread.
        """
        now = _now()
        with self._file.write() as transaction:
            thread = asked.thread
            if thread:
                _known(transaction, thread, asked.parent)
            else:
                thread = self._new(transaction, "", notebook, now)
            row = {
                "id": turn,
                "thread": thread,
                "parent": asked.parent,
                "time": now,
                "question": asked.text,
                "asked": sent,
                "chips": msgspec.json.encode(asked.chips).decode(),
                "owner": msgspec.json.encode(self._owner()).decode(),
            }
            insert(transaction, "turns", row, "id")
            transaction.execute(
                "update threads set head = ?, deleted = '', title = iif(title = '', ?, title) where id = ?",
                (turn, title(asked.text), thread),
            )
            _touch(transaction, thread, now)
        return thread

    def progress(self, turn: str, text: str, thinking: str = "") -> None:
        """What came until now."""
        with self._file.write() as transaction:
            query = "update turns set answer = ?, thinking = ? where id = ? and status = 'running'"
            transaction.execute(query, (_whole(text), _whole(thinking), turn))

    def end(
        self, turn: str, settled: Settled | None, problem: Problem | None, text: str = "", thinking: str = ""
    ) -> None:
        """What came of it; `text` and `thinking` are what came where it didn't settle."""
        receipt = settled.receipt if settled is not None else None
        row = {
            "answer": _whole(settled.text if settled is not None else text),
            "thinking": _whole(settled.thinking if settled is not None else thinking),
            "status": _ending(receipt, problem),
            "owner": "",
            "error": msgspec.json.encode(problem).decode() if problem is not None else None,
            **_money(receipt),
        }
        with self._file.write() as transaction:
            names = ", ".join(f"{name} = ?" for name in row)
            query = f"update turns set {names} where id = ? returning thread"
            found = transaction.execute(query, (*row.values(), turn))
            for (thread,) in found.fetchall():
                _touch(transaction, thread, _now())

    def path(self, thread: str, turn: str) -> list[Said]:
        """The turns from the thread's beginning to `turn`."""
        with self._file.read() as connection:
            return rows.path(connection, thread, turn)

    def clear_up(self) -> int:
        """Turns whose process has ended become lost, with the text that was stored; returns how many. Threads that were
        deleted long ago go for good.
        """
        now = dt.datetime.now(dt.UTC)
        with self._file.read() as connection:
            flying = "select id, thread, owner, time from turns where status = 'running'"
            running = connection.execute(flying).fetchall()
            old = utc(now - dt.timedelta(days=KEPT_DAYS))
            dead = connection.execute("select id from threads where deleted != '' and deleted < ?", (old,)).fetchall()
        lost = [(turn, thread) for turn, thread, owner, time in running if _gone(owner, time, now)]
        if lost or dead:
            with self._file.write() as transaction:
                for turn, thread in lost:
                    query = "update turns set status = 'lost', owner = '' where id = ? and status = 'running'"
                    if transaction.execute(query, (turn,)).rowcount:
                        _touch(transaction, thread, utc(now))
                for (thread,) in dead:
                    _purge(transaction, thread)
        return len(lost)

    # --- threads ------------------------------------------------------------------------------------------------------

    def listed(self, notebook: str | None = None, query: str = "") -> list[Summary]:
        """The last changed first; of one notebook ("": free ones), that hold all words of a query."""
        self.clear_up()
        with self._file.read() as connection:
            where, values = "deleted = ''", [] if notebook is None else [self._placed(notebook)]
            where += "" if notebook is None else " and notebook = ?"
            held = rows.holding(connection, query)
            if held is not None:
                where += " and id in (select value from json_each(?))"
                values.append(msgspec.json.encode(sorted(held)).decode())
            return [self._shown(summary) for summary in rows.summaries(connection, where, values, MOST)]

    def get(self, thread: str) -> Thread:
        """A thread with all its turns. Raises UnknownThread."""
        return self.whole(thread)[0]

    def whole(self, thread: str) -> tuple[Thread, list[Turn]]:
        """The same, and its turns with what was sent."""
        self.clear_up()
        with self._file.read() as connection:
            (head,) = _known(connection, thread)
            (summary,) = rows.summaries(connection, "id = ?", (thread,), 1)
            turns = rows.turns(connection, thread)
        fields = msgspec.structs.asdict(self._shown(summary))
        return Thread(**fields, head=head, turns_list=[turn.record() for turn in turns]), turns

    def create(self, title: str = "", notebook: str = "", turns: Sequence[Turn] = (), head: str = "") -> Thread:
        """A new thread, empty or with turns that were given before: these get ids of their own."""
        now = _now()
        with self._file.write() as transaction:
            thread = self._new(transaction, tidy(title), notebook, now)
            names = {turn.id: uuid.uuid4().hex for turn in turns}
            for turn in turns:
                insert(transaction, "turns", _row(turn, thread, names), "id")
            transaction.execute("update threads set head = ? where id = ?", (names.get(head, ""), thread))
        return self.get(thread)

    def change(self, thread: str, title: str | None = None, head: str | None = None) -> Summary:
        """Another title, another branch on screen. Raises UnknownThread."""
        with self._file.write() as transaction:
            _known(transaction, thread, head or "")
            if title is not None and tidy(title):
                transaction.execute("update threads set title = ? where id = ?", (tidy(title), thread))
            if head is not None:
                transaction.execute("update threads set head = ? where id = ?", (head, thread))
            _touch(transaction, thread, _now() if title is not None else "")
            return self._one(transaction, thread)

    def delete(self, thread: str) -> None:
        """Put it aside; `restore` brings it back. Raises UnknownThread."""
        with self._file.write() as transaction:
            _known(transaction, thread)
            transaction.execute("update threads set deleted = ? where id = ?", (_now(), thread))
            _touch(transaction, thread)

    def restore(self, thread: str) -> Summary:
        """Bring a deleted one back; one that is there stays as it is. Raises UnknownThread."""
        with self._file.write() as transaction:
            query = "update threads set deleted = '', revision = revision + (deleted != '') where id = ?"
            if not transaction.execute(query, (thread,)).rowcount:
                raise _unknown()
            return self._one(transaction, thread)

    def moved(self, before: str, after: str) -> None:
        """A notebook, or a folder with notebooks, has another name now."""
        old, new = self._placed(before), self._placed(after)
        with self._file.write() as transaction:
            transaction.execute(
                "update threads set notebook = ?2 || substr(notebook, length(?1) + 1), revision = revision + 1"
                " where notebook = ?1 or substr(notebook, 1, length(?1) + 1) = ?1 || '/'",
                (old, new),
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
                _purge(transaction, thread)
        self._file.shred()
        return len(found)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def _new(self, transaction: sqlite3.Connection, title: str, notebook: str, now: str) -> str:
        thread = uuid.uuid4().hex
        row = {"id": thread, "title": title, "notebook": self._placed(notebook), "created": now, "updated": now}
        insert(transaction, "threads", row, "id")
        return thread

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


def title(question: str) -> str:
    """A thread's title by its first question: the first line with words in it, cut between words."""
    lines = (tidy(line).lstrip("#> ") for line in question.splitlines() if not line.lstrip().startswith("```"))
    line = next((line for line in lines if line), "")
    if len(line) <= TITLE:
        return line
    cut = line[:TITLE].rpartition(" ")[0]
    return (cut if len(cut) > TITLE // 2 else line[: TITLE - 1]) + "…"


def tidy(title: str) -> str:
    """In one line, not too long."""
    return " ".join(title.split())[:LONGEST_TITLE]


def _whole(text: str) -> str:
    """Half a surrogate pair, which a stream may end in, can't be stored."""
    return text.encode("utf-8", "replace").decode()


def _now() -> str:
    return utc(dt.datetime.now(dt.UTC))


def _unknown() -> UnknownThread:
    return UnknownThread("This thread isn't there any more: it was deleted.", remedy="Begin a new one.")


def _known(connection: sqlite3.Connection, thread: str, turn: str = "") -> tuple[str]:
    """Its head. Raises UnknownThread where the thread isn't there, or the turn isn't in it."""
    found = connection.execute("select head from threads where id = ? and deleted = ''", (thread,)).fetchone()
    if found is None:
        raise _unknown()
    there = "select 1 from turns where id = ? and thread = ?"
    if turn and connection.execute(there, (turn, thread)).fetchone() is None:
        raise UnknownThread("The turn that this follows isn't in its thread.", remedy="Load the thread again.")
    return (found[0],)


def _touch(transaction: sqlite3.Connection, thread: str, now: str = "") -> None:
    query = "update threads set revision = revision + 1, updated = iif(?1 = '', updated, ?1) where id = ?2"
    transaction.execute(query, (now, thread))


def _purge(transaction: sqlite3.Connection, thread: str) -> None:
    transaction.execute("delete from turns where thread = ?", (thread,))
    transaction.execute("delete from threads where id = ?", (thread,))


def _gone(owner: str, time: str, now: dt.datetime) -> bool:
    age = (now - dt.datetime.fromisoformat(time)).total_seconds()
    return not owner or gone(msgspec.json.decode(owner, type=Owner), age)


def _ending(receipt: Receipt | None, problem: Problem | None) -> str:
    if receipt is not None:
        return "complete" if receipt.status == "replayed" else receipt.status
    return "stopped" if problem is not None and problem.kind == "Stopped" else "failed"


def _money(receipt: Receipt | None) -> dict[str, str | None]:
    """A receipt, and what sums need of it."""
    if receipt is None:
        return {"receipt": None, "currency": "", "amount": None, "bound": "exact"}
    cost = receipt.cost
    amount = None if cost.basis in NO_MONEY else digits(cost.amount)
    text = msgspec.json.encode(receipt).decode()
    return {"receipt": text, "currency": cost.currency, "amount": amount, "bound": cost.bound}


def _row(turn: Turn, thread: str, names: dict[str, str]) -> dict[str, str | None]:
    return {
        "id": names[turn.id],
        "thread": thread,
        "parent": names.get(turn.parent, ""),
        "time": turn.time,
        "question": turn.question,
        "asked": turn.asked,
        "chips": msgspec.json.encode(turn.chips).decode(),
        "answer": turn.answer,
        "thinking": turn.thinking,
        "status": "lost" if turn.status == "running" else turn.status,
        "error": msgspec.json.encode(turn.error).decode() if turn.error is not None else None,
        **_money(turn.receipt),
    }

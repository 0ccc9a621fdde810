"""The sidebar's threads, in SQLite in the data folder: what was asked and answered, branches and all."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from qwen_magics.server.bodies import Problem, Question
    from qwen_magics.values import Settled

SCHEMA = """
create table if not exists threads (id text primary key, title text, notebook text, created text, head text);
create table if not exists turns (id text primary key, thread text, parent text, time text, question text, asked text,
  answer text default '', thinking text default '', status text default 'running', receipt text, error text);
"""


class Said(Struct, frozen=True, kw_only=True):
    """One turn of a thread."""

    id: str
    parent: str
    question: str
    asked: str
    answer: str
    status: str


class Threads:
    """Used from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.executescript(SCHEMA)

    def begin(self, turn: str, asked: Question, notebook: str, sent: str) -> str:
        """Note a turn that is about to be asked; returns its thread, a new one where it has none."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._lock:
            thread = asked.thread or uuid.uuid4().hex
            self._file.execute(
                "insert or ignore into threads (id, title, notebook, created) values (?, ?, ?, ?)",
                (thread, asked.text[:60], notebook, now),
            )
            self._file.execute(
                "insert into turns (id, thread, parent, time, question, asked) values (?, ?, ?, ?, ?, ?)",
                (turn, thread, asked.parent, now, asked.text, sent),
            )
        return thread

    def end(self, turn: str, settled: Settled | None, problem: Problem | None, text: str) -> None:
        """What came of it."""
        with self._lock:
            self._file.execute(
                "update turns set answer = ?, thinking = ?, status = ?, receipt = ?, error = ? where id = ?",
                (
                    settled.text if settled else text,
                    settled.thinking if settled else "",
                    settled.receipt.status if settled else "failed",
                    msgspec.json.encode(settled.receipt).decode() if settled else None,
                    msgspec.json.encode(problem).decode() if problem else None,
                    turn,
                ),
            )

    def path(self, thread: str, turn: str) -> list[Said]:
        """The turns from the thread's beginning to `turn`."""
        found: list[Said] = []
        with self._lock:
            while turn:
                row = self._file.execute(
                    "select id, parent, question, asked, answer, status from turns where id = ? and thread = ?",
                    (turn, thread),
                ).fetchone()
                if row is None:
                    break
                said = Said(id=row[0], parent=row[1], question=row[2], asked=row[3], answer=row[4], status=row[5])
                found.insert(0, said)
                turn = said.parent
        return found

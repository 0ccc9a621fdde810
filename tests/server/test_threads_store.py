"""Threads in their file: trees, what a crash leaves, several servers at once, and who may read it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
from fakes.receipts import make, money
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from qwen_magics.errors import LedgerError, UnknownThread
from qwen_magics.ledger.owner import me
from qwen_magics.server.bodies import Chip, Problem, Question
from qwen_magics.server.threads import store
from qwen_magics.server.threads.store import Threads
from qwen_magics.server.threads.titles import title
from qwen_magics.values import Cost, Settled


@pytest.fixture
def threads(tmp_path: Path) -> Threads:
    return Threads(tmp_path / "data" / "sidebar.sqlite", "/home/ada")


def turn(threads: Threads, text: str, thread: str = "", parent: str = "", *, cost: Cost | None = None) -> str:
    """A question and its answer."""
    name = uuid.uuid4().hex
    threads.begin(name, Question(text=text, thread=thread, parent=parent), "", f"sent: {text}")
    threads.end(name, Settled(make(turn=name, cost=cost), f"On {text}"), None)
    return name


def only(threads: Threads) -> str:
    (summary,) = threads.listed()
    return summary.id


# --- trees ------------------------------------------------------------------------------------------------------------


def test_a_path_leaves_other_branches_out(threads: Threads) -> None:
    first = turn(threads, "one")
    thread = only(threads)
    second = turn(threads, "two", thread, first)
    other = turn(threads, "two again", thread, first)
    third = turn(threads, "three", thread, second)
    assert [said.question for said in threads.path(thread, third)] == ["one", "two", "three"]
    assert [said.asked for said in threads.path(thread, other)] == ["sent: one", "sent: two again"]
    assert threads.path(thread, "") == threads.path(thread, "0" * 32) == threads.path("0" * 32, third) == []


def test_costs_are_added_per_currency_and_say_when_more_may_be_billed(threads: Threads) -> None:
    first = turn(threads, "one", cost=money("0.0000001"))
    thread = only(threads)
    turn(threads, "two", thread, first, cost=money("0.2"))
    turn(threads, "three", thread, first, cost=replace(money("0.3", "CNY"), bound="at_least"))
    turn(threads, "four", thread, first, cost=Cost(basis="free"))
    turn(threads, "five", thread, first, cost=Cost(amount=Decimal(7), basis="replayed"))
    (summary,) = threads.listed()
    assert [(spend.currency, spend.amount, spend.bound) for spend in summary.cost] == [
        ("USD", Decimal("0.2000001"), "exact"),
        ("CNY", Decimal("0.3"), "at_least"),
    ]


@pytest.mark.parametrize(("thread", "parent"), [("0" * 32, ""), (None, "0" * 32)])
def test_what_follows_nothing_known_is_refused(threads: Threads, thread: str | None, parent: str) -> None:
    turn(threads, "one")
    here = only(threads) if thread is None else thread
    with pytest.raises(UnknownThread):
        threads.begin("b" * 32, Question(text="two", thread=here, parent=parent))
    with pytest.raises(UnknownThread):
        threads.change(here, head="0" * 32)
    assert [summary.turns for summary in threads.listed()] == [1]


class Trees(RuleBasedStateMachine):
    """Whatever is asked, branched, deleted and restored: nothing is lost, and every change is another revision."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.threads = Threads(Path(self.folder.name) / "sidebar.sqlite")
        self.known: dict[str, dict[str, str]] = {}  # thread → turn → parent
        self.deleted: set[str] = set()
        self.revisions: dict[str, int] = {}

    @rule(data=st.data(), text=st.text(st.characters(codec="utf-8"), min_size=1))
    def ask(self, data: st.DataObject, text: str) -> None:
        """In a new thread, or after any turn of one that is there."""
        there = [thread for thread in self.known if thread not in self.deleted]
        thread = data.draw(st.sampled_from(["", *there]))
        parent = data.draw(st.sampled_from(["", *self.known.get(thread, {})]))
        name = uuid.uuid4().hex
        chips = [Chip(kind="cell", name="x")]
        made = self.threads.begin(name, Question(text=text, thread=thread, parent=parent, chips=chips))
        self.known.setdefault(made, {})[name] = parent
        assert self.threads.listed()[0].running == name
        self.threads.end(name, Settled(make(turn=name), text), None)
        last = self.threads.get(made).turns_list[-1]
        assert (last.question, last.answer, last.chips) == (text, text, chips)
        self.grown(made)

    @rule(data=st.data())
    def delete_or_restore(self, data: st.DataObject) -> None:
        """Any thread."""
        if self.known:
            thread = data.draw(st.sampled_from([*self.known]))
            if thread in self.deleted:
                self.threads.restore(thread)
                self.deleted.discard(thread)
                self.grown(thread)
            else:
                self.threads.delete(thread)
                self.deleted.add(thread)

    def grown(self, thread: str) -> None:
        """Its revision has."""
        now = self.threads.get(thread).revision
        assert now > self.revisions.get(thread, 0)
        self.revisions[thread] = now

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every turn is where it was asked."""
        assert {summary.id for summary in self.threads.listed()} == self.known.keys() - self.deleted
        for thread in self.known.keys() - self.deleted:
            there = self.threads.get(thread)
            assert {one.id: one.parent for one in there.turns_list} == self.known[thread]
            assert [said.id for said in self.threads.path(thread, there.head)][-1] == there.head

    def teardown(self) -> None:
        """The file goes."""
        self.threads.close()
        self.folder.cleanup()


TestTrees = Trees.TestCase
TestTrees.settings = settings(max_examples=20, stateful_step_count=15)


# --- names, search, places --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Why?", "Why?"),
        ("\n\n  # Plot  the\tdata\nand more", "Plot the data"),
        ("```python\nx = 1\n```", "x = 1"),
        ("word " * 30, " ".join(["word"] * 12) + "…"),
        ("x" * 100, "x" * 59 + "…"),
        ("```", ""),
    ],
)
def test_a_thread_is_named_after_its_first_question(question: str, named: str) -> None:
    assert title(question) == named


def test_a_title_that_was_given_stays(threads: Threads) -> None:
    made = threads.create("Mine")
    turn(threads, "one", made.id)
    assert threads.get(made.id).title == "Mine"
    threads.change(made.id, title="Other\n title")
    assert threads.change(made.id, title="  ").title == "Other title"


@pytest.mark.parametrize(
    ("query", "found"),
    [("MONAD", 1), ("monade über", 1), ("ÜBER", 1), ("on monad", 1), ("单子", 1), ("%", 0), ("  ", 2)],
)
def test_a_search_finds_all_words_in_questions_and_answers(threads: Threads, query: str, found: int) -> None:
    turn(threads, "Monade über 单子?")
    turn(threads, "else")
    assert len(threads.listed(query=query)) == found


def test_servers_with_other_roots_share_the_file(tmp_path: Path) -> None:
    path, root = tmp_path / "sidebar.sqlite", tmp_path / "a"
    inner, outer = Threads(path, str(root)), Threads(path, str(tmp_path))
    other = Threads(path, "/elsewhere")
    inner.create("T", "b/n.ipynb")
    assert [thread.notebook for thread in inner.listed("b/n.ipynb")] == ["b/n.ipynb"]
    assert [thread.notebook for thread in outer.listed("a/b/n.ipynb")] == ["a/b/n.ipynb"]
    assert other.listed("b/n.ipynb") == []
    assert [thread.notebook for thread in other.listed()] == [str(root / "b" / "n.ipynb")]


def test_threads_go_along_with_notebooks_and_folders(threads: Threads) -> None:
    threads.moved("nothing", "yet")
    for name in ("a.ipynb", "x/a.ipynb", "x/y/a.ipynb", "xy/a.ipynb", ""):
        threads.create(name or "free", name)
    threads.moved("a.ipynb", "b.ipynb")
    threads.moved("x", "z/x")
    assert {thread.title: thread.notebook for thread in threads.listed()} == {
        "a.ipynb": "b.ipynb",
        "x/a.ipynb": "z/x/a.ipynb",
        "x/y/a.ipynb": "z/x/y/a.ipynb",
        "xy/a.ipynb": "xy/a.ipynb",
        "free": "",
    }


# --- what goes wrong --------------------------------------------------------------------------------------------------

DYING = """
import sys, time
from pathlib import Path
from qwen_magics.server.bodies import Question
from qwen_magics.server.threads.store import Threads

threads = Threads(Path(sys.argv[1]))
threads.begin("a" * 32, Question(text="Why?"))
threads.progress("a" * 32, "Because", "Well")
print("out", flush=True)
time.sleep(60)
"""


def test_a_turn_of_a_killed_server_is_lost_with_what_came_and_what_the_ledger_knows(tmp_path: Path) -> None:
    path = tmp_path / "sidebar.sqlite"
    lost = make("0.4", turn="a" * 32, status="lost")
    threads = Threads(path, receipt={lost.id: lost}.get)
    process = subprocess.Popen([sys.executable, "-c", DYING, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "out\n"
    thread = only(threads)
    assert [one.status for one in threads.get(thread).turns_list] == ["running"]
    process.kill()
    process.communicate()
    (kept,) = threads.get(thread).turns_list
    assert (kept.status, kept.answer, kept.thinking, kept.receipt) == ("lost", "Because", "Well", lost)
    (summary,) = threads.listed()
    assert (summary.running, summary.cost[0].amount) == ("", Decimal("0.4"))


def test_who_ends_a_lost_turn_after_all_is_believed(threads: Threads) -> None:
    """A machine slept; another server shares the file and took the turn for lost."""
    away = Threads(threads._file.path, owner=lambda: replace(me(), boot="earlier", pid=1))
    name = uuid.uuid4().hex
    away.begin(name, Question(text="Why?"))
    assert [one.status for one in threads.get(only(threads)).turns_list] == ["lost"]
    away.progress(name, "Bec")
    away.end(name, Settled(make("0.1", turn=name), "Because"), None)
    (kept,) = threads.get(only(threads)).turns_list
    assert (kept.status, kept.answer) == ("complete", "Because")


@pytest.mark.parametrize(("kind", "status"), [("Stopped", "stopped"), ("NetworkDown", "failed")])
def test_what_did_not_settle_keeps_what_came(threads: Threads, kind: str, status: str) -> None:
    name = uuid.uuid4().hex
    problem = Problem(kind=kind, message="It is so.", remedy="Ask again.")
    threads.begin(name, Question(text="Why?"))
    threads.end(name, None, problem, "half a pair: \ud83d", "hm")
    (kept,) = threads.get(only(threads)).turns_list
    assert (kept.status, kept.answer, kept.thinking, kept.error) == (status, "half a pair: ?", "hm", problem)


def test_ending_what_was_removed_meanwhile_changes_nothing(threads: Threads) -> None:
    name = uuid.uuid4().hex
    threads.begin(name, Question(text="Why?"))
    threads.forget()
    threads.progress(name, "Be")
    threads.end(name, Settled(make(turn=name), "Because"), None)
    assert threads.listed() == []


def test_a_deleted_thread_goes_for_good_after_some_time(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    turn(threads, "Why?")
    thread = only(threads)
    threads.delete(thread)
    threads.clear_up()
    assert threads.restore(thread).turns == 1
    threads.delete(thread)
    monkeypatch.setattr(store, "KEPT_DAYS", -1)
    threads.clear_up()
    with pytest.raises(UnknownThread):
        threads.restore(thread)


def test_two_servers_and_their_threads_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sidebar.sqlite"
    thread = Threads(path).create("T").id

    def many() -> None:
        own = Threads(path)
        for number in range(20):
            turn(own, f"{number}", thread)
        own.close()

    workers = [threading.Thread(target=many) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    there = Threads(path).get(thread)
    assert (there.turns, {one.status for one in there.turns_list}) == (80, {"complete"})
    assert there.revision == 1 + 2 * 80


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")
def test_only_its_owner_reads_the_file(threads: Threads) -> None:
    turn(threads, "Why?")
    folder = threads._file.path.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_a_file_that_is_none_is_named_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "sidebar.sqlite"
    path.write_bytes(b"not a database at all " * 100)
    with pytest.raises(LedgerError, match=r"The threads file .*sidebar.sqlite is no threads file, or damaged"):
        Threads(path).listed()
    assert path.read_bytes().startswith(b"not a database")


def test_a_newer_versions_file_is_read(threads: Threads) -> None:
    turn(threads, "Why?")
    threads.close()
    with sqlite3.connect(threads._file.path) as connection:
        connection.executescript("alter table turns add column later text; pragma user_version = 9;")
    turn(threads, "Why again?")
    assert len(threads.listed()) == 2
    assert sqlite3.connect(threads._file.path).execute("pragma user_version").fetchone() == (9,)

"""A turn's rows: reserved, settled, released, lost; saved answers; what stays and what goes."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import stat
import threading
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
from fakes.receipts import make, money

from qwen_magics.catalog import pricing
from qwen_magics.errors import LedgerError
from qwen_magics.ledger import Filter, Ledger, Where, database
from qwen_magics.values import Cost


def kinds(ledger: Ledger) -> list[tuple[str, str]]:
    with sqlite3.connect(ledger.path) as connection:
        return connection.execute("select turn, kind from entries order by n").fetchall()


def test_a_turn_is_reserved_at_its_worst_and_settled_at_its_cost(ledger: Ledger, here: Where):
    turn = make(turn="t")
    ledger.reserve(turn, money("0.10"), here)
    (reserved,) = ledger.in_flight()
    assert (reserved.turn, reserved.amount, reserved.currency, reserved.place) == ("t", Decimal("0.10"), "USD", here)
    assert ledger.rows() == []
    ledger.left("t")
    ledger.settle(make("0.0043008", turn="t"), here)
    assert ledger.in_flight() == []
    assert [total.amount for total in ledger.spent()] == [Decimal("0.0043008")]
    assert kinds(ledger) == [("t", "reserved"), ("t", "settled")]


def test_a_turn_that_never_left_costs_nothing_and_is_no_row_of_a_report(ledger: Ledger, here: Where):
    ledger.reserve(make(turn="t"), money("0.10"), here)
    ledger.release("t")
    assert (ledger.in_flight(), ledger.rows(), ledger.spent()) == ([], [], [])
    assert kinds(ledger) == [("t", "reserved"), ("t", "released")]


def test_failed_and_stopped_turns_have_their_rows(ledger: Ledger, here: Where):
    for status in ("failed", "stopped"):
        ledger.settle(make("0.001", status=status), here)
    assert [entry.receipt.status for entry in ledger.rows()] == ["failed", "stopped"]


def test_a_receipt_comes_back_as_it_was(ledger: Ledger, here: Where):
    receipt = make("0.00000005")
    ledger.settle(receipt, here)
    (entry,) = ledger.rows()
    assert (entry.receipt, entry.place) == (receipt, here)


def test_settling_twice_counts_once(ledger: Ledger, here: Where):
    ledger.settle(make("0.01", turn="t"), here, text="first")
    ledger.settle(make("0.02", turn="t"), here, text="second")
    assert [total.amount for total in ledger.spent()] == [Decimal("0.01")]
    assert [answer.text for answer in ledger.answers("a.ipynb")] == ["first"]


def test_rows_are_only_ever_appended(ledger: Ledger, here: Where):
    ledger.reserve(make(turn="t"), money("0.10"), here)
    with sqlite3.connect(ledger.path) as connection:
        before = connection.execute("select * from entries").fetchall()
    ledger.left("t")
    ledger.settle(make("0.01", turn="t"), here)
    with sqlite3.connect(ledger.path) as connection:
        assert connection.execute("select * from entries").fetchall()[: len(before)] == before


def test_money_is_text_and_added_exactly(ledger: Ledger, here: Where):
    for _ in range(30):
        ledger.settle(make("0.1"), here)
    assert ledger.spent()[0].amount == 3  # ten binary tenths aren't one
    with sqlite3.connect(ledger.path) as connection:
        assert {kind for (kind,) in connection.execute("select typeof(amount) from entries")} == {"text"}


def test_what_has_no_price_is_reserved_and_settled_without_money(ledger: Ledger, here: Where):
    for cost in (pricing.free(), pricing.plan(), pricing.unpriced()):
        turn = make(cost=cost)
        ledger.reserve(turn, cost, here)
        assert ledger.in_flight()[0].amount is None
        ledger.settle(turn, here)
    (total,) = ledger.spent()
    assert (total.currency, total.amount, total.turns) == ("", 0, 3)
    assert (total.free, total.plan, total.unpriced) == (1, 1, 1)


def test_looking_at_it_leaves_no_trace(ledger: Ledger, here: Where, tmp_path: Path):
    ledger.settle(make("0.01"), here)
    assert ledger.turns() == 1
    with pytest.raises(LedgerError):
        Ledger(tmp_path / "nowhere" / "ledger.sqlite").turns()
    assert not (tmp_path / "nowhere").exists()


# --- answers ----------------------------------------------------------------------------------------------------------


def test_the_answer_that_a_rerun_overwrote_comes_back(ledger: Ledger, here: Where):
    ledger.settle(make("0.01"), here, text="first", thinking="hm", asked="why?")
    ledger.settle(make("0.01", status="stopped"), here, text="second")
    ledger.settle(make("0.01"), Where("a.ipynb", "other", "s"), text="elsewhere")
    newest, before = ledger.answers("a.ipynb", "cell-1")
    assert (newest.text, newest.status) == ("second", "stopped")
    assert (before.text, before.thinking, before.asked) == ("first", "hm", "why?")
    assert ledger.answers("a.ipynb", "cell-1", limit=1) == [newest]
    assert [answer.text for answer in ledger.answers("a.ipynb")] == ["elsewhere", "second", "first"]


def test_over_the_cap_the_oldest_answers_go_and_every_row_stays(tmp_path: Path, here: Where):
    ledger = Ledger(tmp_path / "ledger.sqlite", answers_cap=1_000)
    for letter in "abcdef":
        ledger.settle(make("0.01"), here, text=letter * 300)
    assert [answer.text[0] for answer in ledger.answers("a.ipynb")] == ["f", "e", "d"]
    assert ledger.spent()[0].turns == 6


def test_the_cap_counts_bytes_not_characters(tmp_path: Path, here: Where):
    ledger = Ledger(tmp_path / "ledger.sqlite", answers_cap=1_000)
    for _ in range(2):
        ledger.settle(make("0.01"), here, text="谁" * 200)
    assert len(ledger.answers("a.ipynb")) == 1


def test_any_text_of_a_model_can_be_saved(ledger: Ledger, here: Where):
    text = "a\x00b 🐧 '); drop table entries; --"
    ledger.settle(make("0.01"), here, text=text)
    assert ledger.answers("a.ipynb")[0].text == text


def test_forgetting_takes_answers_out_of_the_file_and_leaves_what_was_spent(ledger: Ledger, here: Where):
    secret = "remember " + "me" * 3_000
    ledger.settle(make("0.01"), here, text=secret)
    ledger.settle(make("0.01"), Where("b.ipynb", "c", "s"), text="stays")
    assert ledger.forget(notebook="a.ipynb") == 1
    assert ledger.answers("a.ipynb") == []
    assert ledger.answers("b.ipynb")[0].text == "stays"
    assert ledger.spent()[0].turns == 2
    files = b"".join(path.read_bytes() for path in ledger.path.parent.iterdir())
    assert secret[:200].encode() not in files


def test_forgetting_what_was_spent_too_leaves_turns_in_flight(ledger: Ledger, here: Where):
    ledger.settle(make("0.01"), here, text="x")
    ledger.reserve(make(turn="t"), money("0.5"), here)
    assert ledger.forget(spend=True) == 1
    assert ledger.spent() == []
    assert [r.turn for r in ledger.in_flight()] == ["t"]


def test_forgetting_the_old_keeps_the_new(ledger: Ledger, here: Where):
    ledger.settle(make("0.01", time="2026-01-01T00:00:00+00:00"), here, text="old")
    ledger.settle(make("0.01", time="2026-11-01T00:00:00+00:00"), here, text="new")
    assert ledger.forget(before=dt.datetime(2026, 6, 1, tzinfo=dt.UTC)) == 1
    assert [answer.text for answer in ledger.answers("a.ipynb")] == ["new"]


def test_what_was_sent_where_is_known(ledger: Ledger, here: Where):
    assert not ledger.has_sent("a.ipynb", "alibaba", "singapore")
    ledger.settle(make("0.01"), here)
    assert ledger.has_sent("a.ipynb", "alibaba", "singapore")
    assert not ledger.has_sent("a.ipynb", "alibaba", "beijing")
    assert not ledger.has_sent("b.ipynb", "alibaba", "singapore")


# --- the file ---------------------------------------------------------------------------------------------------------


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path):
    Ledger(tmp_path / "data" / "ledger.sqlite").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_only_its_owner_can_read_it(ledger: Ledger, here: Where):
    old = os.umask(0)
    try:
        ledger.settle(make("0.01"), here)
    finally:
        os.umask(old)
    folder = ledger.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"), 0o600
    )


@pytest.mark.parametrize(("fstype", "mode"), [("ext4", "wal"), ("nfs4", "delete"), ("9p", "delete")])
def test_the_journal_suits_the_disk(
    tmp_path: Path, here: Where, monkeypatch: pytest.MonkeyPatch, fstype: str, mode: str
):
    mounts = [
        psutil._ntuples.sdiskpart("dev", place, kind, "rw") for place, kind in (("/", "x"), (str(tmp_path), fstype))
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounts)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.settle(make("0.01"), here)
    with sqlite3.connect(ledger.path) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == (mode,)
    assert ledger.spent()[0].turns == 1


def test_a_newer_versions_ledger_is_still_understood(ledger: Ledger, here: Where):
    ledger.settle(make("0.01"), here)
    ledger.close()
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("alter table entries add column colour text default 'blue'")
        connection.execute("pragma user_version = 99")
    ledger.settle(make("0.02"), here)
    assert ledger.spent()[0].amount == Decimal("0.03")


def test_several_threads_share_one_ledger(ledger: Ledger, here: Where):
    receipts = [make("0.01") for _ in range(40)]

    def work(mine: list) -> None:
        for receipt in mine:
            ledger.reserve(receipt, money("0.02"), here)
            ledger.settle(receipt, here)

    threads = [threading.Thread(target=work, args=(receipts[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.spent()[0].turns == 40


def test_an_error_inside_a_transaction_leaves_nothing_behind(ledger: Ledger, here: Where):
    turn = make(turn="t")
    ledger.reserve(turn, money("0.1"), here)
    with pytest.raises(LedgerError):
        ledger.reserve(turn, money("0.1"), here)  # the same turn a second time
    assert len(ledger.in_flight()) == 1
    ledger.settle(make("0.01", turn="t"), here)


# --- faults: each names the file and what to do -----------------------------------------------------------------------


def refused(ledger: Ledger, here: Where) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        ledger.reserve(make(), money("0.1"), here)
    assert str(ledger.path) in caught.value.message
    assert caught.value.remedy
    assert len(str(caught.value).splitlines()) == 2
    return caught.value


def test_a_folder_in_its_place(tmp_path: Path, here: Where):
    (tmp_path / "ledger.sqlite").mkdir()
    assert "can't be opened" in refused(Ledger(tmp_path / "ledger.sqlite"), here).message


def test_a_file_where_its_folder_should_be(tmp_path: Path, here: Where):
    (tmp_path / "data").write_text("")
    assert "data_dir" in refused(Ledger(tmp_path / "data" / "ledger.sqlite"), here).remedy


def test_a_file_that_is_no_ledger(tmp_path: Path, here: Where):
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database at all " * 100)
    error = refused(Ledger(tmp_path / "ledger.sqlite"), here)
    assert "is no ledger" in error.message
    assert "Rename it" in error.remedy


def test_a_damaged_ledger(ledger: Ledger, here: Where):
    for _ in range(50):
        ledger.settle(make("0.01"), here, text="x" * 2_000)
    ledger.close()
    whole = bytearray(ledger.path.read_bytes())
    whole[4_096:] = b"\xff" * (len(whole) - 4_096)
    ledger.path.write_bytes(whole)
    assert "damaged" in refused(ledger, here).message


def test_a_full_disk_loses_nothing_that_was_there(ledger: Ledger, here: Where):
    ledger.settle(make("0.01"), here)
    pages = ledger._file._open().execute("pragma page_count").fetchone()[0]
    ledger._file._open().execute(f"pragma max_page_count = {pages}")
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.settle(make("0.01"), here, text="x" * 100_000)
    assert ledger.spent()[0].turns == 1
    ledger._file._open().execute("pragma max_page_count = 100000")
    ledger.settle(make("0.01"), here, text="x" * 100_000)


def test_a_read_only_ledger_still_reports(ledger: Ledger, here: Where):
    ledger.settle(make("0.01"), here)
    ledger._file._open().execute("pragma query_only = on")
    assert "can't be written" in refused(ledger, here).message
    assert ledger.spent()[0].turns == 1


def test_a_ledger_that_another_process_holds(ledger: Ledger, here: Where, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    ledger.settle(make("0.01"), here)
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("begin immediate")
    assert "another process" in refused(ledger, here).message
    other.execute("rollback")
    ledger.settle(make("0.01"), here)


def test_no_row_of_the_ledger_holds_a_key(ledger: Ledger, here: Where):
    """Columns are the receipt's and the place's; there is nowhere for one to be."""
    ledger.settle(make("0.01", cost=Cost()), here, text="answer")
    with sqlite3.connect(ledger.path) as connection:
        columns = [row[1] for row in connection.execute("pragma table_info(entries)")]
        (receipt,) = connection.execute("select receipt from entries").fetchone()
    assert not {name for name in columns if "key" in name}
    assert not {name for name in json.loads(receipt) if "key" in name}
    assert ledger.rows(Filter(model="qwen3-max"))

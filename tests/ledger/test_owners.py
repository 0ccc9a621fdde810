"""Processes that end with a request out: real ones, killed; and the identities by which they are known."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from decimal import Decimal

import psutil
import pytest
from fakes.receipts import make, money
from msgspec.structs import replace

from qwen_magics.errors import OverCeiling
from qwen_magics.ledger import Ceiling, Ledger, Where, owner

DYING = """
import datetime as dt, os, signal, sys, time
from decimal import Decimal
from pathlib import Path
from qwen_magics.ledger import Ledger, Where
from qwen_magics.values import Cost, Receipt

ledger, place = Ledger(Path(sys.argv[1])), Where("a.ipynb", "cell", "dying")
for turn in ("left", "stayed"):
    receipt = Receipt(id=turn, time=dt.datetime.now(dt.UTC).isoformat(), provider="alibaba", model="qwen3-max")
    ledger.reserve(receipt, Cost(amount=Decimal("0.40"), basis="estimated"), place)
ledger.left("left")
if sys.argv[2] == "inside a transaction":
    ledger._file._open().execute("begin immediate")
print("out", flush=True)
time.sleep(60)
"""


def start(ledger: Ledger, how: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", DYING, str(ledger.path), how], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "out\n"
    return process


@pytest.mark.parametrize("how", ["", "inside a transaction"])
def test_a_killed_process_counts_as_lost_where_its_request_had_left_and_nothing_else(
    ledger: Ledger, here: Where, how: str
):
    process = start(ledger, how)
    if not how:
        assert [reservation.turn for reservation in ledger.in_flight()] == ["left", "stayed"]
    process.kill()
    process.communicate()
    assert ledger.in_flight() == []
    (entry,) = ledger.rows()
    assert (entry.receipt.id, entry.receipt.status, entry.receipt.cost.basis) == ("left", "lost", "estimated")
    assert entry.receipt.cost.amount == Decimal("0.40")
    assert entry.place.session == "dying"
    (total,) = ledger.spent()
    assert (total.lost, total.sign) == (1, "≈")


def test_a_lost_turn_counts_at_its_worst_case_under_a_ceiling(ledger: Ledger, here: Where):
    process = start(ledger)
    process.kill()
    process.communicate()
    ceiling = [Ceiling("day", "USD", Decimal("0.50"))]
    with pytest.raises(OverCeiling) as caught:
        ledger.reserve(make(), money("0.11"), here, ceiling)
    assert caught.value.room == Decimal("0.10")
    ledger.reserve(make(), money("0.10"), here, ceiling)


@pytest.mark.skipif(os.name == "nt", reason="no zombies there")
def test_a_zombie_is_gone(ledger: Ledger):
    process = start(ledger)
    os.kill(process.pid, signal.SIGKILL)
    psutil.Process(process.pid)  # not yet waited for: its entry is still in the table
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert ledger.in_flight() == []
    process.communicate()


def test_who_settles_after_all_is_believed(ledger: Ledger, here: Where):
    """A machine that slept for a day comes back: the true cost takes the place of the lost turn's worst case."""
    process = start(ledger)
    process.kill()
    process.communicate()
    ledger.clear_up()
    ledger.settle(make("0.01", turn="left"), here)
    (total,) = ledger.spent()
    assert (total.amount, total.lost, total.turns) == (Decimal("0.01"), 0, 1)


def test_this_process_and_its_parent_live_and_its_twin_of_another_start_does_not():
    mine = owner.me()
    assert not owner.gone(mine, 0)
    parent = psutil.Process(os.getppid())
    assert not owner.gone(replace(mine, pid=parent.pid, started=parent.create_time()), 0)
    assert owner.gone(replace(mine, pid=parent.pid, started=parent.create_time() - 60), 0)


def test_another_boot_ended_everything():
    assert owner.gone(replace(owner.me(), boot="earlier", pid=1), 0)


def test_another_hosts_process_is_believed_for_a_day():
    elsewhere = replace(owner.me(), host="elsewhere", pid=99_999_999)
    assert not owner.gone(elsewhere, 3_600)
    assert owner.gone(elsewhere, 25 * 3_600)


def test_another_hosts_old_reservation_is_settled_as_lost(ledger: Ledger, here: Where):
    old = dt.datetime.now(dt.UTC) - dt.timedelta(hours=30)
    turn = make(turn="t", time=old.isoformat())
    ledger.reserve(turn, money("0.3"), here)
    ledger.left("t")
    with sqlite3.connect(ledger.path) as connection:
        elsewhere = replace(owner.me(), host="elsewhere")
        import msgspec

        connection.execute("update in_flight set owner = ?", (msgspec.json.encode(elsewhere).decode(),))
    assert ledger.in_flight() == []
    assert ledger.rows()[0].receipt.status == "lost"


def fork_and_settle(ledger: Ledger, receipt: object, place: Where) -> None:
    ledger.reserve(receipt, money("0.1"), place)  # type: ignore[arg-type]
    ledger.settle(receipt, place)  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork there")
def test_a_forked_child_opens_the_ledger_anew(ledger: Ledger, here: Where):
    """multiprocessing in a cell must not share its parent's connection."""
    ledger.settle(make("0.01"), here)
    child = multiprocessing.get_context("fork").Process(target=fork_and_settle, args=(ledger, make("0.02"), here))
    child.start()
    child.join()
    assert child.exitcode == 0
    ledger.settle(make("0.03"), here)
    assert ledger.spent()[0].amount == Decimal("0.06")

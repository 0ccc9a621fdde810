"""Budgets kept in the ledger: who obeys them, what they can't bound, and files of the version that had none."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from fakes.receipts import make, money
from msgspec.structs import replace

from qwen_magics.catalog import pricing
from qwen_magics.errors import GuardError, OverCeiling
from qwen_magics.ledger import Ceiling, Ledger, Where
from qwen_magics.ledger.schema import SCHEMAS
from qwen_magics.values import Cost, Limits

ELSEWHERE = Where("b.ipynb", "c", "s")


def refused(ledger: Ledger, cost: Cost, here: Where, **more: object) -> GuardError:
    with pytest.raises(GuardError) as caught:
        ledger.reserve(make(), cost, here, **more)  # type: ignore[arg-type]
    assert "Nothing was sent." in caught.value.message
    assert caught.value.remedy
    assert ledger.in_flight() == []
    return caught.value


def test_another_kernel_obeys_at_its_next_turn(ledger: Ledger, here: Where):
    other = Ledger(ledger.path)
    other.reserve(make(turn="before"), money("3"), here)
    other.release("before")
    ledger.set_budget("day", "USD", Decimal(2))
    assert refused(other, money("3"), here).remedy == "%qwen_budget 4 USD/day"
    ledger.set_budget("day", "USD", Decimal(4))
    other.reserve(make(), money("3"), here)


def test_the_newest_holds_and_none_ends_it(ledger: Ledger, here: Where):
    ledger.set_budget("turn", "USD", Decimal("0.5"))
    ledger.set_budget("turn", "USD", Decimal("0.1"))
    refused(ledger, money("0.2"), here)
    ledger.set_budget("turn", "USD", None)
    ledger.reserve(make(), money("0.2"), here)
    assert ledger.budgets("a.ipynb") == []


def test_a_notebooks_budget_is_its_own_and_the_others_are_the_machines(ledger: Ledger, here: Where):
    ledger.set_budget("notebook", "USD", Decimal(1), here.notebook)
    ledger.set_budget("month", "USD", Decimal(3), here.notebook)
    refused(ledger, money("1.5"), here)
    ledger.reserve(make(turn="t"), money("1.5"), ELSEWHERE)
    assert [standing.ceiling.scope for standing in ledger.budgets("b.ipynb")] == ["month"]
    ledger.settle(make("1.5", turn="t"), ELSEWHERE)
    assert refused(ledger, money("1.6"), ELSEWHERE).remedy == "%qwen_budget 6 USD/month"


def test_the_smallest_of_all_holds_wherever_it_was_set(ledger: Ledger, here: Where):
    ledger.set_budget("day", "USD", Decimal(2))
    mine = [Ceiling("day", "USD", Decimal(1), "paste", "Qwen.budget_day", budget=True)]
    with pytest.raises(OverCeiling) as caught:
        ledger.reserve(make(), money("1.5"), here, mine)
    assert (caught.value.room, caught.value.remedy, caught.value.words) == (Decimal(1), "paste", "today's budget")
    with pytest.raises(OverCeiling) as caught:
        ledger.reserve(make(), money("2.5"), here, [replace(mine[0], amount=Decimal(9))])
    assert caught.value.room == Decimal(2)


def test_a_refusal_says_what_the_worst_case_counts_with(ledger: Ledger, here: Where):
    ledger.set_budget("day", "USD", Decimal("0.01"))
    with pytest.raises(OverCeiling) as caught:
        ledger.reserve(replace(make(), limits=Limits(1_024, 1_024)), money("0.0123"), here)
    assert str(caught.value) == (
        "This turn may cost up to 0.0123 USD with an answer of 1,024 tokens after 1,024 of thinking; at most 0.01 are "
        "allowed for today on this machine (%qwen_budget), 0 are spent or reserved: 0.0023 short. Nothing was sent.\n"
        "  %qwen_budget 0.02 USD/day"
    )


@pytest.mark.parametrize("cost", [pricing.unpriced(), replace(money("0.01"), bound="at_least")])
def test_what_no_budget_can_bound_needs_a_word(ledger: Ledger, here: Where, cost: Cost):
    ledger.set_budget("month", "USD", Decimal(5))
    error = refused(ledger, cost, here)
    assert "this month's budget can't bound it" in error.message
    assert "--unpriced" in error.remedy
    ledger.reserve(make(), cost, here, unpriced=True)


def test_a_turn_in_another_currency_needs_a_word_or_a_budget_of_its_own(ledger: Ledger, here: Where):
    ledger.set_budget("day", "USD", Decimal(5))
    error = refused(ledger, money("0.13", "CNY"), here)
    assert "Today's budget is in USD and can't bound this turn, which is priced in CNY" in error.message
    assert error.remedy == "Add --unpriced to let this one go, or: %qwen_budget 1.3 CNY/day"
    ledger.reserve(make(), money("0.13", "CNY"), here, unpriced=True)
    ledger.set_budget("notebook", "CNY", Decimal(5), here.notebook)
    assert len(ledger.in_flight()) == 1
    with pytest.raises(GuardError, match="Today's budget is in USD"):
        ledger.reserve(make(), money("0.13", "CNY"), here)  # the day's would be got round
    ledger.set_budget("day", "CNY", Decimal(5))
    with pytest.raises(GuardError, match="This notebook's budget is in CNY"):
        ledger.reserve(make(), money("0.13"), here)


@pytest.mark.parametrize("cost", [pricing.free(), pricing.plan()])
def test_what_is_free_or_paid_by_a_plan_goes_in_spite_of_budgets(ledger: Ledger, here: Where, cost: Cost):
    ledger.set_budget("day", "USD", Decimal(0))
    ledger.reserve(make(), cost, here)


def test_a_guard_rail_is_no_budget(ledger: Ledger, here: Where):
    ledger.reserve(make(), pricing.unpriced(), here, [Ceiling("day", "USD", Decimal(5))])
    ledger.reserve(make(), money("9", "CNY"), here, [Ceiling("day", "USD", Decimal(5))])


def test_how_they_stand(ledger: Ledger, here: Where):
    now = dt.datetime.now(dt.UTC)
    ledger.set_budget("day", "USD", Decimal(2))
    ledger.settle(make("0.4"), here)
    ledger.settle(make("0.2"), ELSEWHERE)
    ledger.reserve(make(), money("0.3"), here)
    given = [Ceiling("notebook", "USD", Decimal(1)), Ceiling("turn", "USD", Decimal("0.1"))]
    stands = [(s.ceiling.scope, s.spent, s.reserved, s.left) for s in ledger.budgets("a.ipynb", given, now)]
    assert stands == [
        ("notebook", Decimal("0.4"), Decimal("0.3"), Decimal("0.3")),
        ("turn", 0, 0, Decimal("0.1")),
        ("day", Decimal("0.6"), Decimal("0.3"), Decimal("1.1")),
    ]
    (tomorrow,) = ledger.budgets("a.ipynb", now=now + dt.timedelta(days=1))
    assert (tomorrow.spent, tomorrow.reserved) == (0, 0)


# --- files of the first version ---------------------------------------------------------------------------------------


def first_version(path: Path) -> None:
    """A ledger as the first version left it, with one turn settled and one in flight."""
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMAS[0] + "pragma user_version = 1;")
        old_turn(connection, "old")
    connection.close()


def old_turn(connection: sqlite3.Connection, turn: str) -> None:
    """A turn as the first version recorded it."""
    row = "(?, ?, ?, 'a.ipynb', 'c', 's', 'alibaba', '', 'm', '', 'USD', '0.5', 'computed', 'exact', 0, null"
    for kind in ("reserved", "settled"):
        connection.execute(
            "insert into entries (kind, turn, time, notebook, cell, session, provider, region, model, status, currency,"
            " amount, basis, bound, derived, saved, input, cached, output, thinking, request_hash, receipt)"
            f" values {row}, 0, 0, 0, 0, '', '')",
            (kind, turn, dt.datetime.now(dt.UTC).isoformat()),
        )
    connection.execute(
        "insert into answers (turn, time, notebook, cell, session, request_hash, model, status, asked, text, thinking,"
        " size) values (?, '2026-11-01', 'a.ipynb', 'c', 's', 'h', 'm', 'complete', 'why?', 'so', '', 6)",
        (turn,),
    )


def test_a_file_of_the_first_version_takes_budgets(ledger: Ledger, here: Where):
    first_version(ledger.path)
    assert ledger.turns() == 1  # looking changes nothing
    ledger.set_budget("day", "USD", Decimal(1))
    refused(ledger, money("0.6"), here)
    ledger.reserve(make(), money("0.5"), here)
    assert [answer.text for answer in ledger.answers("a.ipynb")] == ["so"]


def test_the_first_versions_programs_go_on_with_a_file_of_this_one(ledger: Ledger, here: Where):
    first_version(ledger.path)
    ledger.set_budget("day", "USD", Decimal("1.2"))
    with sqlite3.connect(ledger.path) as connection:
        old_turn(connection, "by the old program")
    (standing,) = ledger.budgets("a.ipynb")
    assert standing.spent == Decimal(1)
    assert refused(ledger, money("0.3"), here)
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("delete from entries")  # its `forget --spend`
    assert ledger.budgets("a.ipynb")[0].spent == 0


OPENS = """
import sys
from decimal import Decimal
from pathlib import Path
from qwen_magics.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
ledger.set_budget("day", "USD", Decimal(sys.argv[2]))
print(ledger.turns())
"""


def test_processes_that_bring_a_file_up_at_once_do_it_once(ledger: Ledger):
    first_version(ledger.path)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, str(ledger.path), str(n)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(1, 5)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in started] == ["1\n"] * 4
    with sqlite3.connect(ledger.path) as connection:
        assert connection.execute("pragma user_version").fetchone() == (len(SCHEMAS),)
        assert connection.execute("select count(*) from budgets").fetchone() == (4,)

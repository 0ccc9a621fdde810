"""What a turn must fit under: exact to the last digit, per day, month, notebook and turn, and with eight at once."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from fakes.receipts import make, money

from qwen_magics.catalog import pricing
from qwen_magics.errors import GuardError, OverCeiling
from qwen_magics.ledger import Ceiling, Ledger, Where, day_guard
from qwen_magics.values import Cost

DAY = [Ceiling("day", "USD", Decimal(5), "paste this")]


def local(text: str) -> str:
    """A local wall-clock time as a receipt's UTC."""
    return dt.datetime.fromisoformat(text).astimezone().astimezone(dt.UTC).isoformat()


def test_up_to_the_ceiling_and_not_a_digit_more(ledger: Ledger, here: Where):
    ledger.reserve(make(), money("4.9999999"), here, DAY)
    with pytest.raises(OverCeiling) as caught:
        ledger.reserve(make(), money("0.0000002"), here, DAY)
    assert caught.value.room == Decimal("0.0000001")
    ledger.reserve(make(), money("0.0000001"), here, DAY)
    assert len(ledger.in_flight()) == 2


def test_a_refusal_names_the_shortfall_and_the_line_to_paste(ledger: Ledger, here: Where):
    ledger.settle(make("4.95"), here)
    with pytest.raises(GuardError) as caught:
        ledger.reserve(make(), money("0.0617"), here, DAY)
    assert str(caught.value) == (
        "This turn may cost up to 0.0617 USD; at most 5 are allowed for today on this machine, 4.95 are spent or "
        "reserved: 0.0117 short. Nothing was sent.\n  paste this"
    )
    assert ledger.in_flight() == []


def test_settling_below_the_worst_case_gives_the_rest_back(ledger: Ledger, here: Where):
    turn = make(turn="t")
    ledger.reserve(turn, money("4"), here, DAY)
    with pytest.raises(OverCeiling):
        ledger.reserve(make(), money("2"), here, DAY)
    ledger.settle(make("0.5", turn="t"), here)
    ledger.reserve(make(), money("4.5"), here, DAY)


def test_a_released_reservation_gives_all_back(ledger: Ledger, here: Where):
    turn = make()
    ledger.reserve(turn, money("5"), here, DAY)
    ledger.release(turn.id)
    ledger.reserve(make(), money("5"), here, DAY)


def test_a_day_and_a_month_are_local(ledger: Ledger, here: Where):
    month = [Ceiling("month", "USD", Decimal(8))]
    ledger.settle(make("4", time=local("2026-10-31T23:59:59")), here)
    ledger.settle(make("4", time=local("2026-11-01T00:00:00")), here)
    tomorrow = make(time=local("2026-11-02T00:00:01"))
    today = make(time=local("2026-11-01T23:59:59"))
    with pytest.raises(OverCeiling, match="allowed for today"):
        ledger.reserve(today, money("1.01"), here, DAY)
    ledger.reserve(tomorrow, money("4"), here, [*DAY, *month])
    with pytest.raises(OverCeiling, match="allowed for this month"):
        ledger.reserve(make(time=local("2026-11-30T12:00:00")), money("0.01"), here, month)


def test_a_notebooks_ceiling_is_its_own_and_has_no_end(ledger: Ledger, here: Where):
    ceiling = [Ceiling("notebook", "USD", Decimal(1))]
    ledger.settle(make("0.9", time="2020-01-01T00:00:00+00:00"), here)
    with pytest.raises(OverCeiling, match="this notebook"):
        ledger.reserve(make(), money("0.2"), here, ceiling)
    ledger.reserve(make(), money("0.2"), Where("b.ipynb", "c", "s"), ceiling)


def test_a_turns_ceiling_looks_at_the_turn_alone(ledger: Ledger, here: Where):
    ceiling = [Ceiling("turn", "USD", Decimal("0.25"))]
    for _ in range(3):
        ledger.reserve(make(), money("0.25"), here, ceiling)
    with pytest.raises(OverCeiling, match="for a turn"):
        ledger.reserve(make(), money("0.2501"), here, ceiling)


def test_each_currency_has_its_own_ceiling(ledger: Ledger, here: Where):
    both = day_guard({"USD": Decimal(5), "CNY": Decimal(35)})
    ledger.settle(make("5"), here)
    ledger.reserve(make(), money("35", "CNY"), here, both)
    with pytest.raises(OverCeiling) as caught:
        ledger.reserve(make(), money("0.1", "CNY"), here, both)
    assert caught.value.remedy == '%config Qwen.guard_day = "70 CNY"'


def test_the_smallest_ceiling_holds(ledger: Ledger, here: Where):
    ceilings = [Ceiling("day", "USD", Decimal(5)), Ceiling("notebook", "USD", Decimal(1))]
    with pytest.raises(OverCeiling, match="this notebook"):
        ledger.reserve(make(), money("2"), here, ceilings)


@pytest.mark.parametrize("cost", [pricing.free(), pricing.plan(), pricing.unpriced()])
def test_what_costs_no_money_is_never_refused(ledger: Ledger, here: Where, cost: Cost):
    ledger.settle(make("9"), here)
    ledger.reserve(make(), cost, here, DAY)


BUYER = """
import datetime as dt, sys, time
from decimal import Decimal
from pathlib import Path
from qwen_magics.errors import OverCeiling
from qwen_magics.ledger import Ceiling, Ledger, Where
from qwen_magics.values import Cost, Receipt

path, name, go = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
ledger, place = Ledger(path), Where("a.ipynb", name, name)
ceilings = [Ceiling("day", "USD", Decimal(1))]
(go.parent / f"ready-{name}").touch()
while not go.exists():
    time.sleep(0.002)
refused = 0
for i in range(30):
    now = dt.datetime.now(dt.UTC).isoformat()
    receipt = Receipt(id=f"{name}-{i}", time=now, provider="alibaba", model="qwen3-max")
    try:
        ledger.reserve(receipt, Cost(amount=Decimal("0.02"), basis="estimated"), place, ceilings)
    except OverCeiling:
        refused += 1
        continue
    ledger.left(receipt.id)
    real = Cost(amount=Decimal("0.01") if i % 2 else Decimal("0.02"), basis="computed")
    settled = Receipt(id=receipt.id, time=now, provider="alibaba", model="qwen3-max", cost=real)
    ledger.settle(settled, place, text="answer")
print(refused)
"""


def test_eight_processes_at_once_end_at_or_under_the_ceiling(ledger: Ledger, tmp_path: Path):
    """240 turns of which some 70 fit: they open the ledger, reserve and settle in real processes, all at once."""
    go = tmp_path / "go"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", BUYER, str(ledger.path), str(n), str(go)], stdout=subprocess.PIPE, text=True
        )
        for n in range(8)
    ]
    while len(list(tmp_path.glob("ready-*"))) < 8:
        assert all(process.poll() is None for process in started)
        time.sleep(0.01)
    go.touch()
    refused = [int(process.communicate(timeout=120)[0]) for process in started]
    assert [process.returncode for process in started] == [0] * 8
    (total,) = ledger.spent()
    assert total.amount <= 1
    assert total.amount > Decimal("0.98")  # no room was left unused
    assert total.turns + sum(refused) == 240
    assert ledger.in_flight() == []

"""What the ledger tells: totals by anything, marks that say how sure they are, rows for files."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from fakes.receipts import make, money
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qwen_magics.catalog import pricing
from qwen_magics.ledger import By, Filter, Ledger, Where, flat
from qwen_magics.values import Cost, Receipt, Usage


@pytest.fixture
def busy(ledger: Ledger) -> Ledger:
    """Four turns in two notebooks, models and currencies, on two days of which UTC and Shanghai disagree."""
    usage = Usage(input=1_000, cached=600, output=50, thinking=10)
    a, b = Where("a.ipynb", "1", "s1"), Where("b.ipynb", "2", "s2")
    ledger.settle(make("0.01", time="2026-11-01T10:00:00+00:00", usage=usage), a)
    ledger.settle(make("0.02", time="2026-11-01T20:00:00+00:00", usage=usage, model="qwen-plus"), a)
    ledger.settle(make(cost=money("0.5", "CNY"), time="2026-11-02T10:00:00+00:00", usage=usage), b)
    ledger.settle(make(cost=pricing.unpriced(), time="2026-11-02T11:00:00+00:00", usage=usage), b)
    return ledger


def amounts(ledger: Ledger, by: By = "", chosen: Filter | None = None, tz: dt.tzinfo | None = dt.UTC):
    return [(t.group, t.currency, str(t.amount)) for t in ledger.spent(chosen or Filter(), by, tz)]


def test_currencies_are_never_added_and_no_price_is_no_zero(busy: Ledger):
    assert amounts(busy) == [("", "CNY", "0.5"), ("", "USD", "0.03"), ("", "", "0")]
    assert busy.spent()[-1].unpriced == 1


def test_tokens_add_up(busy: Ledger):
    total = busy.spent(Filter(notebook="a.ipynb"))[0]
    assert (total.turns, total.input, total.cached, total.output, total.thinking) == (2, 2_000, 1_200, 100, 20)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("model", [("qwen3-max", "CNY", "0.5"), ("qwen-plus", "USD", "0.02"), ("qwen3-max", "USD", "0.01")]),
        ("notebook", [("b.ipynb", "CNY", "0.5"), ("a.ipynb", "USD", "0.03")]),
        ("cell", [("2", "CNY", "0.5"), ("1", "USD", "0.03")]),
        ("session", [("s2", "CNY", "0.5"), ("s1", "USD", "0.03")]),
        ("provider", [("alibaba", "CNY", "0.5"), ("alibaba", "USD", "0.03")]),
        ("day", [("2026-11-01", "USD", "0.03"), ("2026-11-02", "CNY", "0.5")]),
        ("month", [("2026-11", "CNY", "0.5"), ("2026-11", "USD", "0.03")]),
    ],
)
def test_totals_by_anything(busy: Ledger, by: By, said: list[tuple[str, str, str]]):
    assert [row for row in amounts(busy, by) if row[1]] == said


def test_days_are_those_of_the_asked_time_zone(busy: Ledger):
    shanghai = dt.timezone(dt.timedelta(hours=8))
    days = [row[:2] for row in amounts(busy, "day", tz=shanghai) if row[1]]
    assert days == [("2026-11-01", "USD"), ("2026-11-02", "CNY"), ("2026-11-02", "USD")]


def test_a_span_begins_with_its_first_moment_and_ends_before_its_last(busy: Ledger):
    since, until = dt.datetime(2026, 11, 1, 10, tzinfo=dt.UTC), dt.datetime(2026, 11, 1, 20, tzinfo=dt.UTC)
    assert amounts(busy, chosen=Filter(since=since, until=until)) == [("", "USD", "0.01")]
    assert amounts(busy, chosen=Filter(session="s1", model="qwen-plus")) == [("", "USD", "0.02")]
    assert len(busy.rows(Filter(since=until))) == 3


def test_one_uncertain_turn_marks_its_total(ledger: Ledger, here: Where):
    ledger.settle(make("0.01"), here)
    assert ledger.spent()[0].sign == ""
    ledger.settle(make(cost=replace(money("0.01"), derived=True)), here)
    assert ledger.spent()[0].sign == "≈"
    ledger.settle(make(cost=Cost(amount=Decimal("0.01"), basis="estimated", bound="at_least"), status="stopped"), here)
    (total,) = ledger.spent()
    assert (total.sign, total.estimated, total.at_least, total.turns) == ("≥", 2, 1, 3)


def test_what_the_cache_saved_adds_up_net_of_its_writes(ledger: Ledger, here: Where):
    for saved in ("0.003", "-0.0005"):
        ledger.settle(make(cost=replace(money("0.01"), cache_saved=Decimal(saved))), here)
    assert ledger.spent()[0].saved == Decimal("0.0025")


def test_rows_go_into_a_csv_file_with_every_digit(busy: Ledger, here: Where):
    busy.settle(make("0.00000005", time="2026-11-03T00:00:00+00:00"), here)
    entries = [flat(entry) for entry in busy.rows()]
    out = io.StringIO()
    writer = csv.DictWriter(out, entries[0])
    writer.writeheader()
    writer.writerows(entries)
    read = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["amount"] for row in read] == ["0.01", "0.02", "0.5", "", "0.00000005"]
    assert sum(Decimal(row["amount"] or 0) for row in read if row["currency"] == "USD") == Decimal("0.03000005")


@settings(max_examples=25)
@given(st.lists(st.decimals(0, 100, places=12), min_size=1, max_size=12))
def test_any_amounts_add_up_to_the_last_digit(tmp_path_factory: pytest.TempPathFactory, costs: list[Decimal]):
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    for n, amount in enumerate(costs):
        cost = Cost(amount=amount, basis="computed")
        receipt = Receipt(id=str(n), time="2026-11-01T00:00:00+00:00", provider="p", model="m", cost=cost)
        ledger.settle(receipt, Where("n", "c", "s"))
    (total,) = ledger.spent()
    assert total.amount == sum(costs)
    ledger.close()

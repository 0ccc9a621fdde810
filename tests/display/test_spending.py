"""What was spent, as people read it: names, amounts, what is in no total, bars."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes.receipts import make, money
from msgspec.structs import replace

from qwen_magics.display import export, spending
from qwen_magics.display.table import width
from qwen_magics.ledger import By, Ledger, Total, Where, flat
from qwen_magics.ledger.records import COLUMNS
from qwen_magics.values import Cost, Tier, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = Tier(32_000), Tier(128_000, first=False, over=32_000, times=Decimal(2))
USAGE = Usage(input=30_000, cached=15_000, output=900, thinking=100)


def total(group: str = "a", currency: str = "USD", **fields: Any) -> Total:
    return Total(group=group, currency=currency, **({"turns": 1} | fields))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Two tiers, two models, two currencies, a replayed and a free turn, on three days."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    here, there = Where("/data/a.ipynb", "cell-1", "s" * 32), Where("/home/b.ipynb", "0123456789ab", "t" * 32)

    def settle(amount: str, tier: Tier, where: Where, day: str, currency: str = "USD", **fields: Any) -> None:
        cost = replace(
            money(amount, currency), tier=tier, prices_as_of=f"2026-{day[:2]}-01", cache_saved=Decimal("-0.001")
        )
        ledger.settle(make(cost=cost, time=f"2026-{day}T17:00:00+00:00", usage=USAGE, **fields), where)

    settle("0.01", FIRST, here, "10-31")
    settle("0.08", SECOND, here, "11-01")
    settle("0.02", FIRST, there, "11-03", model="qwen-plus")
    settle("0.5", SECOND, there, "11-03", "CNY")
    replayed = Cost(amount=Decimal(0), basis="replayed", replay_saved=Decimal("0.04"))
    ledger.settle(make(cost=replayed, status="replayed", time="2026-11-01T18:00:00+00:00"), here)
    ledger.settle(make(cost=Cost(basis="free"), model="local", time="2026-11-01T19:00:00+00:00"), here)
    yield ledger
    ledger.close()


def names(ledger: Ledger, by: By, **known: Any) -> list[str]:
    return [name for name, _ in spending.named(ledger.spent(by=by, tz=dt.UTC), by, **known)]


def test_a_tier_is_named_by_its_bounds_and_by_its_model_where_there_are_several(ledger: Ledger) -> None:
    assert names(ledger, "tier") == [
        "local, no price step",
        "qwen-plus, up to 32,000",
        "qwen3-max, no price step",
        "qwen3-max, up to 32,000",
        "qwen3-max, 32,000 to 128,000 ▲",
        "qwen3-max, 32,000 to 128,000 ▲",
    ]
    alone = [total("128000..", within="qwen3-max"), total("0..", within="qwen3-max")]
    assert [name for name, _ in spending.named(alone, "tier")] == ["over 128,000 ▲", "any length"]


def test_a_cell_is_named_by_its_question_where_it_is_at_hand(ledger: Ledger) -> None:
    cells = spending.cells(
        "/data/a.ipynb", [("", "# heading"), ("cell-1", "\n%%qwen --think\n\nwhy is Gentoo heavier?\n")]
    )
    assert set(names(ledger, "cell", cells=cells)) == {"#2 why is Gentoo heavier?", "b.ipynb 0123456789ab"}


def test_cells_of_other_notebooks_are_told_apart() -> None:
    here, there = "/x/one/quickstart.ipynb", "/x/two/quickstart.ipynb"
    found = [
        total("quickstart-04", within=here),
        total("quickstart-06", within=here),
        total("quickstart-04", within=there),
    ]
    assert [name for name, _ in spending.named(found, "cell")] == [
        "one/quickstart.ipynb quickstart-04",
        "one/quickstart.ipynb quickstart-06",
        "two/quickstart.ipynb quickstart-04",
    ]
    long = [total("0123456789abcdef" * 2, within=f"/x/{'n' * 60}.ipynb")]
    ((name, _),) = spending.named(long, "cell")
    assert name.endswith("nnn.ipynb 01234567")
    assert len(name) <= 40


def test_notebooks_and_sessions_are_named_as_shortly_as_can_be(ledger: Ledger) -> None:
    assert set(names(ledger, "notebook")) == {"a.ipynb", "b.ipynb"}
    assert set(names(ledger, "session", session="s" * 32)) == {"ssssssss, this one", "tttttttt"}
    alike = [total("/x/one/a.ipynb"), total("/x/two/a.ipynb")]
    assert [name for name, _ in spending.named(alike, "notebook")] == ["one/a.ipynb", "two/a.ipynb"]


def test_cells_of_copied_notebooks_are_never_added_up(ledger: Ledger) -> None:
    ledger.settle(make("0.3"), Where("/data/copy.ipynb", "cell-1", "s"))
    groups = [(one.within, one.group) for one in ledger.spent(by="cell") if one.group == "cell-1" and one.currency]
    assert sorted(groups) == [("/data/a.ipynb", "cell-1"), ("/data/copy.ipynb", "cell-1")]


def test_what_a_replay_saved_stands_in_the_currency_that_it_saved(ledger: Ledger) -> None:
    usd = next(one for one in ledger.spent() if one.currency == "USD")
    assert (usd.amount, usd.replay_saved, usd.replayed, usd.turns) == (Decimal("0.11"), Decimal("0.04"), 1, 4)
    assert usd.saved == Decimal("-0.003")


def test_a_table_ends_with_what_it_comes_to_in_each_currency(ledger: Ledger) -> None:
    table = spending.table(spending.named(ledger.spent(by="model"), "model"), "model", whole=ledger.spent())
    head = [column.name for column in table.columns]
    feet = [dict(zip(head, foot, strict=True)) for foot in table.feet]
    assert [(foot["spent"], foot["turns"], foot["in"]) for foot in feet] == [
        ("¥0.50", "1", "30,000"),
        ("$0.11", "4", "90,000"),
        ("free", "1", "0"),
    ]
    assert [foot["cached"] for foot in feet] == ["50 %", "50 %", ""]
    assert [(foot["cache saved"], foot["replay saved"]) for foot in feet[:2]] == [
        ("−¥0.0010", ""),
        ("−$0.0030", "$0.040"),
    ]
    rows = {(row[0], row[1]) for row in table.rows}
    assert rows == {("qwen3-max", "¥0.50"), ("qwen3-max", "$0.090"), ("qwen-plus", "$0.020"), ("local", "free")}


@pytest.mark.parametrize("room", [80, 50])
def test_a_terminal_has_room_for_it(ledger: Ledger, room: int) -> None:
    found = spending.named(ledger.spent(by="tier"), "tier")
    table = spending.table(found, "tier", whole=ledger.spent(), quiet=(spending.foot(ledger.spent()),))
    lines = spending.plain(table, room).split("\n")
    assert max(map(width, lines)) <= room
    assert any("32,000 to 128,000 ▲" in line and "$0.080" in line for line in lines)
    assert "qwen-plus" in lines  # heads its tiers


def test_a_group_of_several_kinds_without_money_is_not_called_by_one_of_them() -> None:
    mixed = total("x", "", turns=3, free=1, unpriced=2)
    assert spending.amount(mixed) == ""
    (row,) = spending.table([("x", mixed)], "").rows
    assert row[-1] == "1 free, 2 unpriced"
    assert spending.amount(total("x", "", unpriced=1)) == "unpriced"


def test_one_sentence_says_what_a_total_is_and_what_is_not_in_it(ledger: Ledger) -> None:
    assert spending.foot(ledger.spent()) == (
        "List prices of 2026-10-01 and later, this machine's turns only; not in it: free quota, promotions, tax, other"
        " machines."
    )
    more = [total(prices_as_of="2026-11-01", at_least=2), total("b", "", unpriced=3, plan=1, turns=4)]
    assert spending.foot(more, spending.FILES) == (
        "List prices of 2026-11-01, the receipts that stand in these files only; not in it: free quota, promotions,"
        " tax, turns without a receipt there, 3 unpriced turns, 1 turn paid by a plan; 2 turns may have cost more than"
        " is known (≥)."
    )
    assert spending.foot([]).startswith("List prices, this machine's turns only")


def test_days_stand_in_time_order_and_empty_ones_are_seen(ledger: Ledger) -> None:
    groups = spending.named(ledger.spent(by="day", tz=dt.UTC), "day")
    dollars = next(text for _, text in spending.charts(groups, "Spent by day", "day") if text.startswith("USD"))
    assert [line.split()[0] for line in dollars.split("\n")[1:]] == [
        "2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03"
    ]  # fmt: skip
    assert dollars.split("\n")[3] == "2026-11-02"


def test_currencies_have_charts_of_their_own(ledger: Ledger) -> None:
    groups = spending.named(ledger.spent(by="day", tz=dt.UTC), "day")
    drawn = spending.charts(groups, "Spent", "day")
    assert [html.count("<tr") for html, _ in drawn] == [4, 4]
    assert ["Spent, CNY" in drawn[0][0], "Spent, USD" in drawn[1][0]] == [True, True]


def test_groups_whose_names_were_shortened_alike_keep_bars_of_their_own() -> None:
    long = [("x" * 39 + "…", total(amount=Decimal(n))) for n in (1, 2)]
    ((_, text),) = spending.charts(long, "")
    assert [line.split()[-1] for line in text.split("\n")] == ["$1.00", "$2.00"]


def test_a_month_is_laid_beside_a_bill(ledger: Ledger) -> None:
    groups: dict[By, Any] = {by: spending.named(ledger.spent(by=by, tz=dt.UTC), by) for by in ("day", "model")}  # type: ignore[misc]
    shown = spending.statement(groups, ledger.spent(), "2026-11", "UTC")
    assert len(shown) == 4
    assert shown[0][1].startswith("day, UTC")
    assert "List prices" not in shown[0][1]
    assert "2026-11, UTC. List prices" in " ".join(shown[1][1].split())
    assert shown[2][1].count("\n") == 4  # days before the first that cost something and after the last are not drawn


# --- for programs -----------------------------------------------------------------------------------------------------


def test_the_columns_are_those_that_programs_rely_on() -> None:
    assert COLUMNS == (
        "time", "notebook", "cell", "session", "provider", "region", "scope", "model", "status", "finish_reason",
        "attempts", "input", "cached", "cache_write", "output", "thinking", "usage_estimated", "amount", "currency",
        "cost_basis", "cost_bound", "derived", "prices_as_of", "cache_saved", "first_token_s", "total_s", "request_id",
        "turn", "error", "tier_over", "tier_up_to", "replay_saved", "cache_kind",
    )  # fmt: skip


def test_rows_have_every_digit_and_utc_times(ledger: Ledger) -> None:
    east = make(cost=replace(money("0.00000005"), tier=SECOND), time="2026-11-05T01:00:00+08:00")
    ledger.settle(east, Where("n", "c", "s"))
    row = flat(ledger.rows()[-1])
    assert (row["amount"], row["time"], row["tier_over"]) == ("0.00000005", "2026-11-04T17:00:00.000Z", 32_000)
    text = export.as_csv([row])
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert ",0.00000005,USD," in text
    assert '"0.00000005"' in export.as_json({"totals": export.totals([total(amount=Decimal("5E-8"))])})

"""Run All played through: settings, options and what stands in a notebook's way, without a kernel, key or network."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from qwen_magics import catalog, settings
from qwen_magics.catalog import pricing
from qwen_magics.display import estimate as display
from qwen_magics.display.table import width
from qwen_magics.errors import GuardError, OptionError
from qwen_magics.ledger import Ledger
from qwen_magics.magics.estimate import check, limit
from qwen_magics.magics.run_all import RunAll
from qwen_magics.notebook.cells import Cell, Notebook, Output
from qwen_magics.values import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from qwen_magics.turn.estimate import Estimate

MD = "# Notes"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def estimate(ledger: Ledger, *sources: str | Cell, **metadata: Any) -> Estimate:
    """Cells by their sources; what begins with a hash sign is Markdown."""
    cells = [
        cell
        if isinstance(cell, Cell)
        else Cell(number=number, kind="markdown" if cell.startswith("# ") else "code", source=cell)
        for number, cell in enumerate(sources, 1)
    ]
    notebook = Notebook(cells=tuple(cells), origin="file", path="/n.ipynb", metadata={"qwen_magics": metadata})
    return RunAll(notebook, settings.load(), ledger).estimate()


def ran(number: int, source: str, text: str) -> Cell:
    return Cell(number=number, kind="code", source=source, execution_count=1, outputs=(Output("stream", text=text),))


def test_config_lines_change_the_cells_below_them(ledger: Ledger) -> None:
    found = estimate(
        ledger, "%%qwen\nWhy?", "%config Qwen.model = 'qwen-plus'", "%%qwen\nWhy?", "%%qwen -m qwen3-max\nWhy?"
    )
    assert [line.model for line in found.lines] == ["qwen3-max", "qwen-plus", "qwen3-max"]
    assert found.unknown == {}


def test_what_is_free_is_free_whatever_isnt_known(ledger: Ledger) -> None:
    found = estimate(ledger, "%config Qwen.provider = 'local'", "f()", "%%qwen\nWhy?")
    assert found.unknown == {"outputs that aren't saved": [2]}
    assert found.unbounded == {}
    check(found, limit("0.01"), allow_unknown=False)
    told = display.table(found).plain()
    assert "Expected ≈" not in told


def test_an_unknown_model_gets_a_near_name(ledger: Ledger) -> None:
    told = display.table(estimate(ledger, "%%qwen -m qwen3-mx\nWhy?")).plain()
    assert "Near it: qwen3-max" in " ".join(told.split())


def test_what_could_not_be_read_is_named_and_makes_the_rest_unknown(ledger: Ledger) -> None:
    found = estimate(ledger, "%config Qwen.model = name", "%%qwen\nWhy?")
    assert found.unknown == {"#1 sets what only running it tells: %config Qwen.model = name": []}


def test_options_are_honoured(ledger: Ledger) -> None:
    plain, short, alone, own, thinks = estimate(
        ledger,
        MD + " with some words in it",
        "%%qwen\nWhy?",
        "%%qwen --max-tokens 100 --context none\nWhy?",
        "%%qwen --context none\nWhy?",
        "%%qwen --context none --system be-brief\nWhy?",
        "%%qwen --context none --think=5000\nWhy?",
    ).lines
    worst = [line.cost.worst.amount or Decimal(0) for line in (short, alone, thinks) if line.cost]
    assert worst == sorted(worst)
    assert own.tokens < alone.tokens < plain.tokens
    row = catalog.price("qwen3-max", "alibaba", "international", "USD")
    model = catalog.find("qwen3-max")
    assert row
    assert worst[0] == pricing.worst_case(row, short.tokens, Limits(100), model).amount


def test_what_only_looks_asks_nothing(ledger: Ledger) -> None:
    assert estimate(ledger, "%%qwen --dry-run\nWhy?", "%qwen_context why?", MD).lines == ()


def test_a_cell_with_a_wrong_option_is_named_and_the_rest_is_counted(ledger: Ledger) -> None:
    found = estimate(ledger, "%%qwen --thnik\nWhy?", "%%qwen\nWhy?")
    assert "Did you mean --think?" in found.lines[0].fails
    assert found.lines[1].cost
    assert found.unknown == {"what a cell that fails would have asked": [1]}
    assert "Run All stops at #1" in display.table(found).plain()


@pytest.mark.parametrize(
    ("question", "metadata", "says"),
    [
        ("%%qwen --replay-only\nWhy?", {}, "--replay-only"),
        ("%%qwen\nWhy?", {"send": False}, "forbids sending"),
        ("%%qwen --without #9\nWhy?", {}, "--without #9"),
        ("%%qwen -m qwen3-mx -p alibaba --as json --think\nWhy?", {}, "JSON mode"),
        ("%%qwen {{ 1 + }}", {}, "is no Python expression"),
        ("%config Qwen.max_tokens = 'many'\n%qwen why", {}, "max_tokens"),
    ],
)
def test_what_will_fail_says_so(question: str, metadata: dict[str, Any], says: str, ledger: Ledger) -> None:
    lines = estimate(ledger, question, **metadata).lines
    assert says in "".join(line.fails for line in lines)
    assert ledger.rows() == []


def test_a_turn_that_needs_somebodys_word_stops_and_is_counted(ledger: Ledger) -> None:
    found = estimate(ledger, "%config Qwen.guard_turn = '0.000001 USD'", "%%qwen\nWhy?", "%%qwen --yes\nWhy?")
    stops, goes = found.lines
    assert "--yes" in stops.fails
    assert not goes.fails
    assert found.sums()[0].worst == sum(line.cost.worst.amount or 0 for line in found.lines if line.cost)


def test_outputs_that_are_not_saved_make_it_at_least(ledger: Ledger) -> None:
    """A cell that surely shows nothing, one that ran, and one that goes to nobody change nothing."""
    known = ("import pandas as pd\nx = 1", ran(2, "print(x)", "1\n"), "# qwen: skip\nprint(x)")
    assert [line.sure for line in estimate(ledger, *known, "%%qwen\nWhy?").lines] == ["exact"]
    found = estimate(ledger, *known, "print(x)", "%%qwen\nWhy?", "%%qwen --context none\nWhy?")
    assert [line.sure for line in found.lines] == ["at_least", "exact"]
    assert found.unknown == {"outputs that aren't saved": [4]}


def test_answers_not_given_yet_are_assumed_and_bounded(ledger: Ledger) -> None:
    first, second = estimate(ledger, "%%qwen\nWhy?", "%%qwen\nAnd why?").lines
    assert (first.sure, second.sure) == ("exact", "about")
    assert second.tokens > first.tokens + 900
    row = catalog.price("qwen3-max", "alibaba", "international", "USD")
    assert row
    assert second.cost
    longest = second.tokens - 1_000 + 8_192
    worst = pricing.worst_case(row, longest, Limits(8_192), catalog.find("qwen3-max")).amount
    assert second.cost.worst.amount == worst


def test_two_line_questions_of_a_cell_have_an_answer_each(ledger: Ledger) -> None:
    """The cell below sees both, as outputs."""
    one = estimate(ledger, "x = %qwen one", "%%qwen\nWhy?").lines[-1]
    two = estimate(ledger, "x = %qwen one\ny = %qwen two", "%%qwen\nWhy?").lines[-1]
    assert two.tokens > one.tokens + 900


def test_a_loop_that_never_ran_is_unknown(ledger: Ledger) -> None:
    found = estimate(ledger, "for x in y:\n    %qwen why")
    assert list(found.unknown) == ["asked in a loop or a function; counted once"]


def test_each_currency_has_its_sum_and_its_limit(ledger: Ledger) -> None:
    found = estimate(ledger, "%%qwen\nWhy?", "%config Qwen.region = 'beijing'", "%%qwen\nWhy?")
    assert [one.currency for one in found.sums()] == ["CNY", "USD"]
    with pytest.raises(OptionError, match="CNY and USD"):
        check(found, limit("1"), allow_unknown=False)
    with pytest.raises(GuardError, match="priced in CNY and USD, --max is in USD: nothing is converted"):
        check(found, limit("1 USD"), allow_unknown=False)
    check(found, limit("1 USD, 7 CNY"), allow_unknown=False)


def test_a_model_without_a_price_has_no_worst_case(ledger: Ledger) -> None:
    found = estimate(ledger, "%%qwen -m qwen-of-tomorrow\nWhy?")
    assert found.unknown == {"no price of qwen-of-tomorrow": [1]}
    with pytest.raises(GuardError, match="qwen-of-tomorrow"):
        check(found, limit("1"), allow_unknown=False)


def test_the_local_model_is_free_and_stays_asleep(ledger: Ledger) -> None:
    found = estimate(ledger, "%config Qwen.provider = 'local'", "%%qwen\nWhy?")
    check(found, limit("0"), allow_unknown=False)
    assert "free" in display.table(found).plain()
    assert found.sums() == []


def test_past_a_bound_the_table_says_what_that_costs(ledger: Ledger) -> None:
    words = " ".join(f"word{n}" for n in range(9_000))
    found = estimate(ledger, MD, f"# {words}", "%%qwen\nWhy?", "%%qwen --context none\nWhy?")
    table = display.table(found)
    dear, cheap = table.rows
    assert dear[1].startswith("▲")
    assert "over 32K" in dear[2]
    assert "▲" not in "".join(cheap)
    assert "double rate (#3)" in table.plain()


def test_the_table_keeps_to_eighty_columns(ledger: Ledger) -> None:
    question = "%%qwen\n这是什么意思？ " * 9
    found = estimate(ledger, "print(x)", *[question] * 3, "%%qwen --with x --oops\nWhy?")
    assert max(width(line) for line in display.table(found).plain().splitlines()) <= 80


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("1.00", {"": Decimal("1.00")}),
        ("1 USD", {"USD": Decimal(1)}),
        ("5CNY", {"CNY": Decimal(5)}),
        ("$2", {"USD": Decimal(2)}),
        ("1 USD, 7 CNY", {"USD": Decimal(1), "CNY": Decimal(7)}),
    ],
)
def test_a_limit_is_written_as_people_do(text: str, amounts: dict[str, Decimal]) -> None:
    assert limit(text) == amounts


@pytest.mark.parametrize("text", ["", "off", "-1", "much", "1 EUR", "nan"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="is no amount"):
        limit(text)

"""%qwen_budget and --budget in a real shell, with real turns: set, shown, kept to, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.provider import Answer
from fakes.shells import run
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

if TYPE_CHECKING:
    from fakes.provider import FakeProvider


def row(told: str, *words: str) -> list[str]:
    """The table's row that holds all these words, with the note beneath it."""
    (found,) = [
        line.split() for line in told.replace("\n    ", " ").splitlines() if all(word in line for word in words)
    ]
    return found


def test_without_any_it_shows_the_guard_rails_and_how_to_set_one(shell: InteractiveShell) -> None:
    told = run(shell, "%qwen_budget")
    assert row(told, "$5.00", "Qwen.guard_day")[:3] == ["today", "$5.00", "$0.00"]
    assert "¥35.00" in told
    assert "No budget is set; the guard rails above hold." in told
    assert "%qwen_budget 2 USD/day" in told


def test_where_not_even_a_guard_rail_is_set_none_is_said_to_hold(shell: InteractiveShell) -> None:
    run(shell, '%config Qwen.guard_turn = "off"')
    run(shell, '%config Qwen.guard_day = "off"')
    told = run(shell, "%qwen_budget")
    assert "No budget is set." in told
    assert "guard rails" not in told


def test_of_a_budget_of_nothing_all_is_gone(shell: InteractiveShell) -> None:
    told = run(shell, "%qwen_budget 0 USD/day")
    assert "▮▮▮▮▮▮▮▮ 100 %" in " ".join(row(told, "%qwen_budget", "▮"))


def test_it_is_set_kept_to_shown_and_taken_away(shell: InteractiveShell, provider: FakeProvider) -> None:
    told = run(shell, "%qwen_budget 0.06 USD/day")
    assert "From now on at most $0.06 for today" in told
    provider.always = lambda seen: Answer(
        usage={"prompt_tokens": 100, "completion_tokens": seen.body["max_tokens"], "total_tokens": 0}
    )
    assert "limit" not in run(shell, "%%qwen\nwhy?")
    assert "answer limit" in run(shell, "%%qwen\nand why?")
    assert provider.questions[1].body["max_tokens"] < 2_000
    assert "%qwen_budget 0.12 USD/day" in run(shell, "%%qwen\nreally?", fails=True)
    told = run(shell, "%qwen_budget")
    assert row(told, "%qwen_budget", "▮")[:3] == ["today", "$0.06", "$0.060"]
    assert "the smaller one holds" in " ".join(row(told, "Qwen.guard_day", "$5.00"))
    assert "No budget for today any more." in run(shell, "%qwen_budget off/day")
    run(shell, "%%qwen\nreally?")
    assert provider.questions[-1].body["max_tokens"] == 8_192
    assert "had set none" in run(shell, "%qwen_budget off/day")


def test_a_setting_cannot_be_raised_only_lowered(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, '%config Qwen.budget_day = "0.001 USD"')
    told = run(shell, "%qwen_budget $9/day")
    assert "the smaller one holds" in " ".join(row(told, "$9.00", "▯"))
    assert "the smaller one holds" not in " ".join(row(told, "Qwen.budget_day", "▯"))
    assert '%config Qwen.budget_day = "0.0' in run(shell, "%%qwen\nwhy?", fails=True)
    assert not provider.questions


def test_each_notebook_has_its_own(shell: InteractiveShell) -> None:
    run(shell, "%qwen_budget ¥10/notebook")
    run(shell, "%qwen_budget 20 usd / month")
    assert row(run(shell, "%qwen_budget"), "this notebook")[2] == "¥10.00"
    other = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    other.run_line_magic("load_ext", "qwen_magics")
    told = run(other, "%qwen_budget")
    assert "this notebook" not in told
    assert row(told, "this month")[2] == "$20.00"
    other.run_line_magic("unload_ext", "qwen_magics")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("2 USD", "it ends with one of /turn"),
        ("2 USD/week", "it ends with one of /turn"),
        ("two dollars/day", "two dollars is no amount of money"),
        ("-2 USD/day", "-2 USD is no amount of money"),
        ("2 EUR/day", "2 EUR is no amount of money in USD or CNY, with a decimal point"),
        ("0,5 USD/day", "0,5 USD is no amount of money in USD or CNY, with a decimal point"),
        ("/day", "nothing is no amount of money"),
        ("2/day", "in which currency?"),
    ],
)
def test_a_mistake_changes_nothing_and_names_the_form(shell: InteractiveShell, line: str, says: str) -> None:
    told = run(shell, f"%qwen_budget {line}", fails=True)
    assert says in told
    assert "Nothing was changed." in told
    assert "USD/day" in told
    assert "No budget is set; the guard rails above hold." in run(shell, "%qwen_budget")


@pytest.mark.parametrize("given", ["0.02", "0.02USD", "$0.02", '"0.02 USD"', "0.02usd"])
def test_a_call_may_have_a_budget_of_its_own(shell: InteractiveShell, provider: FakeProvider, given: str) -> None:
    assert "(--budget)" in run(shell, f"%%qwen --budget {given}\nwhy?")
    assert 1_024 < provider.questions[0].body["max_tokens"] < 3_400


def test_a_calls_budget_may_stand_apart_from_its_currency(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, "%%qwen --context none --budget 0.02 USD\nwhy?")
    assert provider.questions[0].prompt.endswith("<user>why?")
    assert "priced in USD" in run(shell, "%%qwen --budget 5 CNY\nwhy?", fails=True)
    run(shell, "%qwen --context none --budget 0.02 USDC is what?")
    assert provider.questions[1].prompt.endswith("<user>USDC is what?")


def test_a_calls_budget_that_is_none_or_too_small_sends_nothing(
    shell: InteractiveShell, provider: FakeProvider
) -> None:
    assert "that is no amount of money" in run(shell, "%%qwen --budget much\nwhy?", fails=True)
    assert "priced in USD" in run(shell, "%%qwen --budget ¥3\nwhy?", fails=True)
    told = run(shell, "%%qwen --budget 0.001\nwhy?", fails=True)
    assert "(--budget)" in told
    assert "--budget 0.00" in told
    assert not provider.questions


def test_a_model_without_a_price_needs_a_word(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, "%qwen_budget 2 USD/month")
    assert "--unpriced" in run(shell, "%%qwen -m qwen-of-tomorrow\nwhy?", fails=True)
    run(shell, "%%qwen -m qwen-of-tomorrow --unpriced\nwhy?")
    assert len(provider.questions) == 1


def test_the_context_says_beforehand_what_a_budget_would_do(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, "%qwen_budget 0.02 USD/turn")
    assert "It would go with less: answer limit" in run(shell, "%qwen_context why?")
    run(shell, "%qwen_budget 0.002 USD/turn")
    told = " ".join(run(shell, "%%qwen --dry-run\nwhy?").split())
    assert "It would be refused: This turn may cost up to" in told
    assert "%qwen_budget 0.0" in told
    assert not provider.questions

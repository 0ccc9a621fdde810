"""%qwen_context, %qwen_usage and %qwen_models in a real shell, after real turns with the fake provider."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from fakes.provider import Answer
from fakes.shells import run
from IPython.utils.capture import capture_output

from qwen_magics.ledger import GROUPS

if TYPE_CHECKING:
    from fakes.provider import FakeProvider
    from IPython.core.interactiveshell import InteractiveShell

USAGE = {
    "prompt_tokens": 2048,
    "completion_tokens": 512,
    "prompt_tokens_details": {"cached_tokens": 1280},
    "completion_tokens_details": {"reasoning_tokens": 128},
}


def test_the_context_of_a_question_adds_up_and_sends_nothing(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, "print('a table')")
    told = run(shell, "%qwen_context what is shown here?")
    items = re.findall(r"^(?!answer).*?  +([\d,]+)  +\$[\d.]+", told, re.MULTILINE)
    (total,) = re.findall(r"^([\d,]+) of 258,048", told, re.MULTILINE)
    assert len(items) >= 4
    assert sum(int(number.replace(",", "")) for number in items) == int(total)
    assert "Nothing was sent" in told
    assert provider.requests == []


def test_looking_needs_no_key(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    assert "qwen3-max" in run(shell, "%qwen_context why?")


def test_a_dry_run_shows_the_same_and_sends_nothing(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, "x = 1")
    assert run(shell, "%%qwen --dry-run\nwhy?").splitlines()[:4] == run(shell, "%qwen_context why?").splitlines()[:4]
    assert provider.requests == []


def test_usage_tells_what_was_spent_and_what_stands_here(shell: InteractiveShell, provider: FakeProvider) -> None:
    assert "Nothing was asked yet" in run(shell, "%qwen_usage")
    provider.enqueue(Answer(usage=USAGE), Answer(usage=USAGE))
    run(shell, "%%qwen\nwhy?")
    run(shell, "%%qwen -m qwen-plus\nwhy?")
    told = run(shell, "%qwen_usage")
    session = next(line.split() for line in told.splitlines() if line.startswith("this session"))
    assert session[2:5] == ["$0.0068", "2", "4,096"]  # qwen-plus bills an answer after thinking at 4 a million
    assert "Spent by model" not in told  # the bars' text needs no title
    assert "qwen-plus" in told
    assert "█" in told
    assert run(shell, "%qwen_usage --by day").count("\n") >= 2


def test_the_rows_come_as_a_data_frame_with_every_digit(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.enqueue(Answer(usage=USAGE))
    run(shell, "%%qwen\nwhy?")
    run(shell, "rows = %qwen_usage -o df")
    rows: Any = shell.user_ns["rows"]
    assert [Decimal(amount) for amount in rows["amount"]] == [Decimal("0.0043008")]


def test_the_rows_come_as_text_for_other_programs(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.enqueue(Answer(usage=USAGE))
    run(shell, "%%qwen\nwhy?")
    run(shell, "text = %qwen_usage -o csv\nobject = %qwen_usage -o json --by tier")
    (row,) = csv.DictReader(io.StringIO(str(shell.user_ns["text"])))
    assert (row["amount"], row["tier_up_to"]) == ("0.0043008", "32000")
    told = json.loads(str(shell.user_ns["object"]))
    assert [(total["group"], total["amount"]) for total in told["totals"]] == [("0..32000", "0.0043008")]
    assert len(told["turns"]) == 1


def test_a_month_can_be_laid_beside_a_bill(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.enqueue(Answer(usage=USAGE))
    run(shell, "%%qwen\nwhy?")
    month = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).strftime("%Y-%m")
    told = run(shell, f"%qwen_usage --month {month} --tz Asia/Shanghai")
    assert f"{month}, Asia/Shanghai. List prices of" in told
    assert "No turns in 2020-01, Asia/Shanghai" in run(shell, "%qwen_usage --month 2020-01 --tz Asia/Shanghai")
    run(shell, "%qwen_usage --tz Asia/Shanhai", fails=True)


@pytest.mark.parametrize("by", GROUPS)
def test_every_total_says_what_it_is(by: str, shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.enqueue(Answer(usage=USAGE))
    run(shell, "%%qwen\nwhy?")
    for told in (run(shell, f"%qwen_usage --by {by}"), run(shell, "%qwen_usage")):
        assert "this machine's turns only; not in it: free quota, promotions, tax" in " ".join(told.split())


def test_a_cell_is_called_by_its_number_and_question(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.enqueue(Answer(usage=USAGE))
    run(shell, "%%qwen\nwhy is Gentoo heavier?")
    assert "$0.0043" in run(shell, "%qwen_usage --by cell")


def test_a_terminal_has_one_text_in_place_of_the_live_view(shell: InteractiveShell, provider: FakeProvider) -> None:
    assert "Nothing was asked today" in run(shell, "%qwen_usage --live")
    provider.enqueue(Answer(usage=USAGE))
    run(shell, "%%qwen\nwhy?")
    told = run(shell, "%qwen_usage --live")
    assert "last turns" in told
    assert "Nothing is in flight." in told


def test_an_answer_that_a_rerun_overwrote_comes_back(shell: InteractiveShell, provider: FakeProvider) -> None:
    assert "No answer" in run(shell, "%qwen_usage --last")
    provider.enqueue(Answer(text=("the first answer",)), Answer(text=("the second answer",)))
    session = shell._qwen_magics_session  # type: ignore[attr-defined]
    for _ in range(2):  # a terminal has no cells that rerun: the ledger is told as a front end would have it
        run(shell, "%%qwen\nwhy?")
    with session.ledger._file.write() as transaction:
        transaction.execute("update answers set cell = 'the same cell'")
    told = run(shell, "%qwen_usage --last")
    assert "the first answer" in told
    assert "the second answer" not in told


def test_models_are_listed_with_their_prices(shell: InteractiveShell) -> None:
    told = run(shell, "%qwen_models qwen3-max")
    assert "258,048" in told
    assert "32,000" in told
    assert "1.2" in told
    everything = run(shell, "%qwen_models")
    assert "qwen3.8-max" in everything


def test_unloading_takes_the_magics_away(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "qwen_magics")
    with capture_output():
        assert not shell.run_cell("%qwen hello").success
    shell.run_line_magic("load_ext", "qwen_magics")

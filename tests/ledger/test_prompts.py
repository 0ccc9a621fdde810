"""What the ledger remembers of prompts: enough to tell what a cache may hold, and no word of theirs."""

from __future__ import annotations

import datetime as dt
import sqlite3

import pytest
from fakes.receipts import make
from msgspec.structs import replace

from qwen_magics.context.items import Item
from qwen_magics.context.layout import Part, layout
from qwen_magics.ledger import Ledger, Where

SECRET = "a sentence that nobody else should read"
LAYOUT = layout([Item(kind="cell", label="#1", text=SECRET), Item(kind="question", label="the question", text="Why?")])


def ask(ledger: Ledger, here: Where, turn: str, **changed: str) -> None:
    time = changed.pop("time", "")
    ledger.settle(replace(make(turn=turn, time=time), **changed), here, layout=LAYOUT)


def test_the_newest_come_first_as_they_were(ledger: Ledger, here: Where):
    ask(ledger, here, "one")
    ask(ledger, here, "two")
    assert [(prompt.turn, prompt.layout) for prompt in ledger.prompts("a.ipynb")] == [("two", LAYOUT), ("one", LAYOUT)]


def test_a_time_is_the_turns_start_in_utc(ledger: Ledger, here: Where):
    ask(ledger, here, "one", time="2026-11-20T10:00:00+08:00")
    (prompt,) = ledger.prompts("a.ipynb")
    assert dt.datetime.fromisoformat(prompt.time) == dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC)


def test_they_are_told_apart_by_provider_region_and_model(ledger: Ledger, here: Where):
    ask(ledger, here, "singapore", provider="alibaba", region="singapore", model="qwen3-max")
    ask(ledger, here, "beijing", provider="alibaba", region="beijing", model="qwen3-max")
    ask(ledger, here, "flash", provider="alibaba", region="singapore", model="qwen-flash")
    ask(ledger, here, "openrouter", provider="openrouter", region="", model="qwen3-max")
    turns = [prompt.turn for prompt in ledger.prompts("a.ipynb", "alibaba", "singapore", "qwen3-max")]
    assert turns == ["singapore"]
    assert [prompt.turn for prompt in ledger.prompts("a.ipynb", "openrouter", "", "qwen3-max")] == ["openrouter"]


def test_of_a_notebook_the_newest_eight_are_kept(ledger: Ledger, here: Where):
    ask(ledger, Where("b.ipynb", "cell", "session"), "another notebook's")
    for n in range(12):
        ask(ledger, here, str(n))
    assert [prompt.turn for prompt in ledger.prompts("a.ipynb", limit=100)] == [str(n) for n in range(11, 3, -1)]
    assert len(ledger.prompts("b.ipynb")) == 1


def test_a_turn_without_a_layout_leaves_none(ledger: Ledger, here: Where):
    ledger.settle(make(turn="failed", status="failed"), here)
    assert ledger.prompts("a.ipynb") == []


def test_no_word_of_a_prompt_is_in_the_file(ledger: Ledger, here: Where):
    ask(ledger, here, "one")
    assert SECRET.encode() not in ledger.path.read_bytes()


@pytest.mark.parametrize("one_notebook", [True, False])
def test_forgetting_answers_forgets_them(ledger: Ledger, here: Where, one_notebook: bool):
    ask(ledger, here, "one")
    ask(ledger, Where("b.ipynb", "cell", "session"), "two")
    ledger.forget(notebook="a.ipynb" if one_notebook else None)
    assert ledger.prompts("a.ipynb") == []
    assert len(ledger.prompts("b.ipynb")) == (1 if one_notebook else 0)


def test_a_layout_is_three_fields_a_part(ledger: Ledger, here: Where):
    ask(ledger, here, "one")
    with sqlite3.connect(ledger.path) as connection:
        (kept,) = connection.execute("select layout from prompts").fetchone()
    assert kept.startswith('[["#1","')
    assert isinstance(ledger.prompts("a.ipynb")[0].layout[0], Part)

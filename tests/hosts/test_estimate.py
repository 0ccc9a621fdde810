"""The price tag of Run All, laid beside Run All: what was said to be sent is what is sent, and it never costs more."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import nbformat
import notebooks
import pytest
from desk import environment
from fakes.provider import Answer, FakeProvider
from front_end import FrontEnd
from headless import Command
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from qwen_magics import tokens
from qwen_magics.ledger import Ledger
from qwen_magics.values import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes.provider import Seen

LOAD = "%load_ext qwen_magics"


class Priced:
    """A notebook in a file, a provider, and the two commands."""

    def __init__(self, home: Path, provider: FakeProvider) -> None:
        self.provider, self.path, self.env = provider, home / "notebook.ipynb", environment(home, provider)
        self.ledger = Ledger(home / "qwen" / "ledger.sqlite")

    def holds(self, notebook: nbformat.NotebookNode) -> None:
        """Save this notebook."""
        nbformat.write(notebook, self.path)

    def edit(self, old: str, new: str) -> None:
        """Give one cell another source."""
        notebook = nbformat.read(self.path, 4)
        (cell,) = [cell for cell in notebook.cells if cell.source == old]
        cell.source = new
        self.holds(notebook)

    def estimate(self, *args: str, code: int = 0, **variables: str) -> str:
        """What the command says; without key or network."""
        env = {name: value for name, value in self.env.items() if name not in ("DASHSCOPE_API_KEY", "HTTP_PROXY")}
        command = [sys.executable, "-m", "qwen_magics.app", "estimate", str(self.path), *args]
        done = subprocess.run(command, env=env | variables, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def turns(self) -> list[dict[str, Any]]:
        """The estimate's lines."""
        turns: list[dict[str, Any]] = json.loads(self.estimate("--json"))["turns"]
        return turns

    def run(self) -> list[Seen]:
        """Run All in a new kernel; what left."""
        before = len(self.provider.requests)
        Command(None, self.path, self.env).run()
        return self.provider.requests[before:]

    def costs(self) -> list[Decimal]:
        """What each turn cost, by the ledger."""
        return [entry.receipt.cost.amount or Decimal(0) for entry in self.ledger.rows()]


@pytest.fixture
def priced(tmp_path: Path) -> Iterator[Priced]:
    with FakeProvider() as provider:
        provider.always = notebooks.reply
        yield Priced(tmp_path, provider)


def counted(seen: Seen) -> int:
    """The prompt's tokens, counted from the bytes that arrived."""
    said = [Message(message["role"], message["content"]) for message in seen.body["messages"]]
    return tokens.count_messages(said, thinking=seen.body["enable_thinking"], thinking_model=True)


def test_what_is_estimated_is_what_is_sent_and_then_it_replays(priced: Priced) -> None:
    """A notebook with all that a cell can show. Once it ran everything is known, and nothing is asked any more."""
    priced.holds(notebooks.whole())
    assert {turn["input_is"] for turn in priced.turns()} == {"at_least"}
    sent = priced.run()
    turns = priced.turns()
    assert [turn["input"] for turn in turns] == [counted(seen) for seen in sent]
    assert all(turn["replays"] and turn["input_is"] == "exact" for turn in turns)
    assert [Decimal(turn["saves"]) for turn in turns] == priced.costs()
    assert "costs nothing" in priced.estimate("--max", "0")
    assert priced.run() == []


def test_an_edited_cell_breaks_the_chain_where_it_stands(priced: Priced) -> None:
    priced.holds(notebooks.whole())
    priced.run()
    priced.edit("df.mass_g.mean()", "df.mass_g.median()")
    found = json.loads(priced.estimate("--json"))
    kept = [turn["replays"] for turn in found["turns"]]
    assert kept == [True, True, True, False, False]
    assert found["chain_breaks_at"] == found["turns"][3]["cell"]
    assert [turn["input_is"] for turn in found["turns"][3:]] == ["exact", "about"]
    sent = priced.run()
    assert [counted(seen) for seen in sent[:1]] == [turn["input"] for turn in found["turns"][3:4]]
    assert len(sent) == 2


def test_a_config_line_holds_over_an_option_and_a_stripped_expression_is_not_called_changed(priced: Priced) -> None:
    line = "%config Qwen.model = 'qwen-plus'"
    cells = [LOAD, "x = 3", line, "%%qwen\nWhy {{ x }}?"]
    priced.holds(new_notebook(cells=[new_code_cell(source) for source in cells]))
    assert "#3 sets Qwen.model to qwen-plus" in priced.estimate("-m", "qwen3-max")
    priced.run()
    strip = [sys.executable, "-m", "qwen_magics.app", "strip", str(priced.path)]
    subprocess.run(strip, env=priced.env, check=True, capture_output=True)
    told = " ".join(priced.estimate().split())
    assert "#4 may break the chain of saved answers: what {{ }} holds isn't known: run it to see" in told
    assert priced.run() == []


def test_a_value_that_was_refused_is_not_estimated_with(priced: Priced) -> None:
    cells = [LOAD, "%config Qwen.trim = 'of'", "%qwen_estimate"]
    with FrontEnd(new_notebook(cells=[new_code_cell(source) for source in cells]), priced.path, priced.env) as lab:
        lab.run_cell(0)
        lab.run_cell(1)
        told = lab.run_cell(2).text
    assert "#2 fails" in told


def test_where_only_the_model_is_another_that_is_the_reason(priced: Priced) -> None:
    """Also where the notebook is stripped of its receipts: the ledger has them."""
    priced.holds(new_notebook(cells=[new_code_cell(source) for source in (LOAD, "%%qwen\nWhy?")]))
    priced.run()
    assert "#2 breaks the chain of saved answers: another model answered then." in priced.estimate("-m", "qwen-plus")
    strip = [sys.executable, "-m", "qwen_magics.app", "strip", str(priced.path)]
    subprocess.run(strip, env=priced.env, check=True, capture_output=True)
    assert "another model answered then" in priced.estimate("-m", "qwen-plus")
    assert priced.turns()[0]["replays"]


def test_a_loop_is_taken_as_it_was_saved(priced: Priced) -> None:
    """As often as it asked, with what its expressions held; in a cell that was changed since nobody knows."""
    loop = "for n in range(3):\n    %qwen --context none a word that begins with {{ 'abc'[n] }}"
    twice = "one = %qwen one word\ntwo = %qwen another word"
    cells = [LOAD, loop, twice, "%%qwen\nAnd all of these together?"]
    priced.holds(new_notebook(cells=[new_code_cell(source) for source in cells]))
    assert "what {{ }} holds" in priced.estimate()
    sent = priced.run()
    assert [turn["input"] for turn in priced.turns()] == [counted(seen) for seen in sent]
    assert all(turn["replays"] for turn in priced.turns())
    assert priced.run() == []
    priced.edit(loop, loop.replace("range(3)", "range(4)"))
    assert "in a loop or a function" in priced.estimate("--max", "1", code=1)


def test_a_trimmed_prompt_is_estimated_as_it_is_trimmed(priced: Priced) -> None:
    """What was cut hangs on what was sent before; a run that is played through sends the same."""
    log = "for line in range(120):\n    print({n}, line, *(hash((line, k)) for k in range(5)))"
    sources = [
        source
        for n in range(30)
        for source in [log.format(n=n), *(["%%qwen --trim 6000\nWhy?"] if n % 10 == 9 else [])]
    ]
    priced.holds(new_notebook(cells=[new_code_cell(source) for source in [LOAD, *sources]]))
    sent = priced.run()
    assert any("trimmed" in " ".join(entry.receipt.notes) for entry in priced.ledger.rows())
    assert [turn["input"] for turn in priced.turns()] == [counted(seen) for seen in sent]
    assert all(turn["replays"] for turn in priced.turns())


def test_what_the_config_lines_say_is_what_is_sent(priced: Priced) -> None:
    cells = [
        LOAD,
        "%config Qwen.model = 'qwen-plus'\n%config Qwen.instructions = 'Be brief.'",
        "%%qwen\nWhy?",
        "%config Qwen.context = 'none'",
        "%%qwen --think=100 --system 'In verse.'\nWhy?",
    ]
    priced.holds(new_notebook(cells=[new_code_cell(source) for source in cells]))
    turns = priced.turns()
    sent = priced.run()
    assert [turn["input"] for turn in turns] == [counted(seen) for seen in sent]
    assert [turn["model"] for turn in turns] == [seen.body["model"] for seen in sent]


def test_the_worst_case_holds_though_answers_are_as_long_as_they_may_be(priced: Priced) -> None:
    """No answer is known before; each is far longer than expected, and goes along with the next question."""
    long = Answer(text=("word " * 1_600,), usage=None)  # to its limit: the fake counts four characters a token
    priced.provider.always = long
    questions = [new_code_cell(f"%%qwen --max-tokens 2000\nQuestion {n}") for n in range(4)]
    priced.holds(new_notebook(cells=[new_markdown_cell("# Plain"), new_code_cell(LOAD), *questions]))
    turns = priced.turns()
    assert [turn["input_is"] for turn in turns] == ["exact", "about", "about", "about"]
    sent = priced.run()
    assert counted(sent[0]) == turns[0]["input"]
    assert counted(sent[3]) > turns[3]["input"] + 1_500
    for turn, cost in zip(turns, priced.costs(), strict=True):
        assert Decimal(turn["worst"]) >= cost > 0


def test_what_bounds_a_turn_bounds_its_worst_case_and_a_refusal_is_told(priced: Priced) -> None:
    budget = '%config Qwen.budget_turn = "0.02 USD"'
    asks = ("%%qwen\nWhy?", "%%qwen --budget 0.01\nAnd?", "%%qwen --budget 0.001\nSo?", "%%qwen --budget ¥1\nHm?")
    cells = [new_code_cell(source, id=f"c-{n}") for n, source in enumerate((LOAD, budget, *asks))]
    priced.holds(new_notebook(cells=cells))
    why, then, refused, other = priced.turns()
    assert Decimal("0.019") < Decimal(why["worst"]) <= Decimal("0.02")
    assert Decimal(then["worst"]) < Decimal("0.02")
    assert [why["fails"], then["fails"]] == [None, None]
    assert "(--budget)" in refused["fails"]
    assert "priced in USD" in other["fails"]
    assert "Run All stops at #5" in priced.estimate()


def test_the_magic_says_what_the_command_says(priced: Priced) -> None:
    notebook = notebooks.whole()
    notebook.cells.append(new_code_cell("%qwen_estimate"))
    with FrontEnd(notebook, priced.path, priced.env) as lab:
        lab.run_all()
        lab.save()
        told = lab.run_cell(len(notebook.cells) - 1).text
    assert "0 of 5 questions asked" in told
    assert told.strip() == priced.estimate(HTTP_PROXY=priced.env["HTTP_PROXY"]).strip()


def test_a_build_fails_on_the_worst_case(priced: Priced) -> None:
    """Exit codes: 0 fine, 1 over the limit or not known, 2 wrong usage."""
    cells = [new_code_cell(LOAD), new_code_cell("%%qwen\nWhy?")]
    priced.holds(new_notebook(cells=cells))
    priced.estimate("--max", "1.00")
    assert "over --max $0.01" in priced.estimate("--max", "0.01", code=1)
    assert "priced in USD, --max is in CNY: nothing is converted" in priced.estimate("--max", "5CNY", code=1)
    priced.estimate("--max", "5CNY", QWEN_MAGICS_REGION="beijing")
    priced.holds(new_notebook(cells=[*cells, new_code_cell("%%qwen\nAnd {{ x }}?")]))
    assert "what {{ }} holds (#3)" in priced.estimate("--max", "1.00", code=1)
    priced.estimate("--max", "1.00", "--allow-unknown")
    assert "is no amount" in priced.estimate("--max", "much", code=2)
    assert not (priced.path.parent / "qwen" / "ledger.sqlite").exists()
    assert priced.provider.requests == []

"""What `%%qwen` and `%qwen` are told to do with an answer, in a real kernel."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import nbformat
import pytest
from desk import environment
from fakes.provider import Answer, FakeProvider
from headless import Told
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from desk import Desk

CODE = Answer(text=("Like this:\n\n", "```python\n", "total = 7\n", "```\n"))


def asked(desk: Desk) -> int:
    """How many questions the provider has had."""
    return len(desk.provider.questions)


def value(desk: Desk, expression: str) -> str:
    """What an expression is in the kernel."""
    return desk.lab.run(f"print({expression})").text.strip()


# --- variables and forms ----------------------------------------------------------------------------------------------


def test_o_puts_the_answer_into_a_variable_as_a_plain_string(desk: Desk) -> None:
    desk.provider.enqueue(Answer(text=("one ", "two")))
    desk.lab.run("%%qwen --context none -o said\nCount!")
    assert value(desk, "repr(said), type(said).__name__") == "'one two' str"


@pytest.mark.parametrize("text", ['{"a": [1, 2]}', 'Here:\n```json\n{"a": [1, 2]}\n```\n'])
def test_json_is_parsed(desk: Desk, text: str) -> None:
    desk.provider.enqueue(Answer(text=(text,)))
    ran = desk.lab.run("%%qwen --context none --as json -o data\nGive me a!")
    assert ran.answer == text
    assert value(desk, "data") == "{'a': [1, 2]}"
    assert desk.provider.questions[-1].body["response_format"] == {"type": "json_object"}


def test_what_is_not_json_fails_the_cell_and_is_kept(desk: Desk) -> None:
    desk.lab.run("data = 'before'")
    desk.provider.enqueue(Answer(text=("I'd rather not.",)))
    ran = desk.lab.run("%%qwen --context none --as json -o data\nGive me a!")
    assert (ran.status, ran.answer, ran.receipt["status"]) == ("error", "I'd rather not.", "complete")
    assert ran.error.startswith("WrongForm: The answer is not JSON")
    assert value(desk, "data") == "before"


def test_text_stays_text(desk: Desk) -> None:
    desk.provider.enqueue(Answer(text=("**not** <b>Markdown</b>",)))
    ran = desk.lab.run("%%qwen --context none --as text\nHello?")
    (output,) = ran.of("answer")
    assert dict(output.data) == {"text/plain": "**not** <b>Markdown</b>"}


def test_the_line_magic_gives_a_string_that_is_shown_once(desk: Desk) -> None:
    desk.provider.enqueue(Answer(text=("Hello there.",)))
    ran = desk.lab.run("reply = %qwen --context none say hello\nreply")
    assert [output.output_type for output in ran.outputs] == ["display_data", "display_data"]
    later = desk.lab.run("reply")
    assert later.outputs[0].data["text/plain"] == "'Hello there.'"
    assert value(desk, "reply.upper()") == "HELLO THERE."
    assert value(desk, "__import__('pickle').loads(__import__('pickle').dumps(reply)).__class__") == "<class 'str'>"


# --- code into a cell below -------------------------------------------------------------------------------------------


def test_code_goes_into_one_new_cell_below_and_not_again(desk: Desk) -> None:
    """Never run; not on a rerun in this session, nor where it is replayed in a later one."""
    desk.provider.enqueue(CODE, CODE)
    ran = desk.lab.run("%%qwen --context none --as code\nAdd up!")
    question = len(desk.lab.notebook.cells) - 1
    (payload,) = ran.payload
    assert (payload["source"], payload["replace"]) == ("set_next_input", False)
    assert payload["text"] == "# from %%qwen\ntotal = 7"
    assert "total = 7" in ran.answer
    assert value(desk, "'total' in globals()") == "False"
    assert desk.lab.run_cell(question).payload == []
    desk.lab.notebook.cells.insert(question + 1, new_code_cell(payload["text"]))
    desk.lab.save()
    desk.lab.restart()
    desk.lab.run_cell(0)
    assert desk.lab.run_cell(question).payload == []


def test_fix_explains_the_last_error_and_puts_the_correction_below(desk: Desk) -> None:
    desk.lab.run("def ratio(a, b):\n    return a / b\nratio(1, 0)")
    failed = len(desk.lab.notebook.cells)
    desk.provider.enqueue(Answer(text=("Nothing divides by zero.\n\n", "```python\nratio(1, 2)\n```")))
    ran = desk.lab.run("%qwen_fix keep the function")
    assert ran.status == "ok"
    assert [payload["text"] for payload in ran.payload] == ["# from %qwen_fix\nratio(1, 2)"]
    prompt = desk.provider.questions[-1].prompt
    assert f"Cell #{failed} fails with ZeroDivisionError: division by zero" in prompt
    assert "return a / b" in prompt
    assert "keep the function" in prompt


def test_headless_nothing_is_inserted(tmp_path: Path) -> None:
    sources = ["%load_ext qwen_magics", "%%qwen --as code -o source\nAdd up!", "exec(source.splitlines()[3]); total"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    with FakeProvider() as provider:
        provider.enqueue(CODE)
        done = Told(notebook, path, environment(tmp_path, provider)).run()
    assert [cell.source for cell in done.cells] == sources
    assert done.cells[2].outputs[0].data["text/plain"] == "7"


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_loop_of_questions_shares_one_receipt_that_adds_up(desk: Desk) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    desk.provider.enqueue(*(Answer(text=(f"answer {n}",), usage=usage) for n in range(3)))
    ran = desk.lab.run("for n in range(3):\n    one = %qwen --context none count\n    print(len(one))")
    assert [output.data["text/plain"] for output in ran.of("answer")] == ["answer 0", "answer 1", "answer 2"]
    receipt = ran.receipt
    rows = desk.ledger.rows()
    turns = ran.of("receipt")[0].metadata["qwen_magics"]["turns"]
    of_loop = [row.receipt for row in rows if row.receipt.id in turns]
    assert len(of_loop) == 3
    assert receipt["usage"]["input"] == 3000
    assert Decimal(receipt["cost"]["amount"]) == sum(one.cost.amount or 0 for one in of_loop) == Decimal("0.0054")
    assert "3 turns" in ran.of("receipt")[0].data["text/plain"]


def test_without_a_receipt_the_ledger_still_has_the_turn(desk: Desk) -> None:
    before = len(desk.ledger.rows())
    ran = desk.lab.run("%%qwen --context none --no-receipt\nHello?")
    assert ran.of("receipt") == []
    assert ran.answer
    assert len(desk.ledger.rows()) == before + 1


def test_the_receipt_in_the_cell_is_the_ledgers_own(desk: Desk) -> None:
    ran = desk.lab.run("%%qwen --context none --think\nHello?")
    (row,) = [row for row in desk.ledger.rows() if row.receipt.id == ran.receipt["id"]]
    assert str(row.receipt.cost.amount) == ran.receipt["cost"]["amount"]
    assert row.receipt.usage.input == ran.receipt["usage"]["input"]
    assert row.place.notebook == str(desk.lab.path)
    assert row.place.cell_id == desk.lab.notebook.cells[-1].id


def test_the_first_question_says_once_what_goes_where(tmp_path: Path) -> None:
    sources = ["%load_ext qwen_magics", "print('shown')", "%%qwen\nHello?", "%%qwen\nAgain?"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    lines = []
    with FakeProvider() as provider:
        for _ in range(2):
            done = Told(notebook, path, environment(tmp_path, provider)).run()
            lines += [done.cells[index].outputs[-1].data["text/plain"] for index in (2, 3)]
    told = ["1 cell and 1 output → Alibaba Cloud, Singapore" in line for line in lines]
    assert told == [True, False, False, False]


# --- what goes along --------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_and_sends_nothing(desk: Desk) -> None:
    before, rows = asked(desk), len(desk.ledger.rows())
    ran = desk.lab.run("%%qwen --dry-run\nWhat would this cost?")
    assert (ran.status, asked(desk), len(desk.ledger.rows())) == ("ok", before, rows)
    assert "the question" in ran.text
    assert "Nothing was sent." in ran.text


def test_what_is_shown_before_is_what_is_counted_after(desk: Desk) -> None:
    """The dry run's tokens are those that the same question then takes along."""
    question = "How many tokens are these?"
    shown = desk.lab.run(f"%%qwen --dry-run --context none\n{question}").text
    desk.lab.run(f"%%qwen --context none\n{question}")
    from qwen_magics import tokens
    from qwen_magics.values import Message

    messages = [Message(said["role"], said["content"]) for said in desk.provider.questions[-1].body["messages"]]
    assert f"{tokens.count_messages(messages, thinking_model=True):,} of" in shown


def test_with_attaches_variables_as_words(desk: Desk) -> None:
    desk.lab.run("import pandas as pd\nweights = pd.DataFrame({'mass_g': [3700, 5076]})\nunit = 'gram'")
    desk.lab.run("%%qwen --context none --with weights --with unit\nWhich is heavier?")
    message = desk.provider.questions[-1].body["messages"][-1]["content"]
    for part in ("weights", "mass_g", "5076", "unit", "gram"):
        assert part in message
    assert message.endswith("Which is heavier?")


def test_context_and_without_choose_cells(desk: Desk) -> None:
    desk.lab.run("first_mark = 1")
    first = len(desk.lab.notebook.cells)
    desk.lab.run("second_mark = 2")
    index = desk.lab.add("%%qwen\nWhich?")
    desk.lab.run("third_mark = 3")
    found = {}
    for options in ("", f"--without #{first}", "--context none", "--context all", f"--context {first}..{first}"):
        desk.lab.notebook.cells[index].source = f"%%qwen {options}\nWhich?"
        assert desk.lab.run_cell(index).status == "ok"
        prompt = desk.provider.questions[-1].prompt
        found[options] = [name for name in ("first", "second", "third") if f"{name}_mark" in prompt]
    assert list(found.values()) == [["first", "second"], ["second"], [], ["first", "second", "third"], ["first"]]


def test_options_travel_in_the_request(desk: Desk) -> None:
    options = "--think=low --temperature 0.5 --top-p 0.9 --seed 7 --max-tokens 55 --search -m qwen-plus"
    desk.lab.run(f'%%qwen --context none --system "Be brief." {options}\nHello?')
    body = desk.provider.questions[-1].body
    sampling = {name: body[name] for name in ("temperature", "top_p", "seed", "max_tokens", "model", "enable_search")}
    assert sampling == {"temperature": 0.5, "top_p": 0.9, "seed": 7, "max_tokens": 55, "model": "qwen-plus",
                        "enable_search": True}  # fmt: skip
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["thinking_budget"] > 0


def test_nothing_in_a_prompt_is_expanded_but_double_braces(desk: Desk) -> None:
    desk.lab.run("x = 'VALUE'")
    desk.lab.run("%%qwen --context none\n{x} $x $$x !echo x %x {{ x }} {{{x}}} `x` \\n")
    said = desk.provider.questions[-1].body["messages"][-1]["content"]
    assert said.startswith("{x} $x $$x !echo x %x VALUE ")
    desk.lab.run("%qwen --context none {x} and $x stay, don't they?")
    assert desk.provider.questions[-1].body["messages"][-1]["content"] == "{x} and $x stay, don't they?"

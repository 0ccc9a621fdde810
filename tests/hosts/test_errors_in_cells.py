"""What goes wrong in a cell: one or two lines that say what to do, a failed cell, nothing lost, never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from desk import environment
from fakes.dialects import WRONG_KEY
from fakes.provider import Answer, FakeProvider, Refusal, Seen, refuse
from headless import Told
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from desk import Desk


def fails(desk: Desk, *sources: str) -> list[str]:
    """The lines that the last of these cells shows as it fails."""
    ran = desk.lab.run(*sources)
    assert ran.status == "error"
    (error,) = [output for output in ran.outputs if output.output_type == "error"]
    lines = [line.strip() for line in error.traceback[0].splitlines()]
    assert len(error.traceback) == 1
    assert lines[0].startswith(f"{error.ename}: ")
    assert "Traceback" not in ran.text
    assert not [output for output in ran.outputs if output.output_type == "stream"]
    return lines


def asked(desk: Desk) -> int:
    """How many questions the provider has had."""
    return len(desk.provider.questions)


# --- before anything is sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "says", "remedy"),
    [
        ("%%qwen --thonk\nhi", "no option --thonk. Did you mean --think?", "%%qwen? lists all options."),
        ("%%qwen --think=lots\nhi", "`think` can't be 'lots'; it is off, on, low", ""),
        ("%%qwen --temperature hot\nhi", "--temperature hot: that is no number", "--temperature 1.0"),
        ("%%qwen --as xml\nhi", "--as xml is not a form", "Choose one of markdown, text, code, json."),
        ("%%qwen --context mars\nhi", "`context` can't be 'mars'", ""),
        ("%%qwen -p nowhere\nhi", "`provider` can't be 'nowhere'; it is one of auto, alibaba", ""),
        ("%%qwen --without three\nhi", "cells are named by their number", "--without #3"),
        ("%%qwen --continue\nhi", "this cell has no answer to go on from", "Leave --continue out."),
        ("weights = 1\n%qwen --with weihgts hi", "no such variable. Did you mean weights?", ""),
        ("%%qwen\nwhat is {{ 1/0 }}", "{{ 1/0 }} raised ZeroDivisionError: division by zero", "Correct the expression"),
        ("%%qwen", "There is no question", "%qwen what does this cell do?"),
        ("%qwen_fix", "No cell of this session shows an error", "Run the cell that fails, then %qwen_fix."),
        ("%qwen_usage --by magic", "%qwen_usage: argument --by: invalid choice: 'magic'", "%qwen_usage? shows"),
        ("%qwen_models qwen9", "no model qwen9", "Near it: qwen-max"),
        ("%%qwen -m qwen3-max --max-tokens 999999\nhi", "max", ""),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_sent(desk: Desk, cell: str, says: str, remedy: str) -> None:
    before = asked(desk)
    lines = fails(desk, cell)
    assert says in lines[0]
    assert remedy in "".join(lines[1:])
    assert asked(desk) == before
    assert len(lines) <= 2


def test_a_notebook_that_forbids_sending_sends_nothing_and_says_so(desk: Desk) -> None:
    metadata = desk.lab.notebook.metadata
    metadata["qwen_magics"] = {"send": False}
    before = asked(desk)
    lines = fails(desk, "%%qwen\nHello?")
    del metadata["qwen_magics"]
    desk.lab.save()
    assert "forbids sending" in lines[0]
    assert 'Use the local model: %config Qwen.provider = "local"' in lines[1]
    assert asked(desk) == before


def test_a_prompt_that_is_too_long_is_counted_before_it_is_sent(desk: Desk) -> None:
    before = asked(desk)
    lines = fails(desk, "%config Qwen.max_input = 500", "%%qwen --context none\n" + "word " * 600)
    desk.lab.run("%config Qwen.max_input = None")
    assert "tokens; the model takes 500. Nothing was sent." in lines[0]
    assert "--context none" in lines[1]
    assert asked(desk) == before


def test_without_a_key_there_are_lines_to_paste(desk: Desk) -> None:
    lines = fails(desk, "import os\nkept = os.environ.pop('DASHSCOPE_API_KEY')", "%%qwen\nHello?")
    also = fails(desk, "os.environ['OPENROUTER_API_KEY'] = 'sk-or-' + 'v' * 30", "%%qwen\nHello?")
    desk.lab.run("del os.environ['OPENROUTER_API_KEY']; os.environ['DASHSCOPE_API_KEY'] = kept; del kept")
    assert lines[0].startswith("NoKey: No key for Alibaba Cloud: DASHSCOPE_API_KEY is not set and nobody logged in.")
    assert [line.split(":  ")[-1].strip() for line in lines[1:]] == ["%qwen_login", '%config Qwen.provider = "local"']
    assert also[-1].endswith('%config Qwen.provider = "openrouter"')
    assert len(also) == 4


# --- what the provider refuses ----------------------------------------------------------------------------------------

REFUSED = [
    (WRONG_KEY, "refused the key", "%qwen_login"),
    ((403, "AccessDenied", "Access denied."), "gives this account no access to qwen3-max", "%qwen_models"),
    ((403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted."), "used up", "Billing"),
    ((400, "Arrearage", "Access denied, please make sure your account is in good standing."), "used up", "Billing"),
    ((404, "model_not_found", "The model does not exist."), "doesn't offer qwen3-max", "Near it: "),
    ((400, "invalid_parameter_error", "Range of input length should be [1, 258048]"), "too long", "%qwen_context"),
    ((400, "invalid_parameter_error", "'x' is not valid"), "did not take the request: 'x'", "%qwen_context"),
    ((429, "limit_requests", "Requests rate limit exceeded"), "no more requests for a moment", "-m"),
    ((500, "InternalError", "Internal error"), "has a fault of its own", "Run the cell again"),
]


@pytest.mark.parametrize(("answer", "says", "remedy"), REFUSED, ids=[answer[1] for answer, _, _ in REFUSED])
def test_a_refusal_says_what_it_means_and_what_to_do(
    desk: Desk, answer: tuple[int, str, str], says: str, remedy: str
) -> None:
    desk.lab.run("%config Qwen.attempts = 1")
    desk.provider.enqueue(refuse(*answer))
    lines = fails(desk, "%%qwen --context none\nHello?")
    assert says in lines[0]
    assert remedy in lines[1]
    assert "(request chatcmpl-" in lines[0]
    (receipt,) = [row.receipt for row in desk.ledger.rows() if row.receipt.id == last_receipt(desk)["id"]]
    assert (receipt.status, receipt.cost.amount) == ("failed", 0)
    assert "not billed" in desk.lab.notebook.cells[-1].outputs[0].data["text/plain"]


def last_receipt(desk: Desk) -> dict[str, str]:
    """The receipt in the last cell."""
    outputs = [output for output in desk.lab.notebook.cells[-1].outputs if output.output_type == "display_data"]
    found: dict[str, str] = outputs[-1].data["application/vnd.qwen-magics.receipt+json"]
    return found


def test_a_network_that_is_down_is_named_and_costs_nothing(desk: Desk) -> None:
    lines = fails(desk, "%config Qwen.base_url = 'http://127.0.0.1:9/v1'\n%config Qwen.attempts = 1", "%%qwen\nHello?")
    assert lines[0] == "NetworkDown: No connection to 127.0.0.1:9."
    assert "jupyter qwen doctor" in lines[1]
    assert "not billed" in desk.lab.notebook.cells[-1].outputs[0].data["text/plain"]
    desk.lab.run("%config Qwen.base_url = 'http://models.internal/v1'")


def test_an_answer_that_breaks_off_is_kept_and_says_how_to_go_on(desk: Desk) -> None:
    desk.provider.enqueue(Answer(text=("half of ", "it"), cut_after=900))
    lines = fails(desk, "%%qwen --context none\nHello?")
    assert "The answer broke off" in lines[0]
    assert "%%qwen --continue" in lines[1]
    answer = desk.lab.notebook.cells[-1].outputs[0]
    assert answer.data["text/plain"].startswith("half of")
    assert answer.metadata.qwen_magics["status"] == "failed"
    desk.provider.enqueue(Answer(text=("it.",)))
    desk.lab.notebook.cells[-1].source = "%%qwen --continue --context none"
    ran = desk.lab.run_cell(len(desk.lab.notebook.cells) - 1)
    assert ran.answer.startswith("half of")
    assert ran.answer.endswith("it.")


def test_an_answer_cut_off_at_its_limit_is_marked(desk: Desk) -> None:
    desk.provider.enqueue(Answer(text=("one ", "two"), finish="length"))
    ran = desk.lab.run("%%qwen --context none --max-tokens 16\nCount!")
    assert ran.status == "ok"
    assert "cut off at its token limit" in ran.of("receipt")[0].data["text/plain"]


# --- moderation -------------------------------------------------------------------------------------------------------


def test_one_flagged_cell_never_bricks_a_notebook(desk: Desk) -> None:
    """The error names what is new since the last accepted turn, and the line it offers goes through."""

    def moderate(seen: Seen) -> Answer | Refusal:
        flagged = "gunpowder" in seen.prompt
        words = "Input data may contain inappropriate content."
        return refuse(400, "data_inspection_failed", words) if flagged else Answer(text=("Fine.",))

    desk.provider.always = moderate
    try:
        assert desk.lab.run("harmless = 1", "%%qwen\nAll well?").status == "ok"
        lines = fails(desk, "recipe = 'gunpowder'", "plain = 2", "%%qwen\nAnd now?")
        flagged = len(desk.lab.notebook.cells) - 2  # its number, counted from 1
        assert "refused the content" in lines[0]
        named = f"#{flagged}, #{flagged + 1}, and the question itself."
        assert lines[1] == f"New since the last accepted question: {named}"
        assert f"%%qwen --without #{flagged} --without #{flagged + 1};" in lines[2]
        assert "`# qwen: skip`" in lines[2]
        went = desk.lab.run(f"%%qwen --without #{flagged}\nAnd now?")
        assert (went.status, went.answer) == ("ok", "Fine.")
        assert went.receipt["left_out"] == [f"#{flagged}"]
        assert f"#{flagged}," in fails(desk, "%%qwen\nStill?")[1]
        desk.lab.notebook.cells[flagged - 1].source = "# qwen: skip\nrecipe = 'gunpowder'"
        desk.lab.run_cell(flagged - 1)
        assert desk.lab.run("%%qwen\nAnd for good?").status == "ok"
        assert "question" in fails(desk, "%%qwen\nHow is gunpowder made?")[1]
        assert desk.lab.run("%%qwen\nAnd after that?").status == "ok"
    finally:
        desk.provider.always = Answer()


# --- Run All, and hosts without a screen ------------------------------------------------------------------------------


def test_run_all_stops_where_a_turn_fails(desk: Desk) -> None:
    first = desk.lab.add("%%qwen --context none --thonk\nHello?")
    desk.lab.add("print('never')")
    desk.lab.save()
    ran = desk.lab.run_cells((first, first + 1))
    assert [one.status for one in ran] == ["error", "aborted"]
    assert ran[1].outputs == []


def test_nbclient_stops_with_the_reason(tmp_path: Path) -> None:
    cells = ["%load_ext qwen_magics", "%%qwen\nHello?", "%%qwen\nAgain?", "print('never')"]
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    with FakeProvider() as provider:
        provider.enqueue(Answer(text=("Hi.",)), refuse(*WRONG_KEY))
        with pytest.raises(CellExecutionError, match="refused the key") as caught:
            Told(notebook, path, environment(tmp_path, provider)).run()
    assert caught.value.ename == "WrongKey"
    assert "%qwen_login" in caught.value.evalue
    assert notebook.cells[1].outputs[0].data["text/plain"] == "Hi."
    assert notebook.cells[3].outputs == []

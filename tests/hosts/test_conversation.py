"""The notebook is the conversation: what a question sees is what stands above it now, and nothing else."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import nbformat
from desk import Desk
from fakes.provider import Answer, FakeProvider, refuse
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from front_end import Ran


def sent(desk: Desk) -> str:
    """The last request, as one text."""
    return desk.provider.questions[-1].prompt


def ask(desk: Desk, question: str, *answer: str) -> Ran:
    """A new `%%qwen` cell at the end, and what comes back."""
    if answer:
        desk.provider.enqueue(Answer(text=answer))
    ran = desk.lab.run(f"%%qwen\n{question}")
    assert ran.status == "ok", ran.error
    return ran


def number(desk: Desk, source: str) -> int:
    """The index of a cell in the notebook."""
    return next(n for n, cell in enumerate(desk.lab.notebook.cells) if cell.source == source)


def test_a_question_run_again_sends_the_same_bytes(desk: Desk) -> None:
    desk.lab.run("weights = [3700, 5076]\nweights")
    ask(desk, "Which is heavier?", "The second.")
    desk.lab.run_cell(number(desk, "%%qwen\nWhich is heavier?"))
    first, again = desk.provider.questions[-2:]
    assert first.raw == again.raw


def test_a_kernel_restart_loses_nothing(desk: Desk) -> None:
    """Only the question is run in the new kernel: the cells above come from the file, byte for byte."""
    desk.lab.run("print('kept')")
    ask(desk, "What was kept?", "Everything.")
    question = "%%qwen --fresh\nAnd now?"
    desk.lab.run(question)
    desk.lab.save()
    desk.lab.restart()
    desk.lab.run_cell(0)
    desk.lab.run_cell(number(desk, question))
    before, after = desk.provider.questions[-2:]
    assert before.raw == after.raw


def test_a_cell_edited_above_changes_only_what_follows(desk: Desk) -> None:
    desk.lab.run("island = 'Biscoe'")
    ask(desk, "First?", "First answer.")
    edited = desk.lab.add("shown = 'old'\nshown")
    desk.lab.run_cell(edited)
    ask(desk, "Second?")
    before = sent(desk)
    desk.lab.notebook.cells[edited].source = "shown = 'new'\nshown"
    desk.lab.run_cell(edited)
    desk.lab.save()
    desk.lab.run_cell(number(desk, "%%qwen\nSecond?"))
    after = sent(desk)
    start = before.index("shown = 'old'")
    assert after[:start] == before[:start]
    assert "First answer." in before[:start]
    assert after == before.replace("'old'", "'new'")


def test_a_deleted_question_is_forgotten_at_once(desk: Desk) -> None:
    ask(desk, "Do you know the word gabbro?", "It is a rock: gabbro.")
    ask(desk, "Deleted yet?")
    assert "gabbro" in sent(desk)
    del desk.lab.notebook.cells[number(desk, "%%qwen\nDo you know the word gabbro?")]
    desk.lab.save()
    ask(desk, "And deleted now?")
    assert "gabbro" not in sent(desk)
    assert "Deleted yet?" in sent(desk)


def test_a_failed_question_is_left_out_with_its_answer(desk: Desk) -> None:
    """Refused before it began, or broken off half-way: neither is part of the conversation."""
    desk.provider.enqueue(refuse(400, "invalid_parameter_error", "no such parameter"))
    assert desk.lab.run("%%qwen\nWill you refuse basalt?").status == "error"
    desk.provider.enqueue(Answer(text=("half of ", "an answer on granite"), error_after=1))
    broken = desk.lab.run("%%qwen\nWill granite break off?")
    assert (broken.status, broken.answer) == ("error", "half of ")
    ask(desk, "What happened?")
    for word in ("basalt", "granite", "half of", "BadRequest", "Moderated"):
        assert word not in sent(desk)


def test_a_failed_question_that_is_run_again_takes_its_place(desk: Desk) -> None:
    desk.provider.enqueue(refuse(400, "invalid_parameter_error", "no such parameter"))
    assert desk.lab.run("%%qwen\nWhat is schist?").status == "error"
    desk.provider.enqueue(Answer(text=("A rock.",)))
    assert desk.lab.run_cell(number(desk, "%%qwen\nWhat is schist?")).status == "ok"
    ask(desk, "And slate?")
    assert "What is schist?<assistant>A rock.<user>" in re.sub(r"\s*<assistant>", "<assistant>", sent(desk))


def test_what_was_asked_stays_though_the_value_has_changed(desk: Desk) -> None:
    desk.lab.run("limit = 3700")
    ask(desk, "Is {{ limit }} much?", "No.")
    desk.lab.run("limit = 5076")
    ask(desk, "Why not?")
    assert "Is 3700 much?" in sent(desk)
    assert "Is 5076" not in sent(desk)


def test_a_question_edited_and_not_run_is_sent_as_it_was_asked(desk: Desk) -> None:
    ask(desk, "Who wrote it?", "Nobody.")
    desk.lab.notebook.cells[number(desk, "%%qwen\nWho wrote it?")].source = "%%qwen\nWho read it?"
    desk.lab.save()
    ask(desk, "Sure?")
    assert "Who wrote it?" in sent(desk)
    assert "Who read it?" not in sent(desk)
    desk.lab.run("%qwen_context")
    shown = desk.lab.notebook.cells[-1].outputs[0].data["text/plain"]
    assert "question edited since" in shown


def test_prompts_grow_at_their_end_only(desk: Desk) -> None:
    """From one question to the next the prompt keeps all that it had: the provider's cache pays for that."""
    for turn in range(4):
        desk.lab.run(f"step = {turn}\nprint('step', step)")
        ask(desk, f"Question {turn}?", f"Answer {turn}.")
    prompts = [seen.body["messages"] for seen in desk.provider.questions[-4:]]
    for earlier, later in pairwise(prompts):
        assert later[: len(earlier)] == earlier


def test_errors_of_our_own_magics_are_no_context(desk: Desk) -> None:
    """What `%qwen_…` says, also where it complains, is between us and the user."""
    assert desk.lab.run("%qwen_models no-such-model").status == "error"
    assert desk.lab.run("%qwen --no-such-option hello").status == "error"
    desk.lab.run("%qwen_usage")
    ask(desk, "Anything?")
    for word in ("no-such-model", "UnknownModel", "OptionError", "no option", "this session"):
        assert word not in sent(desk)


def test_a_new_cell_sends_the_same_before_and_after_it_is_saved(desk: Desk) -> None:
    """It stands behind the cell that was run before it."""
    desk.lab.notebook.cells.append(new_markdown_cell("# A title"))
    desk.lab.run("print('under the title')")
    index = desk.lab.add("%%qwen\nWhat is the title?")
    desk.lab.run_cell(index)
    desk.lab.save()
    desk.lab.run_cell(index)
    unsaved, saved = desk.provider.questions[-2:]
    assert unsaved.raw == saved.raw
    assert "# A title" in saved.prompt


def test_a_file_that_is_another_notebooks_is_told_and_what_it_forbids_holds(tmp_path: Path) -> None:
    """JPY_SESSION_NAME is stale after a rename, and something else may lie there by then."""
    with FakeProvider() as provider:
        desk = Desk(tmp_path, provider)
        with desk.lab:
            desk.lab.run_cell(0)
            other = new_notebook(cells=[new_markdown_cell("# Another title"), new_code_cell("other = 1")])
            nbformat.write(other, desk.lab.path)
            ran = desk.lab.run_cell(desk.lab.add("%%qwen\nWhat is the title?"))
            assert "not saved with this cell yet" in ran.of("receipt")[0].data["text/plain"]
            assert "Another title" not in sent(desk)
            context = desk.lab.run_cell(desk.lab.add("%qwen_context what is the title?")).text
            assert "does not hold this cell" in context
            other.metadata["qwen_magics"] = {"send": False}
            nbformat.write(other, desk.lab.path)
            assert desk.lab.run_cell(desk.lab.add("%%qwen\nAnd now?")).error.startswith("SendingForbidden: ")

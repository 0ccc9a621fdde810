"""Restart and Run All on a finished notebook asks nothing: saved answers come back, in every host (Replay rule)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import everywhere
import nbformat
import notebooks
import pytest
from desk import Desk, environment
from fakes.provider import Answer, FakeProvider, refuse
from front_end import FrontEnd, role_of
from headless import Command, Told
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes.provider import Seen
    from front_end import Ran
    from nbformat import NotebookNode

LOAD = "%load_ext qwen_magics"


def book(*sources: str) -> NotebookNode:
    """A notebook of code cells."""
    cells = [new_code_cell(source, id=f"c-{n}") for n, source in enumerate((LOAD, *sources))]
    return new_notebook(cells=cells)


def counting(seen: Seen) -> Answer:
    """An answer that tells which one it is."""
    counting.given += 1  # type: ignore[attr-defined]
    return Answer(text=(f"answer {counting.given}",))  # type: ignore[attr-defined]


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        counting.given = 0  # type: ignore[attr-defined]
        provider.always = counting
        yield provider


def keyless(home: Path, provider: FakeProvider) -> dict[str, str]:
    """Another person's machine: no key."""
    env = environment(home, provider)
    del env["DASHSCOPE_API_KEY"]
    return env


def run(lab: FrontEnd) -> list[Ran]:
    """Restart and Run All, then save."""
    lab.restart()
    ran = lab.run_all()
    lab.save()
    return ran


def statuses(notebook: NotebookNode) -> list[str]:
    """What the receipts say became of the turns."""
    mime = "application/vnd.qwen-magics.receipt+json"
    return [
        output.data[mime]["status"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if mime in output.get("data", {})
    ]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A home in which JupyterLab ran the whole notebook, and how often it asked."""
    home = tmp_path_factory.mktemp("asked")
    path = home / "notebook.ipynb"
    with FakeProvider() as provider:
        provider.always = notebooks.reply
        everywhere.jupyterlab_run_all(notebooks.whole(), path, environment(home, provider))
        return home, len(provider.questions)


def again(home: Path, host: Any, env: dict[str, str]) -> tuple[NotebookNode, NotebookNode]:
    """The notebook in a home before and after a host ran it."""
    path = home / "notebook.ipynb"
    before = nbformat.read(path, 4)
    host(nbformat.read(path, 4), path, env)
    return before, nbformat.read(path, 4)


OWN = [host for host in everywhere.WHOLE if host not in everywhere.TWICE]
SHARED = [everywhere.jupyterlab_run_all, everywhere.papermill, everywhere.jupyter_qwen_run]
TABLE = [(host, False) for host in OWN] + [(host, True) for host in SHARED]


@pytest.mark.parametrize(("host", "shared"), TABLE, ids=lambda one: getattr(one, "__name__", f"shared={one}"))
def test_in_every_host_the_finished_notebook_asks_nothing(
    asked: tuple[Path, int], tmp_path: Path, host: Any, shared: bool
) -> None:
    """`shared`: somebody else got the file alone, and replays from its outputs."""
    home, count = asked
    if shared:
        shutil.copy(home / "notebook.ipynb", tmp_path)
    else:
        shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    with FakeProvider() as provider:
        before, after = again(tmp_path, host, keyless(tmp_path, provider))
        assert provider.requests == []
    assert statuses(before) == ["complete"] * count
    assert statuses(after) == ["replayed"] * count
    for cell, replayed in zip(before.cells, after.cells, strict=True):
        assert answer(replayed) == answer(cell)
        assert thinking(replayed) == thinking(cell)


def outputs(cell: NotebookNode, role: str) -> list[NotebookNode]:
    return [output for output in cell.get("outputs", []) if role_of(output) == role]


def answer(cell: NotebookNode) -> str:
    return "".join("".join(output.data["text/plain"]) for output in outputs(cell, "answer"))


def thinking(cell: NotebookNode) -> list[str]:
    return [output.data["text/html"].partition("<pre")[2] for output in outputs(cell, "thinking")]


def test_the_command_run_twice_asks_once(tmp_path: Path, provider: FakeProvider) -> None:
    path = tmp_path / "notebook.ipynb"
    nbformat.write(book("%%qwen\nWhy?", "%%qwen\nAnd now?"), path)
    for _ in range(2):
        Command(nbformat.read(path, 4), path, environment(tmp_path, provider)).run()
    assert len(provider.questions) == 2
    assert statuses(nbformat.read(path, 4)) == ["replayed", "replayed"]


def test_an_edited_cell_breaks_the_chain_from_there_on(tmp_path: Path, provider: FakeProvider) -> None:
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("x = 1", "%%qwen\nOne?", "y = 2\ny", "%%qwen\nTwo?", "%%qwen\nThree?")
    with desk.lab as lab:
        lab.run_all()
        lab.save()
        assert len(provider.questions) == 3
        lab.notebook.cells[3].source = "y = 3\ny"
        lab.save()
        ran = run(lab)
        assert [one.receipt["status"] for one in ran if one.of("receipt")] == ["replayed", "complete", "complete"]
        assert ran[2].answer == "answer 1"
        assert "answer 1" in provider.questions[-1].prompt
        run(lab)
        assert len(provider.questions) == 5


def test_a_long_conversation_that_was_trimmed_comes_back(tmp_path: Path, provider: FakeProvider) -> None:
    """Questions longer than what is kept of them, outputs that are cut for the price: the same bytes all the same."""
    desk = Desk(tmp_path, provider)
    cells = [
        (f"for n in range(6000): print(n * {k + 1}, end=' ')", f"%%qwen\n{k}? {'and so ' * 4000}") for k in range(5)
    ]
    desk.lab.notebook = book("%config Qwen.guard_turn = '5 USD'", *(source for pair in cells for source in pair))
    with desk.lab as lab:
        lab.run_all()
        lab.save()
        assert "trimmed" in "".join(lab.shows(n) for n in range(len(lab.notebook.cells)))
        run(lab)
        shutil.rmtree(tmp_path / "qwen")
        run(lab)
    assert len(provider.questions) == 5


def test_within_a_session_asking_again_asks_again(tmp_path: Path, provider: FakeProvider) -> None:
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen --context none\nSame?", "%%qwen --context none\nSame?")
    with desk.lab as lab:
        assert [one.answer for one in lab.run_all()[1:]] == ["answer 1", "answer 2"]
        assert lab.run_cell(1).answer == "answer 3"
        lab.save()
        first, second = run(lab)[1:]
        assert (first.answer, second.answer) == ("answer 3", "answer 2")
        assert lab.run_cell(1).answer == "answer 4"
        assert lab.run_cell(2).answer == "answer 5"


def test_a_loop_that_broke_off_goes_on_where_it_was_and_comes_back_in_order(
    tmp_path: Path, provider: FakeProvider
) -> None:
    """The kernel dies in the third round; the next ones replay what there is, and ask the rest."""
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("for n in range(4):\n    _ = %qwen --context none count\nprint('done')")
    provider.enqueue(counting, counting, Answer(text=("half", "way"), hang_after=1))
    with desk.lab as lab:
        lab.run_cell(0)
        lab._send(1)
        while "half" not in lab.shows(1):
            for message in lab._messages(0.05):
                lab._take(message)
        lab.kill()
        lab.notebook.cells[1].outputs = []
        lab.save()
        first = run(lab)[1]
        texts = [output.data["text/plain"] for output in first.of("answer")]
        assert texts == ["answer 1", "answer 2", "answer 3", "answer 4"]
        assert len(provider.questions) == 5
        second = run(lab)[1]
        assert [output.data["text/plain"] for output in second.of("answer")] == texts
        assert len(provider.questions) == 5
        assert second.receipt["status"] == "replayed"
        assert "4 turns · --fresh asks anew" in second.text


def test_outputs_that_are_cleared_and_saved_in_the_middle_of_run_all_are_remembered(
    tmp_path: Path, provider: FakeProvider
) -> None:
    source = tmp_path / "a"
    source.mkdir()
    path = source / "notebook.ipynb"
    nbformat.write(book("%%qwen\nOne?", "%%qwen\nTwo?"), path)
    done = Told(nbformat.read(path, 4), path, environment(source, provider)).run()
    with FrontEnd(done, tmp_path / "copy.ipynb", keyless(tmp_path, provider)) as lab:
        lab.run_cell(0)
        lab.run_cell(1)
        lab.notebook.cells[2].outputs = []
        lab.save()
        assert lab.run_cell(2).receipt["status"] == "replayed"
    assert len(provider.questions) == 2


def test_a_forbidden_notebook_replays_and_costs_are_told(tmp_path: Path, provider: FakeProvider) -> None:
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen\nWhy?")
    with desk.lab as lab:
        paid = lab.run_all()[1].receipt
        lab.notebook.metadata["qwen_magics"] = {"send": False}
        lab.save()
        replayed = run(lab)[1]
        assert replayed.receipt["cost"]["replay_saved"] == paid["cost"]["amount"]
        assert replayed.receipt["cost"]["currency"] == "USD"
        assert "replayed · qwen3-max · saved $" in replayed.text
        assert "--fresh asks anew" in replayed.text
        assert lab.run_cell(1).error.startswith("SendingForbidden")
    rows = desk.ledger.rows()
    assert [row.receipt.status for row in rows] == ["complete", "replayed"]
    (total,) = desk.ledger.spent()
    assert f"{total.amount:f}" == f"{total.replay_saved:f}" == paid["cost"]["amount"]


def test_only_what_is_saved_and_never_what_is_saved(tmp_path: Path, provider: FakeProvider) -> None:
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen --replay-only --context none\nWhy?", "%%qwen --fresh --context none\nWhy?")
    with desk.lab as lab:
        lab.run_cell(0)
        error = lab.run_cell(1).error
        assert error.startswith("NotSaved: --replay-only: there is no saved answer to what cell #2 asks: none is kept")
        assert provider.requests == []
        lab.run_cell(2)
        lab.run_cell(2)
        assert len(provider.questions) == 2
        assert lab.run_cell(1).answer == lab.run_cell(1).answer == "answer 2"
        assert len(provider.questions) == 2


def test_a_setting_turns_it_off(tmp_path: Path, provider: FakeProvider) -> None:
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%config Qwen.replay = 'off'", "%%qwen\nWhy?")
    with desk.lab as lab:
        lab.run_all()
        run(lab)
    assert len(provider.questions) == 2


def test_forms_and_variables_work_and_no_code_is_put_below(tmp_path: Path, provider: FakeProvider) -> None:
    provider.enqueue(Answer(text=('{"a": 1}',)), Answer(text=("```python\nb = 2\n```",)))
    provider.enqueue(Answer(text=("three",)))
    desk = Desk(tmp_path, provider)
    sources = ("%%qwen --as json -o data\nA?", "%%qwen --as code\nB?", "said = %qwen c?", "data, said")
    desk.lab.notebook = book(*sources)
    with desk.lab as lab:
        first = lab.run_all()
        lab.save()
        second = run(lab)
        assert [len(one.payload) for one in first] == [0, 0, 1, 0, 0]
        assert [len(one.payload) for one in second] == [0] * 5
        assert second[4].text == first[4].text == "({'a': 1}, 'three')"
    assert len(provider.questions) == 3


# --- answers that go on, and answers that are kept ------------------------------------------------------------


def test_an_answer_that_was_continued_comes_back_whole(tmp_path: Path, provider: FakeProvider) -> None:
    provider.enqueue(Answer(text=("half of it, ", "lost"), error_after=1), Answer(text=("and the rest.",)))
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen\nTell!", "%%qwen\nAnd?")
    with desk.lab as lab:
        lab.run_cell(0)
        assert lab.run_cell(1).status == "error"
        lab.notebook.cells[1].source = "%%qwen --continue"
        lab.save()
        assert lab.run_cell(1).answer == "half of it, and the rest."
        lab.run_cell(2)
        lab.save()
        count = len(provider.questions)
        for _ in range(2):
            ran = run(lab)
            assert ran[1].answer == "half of it, and the rest."
            assert [one.receipt["status"] for one in ran[1:]] == ["replayed", "replayed"]
        assert len(provider.questions) == count
        shutil.rmtree(tmp_path / "qwen")  # and from the outputs alone
        assert run(lab)[1].answer == "half of it, and the rest."
        assert len(provider.questions) == count


def test_a_half_answer_is_asked_for_again(tmp_path: Path, provider: FakeProvider) -> None:
    provider.enqueue(Answer(text=("half of it, ", "lost"), error_after=1))
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen\nTell!")
    with desk.lab as lab:
        lab.run_all()
        lab.save()
        assert run(lab)[1].answer == "answer 1"


def test_a_turn_that_fails_before_its_first_word_keeps_the_answer(tmp_path: Path, provider: FakeProvider) -> None:
    """And the conversation below stays as it was, byte for byte."""
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("x = 1", "%%qwen --think\nWhy?", "%%qwen --fresh\nAnd?")
    provider.enqueue(Answer(text=("Because.",), thinking=("Hm.",)))
    with desk.lab as lab:
        lab.run_all()
        lab.save()
        provider.enqueue(refuse(401, "invalid_api_key", "wrong"))
        failed = lab.run_cell(2)
        assert (failed.status, failed.answer, failed.receipt["status"]) == ("error", "Because.", "failed")
        assert len(failed.of("thinking")) == 1
        assert "kept, not asked again: wrong key" in failed.text
        assert failed.error.startswith("WrongKey")
        lab.run_cell(3)
        assert provider.questions[-1].raw == provider.questions[1].raw
        lab.notebook.cells[1].source = "x = 2"  # another request by now, but the same question
        lab.run_cell(1)
        provider.enqueue(refuse(400, "data_inspection_failed", "no"))
        assert lab.run_cell(2).answer == "Because."
        lab.save()
        lab.notebook.cells[2].source = "%%qwen --think\nWhy not?"
        provider.enqueue(refuse(400, "data_inspection_failed", "no"))
        assert lab.run_cell(2).answer == ""


def test_without_a_key_the_answer_stays(tmp_path: Path, provider: FakeProvider) -> None:
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen\nWhy?")
    with desk.lab as lab:
        lab.run_all()
        lab.run("import os; del os.environ['DASHSCOPE_API_KEY']")
        ran = lab.run_cell(1)
        assert (ran.status, ran.answer) == ("error", "answer 1")
        assert ran.error.startswith("NoKey")
        assert "kept, not asked again: no key" in ran.text
    assert len(provider.questions) == 1
    assert len(desk.ledger.rows()) == 1


def test_without_a_ledger_the_notebooks_own_answers_come_back(tmp_path: Path, provider: FakeProvider) -> None:
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen\nWhy?", "%%qwen\nAnd?")
    with desk.lab as lab:
        run(lab)
        shutil.rmtree(tmp_path / "qwen")
        (tmp_path / "qwen").write_text("no folder")
        replayed = [ran for ran in run(lab) if ran.answer]
        assert [(ran.status, ran.answer) for ran in replayed] == [("ok", "answer 1"), ("ok", "answer 2")]
        assert all("not in the ledger" in ran.text for ran in replayed)
        assert lab.run("%%qwen\nNew?").error.startswith("LedgerError")
    assert len(provider.questions) == 2


def test_what_was_to_go_on_stays_where_it_fails(tmp_path: Path, provider: FakeProvider) -> None:
    provider.enqueue(Answer(text=("half of it, ", "lost"), error_after=1), refuse(401, "invalid_api_key", "wrong"))
    desk = Desk(tmp_path, provider)
    desk.lab.notebook = book("%%qwen\nTell!")
    with desk.lab as lab:
        lab.run_all()
        lab.notebook.cells[1].source = "%%qwen --continue"
        ran = lab.run_cell(1)
        assert (ran.status, ran.answer) == ("error", "half of it, ")
        provider.enqueue(Answer(text=("the rest.",)))
        assert lab.run_cell(1).answer == "half of it, the rest."


# --- hosts without names ----------------------------------------------------------------------------------------------


def test_hosts_that_name_no_cells_replay_in_order(tmp_path: Path, provider: FakeProvider) -> None:
    notebook = book("%%qwen --context none\nSame?", "%%qwen --context none\nSame?", "%%qwen\nLast?")
    path = tmp_path / "notebook.ipynb"
    env = environment(tmp_path, provider)
    texts = []
    for _ in range(3):
        everywhere.nbclient(notebook, path, env)
        texts.append([answer(cell) for cell in nbformat.read(path, 4).cells[1:]])
    assert texts == [["answer 1", "answer 2", "answer 3"]] * 3
    everywhere.terminal(notebook, path, env)
    assert len(provider.questions) == 3

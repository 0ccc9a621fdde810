"""The join of what the kernel knows and what the document says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.notebook.cells import Notebook, Output, merged
from qwen_magics.notebook.current import current
from qwen_magics.notebook.executions import Execution
from qwen_magics.notebook.file import Saved, SavedCell

SAVED = 100.0  # when the document was saved


def ran(source: str, key: str = "", time: float = 50.0, shows: str = "") -> Execution:
    execution = Execution(key, f"message {source} {time}", source, 1, time)
    execution.seen = (out(shows),) if shows else ()
    return execution


def out(text: str) -> Output:
    return Output("stream", name="stdout", text=text)


def cell(source: str, name: str = "", kind: str = "code", shows: str = "", tags: tuple[str, ...] = ()) -> SavedCell:
    return SavedCell(kind=kind, source=source, id=name, outputs=(out(shows),) if shows else (), tags=tags)


def document(*cells: SavedCell) -> Saved:
    return Saved(cells, "n.ipynb", {"kernelspec": {}}, SAVED)


def rows(notebook: Notebook) -> list[tuple[int, str, list[str | list[str]], bool]]:
    return [(cell.number, cell.source, [output.text for output in cell.outputs], cell.ran) for cell in notebook.cells]


def test_order_and_markdown_are_the_document_s_outputs_of_what_ran_are_the_kernel_s() -> None:
    title, question = cell("# T", "m", "markdown"), cell("%%qwen", "q", shows="old answer")
    saved = document(title, cell("x", "a", shows="stale", tags=("qwen-pin",)), question, cell("y", "b", shows="old"))
    running = ran("%%qwen", "q", shows="so far")
    notebook = current([ran("x", "a", shows="new"), running], running, saved)
    assert rows(notebook) == [
        (1, "# T", [], False),
        (2, "x", ["new"], True),
        (3, "%%qwen", [], True),
        (4, "y", ["old"], False),
    ]
    assert (notebook.running, notebook.origin, notebook.path) == (2, "file", "n.ipynb")
    assert [output.text for output in notebook.earlier] == ["old answer"]
    assert notebook.cells[1].tags == ("qwen-pin",)


def test_cells_below_that_ran_show_what_they_showed() -> None:
    running = ran("q", "q")
    notebook = current([ran("z", "z", shows="below"), running], running, document(cell("q", "q"), cell("z", "z")))
    assert notebook.running == 0
    assert rows(notebook)[1] == (2, "z", ["below"], True)


def test_what_ran_is_shown_as_it_ran_even_if_edited_since() -> None:
    running = ran("q", "q")
    notebook = current([ran("x = 1", "a", shows="1"), running], running, document(cell("x = 2", "a"), cell("q", "q")))
    assert rows(notebook)[0] == (1, "x = 1", ["1"], True)


def test_a_document_that_does_not_hold_the_running_cell_does_not_count() -> None:
    running = ran("new question", "new")
    notebook = current(
        [ran("x", "a", shows="1"), running], running, document(cell("# T", kind="markdown"), cell("x", "a"))
    )
    assert (notebook.origin, notebook.running) == ("session", 1)
    assert [row[1] for row in rows(notebook)] == ["x", "new question"]
    assert "n.ipynb" in notebook.note


def test_a_new_cell_that_is_not_saved_yet_stands_behind_the_one_that_ran_before_it() -> None:
    """Its neighbours' ids say that the file is this notebook: Markdown, tags and deletions count at once."""
    running = ran("new question", "new", time=130)
    executions = [ran("a", "a", time=110), ran("deleted", "d", time=60), running]
    notebook = current(
        executions, running, document(cell("# T", kind="markdown"), cell("a", "a", tags=("qwen-skip",)), cell("b", "b"))
    )
    assert [row[1] for row in rows(notebook)] == ["# T", "a", "new question", "b"]
    assert (notebook.origin, notebook.running) == ("file", 2)
    assert notebook.cells[1].tags == ("qwen-skip",)


def test_what_the_document_forbids_holds_even_if_it_does_not_count() -> None:
    forbids = Saved((cell("x", "a"),), "n.ipynb", {"qwen_magics": {"send": False}}, SAVED)
    notebook = current([], ran("new question", "new", time=130), forbids)
    assert (notebook.origin, notebook.path) == ("session", "n.ipynb")
    assert notebook.metadata == {"qwen_magics": {"send": False}}


def test_another_notebook_that_holds_the_same_question_does_not_count() -> None:
    running = ran("%%qwen\nexplain")
    executions = [ran("import pandas"), ran("df = load()"), ran("df.plot()"), running]
    assert current(executions, running, document(cell("%%qwen\nexplain"))).origin == "session"


def test_a_deleted_cell_is_forgotten_and_an_unsaved_one_stands_behind_its_predecessor() -> None:
    running = ran("q", "q", time=130)
    executions = [ran("a", "a"), ran("deleted", "d", time=60), ran("fresh", "f", time=120), running]
    executions[0].time = 110
    notebook = current(executions, running, document(cell("a", "a"), cell("# T", kind="markdown"), cell("q", "q")))
    assert [row[1] for row in rows(notebook)] == ["a", "fresh", "# T", "q"]
    assert notebook.running == 3
    assert [cell.number for cell in notebook.cells] == [1, 2, 3, 4]


def test_of_a_cell_without_identity_that_ran_twice_the_latest_counts() -> None:
    running = ran("q", time=3)
    executions = [ran("x", time=1, shows="first"), ran("x", time=2, shows="second"), running]
    assert rows(current(executions, running, document(cell("x"), cell("q"))))[0] == (1, "x", ["second"], True)


def test_outputs_that_the_record_had_to_forget_come_from_the_document() -> None:
    running, forgotten = ran("q", "q"), ran("x", "x")
    forgotten.forgotten = True
    notebook = current([forgotten, running], running, document(cell("x", "x", shows="saved"), cell("q", "q")))
    assert rows(notebook)[0] == (1, "x", ["saved"], True)


def test_without_a_document_cells_are_the_executions() -> None:
    running = ran("q")
    running.earlier = (out("before"),)
    notebook = current([ran("x", shows="1"), running], running)
    assert rows(notebook) == [(1, "x", ["1"], True), (2, "q", [], True)]
    assert [output.text for output in notebook.earlier] == ["before"]


def test_nothing_at_all_is_an_empty_notebook() -> None:
    assert current([]) == Notebook()


sources = st.sampled_from(["a", "b", "c = 1", "d = 2", "%%qwen\nq"])
executions = st.builds(ran, sources, st.sampled_from(["", "1", "2", "3", "uri:4"]), st.floats(0, 200), st.just("new"))
saved_cells = st.builds(
    cell, sources, st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["code", "markdown", "raw"]), st.just("old")
)


@given(
    st.lists(executions, unique_by=lambda execution: execution.key or id(execution)), st.lists(saved_cells), st.data()
)
def test_whatever_there_is_joins_to_a_notebook_in_order(
    ran: list[Execution], saved: list[SavedCell], data: st.DataObject
) -> None:
    running = data.draw(st.sampled_from(ran)) if ran else None
    notebook = current(ran, running, document(*saved))
    assert [cell.number for cell in notebook.cells] == list(range(1, len(notebook.cells) + 1))
    if running:
        assert notebook.running is not None
        assert notebook.cells[notebook.running].source == running.source
        assert notebook.cells[notebook.running].outputs == ()
    for cell in notebook.cells:
        assert cell.ran or not cell.outputs or cell.outputs[0].text == "old"
        assert not cell.ran or cell.kind == "code"
    if notebook.origin == "file":
        assert len(notebook.cells) >= len(saved)


def test_neighbouring_streams_are_one_per_name_and_keep_their_place() -> None:
    err = Output("stream", name="stderr", text="e")
    result = Output("execute_result", data={"text/plain": "1"})
    joined = merged([err, out("a"), err, out("b"), result, out("c")])
    assert [(output.name, output.text) for output in joined] == [
        ("stdout", "ab"),
        ("stderr", "ee"),
        ("", ""),
        ("stdout", "c"),
    ]

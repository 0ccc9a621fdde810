"""The notebook's file: found, read, remembered; never a crash."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.notebook.file import Reader, UnreadableNotebookError, find

if TYPE_CHECKING:
    from pathlib import Path

CELL: dict[str, Any] = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": None}


def write(path: Path, *cells: dict[str, Any], **fields: Any) -> str:
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}))
    return str(path)


def test_cells_are_read_with_all_that_counts(tmp_path: Path) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]}
    code = {**CELL, "id": "x", "source": ["1\r\n", "2\n"], "outputs": [stream, stream], "execution_count": 3}
    text = {"cell_type": "markdown", "metadata": {"tags": ["qwen-pin"]}, "source": "# T", "attachments": {}}
    saved = Reader().read(write(tmp_path / "n.ipynb", code, text, metadata={"qwen_magics": {"send": False}}))
    assert saved.metadata == {"qwen_magics": {"send": False}}
    one, two = saved.cells
    assert (one.kind, one.source, one.id, one.execution_count) == ("code", "1\n2", "x", 3)
    assert [output.text for output in one.outputs] == ["a\nb\na\nb\n"]
    assert (two.kind, two.source, two.tags, two.id) == ("markdown", "# T", ("qwen-pin",), "")


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_of_nbformat_4_is_read(minor: int, tmp_path: Path) -> None:
    saved = Reader().read(write(tmp_path / "n.ipynb", CELL, nbformat_minor=minor))
    assert [cell.source for cell in saved.cells] == ["1"]


def test_what_did_not_change_is_the_same_object(tmp_path: Path) -> None:
    reader = Reader()
    cells = [{**CELL, "source": f"{n}"} for n in range(3)]
    path = write(tmp_path / "n.ipynb", *cells)
    first = reader.read(path)
    assert reader.read(path) is first
    cells[1]["source"] = "changed"
    write(tmp_path / "n.ipynb", *cells)
    os.utime(path, ns=(1, 1))
    second = reader.read(path)
    assert [a is b for a, b in zip(first.cells, second.cells, strict=True)] == [True, False, True]
    assert second.cells[1].source == "changed"


@pytest.mark.parametrize(
    "content",
    ["", "{", "null", "[]", '{"cells": 3}', '{"nbformat": 3, "worksheets": []}', "# %% jupytext", "[" * 9999, "\x00"],
)
def test_what_is_no_notebook_is_named_in_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(content)
    with pytest.raises(UnreadableNotebookError, match=r"n\.ipynb") as error:
        Reader().read(str(path))
    assert "\n" not in str(error.value)


def test_missing_unreadable_and_huge_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableNotebookError, match="No such file"):
        Reader().read(str(tmp_path / "none.ipynb"))
    with pytest.raises(UnreadableNotebookError, match="directory"):
        Reader().read(str(tmp_path))
    monkeypatch.setattr("qwen_magics.notebook.file.LARGEST_FILE", 10)
    with pytest.raises(UnreadableNotebookError, match="too large"):
        Reader().read(write(tmp_path / "n.ipynb", CELL))


def test_half_a_surrogate_pair_does_not_make_a_notebook_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", {**CELL, "source": "'\ud800'"})
    assert Reader().read(path).cells[0].source == "'?'"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["cell_type", "source", "outputs", "metadata", "id", "other"]), json_values))
def test_broken_cells_are_a_note_or_read(tmp_path_factory: pytest.TempPathFactory, cell: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "broken.ipynb"
    path.unlink(missing_ok=True)
    try:
        assert len(Reader().read(write(path, cell)).cells) == 1
    except UnreadableNotebookError:
        return


def test_what_nbformat_writes_is_read(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell("r"), nbformat.v4.new_code_cell("c")])
    nbformat.write(notebook, tmp_path / "n.ipynb")
    assert [cell.kind for cell in Reader().read(str(tmp_path / "n.ipynb")).cells] == ["raw", "code"]


@pytest.mark.parametrize(
    ("user_ns", "environ", "cell_id", "found"),
    [
        ({}, {}, "", ""),
        ({}, {"JPY_SESSION_NAME": "/a/n.ipynb"}, "", "/a/n.ipynb"),
        ({}, {"JPY_SESSION_NAME": "console-1"}, "", ""),
        ({"__vsc_ipynb_file__": "/v/n.ipynb"}, {}, "", "/v/n.ipynb"),
        ({}, {}, "vscode-notebook-cell:/v/my%20n.ipynb#W0sZmlsZQ%3D%3D", "/v/my n.ipynb"),
        ({}, {"QWEN_MAGICS_NOTEBOOK": "n.ipynb", "JPY_SESSION_NAME": "/a/n.ipynb"}, "", "/folder/n.ipynb"),
        ({"__vsc_ipynb_file__": 3}, {}, "abc", ""),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_where_the_file_is(user_ns: dict[str, Any], environ: dict[str, str], cell_id: str, found: str) -> None:
    assert find(user_ns, environ, cell_id, "/folder") == found

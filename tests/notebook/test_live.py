"""What a front end hands over, as the kernel keeps it: cells by keys, large outputs left behind, a new name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.notebook.file import Reader, Saved, SavedCell
from qwen_magics.notebook.live import KEPT, Live

if TYPE_CHECKING:
    from pathlib import Path


def cell(source: str, **more: Any) -> dict[str, Any]:
    return {"kind": "code", "source": source, "id": source, "metadata": {}, "outputs": [], **more}


def printed(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def handed(live: Live, keys: str, fresh: str = "", **more: Any) -> list[str]:
    """Hand over cells, each named by one letter; those in `fresh` come along."""
    return live.take({"version": 1, "cells": list(keys), "fresh": {key: cell(key) for key in fresh}, **more})


def seen(live: Live, file: Saved | None = None) -> list[str] | None:
    document = live.document("", lambda: file)
    return None if document is None else [one.source for one in document.cells]


@given(st.lists(st.text("abcdef", max_size=5), max_size=12))
def test_a_front_end_that_sends_each_cell_once_is_always_understood(copies: list[str]) -> None:
    """It remembers what its last copy held, no more."""
    live, known = Live(), ""
    for keys in copies:
        assert handed(live, keys, "".join(set(keys) - set(known))) == []
        assert seen(live) == list(keys)
        known = keys


def test_cells_of_several_browsers_are_kept_apart() -> None:
    live = Live()
    for page in ("ab", "cd", "ef"):
        assert handed(live, page, page) == []
    assert handed(live, "ba") == []
    assert seen(live) == ["b", "a"]
    for _ in range(KEPT):
        handed(live, "ef")
    assert handed(live, "ab") == ["a", "b"]


def test_a_copy_with_a_hole_counts_as_none_nor_does_the_one_before() -> None:
    live = Live()
    handed(live, "ab", "ab")
    assert handed(live, "abz") == ["z"]
    assert seen(live) is None
    assert live.time == 0.0
    assert handed(live, "abz", "z") == []
    assert seen(live) == ["a", "b", "z"]


def test_a_cell_is_the_same_from_the_screen_and_from_the_file(tmp_path: Path) -> None:
    outputs = [
        *printed("one\n"), {"output_type": "stream", "name": "stderr", "text": ["warn\n", "ed"]}, *printed("two"),
        {"output_type": "execute_result", "execution_count": 2, "metadata": {}, "data": {"text/plain": ["[1,\n", "]"]}},
        {"output_type": "error", "ename": "E", "evalue": "no", "traceback": ["line"]},
    ]  # fmt: skip
    metadata = {"tags": ["qwen-pin", 3]}
    shared = {"id": "k", "metadata": metadata, "source": "x\r\ny  \n", "outputs": outputs, "execution_count": 2}
    path = tmp_path / "notebook.ipynb"
    path.write_bytes(msgspec.json.encode({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", **shared}]}))
    live = Live()
    live.take({"cells": ["k"], "fresh": {"k": {"kind": "code", **shared}}})
    document = live.document("", lambda: None)
    assert document is not None
    assert msgspec.to_builtins(document.cells) == msgspec.to_builtins(Reader().read(str(path)).cells)


def test_outputs_that_were_too_large_to_send_are_those_of_the_file() -> None:
    live = Live()
    live.take({"cells": ["k", "l"], "fresh": {"k": cell("a", outputs=None), "l": cell("b", outputs=printed("new"))}})
    there = SavedCell("code", "", "a", outputs=tuple(msgspec.convert(printed("big"), list[Any], strict=False)))
    document = live.document("", lambda: Saved((there, SavedCell("code", "", "b"))))
    assert document is not None
    assert document.cells[0].outputs == there.outputs
    assert [output.text for output in document.cells[1].outputs] == ["new"]
    bare = live.document("", lambda: None)
    assert bare is not None
    assert bare.cells[0].outputs == ()


@pytest.mark.parametrize("said", [None, [], {"cells": 1}, {"cells": ["a"], "fresh": {"a": {"kind": "chart"}}}])
def test_what_cannot_be_read_changes_nothing(said: object) -> None:
    live = Live()
    handed(live, "ab", "ab")
    with pytest.raises(msgspec.ValidationError):
        live.take(said)
    assert seen(live) == ["a", "b"]


def test_what_a_newer_front_end_adds_is_ignored() -> None:
    live = Live()
    assert handed(live, "a", "a", version=7, colour="blue") == []
    assert seen(live) == ["a"]


def test_the_screen_knows_a_notebook_by_its_new_name(tmp_path: Path) -> None:
    """The kernel is told the path once, at its start."""
    (tmp_path / "work").mkdir()
    old, new = tmp_path / "work" / "old.ipynb", tmp_path / "work" / "new.ipynb"
    new.touch()
    live = Live()
    assert live.place(str(old)) == str(old)
    handed(live, "a", "a", path="work/new.ipynb")
    assert live.place(str(old)) == str(new)
    assert live.place(str(new)) == str(new)
    handed(live, "a", path="elsewhere/gone.ipynb")
    assert live.place(str(old)) == str(old)
    assert live.place("") == ""

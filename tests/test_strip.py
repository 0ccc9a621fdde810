"""`jupyter qwen strip`: what goes, what stays to the byte, and that a notebook still works afterwards."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from fakes.receipts import make
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_magics.app import main
from qwen_magics.context import turns
from qwen_magics.display import receipt as receipts
from qwen_magics.magics import report
from qwen_magics.notebook.cells import Cell
from qwen_magics.notebook.file import Reader
from qwen_magics.notebook.strip import NotANotebookError, strip

ROLES = ("answer", "thinking", "receipt", "report", "later")
PRIVATE = ("a question as it was sent", "0123456789abcdef", "a thought", "reported spend")


def shown(data: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def ours(role: str, **said: Any) -> dict[str, Any]:
    """An output as a turn leaves it."""
    mark = receipts.marked(role, "t1", **said)
    if role == "receipt":
        return shown(*receipts.bundle(make("0.01", turn="t1")))
    if role == "answer":
        asked = {
            "asked": PRIVATE[0],
            "question": PRIVATE[1],
            "request_hash": PRIVATE[1],
            "part": 0,
            "status": "complete",
        }
        mark["qwen_magics"] |= asked
        return shown({"text/markdown": "It is **so**.", "text/plain": "It is **so**."}, mark)
    if role == "thinking":
        return shown(receipts.folded("Thought for 2.1 s", PRIVATE[2]), mark)
    return shown({"text/plain": PRIVATE[3]}, report.MARK if role == "report" else mark)


def notebook(*outputs: dict[str, Any], source: str = "%%qwen\nwhy?") -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": list(outputs)}
    text = {"cell_type": "markdown", "id": "b", "metadata": {"z": 1, "a": 2}, "source": ["one\n", "two ☃"]}
    return {"cells": [cell | {"execution_count": 1}, text], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def outputs_of(text: str) -> list[dict[str, Any]]:
    return [output for cell in json.loads(text)["cells"] for output in cell.get("outputs", [])]


MINE = {"output_type": "stream", "name": "stdout", "text": "mine"}
FULL = json.loads(json.dumps(notebook(MINE, *map(ours, ROLES))))


def test_answers_stay_and_nothing_else_of_a_turn_does() -> None:
    done = strip(json.dumps(FULL, indent=1))
    own, answer = outputs_of(done.text)
    assert own["text"] == "mine"
    assert answer["data"] == ours("answer")["data"]
    assert set(answer["metadata"]["qwen_magics"]) == {"version", "turn", "role", "part", "status"}
    assert not [words for words in PRIVATE if words in done.text]
    assert done.removed == {"thinking": 1, "receipts": 1, "reports": 2, "asked": 1}
    assert done.answers == 1


@pytest.mark.parametrize("kind", ["receipts", "thinking", "reports", "asked"])
def test_what_is_to_be_kept_is_kept(kind: Any) -> None:
    done = strip(json.dumps(FULL), ["answers", kind])
    assert kind not in done.removed
    assert len(done.removed) == 3
    assert strip(json.dumps(FULL), ["receipts", "thinking", "reports", "asked", "answers"]).text == json.dumps(FULL)


def test_a_thread_of_the_sidebar_goes_with_its_other_branches() -> None:
    whole = notebook() | {"metadata": {"qwen_magics": {"version": 1, "thread": {"title": PRIVATE[0]}, "send": False}}}
    done = strip(json.dumps(whole))
    assert json.loads(done.text)["metadata"] == {"qwen_magics": {"version": 1, "send": False}}
    assert done.removed == {"threads": 1}
    assert strip(json.dumps(whole), ["threads"]).text == json.dumps(whole)


def test_answers_go_too_where_that_is_wanted() -> None:
    done = strip(json.dumps(FULL), [])
    assert [output["output_type"] for output in outputs_of(done.text)] == ["stream"]
    assert done.answers == 0


def test_a_later_turn_has_the_cells_own_text_for_what_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(strip(json.dumps(notebook(*map(ours, ROLES)))).text)
    saved = Reader().read(str(path)).cells[0]
    past = turns.read(Cell(number=1, kind="code", source=saved.source, outputs=saved.outputs))
    assert past == turns.PastTurn(asked="why?", answer="It is **so**.")


# --- to the byte ------------------------------------------------------------------------------------------------------

texts = st.text(max_size=8)
numbers = st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
trees = st.recursive(
    texts | numbers, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
foreign = st.one_of(
    st.builds(lambda text: {"output_type": "stream", "name": "stdout", "text": text}, texts),
    st.builds(lambda text, more: shown({"text/plain": text}, {"other": more}), texts, trees),
)
any_outputs = st.lists(foreign | st.sampled_from(ROLES).map(ours), max_size=7)
layouts = st.sampled_from(
    [
        {"indent": 1, "ensure_ascii": False},
        {"indent": 1, "sort_keys": True},
        {"indent": "\t"},
        {"separators": (",", ":")},
        {},
    ]
)


@settings(max_examples=150)
@given(any_outputs, trees, layouts, st.sampled_from(["", "\n", "\r\n"]))
def test_what_stays_keeps_its_bytes(found: list[dict[str, Any]], more: Any, layout: dict[str, Any], end: str) -> None:
    whole = notebook(*found)
    whole["metadata"]["more"] = more
    whole["cells"].append({"cell_type": "raw", "id": "c", "metadata": {}, "source": json.dumps(more)})
    before = json.dumps(whole, **layout) + end
    done = strip(before)
    wanted = json.loads(before)
    wanted["cells"][0]["outputs"] = [
        output
        for output in wanted["cells"][0]["outputs"]
        if output.get("metadata", {}).get("qwen_magics", {"role": "answer"})["role"] == "answer"
    ]
    for output in wanted["cells"][0]["outputs"]:
        for name in ("asked", "question", "request_hash"):
            output.get("metadata", {}).get("qwen_magics", {}).pop(name, None)
    assert done.text == json.dumps(wanted, **layout) + end  # as if its writer had written it so
    assert strip(done.text).text == done.text
    assert not strip(done.text).removed


@given(st.lists(st.sampled_from(ROLES), max_size=6))
@settings(max_examples=25)
def test_what_stays_is_a_valid_notebook(roles: list[str]) -> None:
    nbformat.validate(nbformat.reads(strip(json.dumps(notebook(*map(ours, roles)))).text, as_version=4))


@given(st.text(max_size=40) | st.text(alphabet='{}[]",:0 cels', max_size=40))
def test_what_is_no_notebook_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NotANotebookError):
        strip(text)


def test_signs_and_numbers_stay_as_they_were_written() -> None:
    text = '{"nbformat": 4, "metadata": {"x": 1.50e3, "u": "\\u00e9é", "x": 2}, "cells": [{"outputs": [ ]}]}'
    assert strip(text).text == text


# --- the command ------------------------------------------------------------------------------------------------------


def test_a_file_is_changed_in_place_and_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(FULL))
    path.chmod(0o640)
    assert main(["strip", "--check", str(path)]) == 1
    assert "would remove 1 receipt" in capsys.readouterr().out
    assert json.loads(path.read_text()) == FULL
    assert main(["strip", str(path)]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    gone = "1 receipt, 1 thought, 2 reports, 1 question as it was sent"
    assert told == f"{path}: removed {gone}; 1 answer stays."
    assert path.stat().st_mode & 0o777 == 0o640
    stands = path.stat()
    assert main(["strip", "--check", str(path)]) == 0
    assert main(["strip", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{path}: nothing to remove; 1 answer stays."
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (stands.st_mtime_ns, stands.st_ino)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.ipynb"]


def test_the_original_stays_where_an_output_is_named(tmp_path: Path) -> None:
    path, other = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    path.write_text(json.dumps(FULL))
    assert main(["strip", str(path), "--output", str(other), "--keep", "receipts"]) == 0
    assert json.loads(path.read_text()) == FULL
    assert len(outputs_of(other.read_text())) == 3


def test_a_git_filter_reads_and_writes_streams(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = json.dumps(FULL, ensure_ascii=False).replace("\n", "\r\n").encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert main(["strip", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == strip(text.decode()).text.encode()
    assert b"1 answer stays" in err


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<<<<<<< HEAD\n{}", "no JSON"),
        (b"[1, 2]", "no notebook"),
        (b'{"worksheets": [], "nbformat": 3}', "older format"),
        (b'{"cells": [], "nbformat": 3}', "nbformat 3"),
        (b'{"cells": [], "nbformat": 4} x', "no JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"cells": ' + b"[" * 100_000, "no JSON"),
    ],
)
def test_what_cannot_be_read_stays_as_it_is(
    content: bytes, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, good = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    path.write_bytes(content)
    good.write_text(json.dumps(FULL))
    assert main(["strip", str(path)]) == 1
    assert why in capsys.readouterr().err
    assert main(["strip", str(path), str(good)]) == 1  # the others are done all the same
    assert path.read_bytes() == content
    assert len(outputs_of(good.read_text())) == 2

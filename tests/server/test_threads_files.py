"""Threads out to files and back in: nothing is lost, and a file that somebody else made does no harm."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import pytest
from fakes.receipts import make
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from qwen_magics.context import turns as past
from qwen_magics.notebook import answers
from qwen_magics.notebook import receipts as saved_receipts
from qwen_magics.notebook.cells import Cell
from qwen_magics.notebook.file import read_text
from qwen_magics.server.bodies import Chip, Problem
from qwen_magics.server.handler import Refused
from qwen_magics.server.threads import export
from qwen_magics.server.threads.import_ import read
from qwen_magics.server.threads.shapes import Portable, Turn
from qwen_magics.server.threads.store import Threads

words = st.text(st.characters(codec="utf-8"), max_size=60)


@st.composite
def trees(draw: st.DrawFn) -> Portable:
    """Any thread: turns that follow any earlier one."""
    made: list[Turn] = []
    for number in range(draw(st.integers(0, 8))):
        parent = draw(st.sampled_from(["", *(turn.id for turn in made)]))
        paid = draw(st.none() | st.decimals(0, 10, places=9).map(lambda amount: make(f"{amount:f}")))
        turn = Turn(
            id=f"{number:032x}",
            parent=parent,
            time="2026-11-24T03:28:15.000Z",
            question=draw(words),
            asked=draw(words),
            answer=draw(words),
            thinking=draw(words),
            chips=draw(st.lists(st.builds(Chip, kind=st.sampled_from(["cell", "var"]), name=words), max_size=2)),
            status=draw(st.sampled_from(["complete", "stopped", "failed", "lost"])),
            receipt=paid,
            error=draw(st.none() | st.builds(Problem, kind=st.just("TimedOut"), message=words, remedy=words)),
        )
        made.append(turn)
    head = draw(st.sampled_from([turn.id for turn in made])) if made else ""
    title = " ".join(draw(words).split()) or "T"
    return Portable(title=title, created="2026-11-24T03:28:15.000Z", head=head, turns=made)


@given(trees(), st.sampled_from(["json", "ipynb"]))
def test_a_thread_that_went_out_comes_back_the_same(thread: Portable, form: str) -> None:
    text = export.as_json(thread) if form == "json" else export.as_notebook(thread)
    assert read("a file", text) == thread


@given(trees())
def test_an_exported_notebook_is_one_and_markdown_is_always_written(thread: Portable) -> None:
    nbformat.validate(json.loads(export.as_notebook(thread)))
    assert export.as_markdown(thread)


@given(trees())
def test_what_is_stored_and_read_again_is_the_same_but_for_its_names(
    tmp_path_factory: pytest.TempPathFactory, thread: Portable
) -> None:
    threads = Threads(tmp_path_factory.mktemp("data") / "sidebar.sqlite")
    made = threads.create(thread.title, "", thread.turns, thread.head)
    back = export.portable(*threads.whole(made.id))
    names = dict(zip([turn.id for turn in back.turns], [turn.id for turn in thread.turns], strict=True))
    old = [replace(turn, id=names[turn.id], parent=names.get(turn.parent, "")) for turn in back.turns]
    assert (old, names.get(back.head, "")) == (thread.turns, thread.head)
    whole = sum((turn.receipt.cost.amount or Decimal(0) for turn in thread.turns if turn.receipt), Decimal(0))
    assert sum(spend.amount for spend in made.cost) == whole
    threads.close()


def conversation() -> Portable:
    receipt = make("0.0052", turn="a" * 32)
    first = Turn(id="a" * 32, question="What is {{ 1 + 1 }}?", asked="What is it?", answer="Two.", status="complete")
    broken = Problem(kind="TimedOut", message="No answer in time.", remedy="Ask again.")
    turns = [
        replace(first, receipt=receipt, thinking="One and one."),
        Turn(id="b" * 32, parent="a" * 32, question="Sure?", answer="Ye", status="lost"),
        Turn(id="c" * 32, parent="a" * 32, question="Really?", status="failed", error=broken),
    ]
    return Portable(title="Sums", head="b" * 32, turns=turns)


def test_the_notebook_has_cells_whose_answers_later_questions_see() -> None:
    """As a `%%qwen` cell leaves them: the core reads the turn, and doesn't take the cell for one that was edited."""
    cells = read_text(export.as_notebook(conversation())).cells
    asked = [Cell(number=n, kind=cell.kind, source=cell.source, outputs=cell.outputs) for n, cell in enumerate(cells)]
    turns = [past.read(cell) for cell in asked if past.is_question(cell)]
    assert [(turn.asked, turn.answer, turn.stopped, turn.edited) for turn in turns if turn] == [
        ("What is it?", "Two.", False, False),
        ("Sure?", "Ye", True, False),
    ]
    (receipt,) = [one.receipt for cell in cells for one in saved_receipts.read(cell.outputs)]
    assert receipt.cost.amount == Decimal("0.0052")
    assert [one.thinking for one in answers.read_all(cells[2].outputs)] == ["One and one."]
    assert "{{" not in cells[2].source  # in a cell it would be evaluated


def test_markdown_shows_the_path_on_screen_and_says_what_it_leaves_out() -> None:
    text = export.as_markdown(conversation())
    assert "# Sums\n" in text
    assert "Sure?" in text
    assert "Really?" not in text
    assert "1 turn of other branches not shown" in text
    assert "`$0.0052 · qwen3-max`" in text
    other = export.as_markdown(replace(conversation(), head="c" * 32))
    assert "`TimedOut: No answer in time.`" in other


def test_nothing_in_an_exported_file_calls_out_or_runs() -> None:
    evil = "![x](https://evil.example/p.png) <script>alert(1)</script>"
    turn = Turn(id="a" * 32, question=evil, answer=evil, thinking=evil, status="complete")
    thread = Portable(title=evil, turns=[turn])
    markdown, html = [export.as_markdown(thread)], []
    for cell in json.loads(export.as_notebook(thread))["cells"]:
        markdown += [cell["source"]] if cell["cell_type"] == "markdown" else []
        markdown += [output["data"].get("text/markdown", "") for output in cell.get("outputs", [])]
        html += [output["data"].get("text/html", "") for output in cell.get("outputs", [])]
    assert not [text for text in [*markdown, *html] if "<script" in text]
    assert not [text for text in markdown if "![x](https" in text]


def test_any_notebooks_questions_become_a_thread() -> None:
    notebook = json.loads(export.as_notebook(conversation()))
    del notebook["metadata"]["qwen_magics"]
    thread = read("notes/Sums today.ipynb", json.dumps(notebook))
    assert thread.title == "Sums today"
    assert [(turn.question, turn.answer, turn.status) for turn in thread.turns] == [
        ("What is { { 1 + 1 } }?", "Two.", "complete"),
        ("Sure?", "Ye", "stopped"),
    ]
    assert [turn.parent for turn in thread.turns] == ["", thread.turns[0].id]
    assert thread.turns[0].receipt is not None


def filed(*turns: dict[str, Any], **more: Any) -> str:
    return json.dumps({"qwen_magics": {"version": 9, "new": 1, "thread": {"title": "t", "turns": turns, **more}}})


def test_odd_trees_are_set_right() -> None:
    one, two = {"id": "1", "parent": "2"}, {"id": "2", "parent": "1", "later": True}
    thread = read("", filed(one, two, {**one, "question": "again"}, {"id": "3", "parent": "3"}, head="9"))
    assert [(turn.id, turn.parent, turn.status) for turn in thread.turns] == [
        ("1", "", "lost"),
        ("2", "1", "lost"),
        ("3", "", "lost"),
    ]
    assert thread.head == "3"


def priced(amount: str, **cost: str) -> str:
    receipt = {"id": "1", "time": "", "provider": "p", "model": "m", "cost": {"amount": amount, **cost}}
    return filed({"id": "1", "receipt": receipt})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "[]",
        "{}",
        "{" * 100_000,
        '{"a":' * 100_000,
        filed({"id": 7}),
        filed({"id": "1", "status": "fine"}),
        priced("NaN"),
        priced("1e99999999"),
        priced("1e-99999999"),
        priced("1", cache_saved="-Infinity"),
        '{"qwen_magics": {"thread": null}}',
        json.dumps({"nbformat": 3, "worksheets": []}),
        json.dumps({"nbformat": 4, "cells": [], "metadata": {}}),
    ],
)
def test_what_is_no_thread_is_refused_in_words(content: str) -> None:
    with pytest.raises(Refused) as refused:
        read("x.json", content)
    assert "x.json" in str(refused.value) or "notebook" in str(refused.value)
    assert refused.value.status == 400


@given(st.recursive(st.none() | st.integers() | words, lambda inner: st.lists(inner) | st.dictionaries(words, inner)))
def test_any_json_is_read_or_refused(value: Any) -> None:
    for thread in (value, {"turns": [value]}, {"turns": [{"id": "1", "receipt": value}]}):
        try:
            read("x", json.dumps({"qwen_magics": {"thread": thread}}))
        except Refused:
            continue


def test_a_files_name_is_made_of_the_titles_words() -> None:
    assert export.filename("What is a/../monad?", "md") == "What-is-a-monad.md"
    assert export.filename("什么是单子", "json") == "什么是单子.json"
    assert export.filename("…", "ipynb") == "thread.ipynb"
    assert Path(export.filename("x" * 900, "md")).stem == "x" * 60

"""What most of an item is, in a word."""

from __future__ import annotations

import pytest

from qwen_magics.context.items import Item
from qwen_magics.context.nature import nature

LOG = "\n".join(f"2026-11-24 10:00:{second:02},123 INFO loader: {second} rows" for second in range(30))
TABLE = "\n".join(f"{n} | Adelie | {n * 1.5} | {n * 3}" for n in range(30))
FRAME = "\n".join(f"{n}   Adelie   {n * 1.5}   {n * 3}" for n in range(30))
TRACEBACK = "Cell, line 1\n----> 1 df[\"x\"]\nFile frame.py:4, in get\nKeyError: 'x'"
EPOCHS = "\n".join(f"Epoch {n}/30 loss 0.{n}" for n in range(30))


@pytest.mark.parametrize(
    ("output", "word"),
    [
        (LOG, "log"), (EPOCHS, "log"), (TABLE, "table"), (FRAME, "table"), (TRACEBACK, "traceback"),
        ("(answer) " + "It is so. " * 9, "answer"), ("word " * 90, "output"),
        ("The error of this fit:\nis small\nErrors are few", "output"),
    ],
)  # fmt: skip
def test_an_output_is_called_by_its_looks(output: str, word: str) -> None:
    assert nature(Item(kind="cell", label="#1", tag="cell", text="f()", outputs=("1", output))) == (word, output)


def test_the_longest_part_gives_the_name() -> None:
    assert nature(Item(kind="cell", label="#1", tag="cell", text="x = 1\n" * 9, outputs=("1",)))[0] == "source"
    assert nature(Item(kind="cell", label="#1", tag="text", text="# Title"))[0] == "text"
    assert nature(Item(kind="turn", label="#1", text="Why?", answer="So it is."))[0] == "answer"
    assert nature(Item(kind="turn", label="#1", text="Why? " * 9, answer="So."))[0] == "question"
    assert nature(Item(kind="attachment", label="@df", text="<value>"))[0] == "summary"
    assert nature(Item(kind="question", label="the question", text="Why?"))[0] == ""

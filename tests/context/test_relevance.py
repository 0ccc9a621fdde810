"""Which cells a question speaks of, by their syntax trees."""

from __future__ import annotations

from typing import Any

import pytest

from qwen_magics.context.relevance import about, is_error, named
from qwen_magics.notebook.cells import Cell, Output


def cells(*sources: str) -> list[Cell]:
    return [Cell(number=n, kind="code", source=source) for n, source in enumerate(sources, start=1)]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("df = load()", {"df"}),
        ("total = df.sum()", {"total"}),
        ("df['x'] = 1", {"df"}),
        ("df.loc[0].x = 1", {"df"}),
        ("df.head()", {"df"}),
        ("print(df, n)", {"print", "df", "n"}),
        ("import numpy as np\nfrom os import path", {"np", "path"}),
        ("import os.path", {"os"}),
        ("def f(x):\n    inner = x\n    return inner", {"f"}),
        ("for row in df:\n    seen = row", {"row", "seen"}),
        ("with open(p) as file:\n    pass", {"file"}),
        ("(a, b), *c = z", {"a", "b", "c"}),
        ("del df['x']", {"df"}),
        ("%%time\ndf = 1\n!ls\n%matplotlib inline", {"df"}),
        ("df = (1\nmodel.fit(", {"df", "model"}),
        ("", set()),
    ],
)
def test_a_cell_is_about_what_it_sets_changes_or_shows(source: str, names: set[str]) -> None:
    assert about(source) == names


def test_a_question_speaks_of_numbers_names_and_quoted_code() -> None:
    several = cells("df = 1", "total = df.sum()", "df.head()", "model = fit(total)", "nothing")
    assert named(several, "what of #2?", ()) == {2}
    assert named(several, "why?", ("df",)) == {1, 3}
    assert named(several, "why is `model.score` low? `not python(`", ()) == {4}
    assert named(several, "the df in words, ```df```", ()) == set()


def test_markdown_is_about_no_name() -> None:
    assert named([Cell(number=1, kind="markdown", source="df = everything")], "`df`?", ()) == set()


@pytest.mark.parametrize(
    ("ename", "traceback", "own"), [("ValueError", ["one", "two"], True), ("GuardError", ["one line"], False)]
)
def test_an_error_of_ours_is_none_of_the_users(ename: str, traceback: Any, own: bool) -> None:
    output = Output("error", ename=ename, evalue="x", traceback=traceback)
    assert is_error(Cell(number=1, kind="code", source="x", outputs=(output,))) is own

"""What a code cell asks and sets, told from its source alone."""

from __future__ import annotations

import pytest

from qwen_magics.magics.reading import Question, Setting, Step, Unread, silent, steps
from qwen_magics.notebook.cells import Cell


def read(source: str) -> list[Step]:
    return steps(Cell(number=1, kind="code", source=source))


def asks(line: str, *, repeated: bool = False) -> Question:
    return Question(line, "", whole_cell=False, repeated=repeated)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("%%qwen -m qwen-plus\nWhy {{ x }}?", [Question("-m qwen-plus", "Why {{ x }}?\n", whole_cell=True)]),
        ("%%qwen --continue", [Question("--continue", "\n", whole_cell=True)]),
        ("%qwen what's $x {y}?", [asks("what's $x {y}?")]),
        ("x = 1\nhint = %qwen -o a one\n%qwen two", [asks("-o a one"), asks("two")]),
        ("%%time\n%qwen why", [asks("why")]),
        ("%time %qwen why", [asks("why")]),
        ("if x:\n    %qwen why", [asks("why")]),
        ("for i in x:\n    %qwen why", [asks("why", repeated=True)]),
        ("def f():\n    return get_ipython().run_line_magic('qwen', 'why')", [asks("why", repeated=True)]),
        ("%%timeit\n%qwen why", [asks("why", repeated=True)]),
        ("%qwen? \n%qwen_context why?\n%config Qwen\n%config Qwen.model\n'%qwen why'  # %qwen why", []),
        ("%%bash\n%qwen why", []),
    ],
)
def test_questions_are_found_as_ipython_would_ask_them(source: str, found: list[Step]) -> None:
    assert read(source) == found


def test_settings_are_literals_and_anything_else_is_said_to_be_unread() -> None:
    two = "%config Qwen.model = 'qwen-plus'\n%config Qwen.max_tokens = 100"
    assert read(two) == [Setting("model", "qwen-plus"), Setting("max_tokens", 100)]
    for source in (
        "%config Qwen.model = 'a'; Qwen.max_tokens = 1",  # which %config itself can't read
        "%config Qwen.model = name",
        "if x:\n    %config Qwen.think = True",
        "import os\nos.environ['QWEN_MAGICS_MODEL'] = 'x'",
        "%env QWEN_MAGICS_MODEL=x",
        "get_ipython().run_line_magic('qwen', text)",
        "%qwen_fix",
        "%qwen why\n1 +",
    ):
        (step,) = read(source)
        assert isinstance(step, Unread), source


@pytest.mark.parametrize(
    ("source", "shows_nothing"),
    [
        ("import pandas as pd\n%load_ext qwen_magics\nx = 1", True),
        ("def f():\n    print(1)", True),
        ("answer = %qwen why", True),
        ("%config Qwen.model = 'qwen-plus'", True),
        ("df = load()", False),
        ("x", False),
        ("print(1)", False),
        ("%%bash\nls", False),
        ("1 +", False),
    ],
)
def test_a_cell_that_only_defines_surely_shows_nothing(source: str, shows_nothing: bool) -> None:
    assert silent(source) is shows_nothing

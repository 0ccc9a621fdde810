"""A question mark at a line's end is a question where there is a question, help where there is none."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from qwen_magics.magics.help_mark import transform


@pytest.fixture
def shell() -> TransformerManager:
    manager = TransformerManager()
    manager.cleanup_transforms.append(transform)
    return manager


@pytest.mark.parametrize(
    ("cell", "call"),
    [
        ("%qwen what is this?", "get_ipython().run_line_magic('qwen', 'what is this?')\n"),
        ("%qwen what's {x} in $y ?", "get_ipython().run_line_magic('qwen', \"what's {x} in $y ?\")\n"),
        ("a = %qwen -m qwen-plus why?", "a = get_ipython().run_line_magic('qwen', '-m qwen-plus why?')\n"),
        ("%qwen_context why?", "get_ipython().run_line_magic('qwen_context', 'why?')\n"),
        (
            "x = 1\nfor i in y:\n    %qwen is it?\n",
            "x = 1\nfor i in y:\n    get_ipython().run_line_magic('qwen', 'is it?')\n",
        ),
    ],
)
def test_a_question_reaches_the_magic(shell: TransformerManager, cell: str, call: str) -> None:
    assert shell.transform_cell(cell) == call


@pytest.mark.parametrize("cell", ["%qwen?", "%%qwen?", "%qwen_usage?", "?%qwen"])
def test_help_stays_help(shell: TransformerManager, cell: str) -> None:
    assert "pinfo" in shell.transform_cell(cell)


@pytest.mark.parametrize(
    "cell",
    [
        's = """\n%qwen what is this?\n"""\n',
        "%%bash\n%qwen what is this?\n",
        "a = 7 \\\n  %qwen_\n",
    ],
)
def test_text_that_only_looks_like_a_question_is_left_alone(shell: TransformerManager, cell: str) -> None:
    plain = TransformerManager()
    assert shell.transform_cell(cell) == plain.transform_cell(cell)

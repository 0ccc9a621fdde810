"""Which cells go along, in which form: the contract "What is sent", item by item."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics import tokens
from qwen_magics.context.compose import Context, Question, Rules, compose
from qwen_magics.context.redact import Redactor
from qwen_magics.errors import InputTooLong, OptionError
from qwen_magics.notebook.cells import Cell, Notebook, Output
from qwen_magics.values import Message


def cell(number: int, source: str, *outputs: str, kind: Any = "code", **more: Any) -> Cell:
    shown = tuple(Output("stream", name="stdout", text=text) for text in outputs)
    return Cell(number=number, kind=kind, source=source, outputs=shown, **more)


def answered(number: int, source: str, text: str, *, status: str = "complete", asked: str = "") -> Cell:
    mark = {"version": 1, "turn": "t", "role": "answer", "part": 0, "asked": asked, "status": status}
    output = Output("display_data", data={"text/plain": text}, metadata={"qwen_magics": mark})
    return Cell(number=number, kind="code", source=source, outputs=(output,))


def composed(*cells: Cell, question: str = "Why?", **rules: Any) -> Context:
    running = Cell(number=len(cells) + 1, kind="code", source="%%qwen\nWhy?")
    notebook = Notebook(cells=(*cells, running), running=len(cells))
    return compose(notebook, Question(text=question), Rules(**rules), Redactor({}, environ={}))


def said(*cells: Cell, **rules: Any) -> str:
    return "\n".join(message.content for message in composed(*cells, **rules).messages()[1:])


def test_cells_go_in_document_order_with_what_they_showed() -> None:
    text = said(cell(1, "# Title", kind="markdown"), cell(2, "x = 1"), cell(3, "print(x)", "1\n"))
    assert text == (
        '<text n="1">\n# Title\n</text>\n\n<cell n="2">\nx = 1\n</cell>\n\n'
        '<cell n="3">\nprint(x)\n</cell>\n<output n="3">\n1\n</output>\n\nWhy?'
    )


def test_a_question_and_its_answer_are_a_turn_as_they_were_asked() -> None:
    context = composed(cell(1, "x"), answered(2, "%%qwen\nnow {{ edited }}", "Yes.", asked="was 7?"), cell(3, "y"))
    assert context.messages()[1:] == [
        Message("user", '<cell n="1">\nx\n</cell>\n\nwas 7?'),
        Message("assistant", "Yes."),
        Message("user", '<cell n="3">\ny\n</cell>\n\nWhy?'),
    ]


def test_a_stopped_answer_stays_marked_a_failed_one_goes_with_its_question() -> None:
    assert "Half[stopped" in said(answered(1, "%%qwen\na", "Half", status="stopped")).replace("\n\n", "")
    assert "secret plan" not in said(answered(1, "%%qwen\nsecret plan", "Half", status="failed"))
    assert "never run" not in said(cell(1, "%%qwen\nnever run"))


def test_marks_and_tags_leave_out_and_pin() -> None:
    text = said(
        cell(1, "# qwen: skip\nhidden = 1"), cell(2, "hidden2", tags=("qwen-skip",)), cell(3, "raw", kind="raw"),
        cell(4, "<!-- qwen: skip -->\nhidden3", kind="markdown"), cell(5, "shown"),
    )  # fmt: skip
    assert "hidden" not in text
    assert "raw" not in text
    assert '<cell n="5">\nshown' in text


def test_our_own_line_magics_mean_nothing_to_the_model() -> None:
    text = said(cell(1, "%load_ext qwen_magics"), cell(2, "%qwen_context why?\nx = 1"))
    assert "qwen_" not in text
    assert '<cell n="2">\nx = 1' in text


@pytest.mark.parametrize(
    ("word", "numbers"), [("above", [1, 2, 4]), ("none", []), ("code", [1, 4]), ("2..4", [2, 4]), ("#1..#1", [1])]
)
def test_context_chooses_cells(word: str, numbers: list[int]) -> None:
    cells = (cell(1, "a"), cell(2, "b", kind="markdown"), cell(3, "%%qwen\nunanswered"), cell(4, "c"))
    context = composed(*cells, select=word)
    assert [item.number for item in context.items if item.kind == "cell"] == numbers


def test_a_context_that_cannot_be_is_named() -> None:
    with pytest.raises(OptionError, match="below"):
        composed(select="below")


def test_an_output_is_cut_to_600_tokens_near_ones_errors_and_named_ones_to_3000() -> None:
    long = "word " * 5000
    far = [cell(n, f"far{n}", long) for n in range(1, 5)]
    error = Cell(
        number=5, kind="code", source="boom", outputs=(Output("error", ename="E", evalue=long, traceback=[long]),)
    )
    near = [cell(n, f"near{n}", long) for n in range(6, 9)]
    context = composed(*far, error, *near, question="what of #2?")
    counts = {item.number: tokens.count(item.outputs[0]) for item in context.items if item.outputs}
    assert all(500 < counts[n] <= 600 for n in (1, 3, 4))
    assert all(2500 < counts[n] <= 3000 for n in (2, 5, 6, 7, 8))
    assert all(item.cut > 0 for item in context.items if item.outputs)
    assert "tokens left out" in context.messages()[1].content


def test_control_tokens_are_broken_and_listed() -> None:
    context = composed(cell(1, "s = '<|im_end|>'"), question="<think> hm")
    assert "<|im_end|>" not in str(context.messages())
    assert set(context.broken) == {"<|im_end|>", "<think>"}


def test_a_secret_never_leaves_unless_its_cell_is_allowed() -> None:
    secret = "hf_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3b"
    assert secret not in said(cell(1, f"token = '{secret}'", secret))
    assert composed(cell(1, f"token = '{secret}'")).redacted == 1
    assert secret in said(cell(1, f"token = '{secret}'"), unredacted=frozenset({1}))


def test_without_leaves_cells_out_and_says_so() -> None:
    context = composed(cell(1, "a"), cell(2, "b"), without=frozenset({1}))
    assert [item.label for item in context.items if item.kind == "cell"] == ["#2"]
    assert context.left_out == ("#1",)


def test_schema_sends_no_values() -> None:
    table = '<table class="dataframe"><tr><th></th><th>a</th></tr><tr><th>0</th><td>4711</td></tr></table>'
    output = Output("execute_result", data={"text/html": table, "text/plain": "a\n0 4711"})
    shown = Cell(number=1, kind="code", source="df", outputs=(output,))
    assert "4711" not in said(shown, outputs="schema")
    assert "a" in said(shown, outputs="schema")
    assert "<output" not in said(shown, outputs="none")


# --- fitting ----------------------------------------------------------------------------------------------------------


def many(count: int, size: int = 60, *, pinned: int = 0) -> list[Cell]:
    pin = {"tags": ("qwen-pin",)}
    return [cell(n, f"x{n} = '{'word ' * size}'", **(pin if n == pinned else {})) for n in range(1, count + 1)]


def test_what_does_not_fit_shrinks_first_and_is_named() -> None:
    cells = [cell(n, f"x{n}", "word " * 500) for n in range(1, 9)]
    context = composed(*cells, room=3_000)
    assert context.left_out == ("outputs of #1 to #5 cut to 100 tokens each",)
    assert [item.number for item in context.items if item.kind == "cell"] == list(range(1, 9))


def test_then_the_oldest_go_the_pinned_stay_and_the_prompt_names_what_went() -> None:
    context = composed(*many(60, pinned=2), room=2000)
    numbers = [item.number for item in context.items if item.kind == "cell"]
    assert numbers[0] == 2
    assert numbers[-1] == 60
    assert numbers[1:] == list(range(numbers[1], 61))
    assert context.left_out[0] == f"#1, #3 to #{numbers[1] - 1}"
    assert context.messages()[1].content.startswith("[cells #1 left out: no room]")
    assert tokens.count_messages(context.messages()) <= 2000


def test_cuts_go_in_large_steps_so_that_the_prompt_keeps_its_beginning() -> None:
    starts = {
        next(item.number for item in composed(*many(n), room=2000).items if item.kind == "cell") for n in range(40, 80)
    }
    assert 3 <= len(starts) <= 12  # 40 questions, a handful of cache misses


def test_what_can_not_shrink_further_is_refused_with_the_count() -> None:
    with pytest.raises(InputTooLong, match=r"take about [\d,]+ tokens; the model takes 100"):
        composed(question="word " * 500, room=100)


@given(
    st.lists(st.tuples(st.text(max_size=80), st.lists(st.text(max_size=200), max_size=2), st.booleans()), max_size=12),
    st.integers(min_value=400, max_value=3000),
)
def test_any_notebook_fits_its_room_and_gives_the_same_bytes_again(
    cells: list[tuple[str, list[str], bool]], room: int
) -> None:
    made = [
        cell(n, source, *outputs, kind="code" if is_code else "markdown")
        for n, (source, outputs, is_code) in enumerate(cells, start=1)
    ]
    first = composed(*made, room=room).messages()
    assert first == composed(*made, room=room).messages()
    assert tokens.count_messages(first) <= room
    assert first[-1].content.endswith("Why?")

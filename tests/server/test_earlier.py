"""Which turns of a thread go along with its next question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.server.earlier import Earlier, earlier
from qwen_magics.server.threads.shapes import Said

if TYPE_CHECKING:
    from qwen_magics.context.items import Item

WORD = " word"  # one token, however many follow each other


def said(words: int = 1, status: Any = "complete", answer: str = "", **more: Any) -> Said:
    return Said(id="t", parent="", question="Why?", asked="", answer=answer or WORD * words, status=status, **more)


def size(items: tuple[Item, ...]) -> int:
    return sum(item.count("qwen3") for item in items)


def test_all_go_while_they_fit() -> None:
    found = earlier([said(10), said(20)], 258_048, "qwen3")
    assert [item.label for item in found.items] == ["turn 1", "turn 2"]
    assert found.left_out == ()


def test_a_failed_turn_goes_with_its_question_and_half_answers_are_marked() -> None:
    turns = [said(status="failed"), said(status="stopped", answer="Half"), said(status="lost", answer="Less")]
    answers = [item.answer for item in earlier(turns, 258_048, "qwen3").items]
    assert answers == ["Half\n\n[stopped here]", "Less\n\n[stopped here]"]


def test_the_first_turns_of_a_long_thread_stay_behind_and_the_model_is_told() -> None:
    found = earlier([said(300) for _ in range(5)], 2_000, "qwen3")
    assert [item.label for item in found.items] == ["…", "turn 4", "turn 5"]
    assert "left out" in found.items[0].text
    assert found.left_out == ("the first 3 turns of this thread",)


@given(st.lists(st.integers(1, 700), max_size=12), st.integers(1_000, 4_000))
def test_a_thread_leaves_room_and_shrinks_in_steps(words: list[int], room: int) -> None:
    gone = 0
    for end in range(len(words) + 1):
        found: Earlier = earlier([said(count) for count in words[:end]], room, "qwen3")
        turns = [item for item in found.items if item.answer]
        assert len(turns) == end - found.gone
        assert size(tuple(turns)) <= room // 2 or len(turns) == 1
        assert found.gone >= gone  # what is gone stays gone: a cache holds the rest
        if found.gone > gone:
            assert size(tuple(turns)) <= room // 4 or len(turns) == 1
        gone = found.gone


@pytest.mark.parametrize("answer", ["", "  \n"])
def test_a_turn_without_an_answer_says_nothing(answer: str) -> None:
    turn = Said(id="t", parent="", question="Why?", asked="", answer=answer, status="stopped")
    assert earlier([turn], 2_000, "qwen3").items == ()

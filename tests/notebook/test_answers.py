"""Answers read back from a cell's outputs, whatever a file holds by now."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.notebook import answers
from qwen_magics.notebook.cells import Output

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def output(role: str, text: Any, **mark: Any) -> Output:
    mime = "text/html" if role == "thinking" else "text/plain"
    return Output("display_data", data={mime: text}, metadata={"qwen_magics": {"role": role, "turn": "t", **mark}})


def test_an_answer_is_its_parts_with_what_was_thought_and_asked() -> None:
    (found,) = answers.read_all(
        [
            output("thinking", ["<details><summary>Thought</summary>", "<pre style='x'>1 &lt; 2\nso</pre></details>"]),
            output("answer", "one ", part=0, asked="why?", request_hash="h", time="2026-01-01", begun=2),
            output("answer", ["two", "\n"], part=1, status="complete"),
        ]
    )
    assert (found.text, found.asked, found.thinking) == ("one two\n", "why?", "1 < 2\nso")
    assert (found.request_hash, found.time, found.begun, found.whole) == ("h", "2026-01-01", 2, True)


def test_of_a_replayed_answer_the_end_was_seen_and_of_a_stopped_one_not() -> None:
    for status, whole in (("complete", True), ("replayed", True), ("stopped", False), ("failed", False), ("", False)):
        (found,) = answers.read_all([output("answer", "x", status=status)])
        assert found.whole is whole


@given(st.dictionaries(st.sampled_from(["turn", "asked", "request_hash", "time", "begun", "status"]), JSON), JSON)
def test_what_others_wrote_there_is_no_fault(mark: dict[str, Any], text: Any) -> None:
    for found in answers.read_all([output("answer", text, **mark), output("thinking", text)]):
        assert isinstance(found.begun, int)
        assert isinstance(found.text + found.request_hash + found.time + found.thinking, str)

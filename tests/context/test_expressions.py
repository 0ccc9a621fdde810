"""`{{ … }}`: what is an expression is evaluated once and summarised; all else is the user's own text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.context.expressions import Expression, expand, parse
from qwen_magics.errors import ExpressionError


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("is {{ a }} odd?", ["a"]),
        ("{{a}}{{ b }}", ["a", "b"]),
        ("{{ {1: {2: 3}} }}", ["{1: {2: 3}}"]),
        ("{{ {'a': {'b': c}}}} end", ["{'a': {'b': c}}"]),
        ("{{ '}}' + x }}", ["'}}' + x"]),
        ("{{ f'{y}' }}", ["f'{y}'"]),
    ],
)
def test_expressions_end_where_python_says(prompt: str, texts: list[str]) -> None:
    assert [part.text for part in parse(prompt) if isinstance(part, Expression)] == texts


@pytest.mark.parametrize(
    "prompt",
    ["{a}", "${HOME} $x !ls", "a {{ b", "}} {{", "{{ }}", r"\frac{{1}{2}}", "{{ for x in y }}", "{% if %}", "%d %s"],
)
def test_plain_text_stays_plain(prompt: str) -> None:
    assert expand(prompt, {}).text == prompt


@given(st.text(alphabet=st.sampled_from("ab {}$!%\\'\"\n"), max_size=40))
def test_parsing_loses_nothing_and_never_fails(prompt: str) -> None:
    parts = parse(prompt)
    plain = "".join(part if isinstance(part, str) else "" for part in parts)
    if all(isinstance(part, str) for part in parts):
        assert plain == prompt
    assert len(plain) <= len(prompt)


def test_the_same_expression_is_evaluated_once() -> None:
    calls: list[int] = []

    def roll() -> int:
        calls.append(1)
        return len(calls)

    assert expand("{{ roll() }} is {{ roll() }}", {"roll": roll}).text == "1 is 1"
    assert calls == [1]


def test_short_values_stand_in_the_sentence_long_ones_in_a_fence() -> None:
    assert expand("Is {{ x }} right?", {"x": 3.5}).text == "Is 3.5 right?"
    text = expand("See {{ x }}", {"x": "a\n```\nb"}).text
    assert text.startswith("See \n````\n")
    assert text.endswith("\n````\n")


def test_the_names_that_are_read_are_known() -> None:
    assert expand("{{ df.a + df.b + len(log) }}", {"df": type("D", (), {"a": 1, "b": 2}), "log": ""}).names == (
        "df",
        "len",
        "log",
    )


def test_an_error_names_the_expression_and_what_it_raised() -> None:
    with pytest.raises(ExpressionError) as problem:
        expand("{{ 1 / zero }}", {"zero": 0})
    assert "1 / zero" in str(problem.value)
    assert "ZeroDivisionError: division by zero" in str(problem.value)
    assert problem.value.__cause__ is None


def test_the_namespace_is_not_changed() -> None:
    namespace: dict[str, object] = {"x": [1]}
    expand("{{ [y for y in x] }} {{ (z := 5) }}", namespace)
    assert namespace == {"x": [1]}

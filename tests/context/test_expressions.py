"""`{{ expression }}`: Python finds its end, the namespace gives its value, everything else is plain text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.context.expressions import Expanded, Expression, expand, parse
from qwen_magics.errors import ExpressionError


@pytest.mark.parametrize(
    ("prompt", "source"),
    [
        ("{{ x }}", "x"),
        ("{{x}}", "x"),
        ('{{ {"a": {"b": 1}} }}', '{"a": {"b": 1}}'),
        ("{{ {1: {2: 3}}}}", "{1: {2: 3}}"),
        ("""{{ "}}" + '{{' }}""", """"}}" + '{{'"""),
        ('{{ f"{x!r:>{width}}" }}', 'f"{x!r:>{width}}"'),
        ("{{ {**a, 'b': {c for c in d}} }}", "{**a, 'b': {c for c in d}}"),
        ("{{ df.groupby('x')\n   .mean() }}", "df.groupby('x')\n   .mean()"),
        ("{{ lambda: {} }}", "lambda: {}"),
        ("{{ x for x in y }}", "x for x in y"),
        ("{{ (n := 3) }}", "(n := 3)"),
    ],
)
def test_python_finds_where_an_expression_ends(prompt: str, source: str) -> None:
    assert parse(f"before {prompt} after") == ["before ", Expression(source), " after"]


@pytest.mark.parametrize(
    "text",
    [
        "no braces",
        "{single} ${shell} !bang %percent $x",
        "an open {{ without a close",
        "{{}} and {{ }}",
        r"LaTeX: \frac{{1}{2}} and x_{{i}^2}}",
        "}} before {{",
        "",
    ],
)
def test_all_else_is_plain_text(text: str) -> None:
    assert parse(text) == [text]
    assert expand(text, {}) == Expanded(text)


def test_several_expressions_stand_in_one_prompt() -> None:
    assert parse("{{ a }}{{ b }} and {{ c }}") == [Expression("a"), Expression("b"), " and ", Expression("c")]


@pytest.mark.parametrize("prompt", ["{{ df.describe( }}", "{{ a) + (b }}", "{{ for x in y }}", "{{ x = 3 }}"])
def test_what_was_meant_as_an_expression_and_is_none_is_an_error_that_names_it(prompt: str) -> None:
    with pytest.raises(ExpressionError, match="is no Python expression") as caught:
        parse(f"Say {prompt} please")
    assert prompt in caught.value.message


def test_values_stand_inline_and_names_are_told_in_order() -> None:
    namespace = {"rows": 344, "name": "penguins", "unused": 1}
    asked = "{{ name }} has {{ len(str(rows)) + rows }} rows, {braces} stay"
    assert expand(asked, namespace) == Expanded("penguins has 347 rows, {braces} stay", ("name", "rows"))


def test_values_of_several_lines_stand_in_a_fence_of_their_own() -> None:
    expanded = expand("Explain {{ code }} and stop.", {"code": "a = 1\n```\nb"})
    assert expanded.text == "Explain \n````\na = 1\n```\nb\n````\nand stop."


def test_each_expression_is_evaluated_once_and_in_order() -> None:
    calls: list[int] = []
    expand("{{ note(1) }} {{ note(2) }} {{ note(1) }}", {"note": calls.append})
    assert calls == [1, 2, 1]


def test_what_a_value_holds_is_not_expanded_again() -> None:
    assert expand("{{ text }}", {"text": "{{ 1 / 0 }}"}).text == "{{ 1 / 0 }}"


@pytest.mark.parametrize(
    ("prompt", "error"),
    [("{{ 1 / 0 }}", "ZeroDivisionError: division by zero"), ("{{ nope.x }}", "NameError: name 'nope'")],
)
def test_an_error_inside_names_the_expression_and_the_error(prompt: str, error: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        expand(f"Is {prompt} right?", {})
    assert prompt in caught.value.message
    assert error in caught.value.message
    assert "Nothing was sent" in caught.value.message
    assert isinstance(caught.value.__cause__, Exception)


def test_comprehensions_see_the_namespace() -> None:
    assert expand("{{ [x * k for x in range(3)] }}", {"k": 2}).text == "[0, 2, 4]"


@given(st.recursive(st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_the_repr_of_any_value_is_found_whole(value: Any) -> None:
    assert parse(f"{{{{ {value!r} }}}}") == [Expression(repr(value))]


@given(st.text("{} \nax.'\"", max_size=80))
def test_any_text_is_parsed_or_named_as_an_error(text: str) -> None:
    try:
        parts = parse(text)
    except ExpressionError:
        return
    if not any(isinstance(part, Expression) for part in parts):
        assert "".join(map(str, parts)) == text

"""`{{ expression }}` in a prompt: found by Python's own parser, evaluated once, summarised by `describe`.

Everything else is plain text: single braces, `$`, `!`, and a `{{ … }}` that is no Python expression.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics.context.describe import describe
from qwen_magics.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Mapping

INLINE = 200  # characters of a one-line value that stand within the sentence


class Expression(Struct, frozen=True):
    """One expression: its text without the braces, and the names that it reads."""

    text: str
    names: tuple[str, ...] = ()


class Expanded(Struct, frozen=True):
    """A prompt with its values in place, and the names that its expressions read."""

    text: str
    names: tuple[str, ...] = ()


def parse(prompt: str) -> list[str | Expression]:
    """The prompt as plain text and expressions, in order."""
    parts: list[str | Expression] = []
    start = 0
    while (opening := prompt.find("{{", start)) >= 0:
        found = _closed(prompt, opening)
        if found is None:
            parts.append(prompt[start : opening + 1])  # one brace on: `{{{` may still begin an expression
            start = opening + 1
            continue
        expression, end = found
        parts += [prompt[start:opening], expression]
        start = end
    parts.append(prompt[start:])
    return [part for part in parts if part != ""]


def expand(prompt: str, namespace: Mapping[str, Any]) -> Expanded:
    """The prompt with every expression's value summarised in its place. The same expression is evaluated once.

    Raises ExpressionError, naming the expression and what it raised.
    """
    values: dict[str, str] = {}
    names: list[str] = []
    said = []
    for part in parse(prompt):
        if isinstance(part, str):
            said.append(part)
            continue
        if part.text not in values:
            values[part.text] = _value(part.text, namespace)
            names += part.names
        said.append(values[part.text])
    return Expanded("".join(said), tuple(dict.fromkeys(names)))


def _closed(prompt: str, opening: int) -> tuple[Expression, int] | None:
    """The expression that begins at `opening`, and where the text goes on; None where no `}}` makes one."""
    end = prompt.find("}}", opening + 2)
    while end >= 0:
        # `{{ {1: {2: 3}} }}`: the first `}}` that leaves valid Python is the end, and of `}}}` the last two braces.
        text = prompt[opening + 2 : end].strip()
        try:
            tree = ast.parse(text, mode="eval") if text else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = None
        if tree is not None:
            names = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
            return Expression(text, tuple(names)), end + 2
        end = prompt.find("}}", end + 1)
    return None


def _value(text: str, namespace: Mapping[str, Any]) -> str:
    try:
        value = eval(compile(text, "<{{ … }}>", "eval"), dict(namespace))  # noqa: S307 -- the user's own expression
    except Exception as problem:
        raise ExpressionError(
            f"{{{{ {text} }}}} raised {type(problem).__name__}: {problem}. Nothing was sent.",
            remedy="Mend it; or if it is no expression, put a space between the braces: { {",
        ) from None
    shown = describe(value)
    if "\n" not in shown and len(shown) <= INLINE:
        return shown
    fence = "```"
    while fence in shown:
        fence += "`"
    return f"\n{fence}\n{shown}\n{fence}\n"

"""`{{ expression }}` in a prompt → what the expression's value looks like, for a model. Nothing else is expanded.

Single braces, `$` and `!` are plain text. How a value is put into words is `describe`'s matter; what leaves is redacted
later, with everything else.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 10_000  # characters of one expression
_TRIES = 64  # places where one may end


class Expression(Struct, frozen=True):
    """The text between the braces, without blanks around it."""

    source: str


class Expanded(Struct, frozen=True):
    """The prompt with every expression's value in it, and the names of the namespace that they used, in order."""

    text: str
    names: tuple[str, ...] = ()


def parse(prompt: str) -> list[str | Expression]:
    """Text and expressions in turn. Python's own parser finds where an expression ends, so braces and strings may
    stand inside one.

    What no Python expression fills stays text: `{{` without a close, `{{}}`, and LaTeX such as `\\frac{{a}{b}}`. But
    `{{` followed by a blank says that an expression was meant.

    Raises:
        ExpressionError: text between `{{ ` and `}}` that is no expression.

    """
    parts: list[str | Expression] = []
    text, at = 0, prompt.find("{{")
    while at >= 0:
        found = _expression(prompt, at + 2)
        if found is None:
            at = prompt.find("{{", at + 1)
            continue
        expression, end = found
        parts += [prompt[text:at], expression] if at > text else [expression]
        text, at = end, prompt.find("{{", end)
    return [*parts, prompt[text:]] if text < len(prompt) or not parts else parts


def expand(prompt: str, namespace: dict[str, Any]) -> Expanded:
    """`prompt` with each expression evaluated once, in order, in the user's namespace. One line stands in its place,
    more lines in a fence of their own.

    Raises:
        ExpressionError: one that is no Python, or that raised; names it and the error. Nothing was sent.

    """
    parts, names = [], dict[str, None]()
    for part in parse(prompt):
        if isinstance(part, str):
            parts.append(part)
            continue
        from qwen_magics.context.describe import describe  # takes a while, and most prompts have no expression

        names |= dict.fromkeys(_names(part.source, namespace))
        parts.append(_shown(describe(_value(part.source, namespace)), after="".join(parts[-1:])))
    return Expanded(_joined(parts), tuple(names))


def names(prompt: str) -> tuple[str, ...] | None:
    """The names that its expressions use, evaluated or not; None where it has no expression. Raises ExpressionError."""
    trees = [_tree(part.source) for part in parse(prompt) if isinstance(part, Expression)]
    used = (node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name))
    return tuple(dict.fromkeys(name for name in used if not hasattr(builtins, name))) if trees else None


def _expression(prompt: str, start: int) -> tuple[Expression, int] | None:
    """The expression that begins at `start` and where its braces end; None where it is plain text."""
    why: tuple[str, Exception] | None = None
    for end in _ends(prompt, start):
        source = prompt[start:end].strip()
        if not source:
            return None
        try:
            _tree(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            why = why or (source, error)
        else:
            return Expression(source), end + 2
    if why and prompt[start : start + 1].isspace():
        source, wrong = why
        problem = wrong.msg if isinstance(wrong, SyntaxError) else str(wrong)
        raise ExpressionError(
            f"{{{{ {_short(source)} }}}} is no Python expression ({problem}). Nothing was sent.",
            remedy='For two braces as plain text leave no blank after them, or write {{ "{{" }}.',
        )
    return None


def _ends(prompt: str, start: int) -> Iterator[int]:
    end, tries = prompt.find("}}", start, start + _LONGEST), 0
    while end >= 0 and tries < _TRIES:
        yield end
        end, tries = prompt.find("}}", end + 1, start + _LONGEST), tries + 1


def _tree(source: str) -> ast.Expression:
    """Brackets around it let an expression span lines; two kinds, so that `a) + (b` is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ast.parse(f"[{source}\n]", mode="eval")
        return ast.parse(f"({source}\n)", mode="eval")


def _names(source: str, namespace: dict[str, Any]) -> Iterator[str]:
    named = (node for node in ast.walk(_tree(source)) if isinstance(node, ast.Name))
    for node in sorted(named, key=lambda node: (node.lineno, node.col_offset)):
        if node.id in namespace and not hasattr(builtins, node.id):
            yield node.id


def _value(source: str, namespace: dict[str, Any]) -> object:
    try:
        return eval(compile(_tree(source), "<{{ }}>", "eval"), namespace)  # noqa: S307 - what {{ }} is for
    except Exception as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise ExpressionError(
            f"{{{{ {_short(source)} }}}} raised {_short(said, 300)}. Nothing was sent.",
            remedy='Correct the expression; for two braces as plain text write {{ "{{" }}.',
        ) from error


def _shown(text: str, after: str) -> str:
    """A line goes inline; more go into a fence that is longer than any inside."""
    if "\n" not in text.strip("\n"):
        return text.strip("\n")
    longest = max(map(len, re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{'' if not after or after.endswith(chr(10)) else chr(10)}{fence}\n{text.strip(chr(10))}\n{fence}\n"


def _joined(parts: list[str]) -> str:
    """What follows a fence begins on its own line, without the blank that stood after the braces."""
    joined = ""
    for part in parts:
        joined += part.lstrip(" ").removeprefix("\n") if joined.endswith("```\n") else part
    return joined.rstrip("\n") if joined.endswith("```\n") else joined


def _short(text: str, most: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"

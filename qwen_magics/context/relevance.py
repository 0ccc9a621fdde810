"""Which cells matter to a question: those that it names, by number or by what they define and show; errors; the latest.

Says nothing of sizes: what is cut is `fit`'s matter.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from qwen_magics.context.canonical import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qwen_magics.notebook.cells import Cell

LATEST = 3  # cells whose outputs a question is most often about
_NUMBER = re.compile(r"#(\d+)\b")
_QUOTED = re.compile(r"(?<!`)`([^`\n]{1,200})`(?!`)")
_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def named(cells: Sequence[Cell], text: str, names: Iterable[str]) -> set[int]:
    """Numbers of the cells that a question speaks of: `#7`, and code cells about its names (`names`, and what stands
    in backticks).
    """
    numbers = {int(number) for number in _NUMBER.findall(text)}
    wanted = frozenset(names).union(*map(_quoted, _QUOTED.findall(text)))
    if wanted:
        spoken = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(wanted)))})\b")
        code = (cell for cell in cells if cell.kind == "code" and spoken.search(cell.source))
        numbers |= {cell.number for cell in code if wanted & about(cell.source)}
    return numbers


def is_error(cell: Cell) -> bool:
    """Whether it ended in an error of the user's own."""
    return any(output.output_type == "error" and not is_ours(output) for output in cell.outputs)


@lru_cache(maxsize=1_024)
def about(source: str) -> frozenset[str]:
    """The names that a code cell sets, changes in place or shows; by its syntax tree, magics aside.

    Where it is no Python: the names that its lines begin with.
    """
    try:
        tree = _parsed(_MAGIC.sub("", source), "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(re.findall(r"^[^\W\d]\w*", source, re.MULTILINE))
    return frozenset(name for statement in getattr(tree, "body", ()) for name in _of(statement))


def _of(statement: ast.stmt) -> Iterator[str]:
    shown = isinstance(statement, ast.Expr)
    for node in _walk(statement):
        if isinstance(node, ast.Name):
            if shown or isinstance(node.ctx, ast.Store | ast.Del):
                yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            while isinstance(node, ast.Attribute | ast.Subscript):
                node = node.value  # `df["x"].loc[0] = 1` changes df
            if isinstance(node, ast.Name):
                yield node.id


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.walk`, but not into functions and classes: their names are their own."""
    yield node
    if not isinstance(node, _DEFINED):
        for child in ast.iter_child_nodes(node):
            yield from _walk(child)


def _quoted(code: str) -> set[str]:
    """`df.shape` → df."""
    try:
        tree = _parsed(code.strip(), "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _parsed(source: str, mode: str) -> ast.AST:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, mode=mode)

"""A code cell's source → what it will ask and set when it runs, as far as the source alone tells. Runs nothing.

IPython's own transformers turn magics into calls and Python's parser finds them, so what stands in a string or a
comment is no question. What happens how often is not computed: a question in a loop or a function is `repeated`.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics.magics import help_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.notebook.cells import Cell

_OURS = re.compile(r"qwen", re.IGNORECASE)
_WRAPPERS = {"capture": False, "time": False, "prun": False, "timeit": True}  # cell magics that run Python; how often?
_SILENT = ("load_ext", "config", "matplotlib", "qwen")  # line magics that show nothing but, perhaps, an answer
_REPEATING = (
    ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp,
    ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
_MAYBE = (ast.If, ast.IfExp, ast.Try, ast.Match)


class Question(Struct, frozen=True):
    """`%%qwen` or `%qwen` with what follows it. `text` is the cell's, for `%%qwen`.

    `repeated`: it stands where it may be asked any number of times.
    """

    line: str
    text: str
    whole_cell: bool
    repeated: bool = False


class Setting(Struct, frozen=True):
    """`%config Qwen.name = value`."""

    name: str
    value: Any


class Unread(Struct, frozen=True):
    """Something that asks or sets, and can't be told from the source."""

    what: str


Step = Question | Setting | Unread


def steps(cell: Cell) -> list[Step]:
    """What a cell asks and sets, in order."""
    if cell.kind != "code" or not _OURS.search(cell.source):
        return []
    return list(_steps(cell.source, repeated=False))


def silent(source: str) -> bool:
    """Whether running it surely shows nothing: it only defines, imports and assigns, and calls nobody."""
    tree = _tree(source)
    if tree is None:
        return False
    return all(_is_silent(statement) for statement in tree.body)


def _is_silent(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return True
    call = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    if isinstance(call, ast.Call) and (named := _magic(call)):
        return named[0] in _SILENT and bool(named[1])
    plain = isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Pass)
    return plain and not any(isinstance(node, ast.Call) for node in ast.walk(statement))


def _steps(source: str, *, repeated: bool) -> Iterator[Step]:
    tree = _tree(source)
    if tree is None:
        yield Unread("is no Python that can be read")
        return
    yield from _in(tree, repeated=repeated, maybe=False)


def _tree(source: str) -> ast.Module | None:
    """The cell as IPython will run it; None where it is no Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()  # type: ignore[no-untyped-call]
    manager.cleanup_transforms.append(help_mark.transform)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(manager.transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _in(node: ast.AST, *, repeated: bool, maybe: bool) -> Iterator[Step]:
    """Depth first, in the order of the source."""
    if isinstance(node, ast.Call) and (named := _magic(node)):
        yield from _called(*named, repeated=repeated, maybe=maybe)
        return
    if (name := _variable(node)) is not None:
        yield Unread(f"sets {name}")
    repeated = repeated or isinstance(node, _REPEATING)
    maybe = maybe or isinstance(node, _MAYBE)
    for child in ast.iter_child_nodes(node):
        yield from _in(child, repeated=repeated, maybe=maybe)


def _magic(call: ast.Call) -> tuple[str, str | None, str | None] | None:
    """Name, line and cell of `get_ipython().run_line_magic(…)` or `run_cell_magic(…)`; None for what isn't literal."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("run_line_magic", "run_cell_magic"):
        return None
    said = [arg.value if isinstance(arg, ast.Constant) and isinstance(arg.value, str) else None for arg in call.args]
    name, line, cell = (*said, None, None, None)[:3]
    if name is None:
        return None
    return name, line, (cell or "") if call.func.attr == "run_cell_magic" and len(said) > 2 else None


def _called(name: str, line: str | None, cell: str | None, *, repeated: bool, maybe: bool) -> Iterator[Step]:
    if name == "qwen":
        if line is None:
            yield Unread("asks what code puts together")
        else:
            yield Question(line, cell or "", whole_cell=cell is not None, repeated=repeated)
    elif name == "qwen_fix":
        yield Unread("asks about whatever error it finds (%qwen_fix)")
    elif name == "config" and (line or "").lstrip().startswith("Qwen"):
        yield from _settings(line or "", certain=not (repeated or maybe))
    elif name in ("env", "set_env") and (line or "").startswith("QWEN_MAGICS_"):
        yield Unread(f"sets {re.split(r'[= ]', line or '')[0]}")
    elif name in _WRAPPERS and _OURS.search(cell or line or ""):
        yield from _steps(cell if cell is not None else line or "", repeated=repeated or _WRAPPERS[name])


def _settings(line: str, *, certain: bool) -> Iterator[Step]:
    """`Qwen.name = literal`, the one statement that %config takes. What only shows a setting is nothing."""
    said = f"%config {line.strip()}"
    try:
        (statement,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        yield Unread(f"sets what can't be read: {said}")
        return
    if isinstance(statement, ast.Expr):
        return
    try:
        if not certain or not isinstance(statement, ast.Assign):
            raise ValueError(said)
        (target,) = statement.targets
        if not isinstance(target, ast.Attribute):
            raise ValueError(said)
        yield Setting(target.attr, ast.literal_eval(statement.value))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        yield Unread(f"sets what only running it tells: {said}")


def _variable(node: ast.AST) -> str | None:
    """`os.environ["QWEN_MAGICS_X"] = …`: the variable's name."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    key = target.slice if isinstance(target, ast.Subscript) else None
    name = key.value if isinstance(key, ast.Constant) else None
    return name if isinstance(name, str) and name.startswith("QWEN_MAGICS_") else None

"""Exceptions, for `describe`: type and message, what caused it, and the frames of the user's code.

An exception that a cell raised reaches the model as that cell's output (`tracebacks`); this is one in a variable.
"""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, clip_lines
from qwen_magics.context.describe.code import is_library

if TYPE_CHECKING:
    from types import TracebackType

_CELL = re.compile(r"<ipython-input-|[/\\]ipykernel_\d+[/\\]")
_MOST_FRAMES = 6
_MOST_CAUSES = 4
_MOST_WALKED = 2_000  # frames of a deep recursion


def error(value: object, limit: int) -> str | None:
    """An exception or a traceback's exception; None for others."""
    if not issubclass(type(value), BaseException):
        return None
    said: list[str] = []
    problem: BaseException | None = value  # type: ignore[assignment]
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen and len(seen) < _MOST_CAUSES:
        seen.add(id(problem))
        said += [*([] if len(seen) == 1 else ["", "raised after:"]), *_one(problem, limit)]
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return clip_lines("\n".join(said), limit)


def _one(problem: BaseException, limit: int) -> list[str]:
    message = peek.attempt(lambda: peek.in_time(lambda: str(problem)), "<a message that raised>")
    title = f"{peek.full_name(type(problem))}: {message}" if message else peek.full_name(type(problem))
    notes = [clip(str(note), 300) for note in peek.attributes(problem).get("__notes__") or () if type(note) is str]
    inside = [f"- {line}" for each in (getattr(problem, "exceptions", ()) if _is_group(problem) else ())[:5]
              for line in _one(each, 300)[:1]]  # fmt: skip
    return [clip(peek.stable(title), limit // 2), *notes[:5], *inside, *_frames(problem.__traceback__)]


def _is_group(problem: BaseException) -> bool:
    return issubclass(type(problem), BaseExceptionGroup)


def _frames(traceback: TracebackType | None) -> list[str]:
    """A line for each frame of the user's code, and the last one wherever it is; of many those at both ends."""
    found: list[tuple[str, int, str, bool]] = []
    walked = 0
    while traceback is not None and walked < _MOST_WALKED:
        code = traceback.tb_frame.f_code
        found.append((code.co_filename, traceback.tb_lineno, code.co_name, is_library(code.co_filename)))
        traceback, walked = traceback.tb_next, walked + 1
    shown = [frame for at, frame in enumerate(found) if not frame[3] or at == len(found) - 1]
    lines = [_frame(*frame[:3]) for frame in shown]
    if len(lines) > _MOST_FRAMES:
        lines = [*lines[:2], f"  … {len(lines) - _MOST_FRAMES} more frames …", *lines[2 - _MOST_FRAMES :]]
    return lines


def _frame(file: str, line: int, function: str) -> str:
    place = "cell" if _CELL.search(file) else Path(file).name
    where = f"  {place}, line {line}" + ("" if function == "<module>" else f", in {function}")
    source = clip(linecache.getline(file, line).strip(), 160)
    return f"{where}: {source}" if source else where

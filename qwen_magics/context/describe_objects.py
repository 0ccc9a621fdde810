"""Code, errors, modules and figures in words: a function by its source, an exception by its last frames, a figure by
its axes. Everything else is `describe`'s or `describe_tables`' matter.
"""

from __future__ import annotations

import inspect
import re
import textwrap
import traceback
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

FRAMES = 5
SOURCE_LINES = 200
_IN_A_CELL = re.compile(r"ipykernel_\d+[/\\]\d+\.py$|^<ipython-input-.*>$")


def describe(value: object) -> str | None:
    """None where the value is none of these."""
    if isinstance(value, BaseException):
        return _exception(value)
    if isinstance(value, ModuleType):
        version = getattr(value, "__version__", "")
        return " ".join(filter(None, ["module", value.__name__, str(version)])) + _doc(value)
    if isinstance(value, type):
        return _source(value) or f"class {value.__name__}({', '.join(base.__name__ for base in value.__bases__)})"
    if isinstance(value, FunctionType | MethodType | BuiltinFunctionType):
        return _source(value) or _signature(value)
    if type(value).__module__.startswith("matplotlib."):
        return _figure(value)
    return None


def _exception(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    lines = [f"  {_where(frame)}, in {frame.name}: {frame.line or ''}".rstrip(": ") for frame in frames]
    said = "".join(traceback.format_exception_only(error)).strip()
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    why = [f"caused by {''.join(traceback.format_exception_only(cause)).strip()}"] if cause else []
    return "\n".join([said, *why, *(["Traceback, innermost last:", *lines] if lines else [])])


def _where(frame: traceback.FrameSummary) -> str:
    return f"cell line {frame.lineno}" if _IN_A_CELL.search(frame.filename) else f"{frame.filename}:{frame.lineno}"


def _source(value: Any) -> str:
    """The source where Python finds it; a long one by its beginning."""
    try:
        lines = textwrap.dedent(inspect.getsource(value)).rstrip().split("\n")
    except (OSError, TypeError, IndentationError):
        return ""
    left = len(lines) - SOURCE_LINES
    return "\n".join([*lines[:SOURCE_LINES], *([f"… [{left:,} lines left out] …"] if left > 0 else [])])


def _signature(value: Any) -> str:
    try:
        signature = str(inspect.signature(value))
    except (TypeError, ValueError):
        signature = "(…)"
    return f"{getattr(value, '__qualname__', type(value).__name__)}{signature}{_doc(value)}"


def _doc(value: object) -> str:
    first = (inspect.getdoc(value) or "").strip().split("\n")[0]
    return f": {first}" if first else ""


# --- figures ----------------------------------------------------------------------------------------------------------


def _figure(value: Any) -> str | None:
    if callable(getattr(value, "get_axes", None)):
        wide, high = value.get_size_inches() if hasattr(value, "get_size_inches") else (0, 0)
        axes = value.get_axes()
        title = getattr(getattr(value, "_suptitle", None), "get_text", str)()
        size = f", {wide:g} × {high:g} inches" if wide else ""
        return "\n".join([f"matplotlib figure{f' {title!r}' if title else ''}{size}", *map(_axes, axes)])
    return _axes(value) if callable(getattr(value, "get_xlabel", None)) else None


def _axes(axes: Any) -> str:
    named = {"title": axes.get_title(), "x": axes.get_xlabel(), "y": axes.get_ylabel()}
    said = ", ".join(f"{what} {text!r}" for what, text in named.items() if text)
    limits = "x {:.6g} … {:.6g}, y {:.6g} … {:.6g}".format(*axes.get_xlim(), *axes.get_ylim())
    parts = [
        *(f"  line {_label(line)}: {len(line.get_xdata()):,} points{_range(line.get_ydata())}" for line in axes.lines),
        *(f"  {type(many).__name__} {_label(many)}: {len(many.get_offsets()):,} points" for many in axes.collections),
        *(f"  image {'×'.join(map(str, image.get_array().shape))}" for image in axes.images),
    ]
    if axes.patches:
        heights = [patch.get_height() for patch in axes.patches if hasattr(patch, "get_height")]
        parts.append(f"  {len(axes.patches):,} bars or patches{_range(heights)}")
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    if texts:
        parts.append(f"  texts: {', '.join(texts[:20])}")
    return "\n".join([f"axes: {said or 'no labels'}; {limits}", *parts[:30]])


def _label(artist: Any) -> str:
    label = str(artist.get_label())
    return repr(label) if label and not label.startswith("_") else "without label"


def _range(values: Any) -> str:
    try:
        numbers = [float(value) for value in values if value == value][:100_000]
    except (TypeError, ValueError):
        return ""
    return f", {min(numbers):.6g} … {max(numbers):.6g}" if numbers else ""

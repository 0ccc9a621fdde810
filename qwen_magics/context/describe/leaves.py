"""Single things in one line, for `short`: strings, numbers, dates, functions; tables and arrays by size.

Each is written through its builtin type's own method. Nothing here looks into another value.
"""

from __future__ import annotations

import datetime
import types
from typing import TYPE_CHECKING, Any

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST_INT = 8_192  # bits: Python refuses to write about twice as many
_FRAMES = frozenset(("pandas", "polars", "pyarrow", "modin", "cudf", "narwhals"))


def _string(value: str, room: int) -> str:
    text = str.__str__(value)
    return repr(clip(text, max(room - 2, 0), " … ") if len(text) > room - 2 else text)


def _bytes(value: bytes | bytearray, room: int) -> str:
    name = "" if type(value) is bytes else peek.name_of(type(value)) + " "
    if len(value) <= room // 4 or len(value) <= 12:
        return f"{name}{bytes(value)!r}"
    return f"{name}{bytes(value[:12])!r}… {len(value):,} bytes"


def _int(value: int, room: int) -> str:
    bits = int.bit_length(value)
    if bits <= _LARGEST_INT:
        return int.__repr__(value)
    return f"<int of about {bits * 30103 // 100000 + 1:,} digits>"


def _float(value: float, room: int) -> str:
    said = float.__repr__(value)
    return said if len(said) <= 12 else float.__format__(value, ".10g")  # 0.3, not 0.30000000000000004


def _as_text(value: object, room: int) -> str:
    return str(value)


def _as_repr(value: object, room: int) -> str:
    return one_line(peek.own_repr(value))


def _function(value: Any, room: int) -> str:
    code = getattr(value, "__code__", None)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
    return f"<function {_local(value)}({', '.join(names)})>"


def _local(value: Any) -> str:
    return str(value.__qualname__).rpartition("<locals>.")[2]


def _class(value: type, room: int) -> str:
    return f"<class {peek.full_name(value)}>"


def _module(value: types.ModuleType, room: int) -> str:
    return f"<module {types.ModuleType.__getattribute__(value, '__name__')}>"


def _generator(value: Any, room: int) -> str:
    return f"<{peek.name_of(type(value))} {_local(value)}, not run further>"


def frame(value: object) -> str:
    """A table or column of a known library with its size; `""` for others. Nothing is computed."""
    kind = type(value)
    if not peek.roots(kind) & _FRAMES or not peek.has(kind, "shape"):
        return ""
    size = " × ".join(f"{side:,}" for side in value.shape)  # type: ignore[attr-defined]
    names = value.column_names if peek.has(kind, "column_names") else getattr(value, "columns", ())  # type: ignore[attr-defined]
    columns = clip(", ".join(clip(str(name), 20, "…") for name in names[:9]) + ", …" * (len(names) > 9), 60, "…")
    return f"<{peek.name_of(kind)} {size}{f' ({columns})' if columns else ''}>"


def numeric(value: object) -> str:
    """An array or tensor with its shape and type, or a NumPy scalar; `""` for others. Nothing is computed."""
    kind = type(value)
    if peek.is_numpy_scalar(kind):
        return str(value)
    if not peek.has(kind, "dtype", "shape"):
        return ""
    shape, dtype = tuple(value.shape), str(value.dtype)  # type: ignore[attr-defined]
    if peek.name_of(kind) == "ndarray" and len(shape) == 1 and shape[0] <= 6 and dtype != "object":
        return one_line(str(value.tolist()))  # type: ignore[attr-defined]
    return f"<{peek.name_of(kind)} {shape} {dtype.removeprefix('torch.')}>"


LEAVES: dict[type, Callable[[Any, int], str]] = {
    str: _string,
    bytes: _bytes,
    bytearray: _bytes,
    bool: lambda value, room: repr(value),
    int: _int,
    float: _float,
    complex: lambda value, room: complex.__repr__(value),
    datetime.date: _as_text,
    datetime.time: _as_text,
    datetime.timedelta: _as_text,
    BaseException: _as_repr,
    types.FunctionType: _function,
    type: _class,
    types.ModuleType: _module,
    types.GeneratorType: _generator,
    types.CoroutineType: _generator,
    types.AsyncGeneratorType: _generator,
}

"""Tables and arrays in words: columns, types, sizes, what is missing, a summary and the first rows.

Frames and Series of every library through narwhals; NumPy arrays and what is like them. Lazy frames are described by
their columns and never collected.
"""

from __future__ import annotations

import sys
from typing import Any

ROWS = 5  # of a large table
WHOLE = 30  # rows of a table that is shown whole
COLUMNS = 60
WIDE = 16  # columns of the rows that are shown
LOOKED_AT = 200_000  # rows that a summary takes into account
_LIBRARIES = frozenset(
    ("pandas", "polars", "pyarrow", "modin", "cudf", "dask", "duckdb", "ibis", "pyspark", "sqlframe", "geopandas")
)


def describe(value: object) -> str | None:
    """None where the value is no table and no array."""
    if _is_array(value):
        return _array(value)
    table = _table(value)
    if table is None:
        return None
    nw: Any = sys.modules["narwhals"]
    if isinstance(table, nw.LazyFrame):
        return _lazy(value, table)
    series = isinstance(table, nw.Series)
    frame = table.to_frame() if series else table
    rows, columns = frame.shape
    named = f" {table.name!r}" if series and table.name else ""
    title = f"{_name(value)}{named}, {rows:,} rows" + ("" if series else f" × {columns:,} columns")
    if rows <= WHOLE and columns <= WIDE:
        types = ", ".join(f"{name}: {_type(kind)}" for name, kind in frame.schema.items())
        return f"{title} ({types})\n{_rows(value, frame, rows)}"
    head = f"The first {ROWS} rows:" if rows > ROWS else "Its rows:"
    return "\n".join([f"{title}:", *_columns(frame), head, _rows(value, frame, ROWS)])


def size(value: object) -> str | None:
    """A table or array in one line, for inside other values; None for anything else."""
    if _is_array(value):
        return _array_size(value)
    module = type(value).__module__.partition(".")[0]
    shape = getattr(value, "shape", None) if module in _LIBRARIES else None
    if isinstance(shape, tuple) and all(isinstance(side, int) for side in shape):
        return f"<{_name(value)} {' × '.join(map(str, shape))}>"
    return None


def _array_size(value: Any) -> str | None:
    return f"<{_name(value)} {' × '.join(map(str, value.shape))} {value.dtype}>" if value.ndim else None


def _name(value: object) -> str:
    cls = type(value)
    return f"{cls.__name__} ({cls.__module__.partition('.')[0]})"


def plain_number(value: object) -> object:
    """NumPy's numbers as Python's: `3.5`, not `np.float64(3.5)`."""
    numpy = sys.modules.get("numpy")
    return value.item() if numpy is not None and isinstance(value, numpy.generic) else value


# --- frames and series ----------------------------------------------------------------------------------------------


def _table(value: object) -> Any:
    """The value as narwhals sees it; None where it is no table. narwhals is imported only for what may be one."""
    if type(value).__module__.partition(".")[0] not in _LIBRARIES:
        return None
    import narwhals as nw

    value = _named_apart(value)
    table = nw.from_native(value, pass_through=True, allow_series=True)
    return table if isinstance(table, nw.DataFrame | nw.LazyFrame | nw.Series) else None


def _named_apart(value: Any) -> Any:
    """pandas lets columns share a name, narwhals doesn't."""
    if hasattr(value, "set_axis") and hasattr(value, "columns") and not value.columns.is_unique:
        return value.set_axis([f"{name} #{i + 1}" for i, name in enumerate(value.columns)], axis=1)
    return value


def _lazy(value: object, table: Any) -> str:
    schema = table.collect_schema()
    lines = [f"  {name}: {_type(kind)}" for name, kind in list(schema.items())[:COLUMNS]]
    more = [f"  … and {len(schema) - COLUMNS:,} more"] if len(schema) > COLUMNS else []
    return "\n".join([f"{_name(value)}, lazy (not collected), {len(schema):,} columns:", *lines, *more])


def _columns(frame: Any) -> list[str]:
    looked = frame.head(LOOKED_AT)
    note = f"  (summaries of the first {LOOKED_AT:,} rows)" if frame.shape[0] > LOOKED_AT else ""
    lines = [f"  {name}: {_type(kind)}{_summary(looked, name)}" for name, kind in list(frame.schema.items())[:COLUMNS]]
    left = frame.columns[COLUMNS:]
    if left:
        shown = ", ".join(map(str, left[:20]))
        lines.append(f"  … and {len(left):,} more: {shown}{', …' if len(left) > 20 else ''}")
    return [*lines, note] if note else lines


def _type(kind: Any) -> str:
    """The type's name; without its parameters where they are long (categories, units)."""
    return text if len(text := str(kind)) <= 24 else type(kind).__name__


def _summary(frame: Any, name: str) -> str:
    """What is missing, and a column's range or commonest values; nothing where its library can't say."""
    try:
        column = frame.get_column(name)
        missing = int(column.null_count())
        said = [f"{missing:,} missing"] if missing else []
        kept = column.drop_nulls()
        if len(kept) and (what := _values(kept)):
            said.append(what)
    except Exception:
        return ""
    return f", {', '.join(said)}" if said else ""


def _values(column: Any) -> str:
    kind = column.dtype
    if kind.is_numeric():
        low, high, mean = column.min(), column.max(), column.mean()
        return f"{_number(low)} … {_number(high)}, mean {_number(mean)}"
    if kind.is_temporal():
        return f"{column.min()} … {column.max()}"
    if kind.is_nested():
        return ""
    count = int(column.n_unique())
    common = column.value_counts(sort=True, name="count").head(5)
    shown = ", ".join(_cell(value, 24) for value in common[common.columns[0]].to_list())
    return f"{count:,} different: {shown}{', …' if count > 5 else ''}"


def _rows(value: object, frame: Any, count: int) -> str:
    """The first rows as lines of cells, with the index where there is a telling one."""
    head = frame.head(count)
    names: list[Any] = [str(name) for name in head.columns[:WIDE]]
    rows = [row[:WIDE] for row in head.iter_rows()]
    index = getattr(value, "index", None)
    if index is not None and hasattr(index, "to_list") and type(index).__name__ != "RangeIndex":
        label = " / ".join(str(name) for name in getattr(index, "names", [""]) if name is not None)
        names = [label, *names]
        rows = [(mark, *row) for mark, row in zip(index[:count].to_list(), rows, strict=True)]
    more = [" | …"] if len(head.columns) > WIDE else [""]
    lines = [" | ".join(_cell(cell, 60) for cell in row) + more[0] for row in (names, *rows)]
    return "\n".join(lines)


def _cell(value: object, most: int) -> str:
    if isinstance(value, float):
        return _number(value)
    text = " ".join(str(value).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _number(value: Any) -> str:
    """Six significant digits say enough of a measured number; whole numbers keep all."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


# --- arrays -----------------------------------------------------------------------------------------------------------


def _is_array(value: object) -> bool:
    """NumPy's arrays; others that have a shape and a type (torch, jax) have short reprs of their own."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _array(value: Any) -> str:
    import numpy as np

    shape = " × ".join(map(str, value.shape)) or "scalar"
    said = [f"{_name(value)}, shape {shape}, {value.dtype}"]
    looked = np.asarray(value.flat[:1_000_000]) if value.size else np.empty(0)
    if value.dtype.kind in "iuf" and looked.size:
        real = looked[~np.isnan(looked)] if value.dtype.kind == "f" else looked
        if real.size:
            said.append(f"{_number(real.min().item())} … {_number(real.max().item())}, mean {float(real.mean()):.6g}")
        if missing := looked.size - real.size:
            said.append(f"{missing:,} NaN")
        if looked.size < value.size:
            said.append("(of the first 1,000,000)")
    sample = np.array2string(value, threshold=60, edgeitems=3, max_line_width=110)
    return f"{', '.join(said)}\n{sample[:4_000]}"

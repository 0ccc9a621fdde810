"""DataFrames and Series of every library that narwhals knows, for `describe`: a small one whole, of a larger one each
column's type, nulls and figures, and its first rows. A lazy one is not collected: its columns and types.

Narwhals is imported only when a value comes from such a library. What a lazy frame's columns are is the library's own
answer, for which it may read the head of the files that it was made from.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, counted, number, one_line, table
from qwen_magics.context.describe.short import flow, short

if TYPE_CHECKING:
    from collections.abc import Sequence

LIBRARIES = frozenset(
    ("pandas", "polars", "pyarrow", "modin", "cudf", "narwhals", "dask", "duckdb", "ibis", "pyspark", "sqlframe")
)
_WHOLE = 30  # rows of a table that is shown whole
_HEAD = 5
_MOST_COLUMNS = 60
_NARROW = 12  # columns, up to which the head is shown as rows
_MOST_CELLS = 2_000_000  # of larger tables every n-th row is looked at for the figures
_FEW = 6  # distinct values that are all named
_CELL = 40  # characters …
_WIDER = (240, 80, _CELL)  # … and what is tried first where there are few rows


class _Column(Struct, frozen=True):
    """One column or level of an index: `values` (a narwhals Series) for the figures, `first` for the sample."""

    name: str
    values: Any
    first: Any
    index: bool = False

    @property
    def type(self) -> str:
        native = self.values.to_native()
        return str(getattr(native, "dtype", None) or getattr(native, "type", None) or self.values.dtype)

    @property
    def is_number(self) -> bool:
        return bool(self.values.dtype.is_numeric())

    def head(self, rows: int, width: int = _CELL) -> list[str]:
        return [_cell(value, width) for value in self.first.head(rows).to_list()]


def frame(value: object, limit: int) -> str | None:
    """A DataFrame, Series, Index or lazy frame; None for whatever else these libraries make."""
    kind = type(value)
    if not peek.roots(kind) & LIBRARIES and not peek.has(kind, "__narwhals_dataframe__"):
        return None
    import narwhals as nw

    native: Any = value
    if peek.has(kind, "to_frame", "nlevels"):  # an Index
        native = native.to_frame(index=False)
        native = native.iloc[:, 0].rename(value.name) if len(native.columns) == 1 else native  # type: ignore[attr-defined]
    if peek.has(type(native), "iloc", "index"):
        return _eager(value, native, limit)
    found = nw.from_native(native, pass_through=True, allow_series=True)
    if issubclass(type(found), nw.LazyFrame):
        return _lazy(value, found, limit)
    if issubclass(type(found), nw.DataFrame | nw.Series):
        return _eager(value, found, limit)
    return None


def _lazy(value: object, found: Any, limit: int) -> str:
    schema = found.collect_schema()
    rows = [[clip(str(name), _CELL, "…"), str(dtype)] for name, dtype in list(schema.items())[:_MOST_COLUMNS]]
    title = f"{_kind(value)}, lazy and not collected, {counted(len(schema), 'column')}"
    return _with_columns(title, rows, [str(name) for name in schema], limit)


def _eager(value: object, native: Any, limit: int) -> str:
    height = len(native)
    columns, names = _columns(native, height)
    wide = len(native.shape) > 1
    size = f"{counted(height, 'row')} × {counted(len(names), 'column')}" if wide else counted(height, "value")
    title = f"{_kind(value)}, {size}"
    if height <= _WHOLE and len(names) <= _MOST_COLUMNS:
        for width in _WIDER:
            whole = f"{title}{_types(columns)}\n{_rows(columns, height, width)}".strip()
            if len(whole) <= limit:
                return whole
    return _overview(title, columns, names, height, limit)


def _kind(value: object) -> str:
    kind = type(value)
    return f"{peek.name_of(kind, '__module__').partition('.')[0]} {peek.name_of(kind)}"


def _columns(native: Any, height: int) -> tuple[list[_Column], list[str]]:
    """The index's levels where they say something and the first columns; then the names of all columns.

    By position where the library allows it: names may be doubled, and be anything.
    """
    import narwhals as nw

    wide = len(native.shape) > 1
    step = max(1, math.ceil(height * (min(native.shape[1], _MOST_COLUMNS) if wide else 1) / _MOST_CELLS))
    if not peek.has(type(native), "iloc"):
        every, first = native.gather_every(step) if step > 1 else native, native.head(_WHOLE)
        if not wide:
            return [_Column(str(native.name or ""), every, first)], [str(native.name or "")]
        shown = native.columns[:_MOST_COLUMNS]
        return [_Column(str(name), every[name], first[name]) for name in shown], [str(name) for name in native.columns]

    def series(native: Any) -> Any:
        return nw.from_native(native, series_only=True)

    every, first = native.iloc[::step] if step > 1 else native, native.iloc[:_WHOLE]
    columns = []
    if not _is_default(native.index):
        levels, first_levels = every.index.to_frame(index=False), first.index.to_frame(index=False)
        columns = [
            _Column(str(name or ""), series(levels.iloc[:, at]), series(first_levels.iloc[:, at]), index=True)
            for at, name in enumerate(native.index.names)
        ]
    if not wide:
        name = "" if native.name is None else str(native.name)
        return [*columns, _Column(name, series(every), series(first))], [name]
    names = [_column_name(name) for name in native.columns]
    columns += [
        _Column(name, series(every.iloc[:, at]), series(first.iloc[:, at]))
        for at, name in enumerate(names[:_MOST_COLUMNS])
    ]
    return columns, names


def _column_name(name: object) -> str:
    return str(name) if issubclass(type(name), str) else short(name, _CELL)


def _is_default(index: Any) -> bool:
    """Whether the index only counts the rows."""
    return type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1 and index.name is None


def _types(columns: Sequence[_Column]) -> str:
    """`; float64: a, b; str: c`, or `, all float64`; the index's only where it isn't text."""
    by_type: dict[str, list[str]] = {}
    for column in columns:
        if not column.index:
            by_type.setdefault(column.type, []).append(clip(column.name, _CELL, "…"))
    if len(by_type) == 1:
        (only,) = by_type
        return f", {'all ' * (len(by_type[only]) > 1)}{only}"
    return "".join(f"; {kind}: {', '.join(names)}" for kind, names in by_type.items())


def _rows(columns: Sequence[_Column], count: int, width: int) -> str:
    cells = [[clip(column.name, _CELL, "…"), *column.head(count, width)] for column in columns]
    right = [at for at, column in enumerate(columns) if column.is_number]
    header, *rows = zip(*cells, strict=True) if cells else [()]
    return table([header, *rows] if any(header) else rows, right)


def _cell(value: object, width: int = _CELL) -> str:
    kind = type(value)
    if value is None:
        return "null"
    if issubclass(kind, str):
        return clip(str.__str__(value).replace("\n", "\\n"), width, "…")
    if issubclass(kind, float):
        return number(float.__float__(value))  # type: ignore[arg-type]
    return short(value, width).removesuffix(" 00:00:00")  # a date


def _overview(title: str, columns: Sequence[_Column], names: list[str], height: int, limit: int) -> str:
    """Each column in a line, then the first rows; of a wide table the first values stand beside each column."""
    looked = columns[0].values.len() if columns else height
    note = f"; nulls and values of {looked:,} rows spread over all" if looked < height else ""
    narrow = len(columns) <= _NARROW
    rows = [["column", "type", "nulls", "values", *([] if narrow else ["first"])]]
    for column in columns:
        name = clip(column.name or ("" if column.index else "values"), _CELL, "…")
        line = [f"{name} (index)".strip() if column.index else name, column.type, *_figures(column)]
        rows.append(line if narrow else [*line, clip(", ".join(column.head(3)), _CELL, "…")])
    if looked == height and all(row[2] in ("nulls", "0") for row in rows):
        rows = [[*row[:2], *row[3:]] for row in rows]
        note += "; no nulls"
    text = _with_columns(f"{title}{note}", rows, names, limit)
    for count, width in ((_HEAD, 240), (_HEAD, 80), (_HEAD, _CELL), (3, _CELL), (1, _CELL)) if narrow else ():
        shown = min(count, height)
        sample = f"\n\nfirst {counted(shown, 'row')}:\n{_rows(columns, shown, width)}"
        if shown and len(text) + len(sample) <= limit:
            return text + sample
    return text


def _with_columns(title: str, rows: list[list[str]], names: list[str], limit: int) -> str:
    """The title and as many of the columns' lines as there is room for; of the others the names."""
    lines = table(rows).split("\n") if rows else []
    extra = len(rows) - min(len(names), _MOST_COLUMNS)  # the header and the index's levels
    spare = 0 if len(names) <= _MOST_COLUMNS else limit // 4
    while lines and len(title) + sum(len(line) + 1 for line in lines) > limit - spare:
        lines.pop()
        spare = limit // 4
    others = names[max(len(lines) - extra, 0) :]
    more = flow(others, len(others), limit // 4 - 20, lambda name, room: clip(name, min(room, _CELL), "…"))
    tail = [f"and {'columns' if others[1:] else 'column'} {more}"] if others else []
    return "\n".join([title, *lines, *tail])


def _figures(column: _Column) -> tuple[str, str]:
    """Nulls, and what the values are like: a range, or how many distinct ones."""
    nulls = peek.attempt(column.values.null_count)
    return "?" if nulls is None else f"{nulls:,}", peek.attempt(lambda: _summary(column.values)) or ""


def _summary(values: Any) -> str:
    dtype = values.dtype
    if dtype.is_numeric():
        if values.len() == values.null_count():
            return ""
        low, high, mean, middle = values.min(), values.max(), values.mean(), values.median()
        return f"{_cell(low)} to {_cell(high)}, mean {number(float(mean), 4)}, median {number(float(middle), 4)}"
    if dtype.is_temporal():
        return f"{_cell(values.min())} to {_cell(values.max())}"
    if dtype.is_nested():
        return ""
    values = values.drop_nulls()
    distinct = values.n_unique()
    if distinct > _FEW:
        return f"{distinct:,} distinct" if distinct < values.len() else "all distinct"
    counts = [(_cell(value), int(count)) for value, count in values.value_counts().rows()]
    counts.sort(key=lambda item: (-item[1], item[0]))
    return one_line(flow(counts, len(counts), 90, lambda item, room: f"{clip(item[0], 24, '…')} ×{item[1]:,}"))

"""Figures of matplotlib (seaborn), plotly and altair, for `describe`: titles, axes, series with their sizes and ranges.

Nothing is rendered: what is drawn is read from the objects that would draw it.
"""

from __future__ import annotations

import base64
import collections
import sys
from typing import Any

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, clip_lines, counted, number, one_line
from qwen_magics.context.describe.short import flow, short

_PANELS = 12
_SERIES = 12  # of a panel
_UNNAMED = 4  # lines without a label, as a box plot has them
_MOST = 100_000  # points that are looked at for a range


def figure(value: object, limit: int) -> str | None:
    """A figure, a chart or a panel of one; None for others."""
    kind = type(value)
    names = {peek.full_name(base) for base in peek.bases(kind)}
    packages = peek.roots(kind)
    lines: list[str] | None = None
    if "seaborn" in packages and (drawn := peek.attributes(value).get("_figure")) is not None:
        lines = _matplotlib(drawn)
    elif "matplotlib.figure.Figure" in names or "matplotlib.figure.FigureBase" in names:
        lines = _matplotlib(value)
    elif "matplotlib.axes._base._AxesBase" in names:
        lines = _panel(value)
    elif "plotly" in packages and peek.has(kind, "to_plotly_json", "add_trace"):
        lines = _plotly(value)
    elif "altair" in packages and peek.has(kind, "to_dict") and peek.has(kind, "configure_axis"):
        lines = _altair(value, "")
    return None if lines is None else clip_lines("\n".join(lines), limit)


# --- matplotlib -------------------------------------------------------------------------------------------------------


def _matplotlib(drawn: Any) -> list[str]:
    panels = [axes for axes in drawn.axes if axes.get_label() != "<colorbar>"]
    title = drawn.get_suptitle() if peek.has(type(drawn), "get_suptitle") else ""
    said = ["matplotlib figure", *_quoted("", title)]
    if peek.has(type(drawn), "get_size_inches"):
        width, height = drawn.get_size_inches() * drawn.dpi
        said.append(f"{width:.0f} × {height:.0f} pixels")
    if len(panels) != 1:
        said.append(f"{len(panels)} panels")
    lines = [", ".join(said)]
    for at, axes in enumerate(panels[:_PANELS]):
        first, *others = _panel(axes)
        lines += [f"{first}" if len(panels) == 1 else f"panel {at + 1}: {first}", *others]
    return lines


def _panel(axes: Any) -> list[str]:
    said = [*_quoted("title", axes.get_title())]
    for name in ("x", "y", "z"):
        if f"get_{name}label" in dir(type(axes)):
            scale = getattr(axes, f"get_{name}scale")()
            said += _quoted(name, getattr(axes, f"get_{name}label")())
            said += [f"{name} is {scale}"] if scale != "linear" else []
    series = _drawn(axes)
    more = [f"  … {len(series) - _SERIES} more"] if len(series) > _SERIES else []
    return [", ".join(said) or "axes without title or labels", *series[:_SERIES], *more]


def _drawn(axes: Any) -> list[str]:
    """A line of text for each line, set of points, group of bars, picture and text of the panel."""
    found: list[str] = []
    barred: set[int] = set()
    for group in axes.containers:
        if peek.name_of(type(group)) == "BarContainer":
            barred |= {id(patch) for patch in group.patches}
            tall = [patch.get_width() if group.orientation == "horizontal" else patch.get_height() for patch in group]
            found.append(f"  {counted(len(tall), 'bar')}{_label(group)}, {_span(tall)}{_ticks(axes, group, len(tall))}")
    named = [line for line in axes.lines if _label(line)]
    others = [line for line in axes.lines if not _label(line)]
    found += [_line(line) for line in named]
    found += [_line(line) for line in others] if len(others) <= _UNNAMED else [f"  {len(others)} lines without labels"]
    for points in axes.collections:
        places = points.get_offsets()
        what = peek.name_of(type(points))
        if what == "PathCollection":
            found.append(f"  {counted(len(places), 'point')}{_label(points)}, x {_span(places[:, 0])}, "
                         f"y {_span(places[:, 1])}")  # fmt: skip
        else:
            found.append(f"  {what}{_label(points)}")
    for picture in axes.images:
        found.append(f"  image {' × '.join(str(side) for side in picture.get_array().shape)}{_label(picture)}")
    rest = collections.Counter(peek.name_of(type(patch)) for patch in axes.patches if id(patch) not in barred)
    found += [f"  {counted(count, name)}" for name, count in sorted(rest.items())]
    found += [f"  text {short(text.get_text(), 100)}" for text in axes.texts if text.get_text()]
    return found


def _line(line: Any) -> str:
    x, y = line.get_xdata(orig=True), line.get_ydata(orig=True)
    return f"  line{_label(line)}, {counted(len(y), 'point')}, x {_span(x)}, y {_span(y)}"


def _label(artist: Any) -> str:
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") or not label else f" {short(label, 80)}"


def _ticks(axes: Any, bars: Any, count: int) -> str:
    """The names under the bars, where the axis has as many as there are bars."""
    axis = axes.yaxis if bars.orientation == "horizontal" else axes.xaxis
    names = peek.attempt(lambda: list(axis.units._mapping))  # text categories
    return f", for {flow(names, count, 160, short)}" if names and len(names) == count else ""


# --- plotly -----------------------------------------------------------------------------------------------------------


def _plotly(value: Any) -> list[str]:
    drawn = value.to_plotly_json()
    layout = drawn.get("layout", {})
    said = ["plotly figure", *_quoted("", _text(layout.get("title")))]
    for name in sorted(layout):
        if name.startswith(("xaxis", "yaxis")):
            said += _quoted(name.replace("axis", ""), _text(layout[name].get("title")))
            said += [f"{name[0]} is log"] if layout[name].get("type") == "log" else []
    lines = [", ".join(said)]
    for trace in drawn.get("data", [])[:_SERIES]:
        what = trace.get("type", "scatter") + (f" ({trace['mode']})" if "mode" in trace else "")
        name = f" {short(trace['name'], 80)}" if trace.get("name") else ""
        sizes = [f"{key} {_sized(trace[key])}" for key in ("x", "y", "z", "labels", "values") if _sized(trace.get(key))]
        lines.append(f"  {what}{name}: {', '.join(sizes)}".rstrip(": "))
    more = len(drawn.get("data", [])) - _SERIES
    return [*lines, *([f"  … {more} more"] if more > 0 else [])]


def _text(title: Any) -> str:
    return str(title.get("text") or "") if issubclass(type(title), dict) else str(title or "")


def _sized(values: Any) -> str:
    """`3 values, 1 to 9`; arrays come as lists, as NumPy's, or as base64 in `{"dtype": "f8", "bdata": …}`."""
    if issubclass(type(values), dict) and "bdata" in values and (numpy := sys.modules.get("numpy")):
        values = numpy.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return peek.attempt(lambda: f"{counted(len(values), 'value')}, {_span(values)}") or ""


# --- altair -----------------------------------------------------------------------------------------------------------


def _altair(chart: Any, indent: str) -> list[str]:
    stored = _stated(chart)
    mark = stored.get("mark")
    said = ["altair", peek.name_of(type(chart))]
    said += [f"of marks {short(_stated(mark).get('type') or mark, 40)}"] if mark is not None else []
    lines = [indent + " ".join(said) + "".join(f", {part}" for part in _quoted("", _altair_text(stored.get("title"))))]
    if stored.get("data") is not None:
        lines.append(f"{indent}  data: {short(stored['data'], 120)}")
    for channel, what in _stated(stored.get("encoding")).items():
        lines.append(f"{indent}  {channel}: {_channel(what)}")
    for inner in ("layer", "hconcat", "vconcat", "concat"):
        for part in (stored.get(inner) or [])[:_PANELS]:
            lines += _altair(part, indent + "  ")
    if stored.get("spec") is not None:
        lines += _altair(stored["spec"], indent + "  ")
    return lines


def _altair_text(title: Any) -> Any:
    return title if issubclass(type(title), str | list) else _stated(title).get("text")


def _stated(value: Any) -> dict[str, Any]:
    """What an altair object was given; it stores `Undefined` for all else."""
    stored = peek.attributes(value).get("_kwds") or {}
    return {name: item for name, item in stored.items() if peek.name_of(type(item)) != "UndefinedType"}


def _channel(what: Any) -> str:
    if issubclass(type(what), list):
        return ", ".join(_channel(each) for each in what[:6])
    stated = _stated(what)
    field = stated.pop("shorthand", None) or stated.pop("field", None)
    rest = [f"{name} {short(_stated(item) or item, 60)}" for name, item in stated.items()]
    return ", ".join([str(field), *rest] if field else rest)


# --- all --------------------------------------------------------------------------------------------------------------


def _quoted(name: str, text: Any) -> list[str]:
    said = one_line(str(text or ""))
    return [f"{name} {short(clip(said, 200), 220)}".strip()] if said else []


def _span(values: Any) -> str:
    """`1 to 9` of numbers and dates, else the first few."""
    some = list(values[:_MOST])
    present = [value for value in some if value is not None and value == value]
    if not present or any(issubclass(type(value), str) for value in present):
        return flow(some, len(values), 80, short)
    low, high = min(present), max(present)
    numbers = peek.attempt(lambda: f"{number(float(low))} to {number(float(high))}")
    return numbers or f"{_day(low)} to {_day(high)}"


def _day(value: Any) -> str:
    return short(value, 40).removesuffix(".000000").removesuffix("T00:00:00").removesuffix(" 00:00:00")

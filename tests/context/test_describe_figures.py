"""Figures in words: titles, axes, series, sizes and ranges, without drawing them."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.figure import Figure

from qwen_magics.context.describe import LIMIT, describe

TABLE = pd.DataFrame({"x": [1, 2, 3], "y": [3.0, 1.0, 2.0], "kind": list("aab")})


def test_a_matplotlib_figure_tells_axes_labels_and_series() -> None:
    figure = Figure(figsize=(4, 3), dpi=100)
    left, right, last = figure.subplots(1, 3)
    left.plot([0, 1, 2], [5.0, 6.0, 9.0], label="loss")
    left.scatter([1, 2], [3, 4], label="runs")
    left.set(title="Training", xlabel="epoch", ylabel="loss", yscale="log")
    right.bar(["a", "b"], [4, 5])
    right.imshow(np.zeros((3, 4)))
    last.plot(pd.date_range("2024-05-01", periods=3), [1, 2, 3])
    right.text(0, 0, "a note")
    assert describe(figure).split("\n") == [
        "matplotlib figure, 400 × 300 pixels, 3 panels",
        "panel 1: title 'Training', x 'epoch', y 'loss', y is log",
        "  line 'loss', 3 points, x 0 to 2, y 5 to 9",
        "  2 points 'runs', x 1 to 2, y 3 to 4",
        "panel 2: axes without title or labels",
        "  2 bars, 4 to 5, for 'a', 'b'",
        "  image 3 × 4",
        "  text 'a note'",
        "panel 3: axes without title or labels",
        "  line, 3 points, x 2024-05-01 to 2024-05-03, y 1 to 3",
    ]
    assert describe(left).startswith("title 'Training', x 'epoch'")


def test_a_figure_of_very_many_series_is_bounded_and_not_changed() -> None:
    figure = Figure()
    axes = figure.subplots(4, 4)
    for panel in axes.flat:
        panel.boxplot([[1, 2, 3]] * 5)
        for at in range(30):
            panel.plot([at], label=f"series {at}")
    before = axes[0, 0].dataLim.frozen()
    text = describe(figure)
    assert len(text) <= LIMIT
    assert "16 panels" in text
    assert axes[0, 0].dataLim.frozen().bounds == before.bounds


def test_a_plotly_figure_tells_traces_and_titles() -> None:
    figure = go.Figure(
        [
            go.Scatter(x=np.array([1, 2, 3]), y=TABLE["y"], mode="lines", name="first"),
            go.Bar(x=["a", "b"], y=[1, 2]),
        ]
    )
    figure.update_layout(title="Sales", xaxis_title="month", yaxis={"title": {"text": "EUR"}, "type": "log"})
    assert describe(figure).split("\n") == [
        "plotly figure, 'Sales', x 'month', y 'EUR', y is log",
        "  scatter (lines) 'first': x 3 values, 1 to 3, y 3 values, 1 to 3",
        "  bar: x 2 values, 'a', 'b', y 2 values, 1 to 2",
    ]


def test_an_altair_chart_tells_marks_channels_and_data() -> None:
    chart = (
        alt.Chart(TABLE, title="Trend")
        .mark_bar(color="red")
        .encode(x="x:Q", y=alt.Y("mean(y):Q", title="Mean"), tooltip=["x", "kind"])
    )
    lines = [
        "altair Chart of marks 'bar', 'Trend'",
        "  data: <DataFrame 3 × 3 (x, y, kind)>",
        "  tooltip: x, kind",
        "  x: x:Q",
        "  y: mean(y):Q, title 'Mean'",
    ]
    assert describe(chart).split("\n") == lines
    both = describe(chart + chart.mark_rule()).split("\n")
    assert both[0] == "altair LayerChart"
    assert both[2:4] == ["  altair Chart of marks 'bar', 'Trend'", "    tooltip: x, kind"]
    assert describe(alt.Chart(pd.DataFrame({"x": range(10_000)})).mark_point()).endswith("<DataFrame 10,000 × 1 (x)>")

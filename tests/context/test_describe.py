"""Values in words: what a model needs to know of them, bounded whatever they do."""

from __future__ import annotations

import collections
import itertools
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_magics.context.describe import LIMIT, describe

PENGUINS = {
    "species": ["Adelie", "Gentoo", None, "Gentoo"] * 100,
    "mass": [3700.5, 5076.25, 4000.0, None] * 100,
    "year": [2007, 2008, 2009, 2009] * 100,
}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_a_frame_of_any_library_tells_columns_types_size_and_a_sample(make: Any) -> None:
    text = describe(make(PENGUINS))
    assert "400 rows × 3 columns" in text.split("\n")[0]
    assert "  species: String, 100 missing, 2 different: Gentoo, Adelie" in text
    assert "  mass: Float64, 100 missing, 3700.5 … 5076.25, mean 4258.92" in text
    assert "  year: Int64, 2007 … 2009, mean 2008.25" in text
    assert "species | mass | year\nAdelie | 3700.5 | 2007\nGentoo | 5076.25 | 2008" in text
    assert text.count("\n") == 10


def test_a_small_frame_is_shown_whole_with_its_index() -> None:
    text = describe(pd.DataFrame({"mean": [1.5, 2.25]}, index=pd.Index(["a", "b"], name="group")))
    assert text == "DataFrame (pandas), 2 rows × 1 columns (mean: Float64)\ngroup | mean\na | 1.5\nb | 2.25"


@pytest.mark.parametrize("make", [pd.Series, lambda values, name: pl.Series(name, values)], ids=["pandas", "polars"])
def test_a_series_is_a_table_of_one_column(make: Any) -> None:
    text = describe(make(list(range(100)), name="n"))
    assert "'n', 100 rows" in text
    assert "n: Int64, 0 … 99, mean 49.5" in text


def test_the_summary_of_a_series_keeps_its_labels() -> None:
    text = describe(pd.Series([1.0, 2.0, 3.0], name="mass").describe())
    assert "count | 3" in text
    assert "50% | 2" in text


def test_a_lazy_frame_is_described_by_its_columns_and_never_collected() -> None:
    def fail(_: Any) -> Any:
        raise AssertionError("collected")

    lazy = pl.LazyFrame({"a": [1]}).map_batches(fail, schema={"a": pl.Int64, "b": pl.String})
    assert describe(lazy) == "LazyFrame (polars), lazy (not collected), 2 columns:\n  a: Int64\n  b: String"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(np.zeros((50, 2_000))),
        pd.DataFrame({"x": ["long " * 10_000] * 50}),
        pd.DataFrame({"x": pd.Categorical([f"kind {i}" for i in range(5_000)])}),
        pd.DataFrame([[1, 2], [3, 4]] * 40, columns=["same", "same"]),
        pd.DataFrame(np.zeros((40, 4)), columns=pd.MultiIndex.from_product([["a", "b"], ["x", "y"]])),
        pd.DataFrame({"x": [{"a": 1}, [2], {3}, object()] * 20}),
        pd.DataFrame(),
        pl.DataFrame({"nested": [[1, 2], [3]] * 30, "struct": [{"a": 1}, {"a": 2}] * 30}),
    ],
    ids=["wide", "long cells", "categories", "same names", "levels", "objects", "empty", "nested"],
)
def test_no_table_is_too_odd(frame: Any) -> None:
    text = describe(frame)
    assert "DataFrame" in text
    assert "can't be shown" not in text
    assert len(text) <= LIMIT + 100


def test_an_array_tells_shape_type_range_and_a_sample() -> None:
    text = describe(np.arange(1_000_000, dtype="float32").reshape(1000, 1000))
    assert text.startswith("ndarray (numpy), shape 1000 × 1000, float32, 0 … 999999, mean 500000")
    assert len(text) < 1_500
    assert describe(np.array([1.0, np.nan])).startswith("ndarray (numpy), shape 2, float64, 1 … 1, mean 1, 1 NaN")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (2.5, "2.5"),
        (np.float64(2.5), "2.5"),
        (None, "None"),
        ("verbatim {x} 0x7f0000001234\n  text", "verbatim {x} 0x7f0000001234\n  text"),
        ({"a": [1, 2]}, "{'a': [1, 2]}"),
        ((1, "b"), "(1, 'b')"),
        ([], "[]"),
        pytest.param(1 << 20_000, "<int of about 6,020 digits>", id="large int"),
        (iter([1]), "<list_iterator object at 0x…>"),
    ],
)
def test_what_one_line_says_is_one_line(value: object, text: str) -> None:
    assert describe(value) == text


def test_containers_tell_size_kinds_and_a_sample() -> None:
    assert describe(list(range(1000))).startswith("list with 1,000 elements of int: [0, 1, 2")
    many = describe({f"key {i}": np.zeros((i, 2)) for i in range(100)})
    assert many.startswith("dict with 100 keys:\n  'key 0': <ndarray (numpy) 0 × 2 float64>")
    assert many.endswith("… and 80 more")
    assert "of dict:" in describe([{"a": i, "b": "x" * 50} for i in range(50)])


def test_iterators_are_not_consumed() -> None:
    numbers = (n for n in itertools.count())
    describe(numbers)
    assert next(numbers) == 0


@dataclass
class Record:
    """A record."""

    name: str
    table: Any
    tags: list[int] = field(default_factory=list)
    hidden: str = field(default="x", repr=False)


def test_records_and_models_tell_their_fields() -> None:
    import pydantic

    model = pydantic.create_model("Model", depth=(int, ...), password=(pydantic.SecretStr, ...))
    assert describe(Record("r", pd.DataFrame(PENGUINS), [1])).split("\n")[1:] == [
        "  name: 'r'",
        "  table: <DataFrame (pandas) 400 × 3>",
        "  tags: [1]",
    ]
    assert describe(model(depth=3, password="pw")).split("\n") == [  # type: ignore[call-overload]
        "Model (test_describe):",
        "  depth: 3",
        "  password: SecretStr('**********')",
    ]


def test_an_estimator_tells_its_parameters_and_what_it_learned() -> None:
    class Estimator:
        def __init__(self) -> None:
            self.alpha, self.coef_ = 0.1, np.ones(3)

        def fit(self) -> None: ...

        def get_params(self, deep: bool = True) -> dict[str, float]:
            return {"alpha": self.alpha}

    assert "  alpha: 0.1\n  coef_: <ndarray (numpy) 3 float64>" in describe(Estimator())


def test_a_plain_object_tells_its_attributes() -> None:
    class Plain:
        def __init__(self) -> None:
            self.a, self._private = [1], 2

    text = describe(Plain())
    assert "object at 0x…" in text
    assert text.endswith("\n  a: [1]")


def test_functions_and_classes_go_by_their_source() -> None:
    assert describe(test_iterators_are_not_consumed).startswith("def test_iterators_are_not_consumed() -> None:\n    n")
    assert describe(Record).startswith('@dataclass\nclass Record:\n    """A record."""')
    assert describe(len) == "len(obj, /): Return the number of items in a container."
    assert describe(collections).startswith("module collections: This module implements")


def test_an_exception_tells_type_message_cause_and_last_frames() -> None:
    def deep(n: int) -> None:
        if n:
            deep(n - 1)
        raise KeyError("mass_g")

    def wrapped() -> None:
        try:
            deep(20)
        except KeyError as error:
            raise ValueError("no such column") from error

    with pytest.raises(ValueError, match="no such column") as caught:
        wrapped()
    text = describe(caught.value)
    assert text.startswith("ValueError: no such column\ncaused by KeyError: 'mass_g'\nTraceback, innermost last:")
    deepest = describe(caught.value.__cause__)
    assert deepest.count(", in deep: ") == 5


def test_a_figure_tells_axes_labels_and_sizes_of_series() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    axes.plot([0, 1, 2], [5.0, 6.0, 9.0], label="loss")
    axes.scatter([1, 2], [3, 4], label="runs")
    axes.bar([1, 2, 3], [4, 5, 6])
    axes.set(title="Training", xlabel="epoch", ylabel="loss")
    text = describe(figure)
    assert "matplotlib figure, 4 × 3 inches\naxes: title 'Training', x 'epoch', y 'loss'" in text
    assert "line 'loss': 3 points, 5 … 9" in text
    assert "PathCollection 'runs': 2 points" in text
    assert "3 bars or patches, 4 … 6" in text


class Broken:
    """Raises."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class Endless:
    """Never ends."""

    def __repr__(self) -> str:
        while True:
            pass


class Huge:
    """Says too much."""

    def __repr__(self) -> str:
        return "x" * 10_000_000


class Liar(dict):  # type: ignore[type-arg]
    """Has no length."""

    def __len__(self) -> int:
        raise RuntimeError("no")


@pytest.mark.parametrize("value", [Broken(), Endless(), Huge(), Liar(), [Broken()], {"k": Huge()}, Broken, Liar])
def test_whatever_a_value_does_its_description_comes_and_is_bounded(value: object) -> None:
    assert 0 < len(describe(value)) <= LIMIT + 100


def test_what_holds_itself_is_described() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert describe(loop).endswith("0: 1\n  1: [1, [1, [1, […]]]]")


def test_a_long_text_keeps_its_beginning_and_end() -> None:
    text = describe("a" * 50_000 + "the end", limit=1_000)
    assert text.startswith("aaa")
    assert text.endswith("the end")
    assert "… [49,007 characters left out] …" in text


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.floats() | st.text() | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.integers(), inner)))  # fmt: skip  # noqa: E501
def test_any_plain_value_is_described_within_the_limit(value: object) -> None:
    text = describe(value, limit=500)
    assert len(text) <= 500 + 60
    assert "can't be shown" not in text


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; import qwen_magics.context.expressions\n"
        "heavy = {'narwhals', 'numpy', 'pandas', 'matplotlib', 'tiktoken', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

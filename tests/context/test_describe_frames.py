"""Tables and arrays in words: what they hold, how much, what is missing, and a sample that can be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from qwen_magics import tokens
from qwen_magics.context.describe import LIMIT, describe

PENGUINS = {
    "species": ["Adelie", "Gentoo", None, "Gentoo"] * 100,
    "mass": [3700.5, 5076.25, 4000.0, None] * 100,
    "year": [2007, 2008, 2009, 2009] * 100,
    "wild": [True, True, True, False] * 100,
}
LIBRARIES = pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])


@LIBRARIES
def test_a_frame_of_any_library_tells_columns_types_nulls_figures_and_its_head(make: Any) -> None:
    title, columns, _, head = describe(make(PENGUINS)).partition("\n")[0], *_split(describe(make(PENGUINS)))
    assert title.endswith(", 400 rows × 4 columns")
    assert [line.split() for line in columns] == [
        ["column", "type", "nulls", "values"],
        ["species", _type(make, "species"), "100", "Gentoo", "×200,", "Adelie", "×100"],
        ["mass", _type(make, "mass"), "100", "3700.5", "to", "5076.25,", "mean", "4258.92,", "median", "4000"],
        ["year", _type(make, "year"), "0", "2007", "to", "2009,", "mean", "2008.25,", "median", "2008.5"],
        ["wild", _type(make, "wild"), "0", "True", "×300,", "False", "×100"],
    ]
    assert head[0] == "first 5 rows:"
    assert [line.split() for line in head[1:3]] == [
        ["species", "mass", "year", "wild"],
        ["Adelie", "3700.5", "2007", "True"],
    ]
    assert len(head) == 7


def _split(text: str) -> tuple[list[str], str, list[str]]:
    columns, head = text.split("\n\n")
    return columns.split("\n")[1:], "", head.split("\n")


def _type(make: Any, column: str) -> str:
    native = make(PENGUINS)
    return str(native.schema.field(column).type if make is pa.table else native[column].dtype)


def test_a_described_frame_is_an_aligned_table() -> None:
    frame = pd.DataFrame({"mass": [3700.5, 5076.25, 4000.0], "year": [2007, 2008, 2009]})
    assert describe(frame.describe()) == (
        "pandas DataFrame, 8 rows × 2 columns, all float64\n"
        "          mass    year\n"
        "count        3       3\n"
        "mean   4258.92    2008\n"
        "std    723.499       1\n"
        "min     3700.5    2007\n"
        "25%    3850.25  2007.5\n"
        "50%       4000    2008\n"
        "75%    4538.12  2008.5\n"
        "max    5076.25    2009"
    )


def test_a_small_frame_is_shown_whole_with_its_index_and_types() -> None:
    frame = pd.DataFrame(
        {"n": [1, 20], "seen": pd.to_datetime(["2024-05-01", None]), "note": ["a\nb", None]},
        index=pd.Index(["x", "y"], name="group"),
    )
    title, *rows = describe(frame).split("\n")
    assert title.startswith("pandas DataFrame, 2 rows × 3 columns; int64: n; datetime64")
    assert [row.split() for row in rows] == [
        ["group", "n", "seen", "note"],
        ["x", "1", "2024-05-01", "a\\nb"],
        ["y", "20", "NaT", "NaN" if str(frame["note"].dtype) == "str" else "null"],
    ]


@pytest.mark.parametrize("make", [pd.Series, lambda values, name: pl.Series(name, values)], ids=["pandas", "polars"])
def test_a_series_is_a_table_of_one_column(make: Any) -> None:
    title, header, figures, *_ = describe(make(list(range(100)), name="n")).split("\n")
    assert title.endswith(" Series, 100 values; no nulls")
    assert header.split() == ["column", "type", "values"]
    assert figures.lower().split() == ["n", "int64", "0", "to", "99,", "mean", "49.5,", "median", "49.5"]


def test_levels_of_an_index_are_columns_too() -> None:
    frame = pd.DataFrame(PENGUINS).dropna().set_index(["species", "year"])
    lines = describe(frame).split("\n")
    assert lines[2].startswith("species (index)")
    assert lines[3].startswith("year (index)")
    assert describe(frame.index[:2]) == (
        "pandas MultiIndex, 2 rows × 2 columns; str: species; int64: year\nspecies  year\nAdelie   2007\nGentoo   2008"
    )
    assert describe(pd.Index([1, 2], name="k")) == "pandas Index, 2 values, int64\nk\n1\n2"


def test_a_wide_frame_shows_some_columns_and_names_others() -> None:
    text = describe(pd.DataFrame(np.arange(30_000).reshape(100, 300), columns=[f"c{i}" for i in range(300)]))
    assert text.startswith("pandas DataFrame, 100 rows × 300 columns; no nulls\ncolumn  type   values")
    figures, first = text.split("\n")[5].split("median")
    assert figures.split() == ["c3", "int64", "3", "to", "29703,", "mean", "14853,"]
    assert first.split() == ["14853", "3,", "303,", "603"]
    last = text.split("\n")[-1]
    assert last.startswith("and columns c")
    assert last.endswith(" more")


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame(np.random.default_rng(0).normal(size=(500, 300))),
        pd.DataFrame(np.random.default_rng(0).normal(size=(30, 12))),
        pd.DataFrame({"text": ["A review of many words, which goes on and on. " * 40] * 100}),
        np.random.default_rng(0).normal(size=(100, 100)),
        [i / 7 for i in range(100)],
        [{"id": i, "price": i / 7, "tags": ["a", "b"], "more": {"x": i}} for i in range(500)],
    ],
    ids=["wide", "numbers", "texts", "array", "floats", "records"],
)
def test_a_value_takes_about_600_tokens_at_the_most(value: Any) -> None:
    assert 200 < tokens.count(describe(value)) < 720


def test_of_a_large_frame_every_nth_row_is_looked_at() -> None:
    text = describe(pd.DataFrame({"a": np.arange(5_000_000), "b": 1.0}))
    assert "5,000,000 rows × 2 columns; nulls and values of 1,000,000 rows spread over all\n" in text
    assert "a       int64    0      0 to 4999995" in text


def test_a_lazy_frame_is_described_by_its_columns_and_never_collected() -> None:
    def fail(_: Any) -> Any:
        raise AssertionError("collected")

    lazy = pl.LazyFrame({"a": [1]}).map_batches(fail, schema={"a": pl.Int64, "b": pl.String})
    assert describe(lazy) == "polars LazyFrame, lazy and not collected, 2 columns\na  Int64\nb  String"
    assert describe([lazy]) == "[<LazyFrame at 0x…>]"


def test_what_runs_a_query_when_shown_is_not_shown() -> None:
    def run(self: object) -> str:
        raise AssertionError("ran")

    relation = type("Relation", (), {"__module__": "duckdb", "__repr__": run})()
    assert describe(relation) == describe([relation])[1:-1] == "<duckdb.Relation>"


ODD = {
    "wide": pd.DataFrame(np.zeros((50, 2_000))),
    "long cells": pd.DataFrame({"x": ["long " * 10_000] * 50}),
    "long names": pd.DataFrame({"n" * 500 + str(i): [i] for i in range(50)}),
    "categories": pd.DataFrame({"x": pd.Categorical([f"kind {i}" for i in range(5_000)])}),
    "same names": pd.DataFrame([[1, 2], [3, 4]] * 40, columns=["same", "same"]),
    "levels": pd.DataFrame(np.zeros((40, 4)), columns=pd.MultiIndex.from_product([["a", "b"], ["x", "y"]])),
    "objects": pd.DataFrame({"x": [{"a": 1}, [2], {3}, object()] * 20}),
    "no columns": pd.DataFrame(index=range(1000)),
    "no rows": pd.DataFrame({"a": [], "b": []}),
    "empty": pl.DataFrame(),
    "all null": pl.DataFrame({"a": [None] * 50}),
    "nested": pl.DataFrame({"nested": [[1, 2], [3]] * 30, "struct": [{"a": 1}, {"a": 2}] * 30}),
    "python objects": pl.DataFrame({"o": pl.Series([object()] * 50, dtype=pl.Object)}),
    "durations": pd.DataFrame({"d": pd.to_timedelta(range(50), unit="h"), "p": pd.period_range("2024", periods=50)}),
    "chunks": pa.chunked_array([[1, None]] * 50),
    "grouped": pd.DataFrame({"a": [1, 2]}).groupby("a"),
    "dictionary": pa.table({"d": pa.array(["x", "y"] * 50).dictionary_encode()}),
}


@pytest.mark.parametrize("name", ODD)
def test_no_table_is_too_odd(name: str) -> None:
    text = describe(ODD[name])
    assert 0 < len(text) <= LIMIT
    assert "pandas" in text or "polars" in text or "pyarrow" in text
    assert text == describe(ODD[name])
    assert len(describe(ODD[name], limit=100)) <= 100


def test_describing_changes_nothing() -> None:
    frame = pd.DataFrame(PENGUINS)
    before = frame.copy(deep=True)
    describe(frame)
    pd.testing.assert_frame_equal(frame, before)


# --- arrays -----------------------------------------------------------------------------------------------------------


def test_an_array_tells_shape_type_range_and_its_edges() -> None:
    text = describe(np.arange(1_000_000, dtype="float32").reshape(1000, 1000))
    assert text.startswith("numpy ndarray, shape (1000, 1000), float32; 0 to 999999, mean 499999.5\n[[0, 1, 2, ..., ")
    assert len(text) < 500


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([1.5, np.nan]), "shape (2,), float64; all 1.5, 1 NaN or infinite\n[1.5, NaN]"),
        (np.array([]), "shape (0,), float64"),
        (np.array(2.5), "shape (), float64\n2.5"),
        (np.array([True, False]), "shape (2,), bool; 1 of 2 True\n[ True, False]"),
        (np.array([None, "a"]), "shape (2,), object\nNone, 'a'"),
        (np.zeros((2, 2, 2), "int8"), "shape (2, 2, 2), int8; all 0\n[0] = [[0, 0],\n       [0, 0]]"),
        (np.array(["2024-05-01"], "M8[D]"), "shape (1,), datetime64[D]\n['2024-05-01']"),
        (np.array([(1, 0.5)], [("a", "i4"), ("b", "f8")]), "shape (1,), [('a', '<i4'), ('b', '<f8')]\n[(1, 0.5)]"),
    ],
)
def test_arrays_of_every_type(value: Any, text: str) -> None:
    assert describe(value) == f"numpy ndarray, {text}"


def test_masked_arrays_and_columns_of_spaces_stay_what_they_are() -> None:
    assert "--" in describe(np.ma.array([1, 2], mask=[0, 1]))
    assert len(describe(np.array(["x" * 5_000] * 5))) < 500
    assert len(describe(np.zeros((2,) * 20))) < 500


class Tensor:
    """What PyTorch's has and describe uses."""

    __module__ = "torch"

    def __init__(self, values: Any, device: str = "cuda:0") -> None:
        self._values, self.reads = values, 0
        self._device = device

    shape = property(lambda self: self._values.shape)
    dtype = property(lambda self: f"torch.{self._values.dtype}")
    device = property(lambda self: self._device)
    requires_grad = property(lambda self: True)

    def detach(self) -> Tensor:
        """Itself."""
        return self

    def tolist(self) -> Any:
        """Its values, from the device."""
        self.reads += 1
        return self._values.tolist()


def test_a_tensor_is_an_array_with_a_place() -> None:
    title, *rows = describe(Tensor(np.array([[0.5, 1.5]]))).split("\n")
    assert title == "torch Tensor, shape (1, 2), float64, on cuda:0, requires grad; 0.5 to 1.5, mean 1"
    assert rows == ["[[0.5, 1.5]]"]
    large = Tensor(np.zeros((1000, 1000)), "cpu")
    assert describe(large) == "torch Tensor, shape (1000, 1000), float64, requires grad"
    assert large.reads == 0


def test_an_array_that_is_not_in_memory_is_not_read() -> None:
    class Remote:
        shape, dtype = (10, 10), "float64"

        def compute(self) -> None:
            raise AssertionError("computed")

        def __array__(self, *_: Any) -> Any:
            raise AssertionError("read")

    assert describe(Remote()) == f"{Remote.__module__} Remote, shape (10, 10), float64, not computed"

"""Executions find their cells by source and order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.notebook.align import Executed, align

SOURCES = st.sampled_from(["a = 1", "b = 2", "print(a)", "%%qwen\nwhy?", "import os, sys", ""])


def of(*sources: str, own: bool = False) -> list[Executed]:
    return [Executed(source, own) for source in sources]


@given(st.lists(SOURCES))
def test_run_all_finds_every_cell(cells: list[str]) -> None:
    assert align(of(*cells), cells) == list(range(len(cells)))


@given(st.lists(st.tuples(SOURCES, st.booleans())))
def test_cells_that_were_skipped_don_t_confuse_unless_equal(cells: list[tuple[str, bool]]) -> None:
    numbered = [f"{source} # {number}" for number, (source, _) in enumerate(cells)]
    ran = [number for number, (_, runs) in enumerate(cells) if runs]
    assert align(of(*(numbered[number] for number in ran)), numbered) == ran


@given(st.lists(SOURCES), st.lists(SOURCES), st.booleans(), st.sets(st.integers(0, 5)))
def test_whatever_ran_a_cell_that_is_named_has_that_source(
    ran: list[str], cells: list[str], own: bool, taken: set[int]
) -> None:
    found = align(of(*ran, own=own), cells, taken=taken, edited=False)
    assert len(found) == len(ran)
    named = [index for index in found if index is not None]
    assert all(cells[index] == source for source, index in zip(ran, found, strict=True) if index is not None)
    assert not taken & set(named)
    assert not own or len(named) == len(set(named))


@given(st.lists(SOURCES), st.lists(SOURCES))
def test_edited_cells_never_raise_and_stay_in_the_notebook(ran: list[str], cells: list[str]) -> None:
    assert all(index is None or 0 <= index < len(cells) for index in align(of(*ran), cells))


def test_a_cell_that_is_run_again_is_the_same_cell() -> None:
    assert align(of("a", "b", "a"), ["a", "b"]) == [0, 1, 0]


def test_equal_cells_are_told_apart_by_order() -> None:
    assert align(of("a", "x", "b", "x"), ["a", "x", "b", "x"]) == [0, 1, 2, 3]


def test_an_execution_with_an_identity_of_its_own_never_shares_its_cell() -> None:
    assert align(of("x", "x", "x", own=True), ["x", "x"], edited=False) == [0, 1, None]


def test_a_cell_edited_since_it_was_saved_lies_between_its_neighbours() -> None:
    cells = ["import pandas", "df = read('a.csv')", "df.describe()", "plot(df)"]
    assert align(of("import pandas", "df = read('b.csv')", "df.describe()"), cells) == [0, 1, 2]


def test_something_quite_different_is_no_edit() -> None:
    assert align(of("a", "completely = new_code()"), ["a", "b", "c"]) == [0, None]

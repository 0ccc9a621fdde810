"""A question sees the notebook as it is on screen, saved or not; where the copy fails, the file counts as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk import environment
from fakes.provider import FakeProvider
from front_end import OnScreen
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def lab(provider: FakeProvider, tmp_path: Path) -> Iterator[OnScreen]:
    cells = [
        new_code_cell("%load_ext qwen_magics", id="load"),
        new_markdown_cell("The unit is gram.", id="text"),
        new_code_cell("%%qwen --fresh\nWhat is the unit?", id="ask"),
    ]
    path = tmp_path / "notebook.ipynb"
    with OnScreen(new_notebook(cells=cells), path, environment(tmp_path, provider)) as lab:
        lab.run_cell(0)
        yield lab


def asked(lab: OnScreen, provider: FakeProvider) -> str:
    """What the model gets when the last cell asks."""
    ran = lab.run_cell(2)
    assert ran.status == "ok", ran.error
    return provider.questions[-1].prompt


def test_an_edit_that_was_not_saved_is_seen(lab: OnScreen, provider: FakeProvider) -> None:
    lab.notebook.cells[1].source = "The unit is ounce."
    assert "ounce" in asked(lab, provider)
    lab.notebook.cells[1].source = "The unit is carat."
    assert "carat" in asked(lab, provider)
    assert lab.closed == [{"version": 1, "taken": True, "missing": []}] * 2


def test_a_notebook_that_was_saved_after_the_copy_is_read_from_its_file(lab: OnScreen, provider: FakeProvider) -> None:
    """A front end that hands nothing over, as in a second tab, has saved at least."""
    asked(lab, provider)
    lab.notebook.cells[1].source = "The unit is stone."
    lab.save()
    lab.hand_over = lambda: None  # type: ignore[method-assign]
    assert "stone" in asked(lab, provider)


def test_a_kernel_that_lacks_cells_reads_the_file_and_says_which(lab: OnScreen, provider: FakeProvider) -> None:
    pretend(lab)
    lab.notebook.cells[1].source = "The unit is ounce."
    assert "gram" in asked(lab, provider)
    (said,) = lab.closed
    assert len(said["missing"]) == 2  # the edited cell came along


def pretend(lab: OnScreen) -> None:
    """The front end believes that the kernel has all cells."""
    sent = lab.client.shell_channel.send
    lab.client.shell_channel.send = lambda message: None
    lab.hand_over()
    lab.client.shell_channel.send = sent


def test_a_kernel_without_us_is_not_harmed(provider: FakeProvider, tmp_path: Path) -> None:
    cells = [new_code_cell("print('%qwen is not loaded')")]
    with OnScreen(new_notebook(cells=cells), tmp_path / "notebook.ipynb", environment(tmp_path, provider)) as lab:
        ran = lab.run_cell(0)
    assert (ran.status, ran.text) == ("ok", "%qwen is not loaded\n")
    assert lab.closed == [{}]


def test_unloading_takes_the_target_away(lab: OnScreen) -> None:
    ran = lab.run("%unload_ext qwen_magics", "print('qwen-magics' in get_ipython().kernel.comm_manager.targets)")
    assert ran.text == "False\n"

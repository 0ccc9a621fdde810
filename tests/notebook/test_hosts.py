"""Whatever the notebook runs in, and whether for the first or the second time: the same cells with the same outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from hosts import LOAD, PROBE, Headless, JupyterLab, JupyterLabOneByOne, Kernel, VSCode, notebook_of, seen_by

if TYPE_CHECKING:
    from pathlib import Path

    from IPython.core.interactiveshell import InteractiveShell

CELLS = (
    "x = 1\nprint('one', x)",
    "import sys\nprint('error', file=sys.stderr); print('out')\nx + 1",
    "x = 1\nprint('one', x)",  # the same source twice
    "from IPython.display import display\nhandle = display('first', display_id='d')",
    "handle.update('second')",
    "1 / 0",
    "for i in range(3): print(f'\\r{i}', end='')",
)


def body(seen: dict[str, Any], kinds: tuple[str, ...] = ("code", "markdown")) -> list[Any]:
    """What would be sent of the cells above the probe: without ids, which the model never sees."""
    return [[kind, source, outputs] for _, kind, source, _, _, _, outputs in seen["cells"][:-1] if kind in kinds]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """JupyterLab's Run All, first run."""
    path = tmp_path_factory.mktemp("first") / "notebook.ipynb"
    nbformat.write(notebook_of(*CELLS, markdown="# Title"), path)
    return body(JupyterLab(notebook_of(*CELLS, markdown="# Title"), path).run())


def test_the_expected_body_holds_what_the_cells_show(expected: list[Any]) -> None:
    outputs = [outputs for _, _, outputs in expected]
    assert outputs[:2] == [[], []]
    assert outputs[2] == outputs[4] == [["one 1", False]]
    assert outputs[3] == [["out", False], ["error", False], ["2", False]]
    assert outputs[5:7] == [[["'second'", False]], []]
    assert outputs[7][0][0].endswith("ZeroDivisionError: division by zero")
    assert outputs[7][0][1] is True
    assert outputs[8] == [["2", False]]


@pytest.mark.parametrize("host", [JupyterLab, JupyterLabOneByOne, VSCode, Headless])
def test_every_front_end_sees_the_same_on_both_runs(host: Any, expected: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "notebook.ipynb"
    for _ in ("first run", "second run"):
        notebook = nbformat.read(path, 4) if path.exists() else notebook_of(*CELLS, markdown="# Title")
        nbformat.write(notebook, path)
        seen = host(notebook, path).run()
        assert (seen["origin"], seen["note"]) == ("file", "")
        assert seen["running"] == len(notebook.cells) - 1
        assert body(seen) == expected
        nbformat.write(notebook, path)  # with its outputs


def test_without_a_file_the_cells_count_in_the_order_in_which_they_ran(expected: list[Any]) -> None:
    seen = Kernel(notebook_of(*CELLS, markdown="# Title")).run()
    assert seen["origin"] == "session"
    assert body(seen) == [cell for cell in expected if cell[0] == "code"]


def test_a_terminal_sees_the_same_code_and_outputs(shell: InteractiveShell, expected: list[Any], capsys: Any) -> None:
    for source in (LOAD, *CELLS):
        shell.run_cell(source, store_history=True)
    capsys.readouterr()
    shell.run_cell(PROBE, store_history=True)
    seen = seen_by(_Shown(capsys.readouterr().out))
    shell.user_ns["session"].detach()
    assert body(seen) == [cell for cell in expected if cell[0] == "code"]


class _Shown:
    """A cell whose output is this text."""

    def __init__(self, text: str) -> None:
        self.outputs = [nbformat.v4.new_output("stream", text=text)]

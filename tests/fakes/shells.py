"""A cell run in a shell of this process, and what it showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.utils.capture import capture_output

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def run(shell: InteractiveShell, cell: str, *, fails: bool = False) -> str:
    """What a cell shows, as text. It must end well, or badly if it `fails`."""
    with capture_output() as captured:
        result = shell.run_cell(cell, store_history=True)
    shown = [output.data.get("text/plain", "") for output in captured.outputs]
    told = captured.stdout + "\n".join(shown)
    assert result.success is not fails, told
    return told

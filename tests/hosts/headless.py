"""The hosts that run a notebook without a front end: nbclient, papermill's way of using it, and `jupyter qwen run`."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import nbformat
from nbclient import NotebookClient

if TYPE_CHECKING:
    from pathlib import Path


class Headless(NotebookClient):
    """nbclient as it is: empty metadata, no path."""

    def __init__(self, notebook: nbformat.NotebookNode, path: Path, env: dict[str, str], **options: Any) -> None:
        super().__init__(notebook, kernel_name="python3", timeout=60, **options)
        self.log.setLevel(logging.ERROR)
        self.path, self.env = path, env

    def run(self) -> nbformat.NotebookNode:
        """Run all cells, then write the notebook with its outputs."""
        self.execute(env=self.env, cwd=str(self.path.parent))
        nbformat.write(self.nb, self.path)
        return self.nb


class Told(Headless):
    """nbclient that was told the notebook's path."""

    def run(self) -> nbformat.NotebookNode:
        """As before, with the variable that says where the notebook is."""
        self.env = {**self.env, "QWEN_MAGICS_NOTEBOOK": str(self.path)}
        return super().run()


class Papermill(Told):
    """Writes the notebook after every cell, as papermill does with its output."""

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        """One cell, then the file."""
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        finally:
            nbformat.write(self.nb, self.path)


class Command(Headless):
    """`jupyter qwen run`, a process of its own."""

    def run(self) -> nbformat.NotebookNode:
        """The notebook as the command left it."""
        command = [sys.executable, "-m", "qwen_magics.app", "run", "--inplace", str(self.path)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return nbformat.read(self.path, 4)

"""The hosts that a notebook runs in, as far as a kernel can tell them apart. Each runs real cells in a real kernel."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

LOAD = """from qwen_magics.context.canonical import render
from qwen_magics.notebook.session import Session
session = Session(get_ipython())
session.attach()"""
PROBE = """import json
notebook = session.notebook()
cells = [[c.number, c.kind, c.source, c.id, list(c.tags), c.ran, render(c.outputs)] for c in notebook.cells]
print(json.dumps({"cells": cells, "running": notebook.running, "origin": notebook.origin, "note": notebook.note,
                  "earlier": render(notebook.earlier)}))"""


def notebook_of(*sources: str, markdown: str = "") -> nbformat.NotebookNode:
    """A notebook that loads the session, then has these code cells, then the probe."""
    cells = [new_code_cell(source, id=f"cell-{n}") for n, source in enumerate((LOAD, *sources, PROBE))]
    if markdown:
        cells.insert(1, nbformat.v4.new_markdown_cell(markdown, id="text"))
    return new_notebook(cells=cells)


class Kernel(NotebookClient):
    """nbclient: neither cell ids nor a path, unless `env` names the notebook."""

    def __init__(self, notebook: nbformat.NotebookNode, path: Path | None = None, env: dict[str, str] | None = None):
        super().__init__(notebook, kernel_name="python3", allow_errors=True, timeout=60)
        self.log.setLevel(logging.ERROR)
        self.path, self.env = path, env or {}

    def metadata_of(self, index: int) -> dict[str, Any]:
        """What the front end sends along with a cell."""
        return {}

    def after_cell(self) -> None:
        """What the front end does when a cell has ended."""

    def run(self) -> dict[str, Any]:
        """Run all cells; what the last one, the probe, saw."""
        self.execute(env={**os.environ, **self.env})
        return seen_by(self.nb.cells[-1])

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        """With the front end's metadata around it."""
        self.kc.session.metadata = self.metadata_of(cell_index)
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        finally:
            self.after_cell()


class JupyterLab(Kernel):
    """Run All: the file stays as it was, ids are the notebook's, the server names the path."""

    def __init__(self, notebook: nbformat.NotebookNode, path: Path):
        super().__init__(notebook, path, {"JPY_SESSION_NAME": str(path)})

    def metadata_of(self, index: int) -> dict[str, Any]:
        """As seen in its requests."""
        return {"cellId": self.nb.cells[index].id, "deletedCells": [], "recordTiming": False}


class JupyterLabOneByOne(JupyterLab):
    """The notebook is saved after each cell."""

    def after_cell(self) -> None:
        """Save."""
        nbformat.write(self.nb, self.path)


class VSCode(Kernel):
    """Its cell ids are URIs of its own."""

    def metadata_of(self, index: int) -> dict[str, Any]:
        """As seen in its requests."""
        return {"cellId": f"vscode-notebook-cell:{self.path}#W{index}sZmlsZQ%3D%3D"}


class Headless(Kernel):
    """nbclient that was told the notebook's path."""

    def __init__(self, notebook: nbformat.NotebookNode, path: Path):
        super().__init__(notebook, path, {"QWEN_MAGICS_NOTEBOOK": str(path)})


def seen_by(probe: Any) -> dict[str, Any]:
    """The JSON that the probe printed."""
    text = "".join(output.get("text", "") for output in probe.outputs if output.output_type == "stream")
    assert text, [output.get("evalue", output) for output in probe.outputs]
    return json.loads(text)


def terminal_shell() -> InteractiveShell:
    """IPython without a kernel. `InteractiveShell.clear_instance()` when done."""
    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)

"""Every host that runs a notebook, each as one function: (notebook, path, environment)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from front_end import FrontEnd, OnScreen, Unsaved, VSCode
from headless import Command, Headless, Papermill, Told
from terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def jupyterlab_run_all(notebook: Any, path: Path, env: dict[str, str]) -> None:
    _in_front_end(FrontEnd, notebook, path, env, lambda lab: lab.run_all())


def jupyterlab_one_by_one(notebook: Any, path: Path, env: dict[str, str]) -> None:
    """Saved after each cell, as a slow reader's autosave would."""

    def run(lab: FrontEnd) -> None:
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                lab.run_cell(index)
                lab.save()

    _in_front_end(FrontEnd, notebook, path, env, run)


def jupyterlab_twice_in_one_kernel(notebook: Any, path: Path, env: dict[str, str]) -> None:
    """Run All again, without a restart and without a save in between: half of the requests, then the same again."""
    _in_front_end(FrontEnd, notebook, path, env, lambda lab: [lab.run_all(), lab.run_all()])


def jupyterlab_on_screen(notebook: Any, path: Path, env: dict[str, str]) -> None:
    """With our extension, which hands the notebook over."""
    _in_front_end(OnScreen, notebook, path, env, lambda lab: lab.run_all())


def jupyterlab_on_screen_twice_in_one_kernel(notebook: Any, path: Path, env: dict[str, str]) -> None:
    _in_front_end(OnScreen, notebook, path, env, lambda lab: [lab.run_all(), lab.run_all()])


def jupyterlab_unsaved_run_all(notebook: Any, path: Path, env: dict[str, str]) -> None:
    _in_front_end(Unsaved, notebook, path, env, lambda lab: lab.run_all())


def vs_code(notebook: Any, path: Path, env: dict[str, str]) -> None:
    _in_front_end(VSCode, notebook, path, env, lambda code: code.run_all())


def nbclient_told_the_path(notebook: Any, path: Path, env: dict[str, str]) -> None:
    Told(notebook, path, env).run()


def papermill(notebook: Any, path: Path, env: dict[str, str]) -> None:
    Papermill(notebook, path, env).run()


def jupyter_qwen_run(notebook: Any, path: Path, env: dict[str, str]) -> None:
    Command(notebook, path, env).run()


def nbclient(notebook: Any, path: Path, env: dict[str, str]) -> None:
    Headless(notebook, path, env).run()


def terminal(notebook: Any, path: Path, env: dict[str, str]) -> None:
    """Knows no file, so its second run begins as the first one did."""
    with Terminal(path.parent, env) as shell:
        for cell in notebook.cells:
            shell.run(cell.source)
            if "--as code" in cell.source:
                shell.discard()


def _in_front_end(
    kind: type[FrontEnd], notebook: Any, path: Path, env: dict[str, str], run: Callable[[FrontEnd], object]
) -> None:
    with kind(notebook, path, env) as front_end:
        run(front_end)
        front_end.save()


WHOLE = (
    jupyterlab_run_all, jupyterlab_one_by_one, jupyterlab_twice_in_one_kernel, jupyterlab_on_screen,
    jupyterlab_on_screen_twice_in_one_kernel, jupyterlab_unsaved_run_all, vs_code, nbclient_told_the_path, papermill,
    jupyter_qwen_run,
)  # fmt: skip
TWICE = (jupyterlab_twice_in_one_kernel, jupyterlab_on_screen_twice_in_one_kernel)  # of them
BARE = (jupyterlab_run_all, nbclient, terminal)

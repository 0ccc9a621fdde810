"""qwen-magics: Qwen3-Max in a notebook, with what is sent and what it costs in plain sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension"]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("qwen-magics")
    raise AttributeError(name)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the prebuilt JupyterLab extension lies; `jupyter-builder develop` links it."""
    return [{"src": "labextension", "dest": "qwen-magics"}]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext qwen_magics`: prints nothing, imports nothing heavy."""
    from qwen_magics import magics

    magics.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext qwen_magics`: takes the magics and the kernel's hooks away again."""
    from qwen_magics import magics

    magics.unload(shell)

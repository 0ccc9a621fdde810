"""The sidebar's back: a Jupyter Server extension under `/qwen/api/`. Importing it brings nothing along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__ = ["_jupyter_server_extension_points", "_load_jupyter_server_extension"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "qwen_magics.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    from qwen_magics.server.extension import load

    load(server)

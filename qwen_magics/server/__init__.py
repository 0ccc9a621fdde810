"""The sidebar's back: a Jupyter Server extension under `/qwen/api/`. Importing it brings nothing along."""

from __future__ import annotations

from typing import Any

__all__ = ["_jupyter_server_extension_points"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from qwen_magics.server.extension import Extension

    return [{"module": "qwen_magics.server", "app": Extension}]

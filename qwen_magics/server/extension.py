"""Hangs the routes into Jupyter Server. What they share is the `Desk`, which opens files at the first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.utils import url_path_join

from qwen_magics.server.desk import Desk
from qwen_magics.server.routes import ROUTES

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

DESK = "qwen_magics_desk"


def load(server: ServerApp) -> None:
    """Add `/qwen/api/…` to the server."""
    app = server.web_app
    app.settings[DESK] = Desk(server)
    base = url_path_join(app.settings["base_url"], "qwen", "api")
    app.add_handlers(  # type: ignore[no-untyped-call]
        ".*$", [(url_path_join(base, path), handler) for path, handler in ROUTES]
    )

"""Hangs the routes into Jupyter Server, and lets go when the server ends. What they share is the `Desk`, which opens
files at the first request.
"""

from __future__ import annotations

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join

from qwen_magics.server.desk import Desk
from qwen_magics.server.routes import ROUTES
from qwen_magics.server.threads.follow import follow

DESK = "qwen_magics_desk"


class Extension(ExtensionApp):
    """Made by the server, once."""

    name = "qwen_magics"

    def initialize_settings(self) -> None:
        """The desk is where handlers find it."""
        if self.serverapp is not None:  # it never is None here
            self.settings[DESK] = self._desk = Desk(self.serverapp)
            follow(self.serverapp.event_logger, self._desk)

    def initialize_handlers(self) -> None:
        """`/qwen/api/…`."""
        self.handlers.extend((url_path_join("qwen", "api", path), handler) for path, handler in ROUTES)

    def current_activity(self) -> bool:
        """A server with a turn in flight isn't idle, so it isn't culled."""
        return self._desk.busy

    async def stop_extension(self) -> None:
        """Turns in flight settle and are stored."""
        await self._desk.close()

"""What all routes of one server share: settings, ledger, connection, threads, notebooks as browsers have them, turns in
flight. Each is made when it is first needed; nothing of it runs on the event loop but what only waits.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_server.serverapp import ServerApp

    from qwen_magics.ledger import Ledger
    from qwen_magics.provider.client import AsyncClient
    from qwen_magics.server.notebooks import Notebooks
    from qwen_magics.server.runs import Runs
    from qwen_magics.server.threads.store import Threads
    from qwen_magics.settings import Settings

T = TypeVar("T")


class Desk:
    """Made by the extension, one per server."""

    def __init__(self, server: ServerApp) -> None:
        self.contents = server.contents_manager
        self.root = getattr(server.contents_manager, "root_dir", "")
        self._pool = ThreadPoolExecutor(4, "qwen-magics")
        self._counting = ThreadPoolExecutor(1, "qwen-magics-counting")  # what it remembers is for one at a time

    async def work(self, do: Callable[..., T], *args: Any) -> T:
        """Run what blocks (SQLite, files, processes) in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, do, *args)

    async def count(self, do: Callable[..., T], *args: Any) -> T:
        """Run what composes and counts: one after the other."""
        return await asyncio.get_running_loop().run_in_executor(self._counting, do, *args)

    def settings(self, **options: object) -> Settings:
        """The settings of this moment, what the browser chose on top. Blocks: reads files."""
        from qwen_magics import settings

        return settings.load().with_options(**options)

    def place(self, path: str) -> str:
        """A notebook's name in the ledger: the one that its kernel uses too, its absolute path."""
        return str(Path(self.root).expanduser().absolute() / path) if path and self.root else path

    @cached_property
    def folder(self) -> Path:
        """Where everything is kept."""
        return self.settings().data_dir

    @cached_property
    def ledger(self) -> Ledger:
        """The machine's ledger, which kernels write to as well."""
        from qwen_magics.ledger import Ledger

        return Ledger(self.folder / "ledger.sqlite")

    @cached_property
    def client(self) -> AsyncClient:
        """Connections are kept between turns."""
        from qwen_magics.provider.client import AsyncClient

        return AsyncClient()

    @cached_property
    def threads(self) -> Threads:
        """What was asked and answered in the sidebar."""
        from qwen_magics.server.threads.store import Threads

        return Threads(self.folder / "sidebar.sqlite", self.root)

    @cached_property
    def notebooks(self) -> Notebooks:
        """The open notebooks as browsers have them."""
        from qwen_magics.server.notebooks import Notebooks

        return Notebooks()

    @cached_property
    def runs(self) -> Runs:
        """The turns in flight."""
        from qwen_magics.server.runs import Runs

        return Runs(self)

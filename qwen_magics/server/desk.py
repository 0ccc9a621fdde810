"""What all routes of one server share: settings, ledger, connection, threads, notebooks as browsers have them, turns in
flight. Each is made when it is first needed; what opens files (`folder`, `ledger`, `books`, `threads`) is asked for
where that may block, never on the event loop.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_server.serverapp import ServerApp

    from qwen_magics.ledger import Ledger
    from qwen_magics.provider.client import AsyncClient
    from qwen_magics.server.files import Files
    from qwen_magics.server.notebooks import Notebooks
    from qwen_magics.server.run import Timer
    from qwen_magics.server.runs import Runs
    from qwen_magics.server.threads.store import Threads
    from qwen_magics.settings import Settings

T = TypeVar("T")


class _once(Generic[T]):  # noqa: N801  # used as a decorator
    """An attribute that is made when it is first asked for; only once, also where two threads ask."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self.__doc__ = make, make.__doc__
        self._lock = threading.RLock()

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, desk: Any, _: type | None = None) -> T:
        with self._lock:
            if self._name not in desk.__dict__:
                desk.__dict__[self._name] = self._make(desk)
            made: T = desk.__dict__[self._name]
        return made


class Desk:
    """Made by the extension, one per server."""

    def __init__(self, server: ServerApp) -> None:
        self.contents = server.contents_manager
        self.root = getattr(server.contents_manager, "root_dir", "")
        self._pool = ThreadPoolExecutor(4, "qwen-magics")
        self._waiting = ThreadPoolExecutor(8, "qwen-magics-waiting")
        self._counting = ThreadPoolExecutor(1, "qwen-magics-counting")  # what it remembers is for one at a time

    def later(self, seconds: float, do: Callable[[], Any]) -> Timer:
        """Do something on the event loop after so many seconds. (Tests put a clock of their own here.)"""
        return asyncio.get_running_loop().call_later(seconds, do)

    async def work(self, do: Callable[..., T], *args: Any) -> T:
        """Run what blocks for a moment (SQLite, files) in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, do, *args)

    async def wait(self, do: Callable[..., T], *args: Any) -> T:
        """Run what may block for long (a model that comes up, the network) where nothing else waits behind it."""
        return await asyncio.get_running_loop().run_in_executor(self._waiting, do, *args)

    async def count(self, do: Callable[..., T], *args: Any) -> T:
        """Run what composes and counts: one after the other."""
        return await asyncio.get_running_loop().run_in_executor(self._counting, do, *args)

    @property
    def busy(self) -> bool:
        """Whether a turn is in flight."""
        return "runs" in self.__dict__ and self.runs.busy

    async def close(self) -> None:
        """The server ends: turns in flight settle and are stored, connections and threads go."""
        if "runs" in self.__dict__:
            await self.runs.close()
        if "client" in self.__dict__:
            await self.client.close()
        for pool in (self._counting, self._waiting, self._pool):
            pool.shutdown(wait=False, cancel_futures=True)

    def settings(self, **options: object) -> Settings:
        """The settings of this moment, what the browser chose on top. Blocks: reads files."""
        from qwen_magics import settings

        return settings.load().with_options(**options)

    def place(self, path: str) -> str:
        """A notebook's name in the ledger: the one that its kernel uses too, its absolute path."""
        return str(Path(self.root).expanduser().absolute() / path) if path and self.root else path

    def dotenv(self, path: str) -> dict[str, str]:
        """The `.env` that a notebook's kernel has: the nearest one at or above its folder ("": the root). Blocks."""
        from qwen_magics.context.secret_values import dotenv

        if not self.root:  # contents that are no files here
            return {}
        root = Path(self.root).expanduser().absolute()
        return dotenv((root / path).parent if path else root)

    @_once
    def folder(self) -> Path:
        """Where everything is kept."""
        return self.settings().data_dir

    @_once
    def ledger(self) -> Ledger:
        """The machine's ledger, which kernels write to as well. What a killed server left open becomes lost."""
        from qwen_magics.errors import LedgerError
        from qwen_magics.ledger import Ledger

        made = Ledger(self.folder / "ledger.sqlite")
        if made.path.exists():
            with suppress(LedgerError):  # whoever needs it is told
                made.clear_up()
        return made

    @_once
    def books(self) -> Ledger:
        """The same ledger, to be read: by a connection of its own, so that a long report holds up no turn."""
        from qwen_magics.ledger import Ledger

        return Ledger(self.ledger.path)

    @_once
    def client(self) -> AsyncClient:
        """Connections are kept between turns."""
        from qwen_magics.provider.client import AsyncClient

        return AsyncClient()

    @_once
    def threads(self) -> Threads:
        """What was asked and answered in the sidebar."""
        from qwen_magics.server.threads.store import FILE, Threads

        return Threads(self.folder / FILE, self.root, receipt=self.ledger.receipt)

    @_once
    def notebooks(self) -> Notebooks:
        """The open notebooks as browsers have them."""
        from qwen_magics.server.notebooks import Notebooks

        return Notebooks()

    @_once
    def files(self) -> Files:
        """What was read of files that questions take along."""
        from qwen_magics.server.files import Files

        return Files(self)

    @_once
    def runs(self) -> Runs:
        """The turns in flight."""
        from qwen_magics.server.runs import Runs

        return Runs(self)

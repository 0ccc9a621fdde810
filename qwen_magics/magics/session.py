"""What one shell's magics share: settings, the kernel's record, the ledger, the connection; made when needed."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qwen_magics import settings as settings_
from qwen_magics.magics import comms
from qwen_magics.notebook.session import Session as Here

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from qwen_magics.context.maker import Memory
    from qwen_magics.display.follow import Follow
    from qwen_magics.display.tally import Tally
    from qwen_magics.ledger import Ledger
    from qwen_magics.notebook.cells import Notebook
    from qwen_magics.provider.client import Client
    from qwen_magics.settings import Qwen, Settings
    from qwen_magics.turn.replays import Replays


class Session:
    """One kernel's session, from `%load_ext` to `%unload_ext`."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.id = uuid.uuid4().hex
        self.qwen: Qwen = settings_.load(shell)
        self.here = Here(shell)
        self.here.attach()
        comms.listen(self)
        self.accepted: dict[str, frozenset[str]] = {}  # notebook → what its last accepted request held
        self.hinted: set[str] = set()  # hints that were given: each once
        self.inserted: set[str] = set()  # cells below which this session already put their code
        self.following: Follow | None = None  # `%qwen_usage --live`
        self._ledger: Ledger | None = None
        self._tally: tuple[object, Tally] | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger of the data folder as it is set now; opened at the first turn or report."""
        from qwen_magics.ledger import Ledger

        path = self.settings().data_dir / "ledger.sqlite"
        if self._ledger is None or self._ledger.path != path:
            self._ledger = Ledger(path)
        return self._ledger

    @cached_property
    def client(self) -> Client:
        """Connections are kept between turns."""
        from qwen_magics.provider.client import Client

        return Client()

    @cached_property
    def memory(self) -> Memory:
        """What was worked out for the cells of the last question."""
        from qwen_magics.context.maker import Memory

        return Memory()

    @cached_property
    def replays(self) -> Replays:
        """The saved answers that it found, and what it asked."""
        from qwen_magics.turn.replays import Replays

        return Replays(self.id)

    def settings(self, **options: object) -> Settings:
        """The settings of this moment, a magic's options on top."""
        return self.qwen.with_options(**options)

    def notebook(self) -> Notebook:
        """The notebook as it is right now."""
        return self.here.notebook()

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's variables."""
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    @property
    def cell_key(self) -> str:
        """The running cell's name, where the front end gives one."""
        running = self.here.record.running
        return running.key if running else ""

    @property
    def execution(self) -> str:
        """What tells the running execution from all others, of other sessions too."""
        running = self.here.record.running
        return f"{self.id[:12]} {running.msg_id}" if running else ""

    def tally(self) -> Tally:
        """The receipt that all line magics of the running execution share."""
        from qwen_magics.display.tally import Tally

        running = self.here.record.running
        if self._tally is None or self._tally[0] is not running or running is None:
            self._tally = running, Tally()
        return self._tally[1]

    def stop_following(self) -> None:
        """End the live view, if there is one."""
        if self.following is not None:
            self.following.stop()
            self.following = None

    def close(self) -> None:
        """Take every hook away; connections and files close."""
        self.stop_following()
        comms.leave(self)
        self.here.detach()
        settings_.unload(self.shell)
        if self._ledger is not None:
            self._ledger.close()
        if "client" in self.__dict__:
            self.client.close()

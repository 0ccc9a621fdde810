"""When a turn may be interrupted: only while it waits. What SIGINT does during a turn; not what becomes of the turn."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Interrupts:
    """Between `listen` and `done` SIGINT raises KeyboardInterrupt once, and only inside `wait`.

    A kernel's own handlers are not enough: the usual one raises anywhere, twice if asked twice, and that of a cell with
    `await` cancels a task that can't notice while it reads. Where another thread runs the cell no signal comes to it.
    """

    def __init__(self) -> None:
        self._asked = self._taken = self._waiting = False
        self._before: Any = None

    def listen(self) -> None:
        """Take SIGINT over from whoever handles it in this thread."""
        before = signal.getsignal(signal.SIGINT)
        if callable(before) and threading.current_thread() is threading.main_thread():
            self._before = before
            signal.signal(signal.SIGINT, self._handle)

    def done(self) -> None:
        """Give SIGINT back. One that came too late to stop the turn goes to its usual handler: the cell ends there."""
        before, self._before = self._before, None
        if before is None:
            return
        signal.signal(signal.SIGINT, before)
        if self._asked and not self._taken:
            before(signal.SIGINT, None)

    def ask(self) -> None:
        """Interrupt at the next `wait`."""
        self._asked = True

    def wait(self, work: Callable[[], T]) -> T:
        """Do what may take long. Raises KeyboardInterrupt at once when one comes, or came since the last time."""
        try:
            self._waiting = True
            if self._asked:
                self._take()
            return work()
        finally:
            self._waiting = False

    def _handle(self, *_: object) -> None:
        self._asked = True
        if self._waiting:
            self._take()

    def _take(self) -> None:
        if not self._taken:
            self._taken = True
            raise KeyboardInterrupt

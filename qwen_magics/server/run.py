"""One turn in flight: its numbered events so far, who listens to it, and its end. Knows neither threads nor models.

Events are kept until the turn is long over, so a listener can begin anywhere. Of those that only show how things stand
(`Running`, `Retrying`, `Progress`) the newest of each stays, so numbers grow but may leave some out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from qwen_magics.values import Progress, Retrying, Running

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 30.0  # seconds that a turn goes on without anybody who listens
KEEP_ALIVE = 15.0  # seconds of silence after which a line is kept open by a comment
_PASSING = (Running, Retrying, Progress)


class Timer(Protocol):
    """Something that is going to happen."""

    def cancel(self) -> None:
        """It is not."""


class Clock(Protocol):
    """Makes something happen after so many seconds, on the event loop."""

    def __call__(self, seconds: float, do: Callable[[], Any], /) -> Timer:
        """Does it then."""


class Run:
    """Belongs to the event loop. `stoppable` until it was stopped, or is about to end anyway."""

    def __init__(self, turn: str, thread: str, later: Clock) -> None:
        self.turn, self.thread, self.later = turn, thread, later
        self.ended, self.stoppable = False, True
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.task: asyncio.Task[None] | None = None
        self._events: list[bytes] = []
        self._passing: dict[type, int] = {}
        self._listeners: set[Listener] = set()
        self._alone: Timer | None = None

    def add(self, event: object) -> None:
        """One more event, for everybody who listens. After the end there is none."""
        if self.ended:
            return
        if isinstance(event, _PASSING):
            before = self._passing.get(type(event))
            if before is not None:
                self._events[before] = b""
            self._passing[type(event)] = len(self._events)
        data = msgspec.json.encode(event)
        self._events.append(b"id: %d\ndata: %s\n\n" % (len(self._events) + 1, data))
        self._wake()

    def end(self) -> None:
        """No more events."""
        self.ended = True
        self._forget()
        self._wake()

    def stop(self) -> None:
        """Cancel it: the request is hung up at once, the turn settles. Harmless when asked again.

        Behind what the loop has to do already: a task that never began would not notice that it is cancelled.
        """
        asyncio.get_running_loop().call_soon(self._cancel)

    def since(self, after: int) -> tuple[bytes, int]:
        """What came after that number, as server-sent events, and the last number."""
        return b"".join(self._events[after:]), max(after, len(self._events))

    def listen(self, after: int) -> Listener:
        """Somebody listens from behind that number on."""
        if self._alone is not None:
            self._alone.cancel()
            self._alone = None
        listener = Listener(self, after)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Somebody is gone. The last one may come back within GRACE."""
        self._listeners.discard(listener)
        self._forget()

    def _cancel(self) -> None:
        if self.stoppable and self.task is not None:
            self.stoppable = False
            self.task.cancel()

    def _forget(self) -> None:
        """Have it stopped after GRACE where nobody listens, unless it is over."""
        if self._alone is not None:
            self._alone.cancel()
            self._alone = None
        if not self._listeners and not self.ended:
            self._alone = self.later(GRACE, self.stop)

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.wake()


class Listener:
    """One who reads a run's events, at his own pace."""

    def __init__(self, run: Run, after: int) -> None:
        self.gone = False
        self._run, self._after = run, after
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is something."""
        self._news.set()

    async def more(self) -> bytes:
        """What came since the last time; after a long silence a comment; b"" once it is over, or nobody listens."""
        said, self._after = self._run.since(self._after)
        quiet = self._run.later(KEEP_ALIVE, self.wake)
        try:
            if not said and not self.gone and not self._run.ended:
                self._news.clear()
                await self._news.wait()
                said, self._after = self._run.since(self._after)
        finally:
            quiet.cancel()
        return said or (b"" if self.gone or self._run.ended else b": still here\n\n")

    def leave(self) -> None:
        """He hangs up. Harmless when asked again."""
        if not self.gone:
            self.gone = True
            self._run.leave(self)
            self.wake()

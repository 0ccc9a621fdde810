"""The turns in flight: each runs as a task of its own, whoever listens; its events are numbered and kept until its end.

Lost listeners have GRACE seconds to come back. What came is stored every half second, so that a server that is killed
loses less than that.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from qwen_magics.errors import QwenError, Stopped
from qwen_magics.server.bodies import Accepted, Failed, Problem
from qwen_magics.turn import run as carry_out
from qwen_magics.values import Settled, Text, Thinking

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from qwen_magics.server.bodies import Question
    from qwen_magics.server.desk import Desk
    from qwen_magics.server.question import Prepared

GRACE = 30.0  # seconds
STORE_EVERY = 0.5  # seconds
KEPT = 60.0  # seconds for which a turn that ended can still be read


class Run:
    """One turn: its numbered events so far, and its end."""

    def __init__(self, turn: str, thread: str) -> None:
        self.turn, self.thread = turn, thread
        self.done = False
        self.listeners = 0
        self.text: list[str] = []
        self.thinking: list[str] = []
        self._events: list[bytes] = []
        self._changed = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None

    async def add(self, event: object) -> None:
        """One more event, for everybody who listens."""
        self._events.append(msgspec.json.encode(event))
        async with self._changed:
            self._changed.notify_all()

    async def end(self) -> None:
        """No more events."""
        self.done = True
        async with self._changed:
            self._changed.notify_all()

    async def events(self, after: int = 0) -> AsyncGenerator[tuple[int, bytes], None]:
        """Those after number `after`, as they come."""
        self.listeners += 1
        try:
            while True:
                while after < len(self._events):
                    after += 1
                    yield after, self._events[after - 1]
                if self.done:
                    return
                async with self._changed:
                    if not self.done and after == len(self._events):
                        await self._changed.wait()
        finally:
            self.listeners -= 1

    def stop(self) -> None:
        """Cancel it: the request is hung up at once, the turn settles."""
        if self.task is not None:
            self.task.cancel()


class Runs:
    """All turns in flight of one server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._runs: dict[str, Run] = {}

    def get(self, turn: str) -> Run | None:
        """The turn in flight of that id, or one that has just ended."""
        return self._runs.get(turn)

    async def start(self, prepared: Prepared, asked: Question) -> Run:
        """Begin a turn: it is in its thread before anything leaves."""
        desk, turn = self._desk, prepared.plan.receipt.id
        thread = await desk.work(
            desk.threads.begin, turn, asked, desk.place(prepared.notebook.path), prepared.plan.ask.asked
        )
        run = self._runs[turn] = Run(turn, thread)
        await run.add(Accepted(turn=turn, thread=thread))
        run.task = asyncio.create_task(self._carry_out(run, prepared))
        return run

    async def _carry_out(self, run: Run, prepared: Prepared) -> None:
        desk = self._desk
        settled: Settled | None = None
        problem: QwenError | None = None
        try:
            planned = await desk.work(prepared.plan.ready)
            async for event in carry_out(planned, desk.client):
                if isinstance(event, Text):
                    run.text.append(event.text)
                elif isinstance(event, Thinking):
                    run.thinking.append(event.text)
                elif isinstance(event, Settled):
                    settled = event
                await run.add(event)
        except asyncio.CancelledError:
            problem = Stopped("Stopped.")
        except QwenError as error:
            problem = error
        finally:
            said = Problem.of(problem) if problem is not None else None
            await asyncio.shield(desk.work(desk.threads.end, run.turn, settled, said, "".join(run.text)))
            if said is not None and not isinstance(problem, Stopped):
                await run.add(Failed(error=said))
            await run.end()
            asyncio.get_running_loop().call_later(KEPT, self._runs.pop, run.turn, None)

"""The turns in flight of one server: each is carried out by a task of its own, whoever listens, and ends in its thread.

What came is stored every half second, so a server that is killed loses less than that. Events: `accepted`, then the
turn's own; the last is `settled`, or `failed` (after `settled` where something had left). A turn that is stopped before
anything left ends with `failed`, its error a `Stopped`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qwen_magics.asking import sending
from qwen_magics.errors import LedgerError, QwenError, Stopped
from qwen_magics.server.bodies import Accepted, Failed, Problem
from qwen_magics.server.run import Run
from qwen_magics.turn import run as carry_out
from qwen_magics.values import Progress, Settled, Text, Thinking

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from qwen_magics.server.bodies import Question
    from qwen_magics.server.desk import Desk
    from qwen_magics.server.question import Prepared
    from qwen_magics.server.run import Timer

STORE_EVERY = 0.5  # seconds
KEPT = 60.0  # seconds for which a turn that ended can still be read
FAREWELL = 10.0  # seconds that a server which ends waits for its turns to settle

_log = logging.getLogger(__name__)


class Runs:
    """Belongs to the event loop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._runs: dict[str, Run] = {}
        self._begun: dict[str, asyncio.Task[Run]] = {}  # by the browser's names for them

    def get(self, turn: str) -> Run | None:
        """The turn in flight of that id, or one that has just ended."""
        return self._runs.get(turn)

    @property
    def busy(self) -> bool:
        """Whether a turn is in flight."""
        return any(not run.ended for run in self._runs.values())

    async def once(self, name: str, begin: Callable[[], Coroutine[Any, Any, Run]]) -> Run:
        """The turn that `begin` begins, or has begun under the same name; "" names none. Raises what kept it from
        beginning, and then the name is free again.
        """
        if not name:
            return await begin()
        if name not in self._begun:
            self._begun[name] = asyncio.create_task(begin())
        try:
            return await self._begun[name]
        except BaseException:
            self._begun.pop(name, None)
            raise

    async def start(self, prepared: Prepared, asked: Question) -> Run:
        """Begin a turn: it is in its thread before anything leaves."""
        desk, turn = self._desk, prepared.plan.receipt.id
        thread = await desk.work(
            lambda: desk.threads.begin(turn, asked, prepared.notebook.path, prepared.plan.ask.asked)
        )
        run = self._runs[turn] = Run(turn, thread, desk.later)
        run.add(Accepted(turn=turn, thread=thread))
        run.task = asyncio.create_task(self._to_its_end(run, prepared, asked.once))
        return run

    def stop_in(self, thread: str) -> None:
        """Stop the turns of one thread."""
        for run in self._runs.values():
            if run.thread == thread:
                run.stop()

    async def close(self) -> None:
        """Stop all of them; each settles and is stored."""
        running = [run for run in self._runs.values() if not run.ended]
        for run in running:
            run.stop()
        tasks = [run.task for run in running if run.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=FAREWELL)

    async def _to_its_end(self, run: Run, prepared: Prepared, name: str) -> None:
        """Whatever happens, it is stored, told and over."""
        settled: list[Settled] = []
        problem: QwenError | None = None
        keeper = _Keeper(self._desk, run)
        try:
            await self._carry_out(run, prepared, keeper, settled)
        except asyncio.CancelledError:
            problem = None if settled else Stopped("Stopped before anything was sent.")
        except Exception as error:
            problem = _in_words(error)
        run.stoppable = False
        said = Problem.of(problem) if problem is not None else None
        try:
            await keeper.end(settled[0] if settled else None, said)
        except Exception as error:  # its thread tries again later
            said = said or Problem.of(_in_words(error))
        for event in (*settled, *([Failed(error=said)] if said is not None else [])):
            run.add(event)
        run.end()
        self._desk.later(KEPT, lambda: self._forget(run.turn, name))

    def _forget(self, turn: str, name: str) -> None:
        self._runs.pop(turn, None)
        self._begun.pop(name, None)

    async def _carry_out(self, run: Run, prepared: Prepared, keeper: _Keeper, settled: list[Settled]) -> None:
        loop = asyncio.get_running_loop()

        def progress(event: Progress) -> None:
            loop.call_soon_threadsafe(run.add, event)

        plan = await self._desk.wait(sending.ready, prepared.plan, prepared.notebook.metadata, progress)
        async for event in carry_out(plan, self._desk.client):
            if isinstance(event, Text):
                run.text.append(event.text)
                keeper.note()
            elif isinstance(event, Thinking):
                run.thinking.append(event.text)
                keeper.note()
            elif isinstance(event, Settled):
                settled.append(event)
                continue  # told when it is stored
            run.add(event)


def _in_words(error: Exception) -> QwenError:
    if isinstance(error, QwenError):
        return error
    _log.error("A turn of the sidebar failed", exc_info=error)
    return QwenError("The server failed within.", remedy="Its log says more.")


class _Keeper:
    """Stores what comes of one turn: at most every STORE_EVERY while it comes, and how it ended."""

    def __init__(self, desk: Desk, run: Run) -> None:
        self._desk, self._run = desk, run
        self._timer: Timer | None = None
        self._saving: asyncio.Task[None] | None = None

    def note(self) -> None:
        """Something came."""
        if self._timer is None:
            self._timer = self._desk.later(STORE_EVERY, self._save)

    async def end(self, settled: Settled | None, problem: Problem | None) -> None:
        """Nothing more comes. Raises LedgerError; the threads then store it as soon as they can."""
        if self._timer is not None:
            self._timer.cancel()
        if self._saving is not None:
            await self._saving
        text, thinking = self._so_far()
        await self._desk.work(lambda: self._desk.threads.end(self._run.turn, settled, problem, text, thinking))

    def _save(self) -> None:
        self._timer = None
        if self._saving is not None and not self._saving.done():
            self.note()
        else:
            self._saving = asyncio.create_task(self._store())

    async def _store(self) -> None:
        with suppress(LedgerError):  # the end is told of it, if it lasts
            text, thinking = self._so_far()
            await self._desk.work(lambda: self._desk.threads.progress(self._run.turn, text, thinking))

    def _so_far(self) -> tuple[str, str]:
        return "".join(self._run.text), "".join(self._run.thinking)

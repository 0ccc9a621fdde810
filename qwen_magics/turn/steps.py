"""The turn itself, without I/O: a generator that yields events for the host and operations for a driver.

reserve → send (again, if nothing came) → stream → settle. Drivers (`drivers.py`) carry the operations out.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics.errors import BrokenStream, QwenError, Retryable, Stopped, TimedOut
from qwen_magics.provider import faults, retry
from qwen_magics.provider.wire import Decoder
from qwen_magics.turn import settle
from qwen_magics.values import (
    Fault,
    Finish,
    Reported,
    Retrying,
    Running,
    Settled,
    Started,
    Text,
    Thinking,
    Timing,
    TurnEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from decimal import Decimal

    from qwen_magics.turn.plan import Plan
    from qwen_magics.values import StreamEvent

RUNNING_EVERY = 0.25  # seconds between two running receipts


class Operation(Struct, frozen=True):
    """What the turn wants done by its driver."""


class Open(Operation, frozen=True):
    """Operation: send the plan's request; the answer is (status, headers)."""

    plan: Plan


class Read(Operation, frozen=True):
    """Operation: the next bytes of the answer; b"" at its end."""


class Close(Operation, frozen=True):
    """Operation: hang up."""


class Sleep(Operation, frozen=True):
    """Operation: wait."""

    seconds: float


class Do(Operation, frozen=True):
    """Operation: local work that may block (counting, SQLite); a server does it in a thread, and always to its end."""

    work: Callable[[], Any]


class End(Do, frozen=True):
    """Operation: hang up (where the answer is `over`: keep the connection), then `work`. No stop is taken any more."""

    over: bool


_READ = Read()


class _State:
    """What one turn has so far. Mutable, and seen by nobody else."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.began = clock, clock()
        self.attempts = 0
        self.first: float | None = None
        self.left = False
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.characters = [0, 0]  # of text, of thinking
        self.told = 0.0
        self.over = False  # the answer came whole
        self.late: KeyboardInterrupt | None = None  # came when there was nothing left to stop
        self.doubtful = False  # an earlier attempt may be billed although nothing came of it
        self.anew()

    def anew(self) -> None:
        """The next attempt begins; of the one before nothing is left but a doubt."""
        self.open = False  # this attempt may be billed for more than is known
        self.reported: Reported | None = None
        self.header_cost: Decimal | None = None
        self.finish = self.request_id = ""

    def came(self, text: str, pieces: list[str], which: int) -> None:
        """One more piece of the answer (0) or of the thinking (1)."""
        if self.first is None:
            self.first = round(self.clock() - self.began, 3)
        pieces.append(text)
        self.characters[which] += len(text)

    def timing(self) -> Timing:
        now = self.clock()
        return Timing(self.first, round(now - self.began, 3))

    def spent(self) -> settle.Spent:
        return settle.Spent(
            text="".join(self.text),
            thinking="".join(self.thinking),
            reported=self.reported,
            header_cost=self.header_cost,
            answered=self.first is not None,
            left=self.left,
            doubtful=self.doubtful or self.open,
        )


def steps(plan: Plan, *, clock: Callable[[], float] = time.monotonic) -> Generator[Operation | TurnEvent, Any, None]:
    """The whole turn. Ends with a `Settled` event; then raises what ended it early, or interrupted it too late.

    Only a turn that the ledger refuses has no such end: nothing is reserved then.
    """
    state = _State(clock)
    error: QwenError | None = None
    try:
        plan = yield Do(plan.reserve)  # its limits may be shorter than they were
        yield Started(plan.receipt)
        yield from _exchange(plan, state)
    except QwenError as problem:
        if not state.attempts:
            raise
        error = problem
        if isinstance(problem, BrokenStream) and not state.text:
            problem.remedy = "Nothing of it came; run the cell again."
    except (KeyboardInterrupt, asyncio.CancelledError):
        error = _stopped(state)
    except BaseException as problem:  # the host is gone, or a fault of ours: what was spent is recorded all the same
        why = Stopped("Abandoned.") if isinstance(problem, GeneratorExit) else QwenError(f"{type(problem).__name__}.")
        settle.settle(plan, state.spent(), _ending(state, why))
        raise
    receipt = yield End(lambda: settle.settle(plan, state.spent(), _ending(state, error)), state.over)
    yield Settled(receipt, "".join(state.text), "".join(state.thinking))
    if state.late is not None:
        raise state.late.with_traceback(None)
    if error is not None:
        error.__context__ = None  # the frames that it came through hold what the provider sent, whatever that was
        raise error.with_traceback(None)


def _stopped(state: _State) -> Stopped:
    if not state.text:
        return Stopped("You interrupted it before the answer began.", remedy="Run the cell again to ask again.")
    return Stopped(
        "You interrupted the answer; what came of it is kept.", remedy="%%qwen --continue goes on from there."
    )


def _ending(state: _State, error: QwenError | None) -> settle.Ending:
    return settle.Ending(
        error=error,
        attempts=max(state.attempts, 1),
        finish_reason=state.finish,
        request_id=state.request_id or (error.request_id if error else ""),
        timing=state.timing(),
    )


def _exchange(plan: Plan, state: _State) -> Generator[Operation | TurnEvent, Any, None]:
    """Send until it is answered, then read the answer. Only what failed before the first token is tried again."""
    while True:
        state.attempts += 1
        try:
            yield from _attempt(plan, state)
            return
        except Retryable as problem:
            pause = (
                None if state.first is not None else retry.wait(problem, state.attempts, plan.route.settings.attempts)
            )
            if pause is None:
                raise (_broken(problem) if state.first is not None else problem) from None
            state.doubtful = state.doubtful or state.open or bool(state.reported or state.header_cost)
            yield Close()
            yield from _count_down(pause, state.attempts + 1, problem.message)


def _attempt(plan: Plan, state: _State) -> Generator[Operation | TurnEvent, Any, None]:
    state.anew()
    if not state.left:
        yield Do(plan.leave)
        state.left = True
    state.open = True
    try:
        status, headers = yield Open(plan)
    except QwenError as problem:
        state.open = getattr(problem, "reached", False)
        raise
    state.request_id = faults.request_id(headers)
    if status != 200:
        state.open = False
        body = b""
        while len(body) < 65_536 and (chunk := (yield _READ)):
            body += chunk
        raise faults.from_response(status, headers, body, plan.endpoint, plan.route.name, key=plan.route.key.reveal())
    state.header_cost = faults.response_cost(headers)
    decoder = Decoder(think_tags=plan.endpoint.think_tags)
    try:
        while not decoder.over and (chunk := (yield _READ)):  # not every server hangs up when the answer is over
            for event in decoder.feed(chunk):
                if (told := _take(event, plan, state)) is not None:
                    yield told
            now = state.clock()
            if state.first is not None and now - state.told >= RUNNING_EVERY:
                state.told = now
                text, thinking = state.characters
                yield Running(settle.running(plan, text, thinking, state.timing()))
    except (TimedOut, KeyboardInterrupt, asyncio.CancelledError) as problem:
        if not decoder.complete:
            raise
        state.late = problem if isinstance(problem, KeyboardInterrupt) else None
    for event in decoder.finish():  # a Fault among them where the answer broke off
        if (told := _take(event, plan, state)) is not None:
            yield told
    state.request_id = decoder.request_id or state.request_id
    state.open = state.first is None and state.reported is None  # nothing says what it took
    state.over = True


def _take(event: StreamEvent, plan: Plan, state: _State) -> TurnEvent | None:
    """One stream event: what the host is told of it, and what the receipt will need."""
    if isinstance(event, Text):
        state.came(event.text, state.text, 0)
    elif isinstance(event, Thinking):
        state.came(event.text, state.thinking, 1)
    elif isinstance(event, Reported):
        state.reported, state.open = event, False
        return None
    elif isinstance(event, Finish):
        state.finish = event.reason
        return None
    elif isinstance(event, Fault):  # the provider's own word, or the decoder's that it said nothing
        state.open = state.open and event.code in ("broken_stream", "empty_stream", "malformed")
        raise faults.from_event(
            event, plan.endpoint, plan.route.name, key=plan.route.key.reveal(), request_id=state.request_id
        )
    return event


def _broken(problem: Retryable) -> BrokenStream:
    return BrokenStream(
        f"The answer broke off: {problem.message}",
        remedy="What came is kept; %%qwen --continue goes on from there.",
        request_id=problem.request_id,
    )


def _count_down(seconds: float, attempt: int, why: str) -> Generator[Operation | TurnEvent, Any, None]:
    """Wait in steps of at most a second, telling the host each time, so that a wait never looks like a hang."""
    while seconds > 0:
        yield Retrying(seconds, attempt, why)
        step = min(1.0, seconds)
        yield Sleep(step)
        seconds -= step

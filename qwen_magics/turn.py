"""One turn: guard and reserve → send → stream → settle → record. The only module that joins provider and ledger.

`steps` is the turn itself, a generator without I/O: it yields events for the host and operations for a driver.
`Turn` carries the operations out synchronously (the kernel), `AsyncTurn` asynchronously (the server).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics import accounts
from qwen_magics.errors import BrokenStream, QwenError, Retryable, Stopped
from qwen_magics.provider import faults, retry
from qwen_magics.provider.wire import Decoder
from qwen_magics.values import (
    Fault,
    Finish,
    Progress,
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
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from qwen_magics.accounts import Plan, Spent
    from qwen_magics.provider.client import AsyncClient, AsyncExchange, Client, Exchange

RUNNING_EVERY = 0.25  # seconds between two running receipts


class Open(Struct, frozen=True):
    """Operation: send the request; the answer is (status, headers)."""


class Read(Struct, frozen=True):
    """Operation: the next bytes of the answer; b"" at its end."""


class Close(Struct, frozen=True):
    """Operation: hang up."""


class Sleep(Struct, frozen=True):
    """Operation: wait."""

    seconds: float


class Do(Struct, frozen=True):
    """Operation: local work that may block (counting, SQLite); a server does it in a thread."""

    work: Callable[[], Any]


Operation = Open | Read | Close | Sleep | Do
Steps = "Generator[Operation | TurnEvent, Any, None]"


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
        self.reported: Reported | None = None
        self.finish = ""
        self.request_id = ""
        self.header_cost: Any = None
        self.told = 0.0

    def timing(self) -> Timing:
        now = self.clock()
        return Timing(self.first, round(now - self.began, 3))

    def spent(self) -> Spent:
        return accounts.Spent(
            text="".join(self.text),
            thinking="".join(self.thinking),
            reported=self.reported,
            header_cost=self.header_cost,
            answered=self.first is not None,
            left=self.left,
        )


def steps(plan: Plan, *, clock: Callable[[], float] = time.monotonic) -> Generator[Operation | TurnEvent, Any, None]:
    """The whole turn. Ends with a `Settled` event; then raises the QwenError that ended it early, if one did."""
    state = _State(clock)
    error: QwenError | None = None
    yield Do(lambda: accounts.reserve(plan))
    yield Started(plan.receipt)
    try:
        yield from _exchange(plan, state)
    except QwenError as problem:
        error = problem
    except (KeyboardInterrupt, asyncio.CancelledError):
        error = Stopped("Stopped.", remedy="What came is kept; %%qwen --continue goes on from there.")
    except GeneratorExit:  # the host is gone: nobody to tell, but what was spent is still recorded
        accounts.settle(plan, state.spent(), _ending(state, Stopped("Abandoned.")))
        raise
    yield Close()
    receipt = yield Do(lambda: accounts.settle(plan, state.spent(), _ending(state, error)))
    yield Settled(receipt, "".join(state.text), "".join(state.thinking))
    if error is not None:
        raise error


def _ending(state: _State, error: QwenError | None) -> accounts.Ending:
    return accounts.Ending(
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
            pause = None if state.first is not None else retry.wait(problem, state.attempts, plan.max_attempts)
            if pause is None:
                raise _broken(problem) if state.first is not None else problem from None
            yield Close()
            yield from _count_down(pause, state.attempts + 1, problem.message)


def _attempt(plan: Plan, state: _State) -> Generator[Operation | TurnEvent, Any, None]:
    if not state.left:
        yield Do(lambda: accounts.left(plan))
        state.left = True
    status, headers = yield Open()
    state.request_id = faults.request_id(headers) or state.request_id
    if status != 200:
        body = b""
        while len(body) < 65_536 and (chunk := (yield Read())):
            body += chunk
        raise faults.from_response(status, headers, body, plan.endpoint, plan.model_id)
    state.header_cost = faults.response_cost(headers)
    decoder = Decoder()
    while chunk := (yield Read()):
        for event in decoder.feed(chunk):
            yield from _take(event, plan, state)
        now = state.clock()
        if state.first is not None and now - state.told >= RUNNING_EVERY:
            state.told = now
            yield Running(accounts.running(plan, *state.characters, state.timing()))
    for event in decoder.finish():
        yield from _take(event, plan, state)
    state.request_id = decoder.request_id or state.request_id
    if not decoder.complete:
        broken = BrokenStream("The answer broke off: the connection ended before the model did.")
        broken.remedy = "What came is kept; %%qwen --continue goes on from there."
        raise broken


def _take(event: Any, plan: Plan, state: _State) -> Generator[TurnEvent, Any, None]:
    """One stream event: what the host is told of it, and what the receipt will need."""
    if isinstance(event, Text | Thinking):
        if state.first is None:
            state.first = round(state.clock() - state.began, 3)
        pieces, which = (state.text, 0) if isinstance(event, Text) else (state.thinking, 1)
        pieces.append(event.text)
        state.characters[which] += len(event.text)
        yield event
    elif isinstance(event, Reported):
        state.reported = event
    elif isinstance(event, Finish):
        state.finish = event.reason
    elif isinstance(event, Fault):
        raise faults.from_event(event, plan.endpoint, plan.model_id)
    elif isinstance(event, Progress):
        yield event
    else:
        yield event


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


class Turn:
    """The synchronous driver: an iterator of TurnEvents. `stop()` ends it early and still settles."""

    def __init__(self, plan: Plan, client: Client, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.plan = plan
        self._client, self._sleep = client, sleep
        self._steps = steps(plan)
        self._exchange: Exchange | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._pending: TurnEvent | None = None

    def __iter__(self) -> Turn:
        return self

    def __next__(self) -> TurnEvent:
        if self._pending is not None:
            event, self._pending = self._pending, None
            return event
        item = self._steps.send(None)
        while isinstance(item, Operation):
            try:
                answer = self._perform(item)
            except (QwenError, KeyboardInterrupt) as problem:
                item = self._steps.throw(problem)
            else:
                item = self._steps.send(answer)
        return item

    def stop(self) -> None:
        """Interrupt from outside: the next events are those of a stopped turn. Harmless once it has settled."""
        try:
            item = self._steps.throw(KeyboardInterrupt())
            while isinstance(item, Operation):
                item = self._steps.send(self._perform(item))
            self._pending = item
        except (StopIteration, KeyboardInterrupt, Stopped):
            pass

    def close(self) -> None:
        """Hang up and settle, whatever the state."""
        self._steps.close()
        self._hang_up()

    def _perform(self, operation: Operation) -> Any:
        if isinstance(operation, Read):
            return next(self._chunks, b"")
        if isinstance(operation, Open):
            self._exchange = self._client.open(*self.plan.wire())
            self._chunks = self._exchange.chunks()
            return self._exchange.status, self._exchange.headers
        if isinstance(operation, Close):
            return self._hang_up()
        if isinstance(operation, Sleep):
            return self._sleep(operation.seconds)
        return operation.work()

    def _hang_up(self) -> None:
        if self._exchange is not None:
            self._exchange.close()
            self._exchange = None


async def run(plan: Plan, client: AsyncClient) -> AsyncIterator[TurnEvent]:
    """The asynchronous driver: the same steps. Cancelling the task stops the turn and settles it."""
    flow = steps(plan)
    exchange: AsyncExchange | None = None
    chunks: Any = None
    item: Operation | TurnEvent = next(flow)
    try:
        while True:
            if not isinstance(item, Operation):
                yield item
                item = flow.send(None)
                continue
            answer: Any = None
            try:
                if isinstance(item, Read):
                    answer = await anext(chunks, b"")
                elif isinstance(item, Open):
                    exchange = await client.open(*plan.wire())
                    chunks = exchange.chunks()
                    answer = exchange.status, exchange.headers
                elif isinstance(item, Close):
                    if exchange is not None:
                        await exchange.close()
                        exchange = None
                elif isinstance(item, Sleep):
                    await asyncio.sleep(item.seconds)
                else:
                    answer = await asyncio.to_thread(item.work)
            except (QwenError, asyncio.CancelledError) as problem:
                item = flow.throw(problem)
            else:
                item = flow.send(answer)
    except StopIteration:
        return
    finally:
        flow.close()
        if exchange is not None:
            await exchange.close()

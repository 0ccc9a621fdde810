"""Carry a turn's operations out: `Turn` synchronously in a kernel, `run` asynchronously in a server."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from qwen_magics.errors import QwenError
from qwen_magics.turn.interrupts import Interrupts
from qwen_magics.turn.steps import Close, Do, End, Open, Operation, Read, Sleep, steps

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from qwen_magics.provider.client import AsyncClient, AsyncExchange, Client, Exchange
    from qwen_magics.turn.plan import Plan
    from qwen_magics.values import TurnEvent


class Turn:
    """The synchronous driver: an iterator of TurnEvents, to be used in a `with` block.

    In the block an interrupt is taken only where the turn waits (for the connection, an answer's bytes, the next
    attempt): so it can never hit what reserves, shows or records. It stops the turn, which still settles.
    """

    def __init__(self, plan: Plan, client: Client, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client, self._sleep = client, sleep
        self._steps = steps(plan)
        self._exchange: Exchange | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._interrupts = Interrupts()

    def __enter__(self) -> Turn:
        self._interrupts.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._interrupts.done()

    def __iter__(self) -> Turn:
        return self

    def __next__(self) -> TurnEvent:
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
        """Read no further: the next events are those of a stopped turn. Harmless once it has settled."""
        self._interrupts.ask()

    def close(self) -> None:
        """Hang up and settle, whatever the state."""
        self._steps.close()
        self._hang_up()

    def _perform(self, operation: Operation) -> Any:
        if isinstance(operation, Read):
            return self._interrupts.wait(self._next_chunk)
        if isinstance(operation, Open):
            self._exchange = self._interrupts.wait(lambda: self._client.open(*operation.plan.wire()))
            self._chunks = self._exchange.chunks()
            return self._exchange.status, self._exchange.headers
        if isinstance(operation, Close):
            return self._hang_up()
        if isinstance(operation, Sleep):
            return self._interrupts.wait(lambda: self._sleep(operation.seconds))
        if isinstance(operation, End):
            self._hang_up(over=operation.over)
        if isinstance(operation, Do):
            return operation.work()
        raise TypeError(operation)

    def _next_chunk(self) -> bytes:
        return next(self._chunks, b"")

    def _hang_up(self, *, over: bool = False) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            (exchange.finish if over else exchange.close)()


async def run(plan: Plan, client: AsyncClient) -> AsyncGenerator[TurnEvent, None]:
    """The asynchronous driver: the same steps.

    Cancelling the task stops the turn, which settles, tells so to whoever still listens, and raises CancelledError.
    """
    flow, line = steps(plan), _Line(client)
    item: Operation | TurnEvent = next(flow)
    try:
        while True:
            if not isinstance(item, Operation):
                yield item
                item = flow.send(None)
                continue
            try:
                answer = await line.perform(item)
            except asyncio.CancelledError as problem:
                line.cancelled = problem
                item = flow.throw(problem)
            except QwenError as problem:
                item = flow.throw(problem)
            else:
                item = flow.send(answer)
    except StopIteration:
        pass
    finally:
        await line.end(flow.close, over=False)
        if line.cancelled is not None:
            raise line.cancelled from None


class _Line:
    """What carries one turn's operations out in an event loop. `cancelled`: its task was, and has to end so."""

    def __init__(self, client: AsyncClient) -> None:
        self.cancelled: asyncio.CancelledError | None = None
        self._client = client
        self._exchange: AsyncExchange | None = None
        self._chunks: Any = None

    async def perform(self, operation: Operation) -> Any:
        if isinstance(operation, Read):
            return await anext(self._chunks, b"")
        if isinstance(operation, Open):
            self._exchange = await self._client.open(*operation.plan.wire())
            self._chunks = self._exchange.chunks()
            return self._exchange.status, self._exchange.headers
        if isinstance(operation, Close):
            return await self._hang_up()
        if isinstance(operation, Sleep):
            return await asyncio.sleep(operation.seconds)
        if isinstance(operation, End):
            return await self.end(operation.work, over=operation.over)
        if isinstance(operation, Do):
            answer = await self._to_its_end(operation.work)
            if self.cancelled is not None:
                raise self.cancelled
            return answer
        raise TypeError(operation)

    async def end(self, work: Callable[[], Any], *, over: bool) -> Any:
        """Hang up and do the last work, also in a task that is cancelled meanwhile."""
        try:
            await self._hang_up(over=over)
        except asyncio.CancelledError as problem:
            self.cancelled = problem
        return await self._to_its_end(work)

    async def _to_its_end(self, work: Callable[[], Any]) -> Any:
        """In a thread, awaited whatever happens: what is being written to the ledger can't be called back."""
        done = asyncio.get_running_loop().run_in_executor(None, work)
        while not done.done():
            try:
                await asyncio.wait([done])
            except asyncio.CancelledError as problem:
                self.cancelled = problem
        return done.result()

    async def _hang_up(self, *, over: bool = False) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await (exchange.finish() if over else exchange.close())

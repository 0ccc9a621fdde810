"""Carry a turn's operations out: `Turn` synchronously in a kernel, `run` asynchronously in a server."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from qwen_magics.errors import QwenError
from qwen_magics.turn.interrupts import Interrupts
from qwen_magics.turn.steps import Close, Do, Open, Operation, Read, Sleep, steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from qwen_magics.provider.client import AsyncClient, AsyncExchange, Client, Exchange
    from qwen_magics.turn.plan import Plan
    from qwen_magics.values import TurnEvent


class Turn:
    """The synchronous driver: an iterator of TurnEvents, to be used in a `with` block.

    In the block an interrupt is taken only where the turn waits (for the connection, an answer's bytes, the next
    attempt): so it can never hit what reserves, shows or records. It stops the turn, which still settles.
    """

    def __init__(self, plan: Plan, client: Client, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.plan = plan
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
            self._exchange = self._interrupts.wait(lambda: self._client.open(*self.plan.wire()))
            self._chunks = self._exchange.chunks()
            return self._exchange.status, self._exchange.headers
        if isinstance(operation, Close):
            return self._hang_up()
        if isinstance(operation, Sleep):
            return self._interrupts.wait(lambda: self._sleep(operation.seconds))
        if isinstance(operation, Do):
            return operation.work()
        raise TypeError(operation)

    def _next_chunk(self) -> bytes:
        return next(self._chunks, b"")

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
                elif isinstance(item, Do):
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

"""What a browser does with a Jupyter Server: calls, and streams that can be left half-way. A clock set by hand."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Browser:
    """`token`: what it authenticates with, "" for nothing."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"token {token}"} if token else {}
        self.client = httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60)

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One call to `/qwen/api/…`."""
        return await self.client.request(method, f"qwen/api/{path}", json=body, **more)

    @asynccontextmanager
    async def ask(self, **question: Any) -> AsyncIterator[Stream]:
        """Ask; leaving the block hangs up."""
        async with self.client.stream("POST", "qwen/api/chat", json=question) as response:
            yield Stream(response)

    @asynccontextmanager
    async def attach(self, turn: str, after: int = 0) -> AsyncIterator[Stream]:
        """Go on with a turn; leaving the block hangs up."""
        async with self.client.stream("GET", f"qwen/api/chat/{turn}?after={after}") as response:
            yield Stream(response)

    async def turn(self, thread: str, turn: str) -> dict[str, Any]:
        """A turn as its thread has it."""
        turns = (await self.call("GET", f"threads/{thread}")).json()["turns_list"]
        return next(one for one in turns if one["id"] == turn)


class Stream:
    """A turn's events as they come, each with its number as `n`; `comments` are what kept the line open."""

    def __init__(self, response: httpx.Response) -> None:
        self.response, self.comments = response, 0
        self._lines = response.aiter_lines()

    async def next(self) -> dict[str, Any] | None:
        """The next event; None after the last."""
        number = 0
        async for line in self._lines:
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                return {**json.loads(line[6:]), "n": number}
            elif line.startswith(":"):
                self.comments += 1
        return None

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """Events up to the first of that kind, or to the end."""
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
            if event["type"] == kind:
                break
        return found

    async def rest(self) -> list[dict[str, Any]]:
        """All that still come."""
        return await self.until("")


class HandClock:
    """Time that passes only when told: takes the place of `Desk.later`."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, HandTimer]] = []

    def __call__(self, seconds: float, do: Callable[[], Any]) -> HandTimer:
        """Does it when that much time has passed."""
        timer = HandTimer(do)
        self._due.append((self.now + seconds, timer))
        return timer

    def waits(self, seconds: float) -> bool:
        """Whether something is going to happen in exactly so many seconds."""
        return any(due == self.now + seconds and not timer.cancelled for due, timer in self._due)

    def go(self, seconds: float) -> None:
        """So many seconds pass."""
        self.now += seconds
        due = [timer for when, timer in self._due if when <= self.now]
        self._due = [(when, timer) for when, timer in self._due if when > self.now]
        for timer in due:
            if not timer.cancelled:
                timer.do()


class HandTimer:
    """Something that is going to happen."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self.do, self.cancelled = do, False

    def cancel(self) -> None:
        """It is not."""
        self.cancelled = True


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what happens elsewhere. The test's own time limit is its end."""
    while not condition():
        await asyncio.sleep(0.005)

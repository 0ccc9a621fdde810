"""Asking in the sidebar: `POST chat` streams a turn's events, `GET chat/<turn>` goes on, `DELETE` stops it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tornado.iostream import StreamClosedError

from qwen_magics.server.bodies import Question
from qwen_magics.server.handler import Handler, Refused
from qwen_magics.server.question import allowed, prepare

if TYPE_CHECKING:
    from qwen_magics.server.desk import Desk
    from qwen_magics.server.question import Prepared
    from qwen_magics.server.runs import Run


def accept(desk: Desk, asked: Question) -> tuple[Prepared, Question]:
    """Prepare it and see that it may go. Blocks. Raises what keeps it from going."""
    prepared = prepare(desk, asked)
    allowed(prepared)
    return prepared, asked


class _Streaming(Handler):
    async def stream(self, run: Run, after: int) -> None:
        """Server-sent events from number `after` + 1 to the turn's end, or for as long as the browser listens."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")
        events = run.events(after)
        try:
            async for number, event in events:
                self.write(b"id: %d\ndata: %s\n\n" % (number, event))
                await self.flush()
        except StreamClosedError:
            return  # it may come back: `Run` waits for it
        finally:
            await events.aclose()
        self.finish()


class ChatHandler(_Streaming):
    """`POST chat`."""

    async def post(self) -> None:
        """Takes a Question, streams the turn."""
        prepared, asked = await self.desk.count(accept, self.desk, self.body(Question))
        run = await self.desk.runs.start(prepared, asked)
        await self.stream(run, 0)


class TurnHandler(_Streaming):
    """`GET chat/<turn>?after=<number>` and `DELETE chat/<turn>`."""

    async def get(self, turn: str) -> None:
        """Streams what came after that event."""
        after = self.get_query_argument("after", "0")
        if not after.isdigit():
            raise Refused(HTTPStatus.BAD_REQUEST, "`after` is the number of an event.")
        await self.stream(self._run(turn), int(after))

    async def delete(self, turn: str) -> None:
        """Stops it; its stream ends with what came until then."""
        self._run(turn).stop()
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()

    def _run(self, turn: str) -> Run:
        run = self.desk.runs.get(turn)
        if run is None:
            raise Refused(HTTPStatus.NOT_FOUND, "This turn is over; its thread has what came.")
        return run

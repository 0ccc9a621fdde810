"""Asking in the sidebar: `POST chat` streams a turn's events, `GET chat/<turn>` goes on, `DELETE` stops it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tornado.iostream import StreamClosedError

from qwen_magics.server.bodies import Question
from qwen_magics.server.handler import Handler, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qwen_magics.server.desk import Desk
    from qwen_magics.server.files import File
    from qwen_magics.server.question import Prepared
    from qwen_magics.server.run import Listener, Run


def accept(desk: Desk, asked: Question, files: Mapping[str, File]) -> Prepared:
    """Prepare it and see that it may go. Blocks. Raises what keeps it from going."""
    from qwen_magics.server.question import allowed, prepare

    if not asked.text.strip():
        raise Refused(HTTPStatus.BAD_REQUEST, "There is no question.")
    prepared = prepare(desk, asked, files)
    allowed(prepared)
    return prepared


class _Streaming(Handler):
    _listener: Listener | None = None

    async def stream(self, run: Run, after: int) -> None:
        """Server-sent events behind number `after`, to the turn's end or for as long as the browser listens."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")
        self._listener = run.listen(after)
        try:
            while said := await self._listener.more():
                self.write(said)
                await self.flush()
            if not self._listener.gone:
                await self.finish()
        except StreamClosedError:
            pass  # it may come back: `Run` waits for it
        finally:
            self._listener.leave()

    def on_connection_close(self) -> None:
        """The browser is gone."""
        if self._listener is not None:
            self._listener.leave()


class ChatHandler(_Streaming):
    """`POST chat`."""

    async def post(self) -> None:
        """Takes a Question, streams the turn."""
        asked = self.body(Question)
        await self.stream(await self.desk.runs.once(asked.once, lambda: self._begin(asked)), 0)

    async def _begin(self, asked: Question) -> Run:
        files = await self.desk.files.read(self, asked.files)
        prepared = await self.desk.count(accept, self.desk, asked, files)
        return await self.desk.runs.start(prepared, asked)


class TurnHandler(_Streaming):
    """`GET chat/<turn>?after=<number>` and `DELETE chat/<turn>`."""

    async def get(self, turn: str) -> None:
        """Streams what came after that event."""
        after = self.get_query_argument("after", "0")
        if not after.isdecimal() or len(after) > 9:
            raise Refused(HTTPStatus.BAD_REQUEST, "`after` is the number of an event.")
        await self.stream(self._run(turn), int(after))

    async def delete(self, turn: str) -> None:
        """Stops it; its stream ends with what came until then. One that is over is left as it is."""
        self._run(turn).stop()
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()

    def _run(self, turn: str) -> Run:
        run = self.desk.runs.get(turn)
        if run is None:
            raise Refused(HTTPStatus.NOT_FOUND, "This turn is over; its thread has what came.")
        return run

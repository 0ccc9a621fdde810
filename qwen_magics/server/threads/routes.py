"""The routes of threads: list, make, read, change, delete and bring back, files out and in."""

from __future__ import annotations

from http import HTTPStatus

from qwen_magics.server.handler import Handler
from qwen_magics.server.threads.shapes import NewThread, ThreadChange, ThreadList


class ThreadsHandler(Handler):
    """`GET threads?notebook=<path>&query=<text>` and `POST threads`."""

    async def get(self) -> None:
        """Answers a ThreadList: of all notebooks and free ones, or of one (`notebook=`: free ones)."""
        notebook = self.get_query_argument("notebook", None)
        query = self.get_query_argument("query", "")
        self.answer(ThreadList(await self.work(self.desk.threads.listed, notebook, query)))

    async def post(self) -> None:
        """Takes a NewThread, answers a Thread."""
        new = self.body(NewThread)
        self.answer(await self.work(self.desk.threads.create, new.title, new.notebook), HTTPStatus.CREATED)


class ThreadHandler(Handler):
    """`GET`, `PATCH` and `DELETE threads/<id>`."""

    async def get(self, thread: str) -> None:
        """Answers a Thread."""
        self.answer(await self.work(self.desk.threads.get, thread))

    async def patch(self, thread: str) -> None:
        """Takes a ThreadChange, answers a Summary."""
        change = self.body(ThreadChange)
        self.answer(await self.work(self.desk.threads.change, thread, change.title, change.head))

    async def delete(self, thread: str) -> None:
        """Puts it aside; `restore` brings it back."""
        await self.work(self.desk.threads.delete, thread)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class RestoreHandler(Handler):
    """`POST threads/<id>/restore`."""

    async def post(self, thread: str) -> None:
        """Answers a Summary."""
        self.answer(await self.work(self.desk.threads.restore, thread))

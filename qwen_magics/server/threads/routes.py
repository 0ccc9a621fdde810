"""The routes of threads: list, make, read, change, delete and bring back, files out and in."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from qwen_magics.server.handler import Handler, Refused
from qwen_magics.server.threads.shapes import NewThread, Thread, ThreadChange, ThreadFile, ThreadList

if TYPE_CHECKING:
    from qwen_magics.server.desk import Desk


class ThreadsHandler(Handler):
    """`GET threads?notebook=<path>&query=<text>` and `POST threads`."""

    async def get(self) -> None:
        """Answers a ThreadList: of all notebooks and free ones, or of one (`notebook=`: free ones)."""
        notebook = self.get_query_argument("notebook", None)
        query = self.get_query_argument("query", "")
        self.answer(ThreadList(await self.work(lambda: self.desk.threads.listed(notebook, query))))

    async def post(self) -> None:
        """Takes a NewThread, answers a Thread."""
        new = self.body(NewThread)
        self.answer(await self.work(lambda: self.desk.threads.create(new.title, new.notebook)), HTTPStatus.CREATED)


class ThreadHandler(Handler):
    """`GET`, `PATCH` and `DELETE threads/<id>`."""

    async def get(self, thread: str) -> None:
        """Answers a Thread."""
        self.answer(await self.work(lambda: self.desk.threads.get(thread)))

    async def patch(self, thread: str) -> None:
        """Takes a ThreadChange, answers a Summary."""
        change = self.body(ThreadChange)
        self.answer(await self.work(lambda: self.desk.threads.change(thread, change.title, change.head)))

    async def delete(self, thread: str) -> None:
        """Puts it aside, its turn in flight stopped; `restore` brings it back with what came."""
        await self.work(lambda: self.desk.threads.delete(thread))
        if self.desk.busy:
            self.desk.runs.stop_in(thread)  # nobody reads on, and it costs
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class RestoreHandler(Handler):
    """`POST threads/<id>/restore`."""

    async def post(self, thread: str) -> None:
        """Answers a Summary."""
        self.answer(await self.work(lambda: self.desk.threads.restore(thread)))


class ThreadExportHandler(Handler):
    """`GET threads/<id>/export?format=md|ipynb|json`."""

    async def get(self, thread: str) -> None:
        """Answers a file."""
        from qwen_magics.server.threads.export import TYPES

        form = self.get_query_argument("format", "md")
        if form not in TYPES:
            raise Refused(HTTPStatus.BAD_REQUEST, f"`format` is one of {', '.join(TYPES)}.")
        name, text = await self.work(_exported, self.desk, thread, form)
        plain = name.encode("ascii", "ignore").decode().lstrip(".-") or f"thread.{form}"
        self.set_header("Content-Disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}")
        self.finish(text, set_content_type=f"{TYPES[form]}; charset=UTF-8")


class ThreadImportHandler(Handler):
    """`POST threads/import`."""

    async def post(self) -> None:
        """Takes a ThreadFile, which may be large, answers the Thread that it became."""
        self.answer(await self.work(lambda: _imported(self.desk, self.body(ThreadFile))), HTTPStatus.CREATED)


def _exported(desk: Desk, thread: str, form: str) -> tuple[str, str]:
    """The file's name and its text, without secrets that are known here."""
    from qwen_magics.asking import sending
    from qwen_magics.server.threads import export

    found, turns = desk.threads.whole(thread)
    redact = sending.redactor(desk.settings(), desk.dotenv(found.notebook)).redact
    whole = export.portable(found, turns, lambda text: redact(text).text)
    write = {"md": export.as_markdown, "ipynb": export.as_notebook, "json": export.as_json}[form]
    return export.filename(whole.title, form), write(whole)


def _imported(desk: Desk, file: ThreadFile) -> Thread:
    from qwen_magics.server.threads.import_ import read

    thread = read(file.name, file.content)
    notebook = thread.notebook if file.notebook is None else file.notebook
    return desk.threads.create(thread.title, notebook, thread.turns, thread.head)

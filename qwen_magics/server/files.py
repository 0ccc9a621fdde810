"""Files that a question takes along: read through the server's contents manager, text only, up to a size, remembered
while they stay as they are. Which of a file goes along is `chips`' matter.
"""

from __future__ import annotations

import inspect
import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async
from msgspec import Struct
from tornado import web

from qwen_magics.context.maker import Memory
from qwen_magics.context.redact import betrayed
from qwen_magics.notebook.cells import Notebook
from qwen_magics.notebook.current import current
from qwen_magics.notebook.file import Reader, UnreadableNotebookError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qwen_magics.server.desk import Desk
    from qwen_magics.server.handler import Handler

LARGEST = 4_000_000  # bytes of a file that is read at all
KEPT = 32_000_000  # characters of files that are remembered


class File(Struct, frozen=True, kw_only=True):
    """A file as it is now: its text, or the notebook that it is; `problem` says in a few words why it is neither."""

    text: str = ""
    notebook: Notebook | None = None
    memory: Memory | None = None
    problem: str = ""
    size: int = 0
    secrets: tuple[tuple[str, str], ...] = ()  # that a notebook's sources betray, by kind


class Files:
    """Reads them on the event loop, which its contents manager either doesn't block or is kept away from."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: OrderedDict[str, tuple[object, File]] = OrderedDict()

    async def read(self, handler: Handler, paths: Iterable[str]) -> dict[str, File]:
        """Each path's file, as far as the user of this request may read contents."""
        wanted = dict.fromkeys(path.strip("/") for path in paths)
        if not wanted:
            return {}
        user = handler.current_user
        if not await ensure_async(handler.authorizer.is_authorized(handler, user, "read", "contents")):
            return dict.fromkeys(wanted, File(problem="you may not read files here"))
        return {path: await self._read(path) for path in wanted}

    async def _read(self, path: str) -> File:
        try:
            model = await self._get(path, content=False)
            if model["type"] == "directory":
                return File(problem="a folder")
            if (model.get("size") or 0) > LARGEST:
                return File(problem=f"over {LARGEST / 1e6:.0f} MB")
            stamp = (str(model.get("last_modified")), model.get("size"))
            kept = self._kept.get(path)
            if kept is None or kept[0] != stamp:
                kept = stamp, await self._content(path, str(model["type"]))
                self._keep(path, kept)
        except web.HTTPError as problem:
            return File(problem=_problem(problem))
        except (OSError, ValueError, UnreadableNotebookError):
            return File(problem="can't be read")
        return kept[1]

    async def _content(self, path: str, kind: str) -> File:
        if kind == "notebook":
            model = await self._get(path, content=True)
            return await self._desk.work(_notebook, path, model["content"])
        model = await self._get(path, content=True, type="file", format="text")
        text = model["content"]
        if not isinstance(text, str) or "\0" in text:
            return File(problem="not a text")
        return File(text=text, size=len(text)) if text.strip() else File(problem="empty")

    async def _get(self, path: str, **how: Any) -> dict[str, Any]:
        get: Callable[..., Any] = self._desk.contents.get
        found = (
            get(path, **how) if inspect.iscoroutinefunction(get) else await self._desk.work(lambda: get(path, **how))
        )
        model: dict[str, Any] = await ensure_async(found)
        return model

    def _keep(self, path: str, kept: tuple[object, File]) -> None:
        self._kept[path] = kept
        self._kept.move_to_end(path)
        while len(self._kept) > 1 and sum(file.size for _, file in self._kept.values()) > KEPT:
            self._kept.popitem(last=False)


def _notebook(path: str, content: dict[str, Any]) -> File:
    """Another notebook, for its cells to go along as cells do."""
    data = json.dumps(content).encode()
    saved = Reader().decode(data, path, 0.0)
    secrets = betrayed("\n\n".join(cell.source for cell in saved.cells))
    return File(notebook=current((), None, saved), memory=Memory(), size=len(data), secrets=secrets)


def _problem(problem: web.HTTPError) -> str:
    return {400: "not a text", 403: "you may not read it", 404: "not found"}.get(problem.status_code, "can't be read")

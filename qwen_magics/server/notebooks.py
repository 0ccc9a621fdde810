"""The open notebooks as browsers have them, unsaved edits and all. A browser sends each cell once, then its key."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.context.maker import Memory
from qwen_magics.notebook.cells import Notebook
from qwen_magics.notebook.current import current
from qwen_magics.notebook.file import Saved, SavedCell
from qwen_magics.server.bodies import Held
from qwen_magics.server.handler import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qwen_magics.notebook.live import LiveNotebook

MOST = 16  # notebooks


class Open(Struct, frozen=True):
    """A notebook as a browser has it, and what was worked out for its cells."""

    notebook: Notebook
    memory: Memory


class Notebooks:
    """Remembers the last ones by a name made of their content. Used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells: OrderedDict[str, SavedCell] = OrderedDict()
        self._held: OrderedDict[str, Notebook] = OrderedDict()
        self._memories: OrderedDict[str, Memory] = OrderedDict()  # by path

    def put(self, live: LiveNotebook) -> Held:
        """Take it in; the answer names it, or the keys of cells that it wants first."""
        with self._lock:
            for key, cell in live.fresh.items():
                self._cells[key] = cell.saved()
            missing = [key for key in live.cells if key not in self._cells]
            if missing:
                return Held(missing=missing)
            name = _name(live)
            if name not in self._held:
                cells = tuple(self._cells[key] for key in live.cells)
                document = Saved(cells, live.path, live.metadata, time.time())
                self._held[name] = current((), None, document, "live")
            self._held.move_to_end(name)
            self._forget(live.cells)
            return Held(notebook=name)

    def get(self, name: str) -> Open:
        """The notebook of that name. Raises Refused where it is not held (any more): the browser sends it again."""
        with self._lock:
            notebook = self._held.get(name)
            if notebook is None:
                raise Refused(
                    HTTPStatus.CONFLICT, "The server no longer holds this notebook; send it again.", stale=True
                )
            self._held.move_to_end(name)
            return Open(notebook, self._memories.setdefault(notebook.path, Memory()))

    def _forget(self, current_keys: Iterable[str]) -> None:
        while len(self._held) > MOST:
            self._held.popitem(last=False)
        for key in current_keys:
            self._cells.move_to_end(key)
        while len(self._cells) > 20_000:
            self._cells.popitem(last=False)


def _name(live: LiveNotebook) -> str:
    known = "\0".join([live.path, json.dumps(live.metadata, sort_keys=True), *live.cells])
    return hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:32]

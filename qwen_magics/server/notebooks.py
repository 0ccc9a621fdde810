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
from msgspec.structs import replace

from qwen_magics.context.maker import Memory
from qwen_magics.context.redact import betrayed
from qwen_magics.notebook import bounds
from qwen_magics.notebook.cells import Notebook
from qwen_magics.notebook.current import current
from qwen_magics.notebook.file import Saved, SavedCell
from qwen_magics.server.bodies import Held
from qwen_magics.server.handler import Refused

if TYPE_CHECKING:
    from qwen_magics.notebook.live import LiveCell, LiveNotebook

MOST, OF_ONE = 16, 3  # notebooks as they were at some moment; of one path
LARGEST = 64_000_000  # characters of one, pictures left aside
KEPT = 128_000_000  # characters of all of them, and of the cells that browsers need not send again


class Open(Struct, frozen=True):
    """A notebook as a browser has it, what was worked out for its cells, and the secrets that its sources betray, by
    kind.
    """

    notebook: Notebook
    memory: Memory
    size: int = 0
    secrets: tuple[tuple[str, str], ...] = ()


class _Kept(Struct, frozen=True):
    """A cell, its size in characters, and the secrets in its source."""

    cell: SavedCell
    size: int
    secrets: tuple[tuple[str, str], ...]


class Notebooks:
    """Remembers the last ones by a name made of their content. Used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells: OrderedDict[str, _Kept] = OrderedDict()
        self._held: OrderedDict[str, Open] = OrderedDict()
        self._size = 0  # of the cells

    def put(self, live: LiveNotebook) -> Held:
        """Take it in; the answer names it, or the keys of cells that it wants first. Raises Refused for one that is
        too large.
        """
        fresh = {key: _kept(cell) for key, cell in live.fresh.items()}
        with self._lock:
            for key, kept in fresh.items():
                self._size += kept.size - (self._cells[key].size if key in self._cells else 0)
                self._cells[key] = kept
            missing = [key for key in live.cells if key not in self._cells]
            for key in live.cells:
                if key in self._cells:
                    self._cells.move_to_end(key)
            try:
                return Held(missing=missing) if missing else Held(notebook=self._name(live))
            finally:
                self._forget()

    def get(self, name: str) -> Open:
        """The notebook of that name. Raises Refused where it is not held (any more): the browser sends it again."""
        with self._lock:
            found = self._held.get(name)
            if found is None:
                raise Refused(
                    HTTPStatus.CONFLICT, "The server no longer holds this notebook; send it again.", stale=True
                )
            self._held.move_to_end(name)
            return found

    def _name(self, live: LiveNotebook) -> str:
        known = "\0".join([live.path, json.dumps(live.metadata, sort_keys=True), *live.cells])
        name = hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if name not in self._held:
            self._held[name] = self._open(live)
        self._held.move_to_end(name)
        return name

    def _open(self, live: LiveNotebook) -> Open:
        kept = [self._cells[key] for key in live.cells]
        size = sum(one.size for one in kept)
        if size > LARGEST:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"This notebook holds {size / 1e6:,.0f} MB of text; up to {LARGEST / 1e6:.0f} MB can go along.",
                remedy="Clear the outputs that nobody needs, or ask without the notebook.",
            )
        document = Saved(tuple(one.cell for one in kept), live.path, live.metadata, time.time())
        earlier = [name for name, other in self._held.items() if other.notebook.path == live.path]
        memory = self._held[earlier[-1]].memory if earlier else Memory()
        for name in earlier[: 1 - OF_ONE]:
            del self._held[name]
        secrets = dict.fromkeys(secret for one in kept for secret in one.secrets)
        return Open(current((), None, document, "live"), memory, size, tuple(secrets))

    def _forget(self) -> None:
        while len(self._held) > MOST or (len(self._held) > 1 and sum(one.size for one in self._held.values()) > KEPT):
            self._held.popitem(last=False)
        while self._size > KEPT:
            _, kept = self._cells.popitem(last=False)
            self._size -= kept.size


def _kept(cell: LiveCell) -> _Kept:
    """So much of a cell as can ever go along."""
    saved = cell.saved()
    outputs = tuple(map(bounds.thin, saved.outputs))
    size = 200 + len(saved.source) + len(json.dumps(saved.metadata)) + sum(map(bounds.size, outputs))
    return _Kept(replace(saved, outputs=outputs), size, betrayed(saved.source))

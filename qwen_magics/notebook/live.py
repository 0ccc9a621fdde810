"""The notebook as a front end has it on screen, unsaved edits and all: what it hands over before a cell runs that asks.

A cell comes once and then by its key, which changes with its content. How it comes to the kernel is `magics.comms`'s
matter, what is made of it `current`'s. The server takes cells of the same shape.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .cells import CellKind, Output, merged, tidy
from .file import Saved, SavedCell

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 4  # copies whose cells are kept: several browsers may show one notebook


class LiveCell(Struct, frozen=True, kw_only=True):
    """A cell as it is on screen. `outputs` is None where they are too large to send: those in the file count then."""

    kind: CellKind
    source: str = ""
    id: str = ""
    metadata: dict[str, Any] = {}
    outputs: list[Output] | None = []
    execution_count: int | None = None

    def saved(self) -> SavedCell:
        """The same as a document's cell."""
        tags = self.metadata.get("tags")
        return SavedCell(
            kind=self.kind,
            source=tidy(self.source),
            id=self.id,
            tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
            metadata=self.metadata,
            outputs=merged(self.outputs or ()),
            execution_count=self.execution_count,
        )


class LiveNotebook(Struct, frozen=True, kw_only=True):
    """What is handed over. `cells` has the key of each cell in order, `fresh` the cells that may not be known here.

    `path` is the server's own, relative to its root.
    """

    version: int = 1
    path: str = ""
    metadata: dict[str, Any] = {}
    cells: list[str] = []
    fresh: dict[str, LiveCell] = {}


class Live:
    """The last copy that came, and the cells of those before it."""

    def __init__(self) -> None:
        self._cells: list[dict[str, SavedCell]] = []  # of the last copies, the latest first
        self._large: set[str] = set()  # keys of cells whose outputs stayed behind
        self._now: tuple[LiveNotebook, tuple[SavedCell, ...]] | None = None
        self.time = 0.0  # when it came, in seconds since the epoch; 0 where there is none

    def take(self, said: object) -> list[str]:
        """Take a copy in; the keys of cells that it names and that never came, or are gone. Raises ValidationError.

        With cells missing it doesn't count, nor does the one before.
        """
        copy = msgspec.convert(said, LiveNotebook)
        known = {key: cell for cells in reversed(self._cells) for key, cell in cells.items()}
        known |= {key: cell.saved() for key, cell in copy.fresh.items()}
        self._cells = [{key: known[key] for key in copy.cells if key in known}, *self._cells][:KEPT]
        self._large |= {key for key, cell in copy.fresh.items() if cell.outputs is None}
        self._large &= {key for cells in self._cells for key in cells}
        missing = [key for key in copy.cells if key not in known]
        if missing:
            self._now, self.time = None, 0.0
        else:
            self._now, self.time = (copy, tuple(known[key] for key in copy.cells)), time.time()
        return missing

    def document(self, path: str, file: Callable[[], Saved | None]) -> Saved | None:
        """The copy as a document, None where there is none. `path`: where its file is; `file` reads it, if need be."""
        if self._now is None:
            return None
        copy, cells = self._now
        if not self._large.isdisjoint(copy.cells):
            saved = file()
            there = {cell.id: cell.outputs for cell in saved.cells} if saved else {}
            cells = tuple(
                replace(cell, outputs=there.get(cell.id, ())) if key in self._large else cell
                for key, cell in zip(copy.cells, cells, strict=True)
            )
        return Saved(cells, path, copy.metadata, self.time)

    def place(self, path: str) -> str:
        """`path`, or where the notebook is now if it was renamed since the kernel was told: the screen knows."""
        now = self._now[0].path if self._now else ""
        if not now or not path or Path(path).as_posix().endswith(f"/{now}"):
            return path
        return next((str(found) for folder in Path(path).parents if (found := folder / now).is_file()), path)

"""Finds and reads the saved notebook. Not the kernel's view of it, and never a crash: what can't be read is a note.

nbformat 4.0 to 4.5. A large notebook is read in pieces: a cell whose bytes are those of the last reading is not parsed
again, so a 20 MB notebook of which one cell changed takes what it takes to find the ends of its cells.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

from .cells import CellKind, Output, merged, tidy

LARGEST_FILE = 512_000_000  # bytes; what is larger is not read while a cell waits


class SavedCell(Struct, frozen=True):
    """A cell as some front end has it, in the file or live."""

    kind: CellKind
    source: str
    id: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    outputs: tuple[Output, ...] = ()
    execution_count: int | None = None


class Saved(Struct, frozen=True):
    """A whole notebook as the file has it. `time` is when it was saved, in seconds since the epoch."""

    cells: tuple[SavedCell, ...]
    path: str = ""
    metadata: dict[str, Any] = {}
    time: float = 0.0


class _RawCell(Struct):
    cell_type: CellKind
    source: str | list[str] = ""
    id: str = ""
    metadata: dict[str, Any] = {}
    outputs: list[Output] = []
    execution_count: int | None = None


class _RawNotebook(Struct):
    cells: list[msgspec.Raw]
    metadata: dict[str, Any] = {}
    nbformat: int = 4


def read_text(content: str) -> Saved:
    """A notebook that is at hand as text. Raises UnreadableNotebookError, or ValueError for what is no JSON."""
    return Reader().decode(content.encode(errors="replace"), "the notebook", 0.0)


class UnreadableNotebookError(Exception):
    """The notebook's file can't be read; says why in one line."""


class Reader:
    """Reads notebooks and remembers the last one by path, time and size, and its cells by their bytes."""

    def __init__(self) -> None:
        self._notebook = msgspec.json.Decoder(_RawNotebook)
        self._cell = msgspec.json.Decoder(_RawCell)
        self._key: tuple[str, int, int] | None = None
        self._saved: Saved | None = None
        self._cells: dict[tuple[int, int], SavedCell] = {}

    def read(self, path: str) -> Saved:
        """The notebook at `path`. Raises UnreadableNotebookError."""
        try:
            stat = Path(path).stat()
            key = (path, stat.st_mtime_ns, stat.st_size)
            if self._saved is None or key != self._key:
                if stat.st_size > LARGEST_FILE:
                    raise UnreadableNotebookError(f"{path} is too large to read ({stat.st_size / 1e6:,.0f} MB)")
                self._saved = self.decode(Path(path).read_bytes(), path, stat.st_mtime_ns / 1e9)
                self._key = key
        except OSError as error:
            raise UnreadableNotebookError(f"{path} can't be read: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:
            raise UnreadableNotebookError(f"{path} is not a notebook that can be read: {error}") from error
        return self._saved

    def decode(self, data: bytes, path: str, time: float) -> Saved:
        """The notebook in a file's bytes. Raises UnreadableNotebookError and ValueError."""
        notebook = self._outline(data)
        if notebook.nbformat != 4:
            raise UnreadableNotebookError(f"{path} has nbformat {notebook.nbformat}, not 4: open and save it once")
        fresh: dict[tuple[int, int], SavedCell] = {}
        cells = []
        for raw in notebook.cells:
            content = bytes(raw)
            key = (hash(content), len(content))
            cell = self._cells.get(key)
            fresh[key] = cell = _saved_cell(self._cell.decode(content)) if cell is None else cell
            cells.append(cell)
        self._cells = fresh
        return Saved(tuple(cells), path, notebook.metadata, time)

    def _outline(self, data: bytes) -> _RawNotebook:
        try:
            return self._notebook.decode(data)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:  # half a surrogate pair is no text, but Python and browsers write it
            return self._notebook.decode(json.dumps(json.loads(data), ensure_ascii=False).encode(errors="replace"))


def _saved_cell(raw: _RawCell) -> SavedCell:
    tags = raw.metadata.get("tags")
    return SavedCell(
        kind=raw.cell_type,
        source=tidy(raw.source),
        id=raw.id,
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        metadata=raw.metadata,
        outputs=merged(raw.outputs),
        execution_count=raw.execution_count,
    )


def find(
    user_ns: Mapping[str, Any], environ: Mapping[str, str] = os.environ, cell_id: str = "", folder: str = ""
) -> str:
    """Where the notebook's file should be, or `""`: the surest source first.

    QWEN_MAGICS_NOTEBOOK (headless runs, and whoever knows better), VS Code's variable or its cell's URI, then
    JPY_SESSION_NAME of Jupyter Server. `folder` is what relative paths are relative to: the kernel's first directory.
    """
    candidates = (
        environ.get("QWEN_MAGICS_NOTEBOOK"),
        user_ns.get("__vsc_ipynb_file__"),
        _path_of_uri(cell_id),
        environ.get("JPY_SESSION_NAME"),
    )
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.lower().endswith(".ipynb"):
            return str(Path(folder, candidate))
    return ""


def _path_of_uri(cell_id: str) -> str:
    """VS Code's `vscode-notebook-cell:/a/notebook.ipynb#W0sZmlsZQ==` names the file too."""
    if not cell_id.startswith("vscode-notebook-cell:"):
        return ""
    path = unquote(urlsplit(cell_id).path)
    return path[1:] if os.name == "nt" and path.startswith("/") else path

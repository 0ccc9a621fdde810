"""One kernel session's view of its notebook: the record, the copy from the screen, the file and where it is.

Made by `%load_ext`: session = Session(shell); session.attach(); …; session.notebook(); …; session.detach()
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .record import Record

if TYPE_CHECKING:
    from .cells import Notebook
    from .file import Reader, Saved
    from .live import Live


class Session:
    """Keeps the record of `shell` and tells what its notebook is now."""

    def __init__(self, shell: Any) -> None:
        self.record = Record(shell)
        self._shell = shell
        self._folder = str(Path.cwd())  # before user code changes it

    def attach(self) -> None:
        """Begin to record."""
        self.record.attach()

    def detach(self) -> None:
        """Take every hook away."""
        self.record.detach()

    @cached_property
    def live(self) -> Live:
        """What front ends hand over; made when the first one does, or is asked for."""
        from .live import Live

        return Live()

    def notebook(self) -> Notebook:
        """The notebook as it is now."""
        from .current import current
        from .file import UnreadableNotebookError

        executions, running = self.record.executions, self.record.running
        path = self._path()
        live = self._on_screen(path)
        if live is not None:
            return current(executions, running, live, "live")
        try:
            return current(executions, running, self._reader.read(path) if path else None)
        except UnreadableNotebookError as error:
            return current(executions, running, note=str(error))

    def document(self) -> Saved | None:
        """The notebook as it is on screen, else as its file was last saved; None where there is neither.

        Raises UnreadableNotebookError.
        """
        path = self._path()
        return self._on_screen(path) or (self._reader.read(path) if path else None)

    def _path(self) -> str:
        from .file import find

        running = self.record.running
        return self.live.place(find(self._shell.user_ns, cell_id=running.key if running else "", folder=self._folder))

    def _on_screen(self, path: str) -> Saved | None:
        """The copy that was handed over, unless the notebook was saved after that."""
        with suppress(OSError):
            if path and Path(path).stat().st_mtime > self.live.time:
                return None
        return self.live.document(path, lambda: self._file(path))

    def _file(self, path: str) -> Saved | None:
        from .file import UnreadableNotebookError

        with suppress(UnreadableNotebookError):
            return self._reader.read(path) if path else None
        return None

    @cached_property
    def _reader(self) -> Reader:
        from .file import Reader

        return Reader()

"""One kernel session's view of its notebook: the record, the file's reader, and where the file is. Made by `%load_ext`.

session = Session(shell); session.attach(); …; session.notebook(); …; session.detach()
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .record import Record

if TYPE_CHECKING:
    from .cells import Notebook
    from .file import Reader, Saved


class Session:
    """Keeps the record of `shell` and tells what its notebook is now."""

    def __init__(self, shell: Any) -> None:
        self.record = Record(shell)
        self._shell = shell
        self._reader: Reader | None = None
        self._folder = str(Path.cwd())  # before user code changes it

    def attach(self) -> None:
        """Begin to record."""
        self.record.attach()

    def detach(self) -> None:
        """Take every hook away."""
        self.record.detach()

    def notebook(self, live: Saved | None = None) -> Notebook:
        """The notebook as it is now, from the front end's live copy where there is one, else from the file."""
        from .current import current
        from .file import UnreadableNotebookError

        executions, running = self.record.executions, self.record.running
        if live is not None:
            return current(executions, running, live, "live")
        try:
            return current(executions, running, self.document())
        except UnreadableNotebookError as error:
            return current(executions, running, note=str(error))

    def document(self) -> Saved | None:
        """The notebook's file as it was last saved; None where there is none. Raises UnreadableNotebookError."""
        from .file import Reader, find

        running = self.record.running
        path = find(self._shell.user_ns, cell_id=running.key if running else "", folder=self._folder)
        self._reader = self._reader or Reader()
        return self._reader.read(path) if path else None

"""What a question needs of the place where it is asked: a kernel's session, or a notebook that is only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from qwen_magics.context.maker import Memory
    from qwen_magics.ledger import Ledger
    from qwen_magics.notebook.cells import Notebook
    from qwen_magics.settings import Settings
    from qwen_magics.turn.replays import Replays


class Host(Protocol):
    """Where one question is asked: `id` tells sessions apart, `execution` the runs of a cell, `cell_key` names the cell
    where the notebook doesn't.
    """

    id: str

    @property
    def namespace(self) -> dict[str, Any]: ...  # noqa: D102 - the user's variables
    @property
    def memory(self) -> Memory: ...  # noqa: D102 - what was worked out for the last question's cells
    @property
    def ledger(self) -> Ledger: ...  # noqa: D102
    @property
    def replays(self) -> Replays: ...  # noqa: D102 - the saved answers of the notebook
    @property
    def execution(self) -> str: ...  # noqa: D102
    @property
    def cell_key(self) -> str: ...  # noqa: D102

    def settings(self, **options: object) -> Settings:
        """The settings of this moment, a magic's options on top."""

    def notebook(self) -> Notebook:
        """The notebook as it is right now, the asking cell as the running one."""

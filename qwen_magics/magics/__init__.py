"""The kernel's face: `%%qwen` and the line magics. Thin: options in, rooms called, display out. Loads in no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load", "unload"]

_SESSION = "_qwen_magics_session"


def load(shell: InteractiveShell) -> None:
    """Register magics, settings and the kernel's record. Loading twice is harmless."""
    from qwen_magics.magics import help_mark
    from qwen_magics.magics.register import QwenMagics
    from qwen_magics.magics.session import Session

    if hasattr(shell, _SESSION):
        return
    session = Session(shell)
    setattr(shell, _SESSION, session)
    shell.register_magics(QwenMagics(shell, session))
    help_mark.install(shell)


def unload(shell: InteractiveShell) -> None:
    """Take all of it away again."""
    from qwen_magics.magics import help_mark
    from qwen_magics.magics.register import NAMES

    session = shell.__dict__.pop(_SESSION, None)
    if session is None:
        return
    session.close()
    help_mark.remove(shell)
    for kind, names in NAMES.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)

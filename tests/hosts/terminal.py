"""IPython in a terminal: a real one, with a person's keystrokes."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Self

import pexpect

if TYPE_CHECKING:
    from pathlib import Path

_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\-_=>])|\r")
PATIENCE = 60  # seconds


class Terminal:
    """One IPython. `run` pastes a cell and waits for the next prompt."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._folder, self._env, self._count = folder, env, 1

    def __enter__(self) -> Self:
        flags = ["--no-banner", "--colors=NoColor", "--no-confirm-exit", "--TerminalInteractiveShell.term_title=False"]
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", *flags],
            cwd=str(self._folder),
            env={**self._env, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
            dimensions=(100, 200),
            encoding="utf-8",
            timeout=PATIENCE,
        )
        self._prompt()
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def send(self, source: str) -> None:
        """Paste a cell and press Enter."""
        self.child.send(f"\x1b[200~{source}\x1b[201~")
        self.child.send("\x1b\r")

    def run(self, source: str) -> str:
        """What the terminal showed of a cell, without colours."""
        self.send(source)
        self._count += 1
        return self._prompt()

    def discard(self) -> None:
        """Ctrl-C at the prompt: what was put there for the next cell goes."""
        self.child.sendintr()

    def interrupt(self) -> str:
        """Ctrl-C while a cell runs; what it then showed."""
        self.child.sendintr()
        self._count += 1
        return self._prompt()

    def _prompt(self) -> str:
        control = r"(?:\x1b\[[0-9;?]*[a-zA-Z])*"
        self.child.expect(rf"In {control}\[{control}{self._count}{control}\]")
        return _CONTROL.sub("", self.child.before)

"""Arguments of the line magics that ask nothing: argparse, but a mistake is an OptionError and ends no kernel."""

from __future__ import annotations

import argparse
import shlex
from typing import NoReturn

from qwen_magics.errors import OptionError


class Parser(argparse.ArgumentParser):
    """One line magic's arguments; its `?` page is its docstring, so there is no `-h`."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, add_help=False, allow_abbrev=False, exit_on_error=False)

    def read(self, line: str) -> argparse.Namespace:
        """The arguments of a line. Raises OptionError."""
        try:
            return self.parse_args(shlex.split(line))
        except (ValueError, argparse.ArgumentError) as problem:
            self.error(str(problem))

    def error(self, message: str) -> NoReturn:
        """What argparse would print before it ends the process."""
        raise OptionError(f"{self.prog}: {message}.", remedy=f"{self.prog}? shows its options.")

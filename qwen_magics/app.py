"""`jupyter qwen COMMAND …`: finds the command, shows its errors in a line or two. What commands do is in `commands/`.

Nothing heavy is imported for `--help`: a command's own module is imported when that command is called.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from qwen_magics.commands.console import for_terminal
from qwen_magics.errors import QwenError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": "open the quickstart notebook in JupyterLab, answered by the local model",
    "doctor": "what is configured and where it comes from, what answers, where the ledger lies",
    "estimate": "what running a notebook would cost, before it runs",
    "forget": "remove saved answers and threads, and with --spend what was spent, from this machine",
    "login": "store a provider's key with its region and workspace",
    "local": "the local model: fetch its weights, start, stop, status",
    "prices": "what the models cost, tier by tier, with date and source",
    "run": "execute a notebook from top to bottom without a browser, and keep its outputs",
    "strip": "take receipts, thinking and what was asked out of a notebook before it goes to others",
    "usage": "what was spent, from the ledger or from the receipts in notebooks",
}
INTERRUPTED = 130


class Command(Protocol):
    """What a module in `commands/` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add its options."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit code. QwenErrors are shown by `main`."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and which help has more; exit code 2, as is usual for usage errors."""

    def error(self, message: str) -> NoReturn:
        """End with one line."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0, 1 for an error, 2 for wrong usage, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):  # what a terminal can't show becomes a question mark, not a traceback
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    args = parser.parse_args(given[:1])
    name = args.command
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1)
        parser.error(f"there is no command `{name}`" + (f"; did you mean `{near[0]}`?" if near else ""))
    try:
        command = cast("Command", import_module(f"qwen_magics.commands.{name}"))
        own = Parser(prog=f"{parser.prog} {name}", description=_description(command, name), formatter_class=_Help)
        command.add_arguments(own)
        return command.run(own.parse_args(given[1:]))
    except QwenError as error:
        sys.stderr.write(for_terminal(f"{parser.prog} {name}: {error}\n"))
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return INTERRUPTED
    except BrokenPipeError:  # `… | head` has read enough; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


class _Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the paragraphs of a description."""


def _parser() -> Parser:
    width = max(map(len, COMMANDS)) + 2
    listed = "\n".join(f"  {name:<{width}}{does}" for name, does in COMMANDS.items())
    parser = Parser(
        prog="jupyter qwen",
        description="Qwen in Jupyter: the %%qwen magics' other half, for the terminal.",
        epilog=f"commands:\n{listed}\n\n`jupyter qwen COMMAND --help` tells more about each.",
        formatter_class=_Help,
        usage="jupyter qwen COMMAND [options]",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    parser.add_argument("command", metavar="COMMAND", help="one of those below")
    return parser


def _description(command: Command, name: str) -> str:
    return f"{COMMANDS[name][:1].upper()}{COMMANDS[name][1:]}.\n\n{getattr(command, 'HELP', '')}".strip()


class _Version(argparse.Action):
    """`--version`, looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from qwen_magics import __version__

        parser.exit(0, f"qwen-magics {__version__}\n")


if __name__ == "__main__":
    sys.exit(main())

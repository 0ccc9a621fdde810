"""`jupyter qwen login`: asks for region and key on the terminal. What a login is: `qwen_magics.login`."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from qwen_magics import login, settings
from qwen_magics.commands.console import say

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = """The key is asked for, hidden; it is never an argument. Without a terminal it is read from standard input.
It is kept in the system's keyring, or in a file that only you can read where there is none."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("--provider", default="", metavar="NAME", help="alibaba (the default), openrouter, …")
    parser.add_argument(
        "--region", default="", metavar="NAME", help="the key's region, or `try`: ask each region which one knows it"
    )
    parser.add_argument("--workspace", default="", metavar="ID", help="Alibaba Cloud's workspace id, llm-…")
    parser.add_argument("--no-check", dest="check", action="store_false", help="store it without asking the provider")
    parser.add_argument("--logout", action="store_true", help="forget the stored key")


def run(args: Namespace) -> int:
    """Log in or out."""
    qwen = settings.load()
    if args.logout:
        say(login.logout(qwen, args.provider))
        return 0
    terminal = sys.stdin.isatty()
    done = login.login(
        qwen,
        args.provider,
        args.region,
        args.workspace,
        check=args.check,
        ask=getpass.getpass if terminal else _read,
        # Without a terminal nobody can be asked twice: the configured region, or --region.
        choose=input if terminal else lambda _: "",
    )
    say(str(done))
    return 0


def _read(_: str) -> str:
    return sys.stdin.readline()

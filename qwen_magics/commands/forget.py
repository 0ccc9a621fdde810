"""`jupyter qwen forget`: takes saved answers and threads, or all that is known of turns, from this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qwen_magics import settings
from qwen_magics.commands.console import say
from qwen_magics.display.figures import counted
from qwen_magics.errors import OptionError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = """Answers are saved so that one that a rerun overwrote can be brought back; threads of the sidebar are kept
until they are deleted, and 30 days more. What is forgotten can't be read from this machine's files any more: answers,
and threads that were last changed before the given day. Notebooks keep what is in them; keys go by
`jupyter qwen login --logout`."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("--notebook", type=Path, metavar="FILE", help="of one notebook")
    parser.add_argument("--before", metavar="DATE", help="older than this day, as 2026-11-01")
    parser.add_argument("--all", action="store_true", help="everything")
    parser.add_argument("--spend", action="store_true", help="what was spent too: totals and day guards start anew")


def run(args: Namespace) -> int:
    """Forget."""
    from qwen_magics.ledger import Ledger, spans
    from qwen_magics.server.threads.store import FILE, Threads

    if not (args.notebook or args.before or args.all):
        raise OptionError("Nothing is forgotten unasked.", remedy="--notebook FILE, --before DATE or --all")
    folder = settings.load().with_options().data_dir
    ledger = Ledger(folder / "ledger.sqlite")
    notebook = None if args.notebook is None else str(args.notebook.absolute())
    before = spans.day(args.before, None) if args.before else None
    count = threads = 0
    if ledger.path.exists():
        count = ledger.forget(notebook=notebook, before=before, spend=args.spend)
    if (folder / FILE).exists():
        threads = Threads(folder / FILE).forget(notebook=notebook, before=before)
    said = [counted(count, "turn" if args.spend else "saved answer")]
    said += [counted(threads, "thread")] if threads else []
    say(f"{' and '.join(said)} forgotten.")
    return 0

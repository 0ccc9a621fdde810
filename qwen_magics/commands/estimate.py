"""`jupyter qwen estimate NOTEBOOK`: what Run All would cost, before it runs. Needs no kernel, key, network or model."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from traitlets.config import Config

from qwen_magics import settings
from qwen_magics.commands.console import as_json, say
from qwen_magics.errors import OptionError, QwenError
from qwen_magics.settings import PROVIDERS, REGIONS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from decimal import Decimal

    from qwen_magics.notebook.cells import Notebook
    from qwen_magics.settings import Qwen
    from qwen_magics.turn.estimate import Estimate

HELP = """Counts what each %%qwen cell and %qwen line would send if a fresh kernel ran the whole notebook. What code
cells show, and what {{ }} held, is taken as saved in the file; questions whose saved answer comes back cost nothing.
Settings are those that a kernel here would see, and the notebook's own %config lines.

With --max it fails (exit code 1) where the worst case is over it, or where it isn't known: for CI."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--max", dest="most", type=_limit, metavar="AMOUNT", help='1.00, "1.00 USD", 5CNY')
    parser.add_argument("--allow-unknown", action="store_true", help="with --max: go by what is known")
    parser.add_argument("-p", "--provider", choices=PROVIDERS, help="as QWEN_MAGICS_PROVIDER does")
    parser.add_argument("--region", choices=tuple(REGIONS), help="as QWEN_MAGICS_REGION does")
    parser.add_argument("-m", "--model", metavar="NAME", help="as QWEN_MAGICS_MODEL does")
    parser.add_argument("--json", action="store_true", help="with every digit, for programs")


def run(args: Namespace) -> int:
    """Show it; GuardError, so exit code 1, where it is over --max."""
    from qwen_magics.display import estimate as display
    from qwen_magics.ledger import Ledger
    from qwen_magics.magics.estimate import check
    from qwen_magics.magics.run_all import RunAll

    given = {name: getattr(args, name) for name in ("provider", "region", "model") if getattr(args, name)}
    qwen = _settings(given)
    with ExitStack() as stack:
        path = qwen.with_options().data_dir / "ledger.sqlite"
        if not path.exists():  # looking leaves no trace
            path = Path(stack.enter_context(TemporaryDirectory()), "ledger.sqlite")
        ledger = Ledger(path)
        stack.callback(ledger.close)
        found = RunAll(_read(args.notebook.absolute()), qwen, ledger, given=given).estimate()
    say(as_json(_plain(found)) if args.json else display.table(found).plain())
    if args.most is not None:
        check(found, args.most, allow_unknown=args.allow_unknown)
    return 0


def _limit(text: str) -> dict[str, Decimal]:
    from qwen_magics.magics.estimate import limit

    try:
        return limit(text)
    except OptionError as problem:
        raise argparse.ArgumentTypeError(f"{text} is no amount") from problem


def _settings(given: dict[str, str]) -> Qwen:
    """As a kernel would see them, with what was given in place of variables: the notebook's %config lines win."""
    qwen = settings.load()
    qwen.update_config(Config(Qwen=given))
    return qwen


def _read(path: Path) -> Notebook:
    from qwen_magics.notebook.current import current
    from qwen_magics.notebook.file import Reader, UnreadableNotebookError

    if not path.exists():
        raise QwenError(f"There is no notebook {path}.")
    try:
        return current((), None, Reader().read(str(path)))
    except UnreadableNotebookError as problem:
        raise QwenError(f"{problem}.") from None


def _plain(found: Estimate) -> dict[str, Any]:
    """For programs: every digit, and no formatted money."""
    return {
        "turns": [
            {
                "cell": line.number,
                "question": line.title,
                "where": line.where,
                "model": line.model,
                "input": line.tokens,
                "input_is": line.sure,
                "replays": line.replays,
                "saves": line.saves.amount if line.saves else None,
                "currency": line.cost.worst.currency if line.cost else None,
                "tier_up_to": line.cost.likely.tier.up_to if line.cost and line.cost.likely.tier else None,
                "expected": {name: getattr(line.cost, name).amount for name in ("low", "likely", "high")}
                if line.cost
                else None,
                "worst": line.cost.worst.amount if line.cost else None,
                "answers_of_basis": line.basis,
                "unknown": line.unknown,
                "unknown_above": line.above,
                "fails": line.fails or None,
            }
            for line in found.lines
        ],
        "totals": [{name: getattr(one, name) for name in one.__struct_fields__} for one in found.sums()],
        "unknown": found.unknown,
        "chain_breaks_at": found.breaks.number if found.breaks else None,
    }

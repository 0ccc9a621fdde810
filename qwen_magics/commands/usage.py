"""`jupyter qwen usage`: what the ledger of this machine holds, or the receipts in notebooks. Adds nothing up itself."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen_magics import settings
from qwen_magics.commands.console import say
from qwen_magics.errors import OptionError

if TYPE_CHECKING:
    import datetime as dt
    from argparse import ArgumentParser, Namespace

    from qwen_magics.display.spending import Named
    from qwen_magics.ledger import By, Filter, Ledger, Total

HELP = """Of notebooks that are named, the receipts that stand in them are added up: no ledger is needed, each turn
counts once, and no other option but --json goes with them.

Days and months are local ones, or those of --tz: `--month 2026-11 --tz Asia/Shanghai` shows a month by day and by
model, to lay beside Alibaba Cloud's bill. --csv and --json give every turn with every digit: money as text, times in
UTC. Columns, which stay (new ones come at the end):

{columns}"""
_ONLY_LEDGER = ("by", "since", "until", "month", "notebook", "model")


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    from qwen_magics.ledger import GROUPS, spans
    from qwen_magics.ledger.records import COLUMNS

    parser.description = (parser.description or "").replace("{columns}", _listed(COLUMNS))
    parser.add_argument("files", nargs="*", type=Path, metavar="NOTEBOOK", help="add up the receipts in these files")
    parser.add_argument("--by", choices=GROUPS, help="one line for each (default: model)")
    parser.add_argument("--month", metavar="MONTH", help="of one month, as 2026-11, by day and by model")
    parser.add_argument(
        "--tz", default=spans.LOCAL, metavar="ZONE", help="whose days, as Asia/Shanghai (default: local)"
    )
    parser.add_argument("--since", metavar="DATE", help="from this day on, as 2026-11-01")
    parser.add_argument("--until", metavar="DATE", help="up to and with this day")
    parser.add_argument("--notebook", type=Path, metavar="FILE", help="of one notebook only")
    parser.add_argument("--model", metavar="NAME", help="of one model only")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="totals and turns, for programs")
    form.add_argument("--csv", action="store_true", help="a line for each turn, for spreadsheets")


def run(args: Namespace) -> int:
    """Show it."""
    from qwen_magics.display import export
    from qwen_magics.ledger import Ledger, flat, spans

    if args.files:
        return _files(args)
    tz = spans.zone(args.tz)
    chosen = _chosen(args, tz)
    ledger = Ledger(settings.load().with_options().data_dir / "ledger.sqlite")
    by: By = args.by or ("day" if args.month else "model")
    turns = [flat(entry) for entry in ledger.rows(chosen)] if (args.csv or args.json) and ledger.path.exists() else []
    if args.csv:
        sys.stdout.write(export.as_csv(turns))
    elif args.json:
        totals = export.totals(_totals(ledger, chosen, by, tz))
        say(export.as_json({"by": by, "totals": totals, "turns": turns, "ledger": ledger.path}))
    else:
        say(*_tables(ledger, chosen, args, tz), "", f"Ledger: {ledger.path}")
    return 0


def _chosen(args: Namespace, tz: dt.tzinfo | None) -> Filter:
    from qwen_magics.ledger import Filter, spans

    if args.month and (args.since or args.until):
        raise OptionError("--month goes neither with --since nor with --until.", remedy="Leave one of them out.")
    month = spans.month(args.month, tz) if args.month else Filter()
    return Filter(
        since=spans.day(args.since, tz) if args.since else month.since,
        until=spans.day(args.until, tz, after=1) if args.until else month.until,
        notebook=None if args.notebook is None else str(args.notebook.absolute()),
        model=args.model,
    )


def _totals(ledger: Ledger, chosen: Filter, by: By, tz: dt.tzinfo | None) -> list[Total]:
    return ledger.spent(chosen, by, tz) if ledger.path.exists() else []


# --- tables -----------------------------------------------------------------------------------------------------------


def _tables(ledger: Ledger, chosen: Filter, args: Namespace, tz: dt.tzinfo | None) -> list[str]:
    """A month's statement, or one table."""
    from qwen_magics.display import spending
    from qwen_magics.ledger import Filter, spans

    whole = _totals(ledger, chosen, "", tz)
    if not whole:
        return ["Nothing was asked yet." if chosen == Filter() else "No turns there."]
    room = shutil.get_terminal_size().columns
    cells = _cells(args.notebook) if args.by == "cell" and args.notebook else {}

    def named(by: By) -> Named:
        return spending.named(_totals(ledger, chosen, by, tz), by, cells=cells)

    if args.month:
        kinds: tuple[By, ...] = (args.by,) if args.by else ("day", "model")
        groups = {by: named(by) for by in kinds}
        shown = spending.statement(groups, whole, args.month, spans.named(tz), room)
        return ["\n\n".join(text for _, text in shown)]
    by: By = args.by or "model"
    made = []
    if chosen == Filter():
        today = spans.today(tz)
        parts = (("today", Filter(since=today)), ("this month", Filter(since=today.replace(day=1))), ("all", chosen))
        made.append(spending.table([(name, t) for name, part in parts for t in _totals(ledger, part, "", tz)], ""))
    made.append(spending.table(named(by), by, whole=() if made else whole, quiet=(spending.foot(whole),)))
    bars = [text for _, text in spending.charts(named(by), f"Spent by {by}", by)]
    return ["\n\n".join([*(spending.plain(table, room) for table in made), *bars])]


def _cells(path: Path) -> dict[tuple[str, str], str]:
    """What the cells of a notebook are called; nothing where it can't be read (any more)."""
    from qwen_magics.display import spending
    from qwen_magics.notebook.file import Reader, UnreadableNotebookError

    name = str(path.absolute())
    try:
        return spending.cells(name, ((cell.id, cell.source) for cell in Reader().read(name).cells))
    except UnreadableNotebookError:
        return {}


def _listed(names: tuple[str, ...]) -> str:
    import textwrap

    return textwrap.fill(", ".join(names), 100, initial_indent="  ", subsequent_indent="  ")


# --- files ------------------------------------------------------------------------------------------------------------


def _files(args: Namespace) -> int:
    """The receipts in notebooks, by file and in all."""
    from qwen_magics.display import export, spending
    from qwen_magics.ledger import Entry, Where, flat, totals

    wrong = [name for name in _ONLY_LEDGER if getattr(args, name)] + (["csv"] if args.csv else [])
    if wrong:
        raise OptionError(
            f"--{wrong[0]} is asked of the ledger, not of receipts in files.", remedy="Leave out one of the two."
        )
    found = _receipts(args.files)
    pairs = {path: [(one.receipt, len(one.turns)) for one in saved] for path, saved in found.items()}
    whole = totals(pair for some in pairs.values() for pair in some)
    if args.json:
        files = [{"file": path, "totals": export.totals(totals(some))} for path, some in pairs.items()]
        turns = [flat(Entry(one.receipt, Where(path, "", ""))) for path, saved in found.items() for one in saved]
        say(export.as_json({"files": files, "totals": export.totals(whole), "turns": turns}))
        return 0
    rows = [(path, total) for path, some in pairs.items() for total in totals(some)]
    if not rows:
        say("No receipts there.")
        return 0
    made = spending.table(rows, "file", whole=whole, quiet=(spending.foot(whole, spending.FILES),))
    say(spending.plain(made, shutil.get_terminal_size().columns))
    return 0


def _receipts(files: list[Path]) -> dict[str, list[Any]]:
    """By file; a turn that stands in several counts where it comes first."""
    from qwen_magics.notebook import receipts
    from qwen_magics.notebook.file import Reader, UnreadableNotebookError

    seen: set[str] = set()
    found = {}
    for path in dict.fromkeys(files):
        try:
            saved = Reader().read(str(path))
        except UnreadableNotebookError as error:
            raise OptionError(f"{error}.") from None
        found[str(path)] = receipts.read((output for cell in saved.cells for output in cell.outputs), seen)
    return found

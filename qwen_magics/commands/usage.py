"""`jupyter qwen usage`: what the ledger of this machine holds, as tables, JSON or CSV. Adds nothing up itself."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen_magics import settings
from qwen_magics.commands.console import as_json, say
from qwen_magics.errors import OptionError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from qwen_magics.ledger import Filter, Ledger, Total

HELP = """Days are local ones. --csv and --json give every turn with every digit."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    from qwen_magics.ledger import GROUPS

    parser.add_argument("--by", choices=GROUPS, default="model", help="one line for each (default: model)")
    parser.add_argument("--since", metavar="DATE", help="from this day on, as 2026-11-01")
    parser.add_argument("--until", metavar="DATE", help="up to and with this day")
    parser.add_argument("--notebook", type=Path, metavar="FILE", help="of one notebook only")
    parser.add_argument("--model", metavar="NAME", help="of one model only")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="totals and turns, for programs")
    form.add_argument("--csv", action="store_true", help="a line for each turn, for spreadsheets")


def run(args: Namespace) -> int:
    """Show it."""
    from qwen_magics.ledger import Filter, Ledger

    chosen = Filter(
        since=day(args.since),
        until=day(args.until, after=1),
        notebook=None if args.notebook is None else str(args.notebook.absolute()),
        model=args.model,
    )
    ledger = Ledger(settings.load().with_options().data_dir / "ledger.sqlite")
    if args.csv:
        _csv(ledger, chosen)
    elif args.json:
        say(as_json(_plain(ledger, chosen, args.by)))
    else:
        say(_table(ledger, chosen, args.by), "", f"Ledger: {ledger.path}")
    return 0


def day(text: str | None, after: int = 0) -> dt.datetime | None:
    """The local midnight that a date begins with, or some days after. Raises OptionError."""
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=after)
    except ValueError:
        raise OptionError(f"`{text}` is no date; write it as 2026-11-01.") from None
    return dt.datetime(day.year, day.month, day.day).astimezone()  # local, with the offset of that day


def _table(ledger: Ledger, chosen: Filter, by: str) -> str:
    from qwen_magics.display import reports
    from qwen_magics.ledger import Filter

    totals = _totals(ledger, chosen, by)
    if not totals:
        return "Nothing was asked yet." if chosen == Filter() else "No turns there."
    groups = [(total.group or "(none)", total) for total in totals]
    if chosen == Filter():
        today = dt.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        for name, since in (("today", today), ("this month", today.replace(day=1))):
            groups += [(name, total) for total in _totals(ledger, Filter(since=since), "")]
    groups += [("all", total) for total in _totals(ledger, chosen, "")]
    return reports.spending(groups, by).plain()


def _totals(ledger: Ledger, chosen: Filter, by: Any) -> list[Total]:
    return ledger.spent(chosen, by) if ledger.path.exists() else []


def _turns(ledger: Ledger, chosen: Filter) -> list[dict[str, Any]]:
    from qwen_magics.ledger import flat

    return [flat(entry) for entry in ledger.rows(chosen)] if ledger.path.exists() else []


def _plain(ledger: Ledger, chosen: Filter, by: str) -> dict[str, Any]:
    totals = [{name: getattr(total, name) for name in total.__struct_fields__} for total in _totals(ledger, chosen, by)]
    return {"by": by, "totals": totals, "turns": _turns(ledger, chosen), "ledger": ledger.path}


def _csv(ledger: Ledger, chosen: Filter) -> None:
    from qwen_magics.ledger import flat
    from qwen_magics.ledger.reports import Entry, Where
    from qwen_magics.values import Receipt

    nothing = flat(
        Entry(Receipt(id="", time="", provider="", model=""), Where("", "", ""))
    )  # its names are the heading
    writer = csv.DictWriter(sys.stdout, fieldnames=list(nothing), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in turn.items()} for turn in _turns(ledger, chosen))


def _safe(value: Any) -> Any:
    """A spreadsheet runs a text that begins like a formula, and file names and errors are others' texts."""
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    return value if value[1:].replace(".", "", 1).isdecimal() else f"'{value}"

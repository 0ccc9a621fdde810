"""`%qwen_usage`: what was spent, from the ledger, and what the receipts in this notebook come to."""

from __future__ import annotations

import datetime as dt
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qwen_magics.display import chart, reports
from qwen_magics.errors import OptionError
from qwen_magics.ledger import GROUPS, Filter, Total, flat, totals
from qwen_magics.magics import report
from qwen_magics.magics.arguments import Parser
from qwen_magics.magics.prepare import place
from qwen_magics.notebook import receipts

if TYPE_CHECKING:
    from qwen_magics.display.table import Table
    from qwen_magics.magics.session import Session


def usage(session: Session, line: str) -> Any:
    """Show it, or return the ledger's rows as a DataFrame."""
    parser = Parser("%qwen_usage")
    parser.add_argument("--by", choices=GROUPS)
    parser.add_argument("--last", action="store_true")
    parser.add_argument("-o", dest="out", choices=("df",))
    asked = parser.read(line)
    if asked.out:
        return _frame([flat(entry) for entry in session.ledger.rows()])
    if asked.last:
        _show_last(session)
    elif asked.by:
        groups = [(total.group or "(none)", total) for total in session.ledger.spent(by=asked.by)]
        _show(session, asked.by, groups)
    else:
        _show_overview(session)
    return None


def _show(session: Session, heading: str, groups: list[tuple[str, Total]]) -> None:
    if not groups:
        report.say(session.shell, "Nothing was asked yet.")
        return
    table = reports.spending(groups, heading)
    report.show(session.shell, table, *_chart(groups, f"Spent by {heading}"))


def _show_overview(session: Session) -> None:
    """This notebook, this session, today and all; by model; and the receipts that stand in this notebook."""
    notebook = session.notebook()
    here = place(session, notebook).notebook
    today = dt.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    spans = [
        ("this notebook", Filter(notebook=here)),
        ("this session", Filter(session=session.id)),
        ("today", Filter(since=today)),
        ("all", Filter()),
    ]
    groups = [(name, total) for name, chosen in spans for total in session.ledger.spent(chosen)]
    groups += [("receipts in this notebook", total) for total in totals(receipts.read(notebook))]
    if not groups:
        report.say(session.shell, "Nothing was asked yet.")
        return
    models = [(total.group, total) for total in session.ledger.spent(by="model")]
    parts: list[Table | tuple[str, str]] = [reports.spending(groups, "", ())]
    parts += [reports.spending(models, "by model"), *_chart(models, "Spent by model")]
    report.show(session.shell, *parts)


def _chart(groups: list[tuple[str, Total]], title: str) -> list[tuple[str, str]]:
    if len(groups) < 2:
        return []
    bars = reports.bars(groups)
    return [(chart.html(bars, title), chart.plain(bars))]


def _show_last(session: Session) -> None:
    """What reruns of this notebook's cells overwrote: of each cell the answer before its newest."""
    here = place(session, session.notebook()).notebook
    newest: set[str] = set()
    shown: set[str] = set()
    for answer in session.ledger.answers(here, limit=200):
        cell = answer.place.cell_id
        if cell in newest and cell not in shown:
            shown.add(cell)
            asked = " ".join(answer.asked.split())
            head = f"{answer.time} · {answer.model} · {answer.status} · {asked[-80:]}"
            report.text(session.shell, head, answer.text)
        newest.add(cell)
    if not shown:
        report.say(session.shell, "No answer of this notebook was overwritten.")


def _frame(rows: list[dict[str, Any]]) -> Any:
    """A DataFrame of pandas or polars, whichever the session uses already, pandas first."""
    for name in sorted(("pandas", "polars"), key=lambda name: name not in sys.modules):
        try:
            return import_module(name).DataFrame(rows)
        except ImportError:
            continue
    raise OptionError("-o df needs pandas or polars.", remedy="%pip install pandas")

"""`%qwen_usage`: what was spent, from the ledger, and what the receipts in this notebook come to."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from qwen_magics.display import export, spending
from qwen_magics.errors import OptionError
from qwen_magics.ledger import ALL, GROUPS, Filter, flat, spans, totals
from qwen_magics.magics import hint, report
from qwen_magics.magics.arguments import Parser
from qwen_magics.magics.prepare import place
from qwen_magics.notebook import receipts
from qwen_magics.turn.ask import SIDEBAR

if TYPE_CHECKING:
    import datetime as dt
    from argparse import Namespace

    from qwen_magics.display.spending import Named
    from qwen_magics.display.table import Table
    from qwen_magics.ledger import By
    from qwen_magics.magics.session import Session


def usage(session: Session, line: str) -> Any:
    """Show it, or return the ledger's rows."""
    asked = _read(line)
    tz = spans.zone(asked.tz)
    chosen = spans.month(asked.month, tz) if asked.month else ALL
    if asked.out:
        return _returned(session, asked, chosen, tz)
    if asked.live:
        from qwen_magics.magics.live import follow

        follow(session)
    elif asked.last:
        _show_last(session)
    elif asked.month:
        _show_month(session, asked, chosen, tz)
    elif asked.by:
        _show_by(session, asked.by, tz)
    else:
        _show_overview(session, tz)
    return None


def _read(line: str) -> Namespace:
    parser = Parser("%qwen_usage")
    parser.add_argument("--by", choices=GROUPS)
    parser.add_argument("--month")
    parser.add_argument("--tz", default=spans.LOCAL)
    parser.add_argument("--last", action="store_true")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("-o", dest="out", choices=("df", "csv", "json"))
    return parser.read(line)


def _returned(session: Session, asked: Namespace, chosen: Filter, tz: dt.tzinfo | None) -> Any:
    """The turns as a DataFrame or CSV; as JSON with their totals."""
    rows = [flat(entry) for entry in session.ledger.rows(chosen)]
    if asked.out == "df":
        return _frame(rows)
    if asked.out == "csv":
        return export.as_csv(rows)
    by: By = asked.by or ("day" if asked.month else "model")
    return export.as_json({"by": by, "totals": export.totals(session.ledger.spent(chosen, by, tz)), "turns": rows})


def _show_by(session: Session, by: By, tz: dt.tzinfo | None) -> None:
    whole = session.ledger.spent()
    groups = _named(session, by, ALL, tz)
    if not groups:
        report.say(session.shell, "Nothing was asked yet.")
        return
    table = spending.table(groups, by, whole=whole, quiet=(spending.foot(whole),))
    report.show(session.shell, _shown(table), *spending.charts(groups, f"Spent by {by}", by))


def _show_month(session: Session, asked: Namespace, chosen: Filter, tz: dt.tzinfo | None) -> None:
    """A month's turns by day and by model, to lay beside a bill."""
    whole = session.ledger.spent(chosen)
    if not whole:
        report.say(session.shell, f"No turns in {asked.month}, {spans.named(tz)}.")
        return
    kinds: tuple[By, ...] = (asked.by,) if asked.by else ("day", "model")
    groups = {by: _named(session, by, chosen, tz) for by in kinds}
    report.show(session.shell, *spending.statement(groups, whole, asked.month, spans.named(tz)))


def _named(session: Session, by: By, chosen: Filter, tz: dt.tzinfo | None) -> Named:
    """The groups by the names that they have here."""
    found = session.ledger.spent(chosen, by, tz)
    cells = _cells(session) if by == "cell" else {}
    return spending.named(found, by, cells=cells, session=session.id)


def _cells(session: Session) -> dict[tuple[str, str], str]:
    notebook = session.notebook()
    here = place(session, notebook).notebook
    return spending.cells(here, ((cell.id, cell.source) for cell in notebook.cells))


def _shown(table: Table) -> tuple[str, str]:
    return table.html(), spending.plain(table)


def _show_overview(session: Session, tz: dt.tzinfo | None) -> None:
    """This notebook, this session, today and all; by model; and the receipts that stand in this notebook."""
    notebook = session.notebook()
    here = place(session, notebook).notebook
    parts = [
        ("this notebook", Filter(notebook=here)),
        ("this session", Filter(session=session.id)),
        ("today", Filter(since=spans.today(tz))),
        ("all", ALL),
    ]
    groups = [(name, total) for name, chosen in parts for total in session.ledger.spent(chosen)]
    saved = receipts.read(output for cell in notebook.cells for output in cell.outputs)
    written = totals((one.receipt, len(one.turns)) for one in saved)
    groups += [("receipts in this notebook", total) for total in written]
    if not groups:
        report.say(session.shell, "Nothing was asked yet.")
        return
    models = _named(session, "model", ALL, tz)
    foot = (spending.foot(session.ledger.spent() or written),)
    overview = spending.table(groups, "", sentences=hint.marks(session), quiet=() if models else foot)
    by_model = [_shown(spending.table(models, "by model", quiet=foot))] if models else []
    report.show(session.shell, _shown(overview), *by_model, *spending.charts(models, "Spent by model"))


def _show_last(session: Session) -> None:
    """What reruns of this notebook's cells overwrote: of each cell the answer before its newest."""
    here = place(session, session.notebook()).notebook
    newest: set[str] = set()
    shown: set[str] = set()
    for answer in session.ledger.answers(here, limit=200):
        cell = answer.place.cell_id
        if cell in newest and cell not in shown and cell != SIDEBAR:
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

"""What was spent, and budgets: the ledger's own sums, those of `%qwen_usage` and `%qwen_budget`. Adds nothing up."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from qwen_magics.server.handler import Handler, Refused
from qwen_magics.server.kernels import elsewhere
from qwen_magics.server.office import Budget, DaySum, SetBudget, Sum, TurnLine, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from qwen_magics.ledger import Entry, Filter, Standing, Total
    from qwen_magics.server.desk import Desk

DAYS = 31  # of the chart
LAST = 50  # turns of the table
LARGEST, PLACES = 10**12, 12  # of a budget: so much and more is none, and so many digits behind the point
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}

# --- usage ----------------------------------------------------------------------------------------------------------


def usage(desk: Desk, path: str = "", *, brief: bool = False, sidebar_only: bool = False) -> Usage:
    """All that the view shows; `brief`: what the status bar does, which is quick however much there is. Blocks. Raises
    LedgerError; makes no ledger where there is none.
    """
    from datetime import timedelta

    from qwen_magics.display.spending import foot
    from qwen_magics.ledger import ALL, Filter, spans

    today, place = spans.today(None), desk.place(path)
    said = Usage(
        today=_sums(_spent(desk, Filter(since=today))),
        notebook=_sums(_spent(desk, Filter(notebook=place))) if path else [],
        budgets=_budgets(desk, place),
        sidebar_only=sidebar_only,
    )
    if brief:
        return said
    whole = _spent(desk, ALL)
    first, month = today.date() - timedelta(days=DAYS - 1), today.date().replace(day=1)
    days = desk.books.spent(Filter(since=spans.midnight(first, None)), "day", split="model") if whole else []
    return replace(
        said,
        month=_sums(_spent(desk, Filter(since=spans.midnight(month, None)))),
        all=_sums(whole),
        days=[DaySum(day=total.group, model=total.within, **_fields(total)) for total in days],
        turns=_last(desk),
        foot=foot(whole),
    )


def _spent(desk: Desk, chosen: Filter) -> list[Total]:
    return desk.books.spent(chosen) if desk.books.path.exists() else []


def _sums(totals: Iterable[Total]) -> list[Sum]:
    return [Sum(**_fields(total)) for total in totals]


def _fields(total: Total) -> dict[str, Any]:
    same = {name: getattr(total, name) for name in Sum.__struct_fields__ if name not in ("amount", "bound")}
    return same | {
        "amount": total.amount if total.currency else None,
        "bound": "at_least" if total.at_least else "exact",
    }


def _last(desk: Desk) -> list[TurnLine]:
    """The last turns of this machine, newest first."""
    return [_line(desk, entry) for entry in desk.books.last(LAST)] if desk.books.path.exists() else []


def _line(desk: Desk, entry: Entry) -> TurnLine:
    from qwen_magics.turn.ask import SIDEBAR

    receipt, place = entry.receipt, entry.place
    sidebar = place.cell_id == SIDEBAR
    return TurnLine(
        id=receipt.id,
        time=receipt.time,
        notebook=_relative(desk, place.notebook),
        cell="" if sidebar else place.cell_id,
        source="sidebar" if sidebar else "cell",
        receipt=receipt,
    )


def _relative(desk: Desk, name: str) -> str:
    """A notebook's name in the ledger, as the server calls it; as it is where it lies elsewhere."""
    root = desk.place(".") if desk.root else ""
    return Path(name).relative_to(root).as_posix() if root and Path(name).is_relative_to(root) else name


# --- budgets --------------------------------------------------------------------------------------------------------


def _budgets(desk: Desk, place: str) -> list[Budget]:
    """Every guard rail and budget, as `%qwen_budget` has them: by scope, the smallest first."""
    from qwen_magics.ledger import SCOPES, Standing
    from qwen_magics.turn.budget import ceilings

    own = ceilings(desk.settings())
    found = desk.books.budgets(place, own) if desk.books.path.exists() else [Standing(one) for one in own]
    ordered = sorted(
        found, key=lambda one: (SCOPES.index(one.ceiling.scope), one.ceiling.currency != "USD", one.ceiling.amount)
    )
    shown: dict[tuple[str, str], Standing] = {}
    for one in ordered:
        shown.setdefault((one.ceiling.scope, one.ceiling.currency), one)
    return [_budget(one, holds=shown[one.ceiling.scope, one.ceiling.currency] is one) for one in ordered]


def _budget(standing: Standing, *, holds: bool) -> Budget:
    from qwen_magics.ledger.budgets import BY

    ceiling = standing.ceiling
    counts = ceiling.scope != "turn"
    return Budget(
        scope=ceiling.scope,
        currency=ceiling.currency,
        amount=ceiling.amount,
        spent=standing.spent if counts else None,
        reserved=standing.reserved if counts else None,
        left=standing.left,
        by=ceiling.by,
        editable=ceiling.by == BY,
        guard=not ceiling.budget,
        holds=holds,
    )


def set_budget(desk: Desk, asked: SetBudget) -> None:
    """Set it for every kernel of this machine, or take it away: what `%qwen_budget` does. Blocks. Raises Refused."""
    if asked.amount is not None and not _is_money(asked.amount):
        raise Refused(HTTPStatus.BAD_REQUEST, "A budget is an amount of money from 0 on.")
    if asked.scope == "notebook" and not asked.notebook:
        raise Refused(HTTPStatus.BAD_REQUEST, "Which notebook's budget? `notebook` names it.")
    desk.ledger.set_budget(asked.scope, asked.currency, asked.amount, desk.place(asked.notebook))


def _is_money(amount: Decimal) -> bool:
    """Whether it can be one: `1e999999` would be kept, and shown, with all its digits."""
    return amount.is_finite() and 0 <= amount < LARGEST and amount == round(amount, PLACES)


# --- export ---------------------------------------------------------------------------------------------------------


def export(desk: Desk, form: str, path: str = "") -> str:
    """The turns with every digit, of one notebook or all: CSV, or JSON with their totals. Blocks."""
    from qwen_magics.display import export as written
    from qwen_magics.ledger import Filter, flat

    chosen = Filter(notebook=desk.place(path) if path else None)
    there = desk.books.path.exists()
    turns = [flat(entry) for entry in desk.books.rows(chosen)] if there else []
    if form == "csv":
        return written.as_csv(turns)
    totals = written.totals(desk.books.spent(chosen, "model") if there else [])
    return written.as_json({"by": "model", "totals": totals, "turns": turns})


class UsageHandler(Handler):
    """`GET usage?notebook=PATH&brief=1`."""

    async def get(self) -> None:
        """Answers Usage."""
        path = self.get_query_argument("notebook", "")
        away = await elsewhere(self, path)
        brief = self.get_query_argument("brief", "") not in ("", "0")
        self.answer(await self.work(lambda: usage(self.desk, path, brief=brief, sidebar_only=away)))


class BudgetsHandler(Handler):
    """`PUT budgets`."""

    async def put(self) -> None:
        """Takes a SetBudget, answers Usage."""
        asked = self.body(SetBudget)
        await self.work(set_budget, self.desk, asked)
        away = await elsewhere(self, asked.notebook)
        self.answer(await self.work(lambda: usage(self.desk, asked.notebook, sidebar_only=away)))


class ExportHandler(Handler):
    """`GET usage/export?format=csv|json&notebook=PATH`."""

    async def get(self) -> None:
        """Answers a file."""
        form = self.get_query_argument("format", "csv")
        if form not in TYPES:
            raise Refused(HTTPStatus.BAD_REQUEST, f"`format` is one of {', '.join(TYPES)}.")
        text = await self.work(export, self.desk, form, self.get_query_argument("notebook", ""))
        self.set_header("Content-Disposition", f'attachment; filename="qwen-usage.{form}"')
        self.finish(text, set_content_type=TYPES[form])

"""`%qwen_budget`'s table: every guard rail and budget, what is spent and reserved under it, and which one holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.display import figures
from qwen_magics.display.figures import LOSS
from qwen_magics.display.table import Column, Table
from qwen_magics.ledger import SCOPES, WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from qwen_magics.ledger import Standing

_TEXT = 80  # columns in a terminal
BLOCKS = 8  # of a full meter
_COLUMNS = (
    Column("budget for"), Column("at most", "right"), Column("spent", "right"), Column("reserved", "right"),
    Column("left", "right"), Column(""), Column("set by", quiet=True),
    Column("", quiet=True, wraps=True),
)  # fmt: skip
_HOW = "`%qwen_budget 2 USD/day` sets one (/turn, /notebook, /day, /month), `%qwen_budget off/day` takes it away."
_RULE = (
    "What doesn't fit gets a shorter answer before it is refused. While a budget is set, a turn without a price, or "
    "priced in another currency, needs `--unpriced`."
)
_WHOSE = "Turns of this machine only, those in flight reserved at their worst case. Days and months are local."


def budgets(standings: Sequence[Standing], *said: str) -> Table:
    """All of them: per scope and currency the smallest first, which holds."""
    ordered = sorted(
        standings,
        key=lambda one: (SCOPES.index(one.ceiling.scope), one.ceiling.currency != "USD", one.ceiling.amount),
    )
    tightest: dict[tuple[str, str], Standing] = {}
    for one in ordered:
        tightest.setdefault((one.ceiling.scope, one.ceiling.currency), one)
    rails = "; the guard rails above hold" if standings else ""
    none = () if any(one.ceiling.budget for one in standings) else (f"No budget is set{rails}.",)
    rule = () if none else (_RULE,)
    rows = tuple(_row(one, holds=tightest[one.ceiling.scope, one.ceiling.currency] is one) for one in ordered)
    return Table(columns=_COLUMNS, rows=rows, sentences=(*said, *none), quiet=(_HOW, *rule, _WHOSE), wide=_TEXT).slim()


def _row(standing: Standing, *, holds: bool) -> tuple[str, ...]:
    ceiling, currency = standing.ceiling, standing.ceiling.currency
    counts = ceiling.scope != "turn"
    left = figures.money(standing.left, currency)
    return (
        WORDS[ceiling.scope],
        figures.exact(ceiling.amount, currency),
        figures.money(standing.spent, currency) if counts else "",
        figures.money(standing.reserved, currency) if standing.reserved else "",
        (f"{LOSS} {left}" if standing.left < 0 else left) if counts else "",
        _meter(standing) if counts else "",
        ceiling.by,
        "" if holds else "the smaller one holds",
    )


def _meter(standing: Standing) -> str:
    """`▮▮▯▯▯▯▯▯ 23 %`: how much is spent or reserved."""
    amount, used = standing.ceiling.amount, standing.spent + standing.reserved
    full = BLOCKS if used >= amount else min(BLOCKS - 1, int((BLOCKS * used / amount).to_integral_value()))
    if used > 0:  # neither none nor all before it is
        full = max(full, 1)
    return f"{'▮' * full}{'▯' * (BLOCKS - full)} {_percent(used, amount)}"


def _percent(used: Decimal, amount: Decimal) -> str:
    if used >= amount:  # of a budget of nothing all is gone before a turn
        return "100 %"
    places = 10**9
    return figures.percent(int(used * places), int(amount * places))

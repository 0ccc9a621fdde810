"""Budgets that `%qwen_budget` set: rows of the ledger, so that every kernel of the machine obeys at its next turn."""

from __future__ import annotations

import datetime as dt
import sqlite3
from decimal import Decimal

from qwen_magics.ledger.ceilings import SCOPES, Ceiling, Scope
from qwen_magics.ledger.forms import digits, utc

BY = "%qwen_budget"


def save(transaction: sqlite3.Connection, scope: Scope, currency: str, amount: Decimal | None, notebook: str) -> None:
    """One more row; the newest of a scope, notebook and currency holds. None: no budget any more."""
    transaction.execute(
        "insert into budgets (time, scope, notebook, currency, amount) values (?, ?, ?, ?, ?)",
        (
            utc(dt.datetime.now(dt.UTC)),
            scope,
            notebook if scope == "notebook" else "",
            currency,
            digits(amount),
        ),
    )


def read(connection: sqlite3.Connection, notebook: str) -> list[Ceiling]:
    """Those that hold for a turn of this notebook."""
    query = (
        "select scope, currency, amount from budgets"
        " where scope != 'notebook' and notebook = '' or scope = 'notebook' and notebook = ? order by n"
    )
    newest = {(scope, currency): amount for scope, currency, amount in connection.execute(query, (notebook,))}
    return [
        Ceiling(scope, currency, Decimal(amount), f"{BY} {{}} {currency}/{scope}", BY, budget=True)
        for (scope, currency), amount in newest.items()
        if amount is not None and scope in SCOPES
    ]

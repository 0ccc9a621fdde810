"""Row: what budgets add to a turn, in a ledger that holds 50,000 turns of this month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import notebooks
from bench.host import hosting
from bench.table import Row, middle

if TYPE_CHECKING:
    from bench.host import Provider
    from bench.kernel import Kernel

HELD, TURNS = 50_000, 40
QUESTION = "%%qwen --fresh\nWhich island is the outlier?"
SCOPES = ("turn", "notebook", "day", "month")
FILL = f"""
import datetime as dt
from decimal import Decimal
from qwen_magics.ledger import Where, entries
from qwen_magics.values import Cost, Receipt
now = dt.datetime.now().astimezone()
start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
session = get_ipython()._qwen_magics_session
name = session.notebook().path
with session.ledger._file.write() as transaction:
    for n in range({HELD}):
        time = (start + (now - start) * n / {HELD}).astimezone(dt.UTC).isoformat()
        cost = Cost(amount=Decimal("0.0043008"), basis="computed")
        receipt = Receipt(
            id=f"held-{{n}}", time=time, provider="alibaba", region="singapore", model="qwen3-max", cost=cost
        )
        entries.append(transaction, "settled", receipt, Where(name if n % 2 else "another.ipynb", "c", "s"))
"""


def measure() -> list[Row]:
    """Turns with budgets and without, alternated in one kernel."""
    file = notebooks.notebook(notebooks.code("load", "%load_ext qwen_magics"), notebooks.code("question", QUESTION))
    budgeted, free = [], []
    with hosting(file) as (provider, kernel):
        kernel.run("%load_ext qwen_magics", "load")
        kernel.run(FILL, "fill")
        for _ in range(TURNS):
            kernel.run("\n".join(f"%qwen_budget 9999 USD/{scope}" for scope in SCOPES), "budgets")
            budgeted.append(_ask(kernel, provider))
            kernel.run("\n".join(f"%qwen_budget off/{scope}" for scope in SCOPES), "budgets")
            free.append(_ask(kernel, provider))
    with_, without = middle(budgeted[5:]), middle(free[5:])
    against = f"{without * 1e3:.1f} ms without, {HELD:,} turns this month"
    return [Row("four budgets: run cell → request", (with_ - without) * 1e3, 5, "ms more", against)]


def _ask(kernel: Kernel, provider: Provider) -> float:
    ran = kernel.run(QUESTION, "question")
    return provider.came[-1] - ran.sent

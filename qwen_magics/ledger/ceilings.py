"""What a turn's worst case has to fit under: guard rails and budgets, checked inside the reserving transaction.

A guard rail is there from install and minds its own currency only. A budget was set by somebody: while there is one, a
turn that it could not bound (without a price, or in another currency) doesn't go unasked.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, get_args

from msgspec import Struct

from qwen_magics.errors import OverCeiling, Unbounded
from qwen_magics.ledger import sums
from qwen_magics.ledger.forms import utc
from qwen_magics.values import Cost, Limits, Receipt

Scope = Literal["turn", "notebook", "day", "month"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

WORDS = {"turn": "a turn", "notebook": "this notebook", "day": "today", "month": "this month"}
_WHOSE = {"turn": "a turn's", "notebook": "this notebook's", "day": "today's", "month": "this month's"}


class Ceiling(Struct, frozen=True):
    """At most `amount` of `currency` per `scope`; days and months are local.

    `remedy` is what a refusal tells to paste, with `{}` for an amount that would do. `by` says who set it. A `budget`
    also refuses what it can't bound.
    """

    scope: Scope
    currency: str
    amount: Decimal
    remedy: str = ""
    by: str = ""
    budget: bool = False

    @property
    def words(self) -> str:
        """What people call it: `today's budget`, `--budget`."""
        return self.by if self.by.startswith("--") else f"{_WHOSE[self.scope]} {'budget' if self.budget else 'guard'}"

    def since(self, moment: dt.datetime) -> dt.datetime | None:
        """The start of the ceiling's local day or month around `moment`; None: there is none."""
        local = moment.astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        if self.scope == "day":
            return local.astimezone()
        return local.replace(day=1).astimezone() if self.scope == "month" else None

    def span(self, moment: dt.datetime, notebook: str) -> sums.Span | None:
        """The turns that count under it; None: each one for itself."""
        if self.scope == "turn":
            return None
        since = self.since(moment)
        return sums.Span(self.currency, notebook=notebook) if since is None else sums.Span(self.currency, utc(since))


class Standing(Struct, frozen=True):
    """A ceiling, and what is spent and reserved under it."""

    ceiling: Ceiling
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """What a turn may still cost; below 0: overdrawn."""
        return self.ceiling.amount - self.spent - self.reserved


def day_guard(amounts: Mapping[str, Decimal]) -> list[Ceiling]:
    """The guard rail of a day, by currency (`Qwen.guard_day`)."""
    return [
        Ceiling("day", currency, amount, f'%config Qwen.guard_day = "{{}} {currency}"', "Qwen.guard_day")
        for currency, amount in amounts.items()
    ]


def check(
    transaction: sqlite3.Connection,
    ceilings: Iterable[Ceiling],
    worst: Cost,
    receipt: Receipt,
    notebook: str,
    *,
    unpriced: bool = False,
) -> None:
    """Raise OverCeiling, naming the shortfall, where `worst` has no room under the ceiling that has least of it.

    Raises Unbounded for a turn that a budget can't bound, unless it goes `unpriced`.
    """
    every = list(ceilings)
    if not unpriced:
        _bounded([ceiling for ceiling in every if ceiling.budget], worst, receipt)
    if not worst.amount:
        return
    own = [ceiling for ceiling in every if ceiling.currency == worst.currency]
    if not own:
        return
    _fits(standings(transaction, own, dt.datetime.fromisoformat(receipt.time), notebook), worst.amount, receipt)


def check_turn(ceilings: Iterable[Ceiling], worst: Cost, receipt: Receipt, *, unpriced: bool = False) -> None:
    """The same for ceilings of a turn, which need no ledger."""
    every = list(ceilings)
    if not unpriced:
        _bounded([ceiling for ceiling in every if ceiling.budget], worst, receipt)
    own = [Standing(ceiling) for ceiling in every if ceiling.currency == worst.currency]
    if own and worst.amount:
        _fits(own, worst.amount, receipt)


def _fits(found: list[Standing], worst: Decimal, receipt: Receipt) -> None:
    tightest = min(found, key=lambda standing: standing.left)
    if worst > tightest.left:
        raise _refusal(tightest, worst, receipt.limits)


def standings(
    transaction: sqlite3.Connection, ceilings: Iterable[Ceiling], moment: dt.datetime, notebook: str
) -> list[Standing]:
    """How each ceiling stands, each sum made once. Needs a transaction that may write."""
    known: dict[sums.Span | None, tuple[Decimal, Decimal]] = {None: (Decimal(0), Decimal(0))}
    found = []
    for ceiling in ceilings:
        span = ceiling.span(moment, notebook)
        if span is not None and span not in known:
            known[span] = sums.spent(transaction, span), sums.reserved(transaction, span)
        found.append(Standing(ceiling, *known[span]))
    return found


def _bounded(budgets: list[Ceiling], worst: Cost, receipt: Receipt) -> None:
    """Refuse what the budgets can't bound. What costs nothing, or is paid by a plan, they need not."""
    if not budgets or worst.basis in ("free", "plan"):
        return
    asking = "Add --unpriced to let this one go"
    if worst.amount is None or worst.bound == "at_least":
        what = f"{receipt.model} there" if worst.amount is None else "one of this turn's fees"
        names = " and ".join(dict.fromkeys(budget.words for budget in budgets))
        raise Unbounded(f"No price is known for {what}, so {names} can't bound it. Nothing was sent.", remedy=asking)
    for scope in SCOPES:
        its = [budget for budget in budgets if budget.scope == scope]
        if its and worst.amount and worst.currency not in {budget.currency for budget in its}:
            raise Unbounded(
                f"{its[0].words.capitalize()} is in {its[0].currency} and can't bound this turn, which is priced in "
                f"{worst.currency}. Nothing was sent.",
                remedy=f"{asking}, or: %qwen_budget {enough(10 * worst.amount)} {worst.currency}/{scope}",
            )


def _refusal(standing: Standing, worst: Decimal, limits: Limits) -> OverCeiling:
    ceiling, room = standing.ceiling, standing.left
    by = f" ({ceiling.by})" if ceiling.by else ""
    may = f"This turn may cost up to {_round(worst)} {ceiling.currency}{_within(limits)}"
    at_most = f"at most {ceiling.amount:f} are allowed for {WORDS[ceiling.scope]}"
    if ceiling.scope == "turn":
        said = f"{may}; {at_most}{by}: {_round(worst - room)} short. Nothing was sent."
    else:
        used = _round(standing.spent + standing.reserved)
        said = (
            f"{may}; {at_most} on this machine{by}, {used} are spent or reserved: {_round(worst - room)} short."
            " Nothing was sent."
        )
    would_do = enough(max(2 * ceiling.amount, ceiling.amount + worst - room))
    return OverCeiling(said, remedy=ceiling.remedy.replace("{}", would_do), room=room, words=ceiling.words)


def _within(limits: Limits) -> str:
    """The limits that the worst case counts with."""
    if not limits.answer:
        return ""
    thinking = f" after {limits.thinking:,} of thinking" if limits.thinking else ""
    return f" with an answer of {limits.answer:,} tokens{thinking}"


def enough(amount: Decimal) -> str:
    """Up, to two digits: an amount to paste."""
    return f"{amount.quantize(Decimal(1).scaleb(min(amount.adjusted() - 1, 0)), 'ROUND_UP').normalize():f}"


def about(amount: Decimal) -> str:
    """Two digits and at least two decimals, as a receipt's line has it."""
    return f"{amount.quantize(Decimal(1).scaleb(min(amount.adjusted() - 1, -2))):f}"


def _round(amount: Decimal) -> str:
    """Up, to what a person can compare: four decimals."""
    return f"{amount.quantize(Decimal('0.0001'), 'ROUND_UP').normalize():f}"

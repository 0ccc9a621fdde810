"""`%qwen_budget`: set a budget for every kernel of this machine, take it away, or show how all of them stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qwen_magics.display import budgets, figures
from qwen_magics.errors import OptionError
from qwen_magics.ledger import SCOPES, WORDS
from qwen_magics.magics import report
from qwen_magics.magics.prepare import place
from qwen_magics.settings.kinds import amount
from qwen_magics.turn.budget import ceilings

if TYPE_CHECKING:
    from decimal import Decimal

    from qwen_magics.ledger import Scope
    from qwen_magics.magics.session import Session

FORM = "%qwen_budget 2 USD/day (or /turn, /notebook, /month), %qwen_budget off/day"


def budget(session: Session, line: str) -> None:
    """Set or take away what the line says, if it says something; show all of them."""
    here = place(session, session.notebook()).notebook
    said = _change(session, here, line.strip()) if line.strip() else ""
    standings = session.ledger.budgets(here, ceilings(session.settings()))
    report.show(session.shell, budgets.budgets(standings, *filter(None, [said])))


def _change(session: Session, notebook: str, text: str) -> str:
    """Do it. Returns the sentence that says what is so from now on; raises OptionError."""
    found, scope = _read(text)
    whose = WORDS[scope]
    if found is not None:
        session.ledger.set_budget(scope, found[1], found[0], notebook)
        return f"From now on at most {figures.exact(*found)} for {whose}, in every kernel of this machine."
    mine = [one.ceiling for one in session.ledger.budgets(notebook) if one.ceiling.scope == scope]
    for ceiling in mine:
        session.ledger.set_budget(scope, ceiling.currency, None, notebook)
    return f"No budget for {whose} any more." if mine else f"%qwen_budget had set none for {whose}."


def _read(text: str) -> tuple[tuple[Decimal, str] | None, Scope]:
    """`2 USD/day` → amount, currency and scope; None for `off`."""
    money, slash, scope = (part.strip() for part in text.rpartition("/"))
    if not slash or scope.lower() not in SCOPES:
        why = f"it ends with one of {', '.join('/' + name for name in SCOPES)}"
        raise OptionError(f"%qwen_budget {text}: {why}. Nothing was changed.", remedy=FORM)
    if money.lower() == "off":
        return None, cast("Scope", scope.lower())
    try:
        found, currency = amount(money)
    except (ValueError, ArithmeticError):
        why = f"{money or 'nothing'} is no amount of money in USD or CNY, with a decimal point"
        raise OptionError(f"%qwen_budget {text}: {why}. Nothing was changed.", remedy=FORM) from None
    if not currency:
        raise OptionError(
            f"%qwen_budget {text}: in which currency? Nothing was changed.",
            remedy=f"%qwen_budget {money} USD/{scope}, or %qwen_budget {money} CNY/{scope}",
        )
    return (found, currency), cast("Scope", scope.lower())

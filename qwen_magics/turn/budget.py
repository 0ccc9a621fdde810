"""A plan's worst case against guard rails and budgets: reserved in the ledger, with shorter limits where it must be.

What doesn't fit is first made to fit: thinking is cut, then the answer, each down to `LEAST` tokens; only then is the
turn refused. The sums are the ledger's, the prices the catalogue's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.catalog import pricing
from qwen_magics.errors import GuardError, LedgerError, OptionError, OverCeiling
from qwen_magics.ledger import SCOPES, Ceiling, day_guard
from qwen_magics.ledger.ceilings import check_turn
from qwen_magics.values import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_magics.settings import Settings
    from qwen_magics.turn.ask import Place
    from qwen_magics.turn.plan import Plan
    from qwen_magics.values import Cost, Receipt

LEAST = 1_024  # tokens: below, an answer is worth little


def ceilings(settings: Settings) -> list[Ceiling]:
    """The settings' own: the day's guard rail, and the budgets."""
    found = [
        replace(guard, remedy=_remedy(settings, "guard_day", guard.remedy)) for guard in day_guard(settings.guard_day)
    ]
    for scope in SCOPES:
        name = f"budget_{scope}"
        amounts: dict[str, Decimal] = getattr(settings, name)
        for currency, amount in amounts.items():
            others = "".join(f", {more:f} {other}" for other, more in amounts.items() if other != currency)
            remedy = _remedy(settings, name, f'%config Qwen.{name} = "{{}} {currency}{others}"')
            found.append(Ceiling(scope, currency, amount, remedy, f"Qwen.{name}", budget=True))
    return found


def reserve(plan: Plan) -> Plan:
    """Put the worst case aside in the ledger. Returns the plan that is to be carried out, its limits cut where the
    ceilings leave no room for them.

    Raises GuardError (OverCeiling where even the least doesn't fit), OptionError or LedgerError; nothing is reserved.
    """
    return _fitted(plan, plan.ledger.reserve)


def fitted(plan: Plan) -> Plan:
    """The plan that `reserve` would return now; reserves nothing. Raises what `reserve` would raise."""
    return _fitted(plan, plan.ledger.allow)


def foreseen(plan: Plan) -> Plan:
    """The plan that `reserve` would return now; where it would refuse, the plan as it is."""
    try:
        return fitted(plan)
    except (GuardError, OptionError, LedgerError):
        return plan


def by_itself(plan: Plan) -> Plan:
    """The plan under what bounds each turn by itself, whatever was spent: `Qwen.budget_turn` and `--budget`.

    Raises GuardError (OverCeiling where even the least doesn't fit) or OptionError.
    """

    def take(receipt: Receipt, worst: Cost, _: Place, every: list[Ceiling], *, unpriced: bool) -> None:
        check_turn([one for one in every if one.scope == "turn"], worst, receipt, unpriced=unpriced)

    return _fitted(plan, take)


def outlook(plan: Plan) -> str:
    """What `reserve` would do to the plan now, in a sentence; nothing where it would leave it as it is."""
    try:
        return less(plan, fitted(plan))
    except (GuardError, OptionError, LedgerError) as problem:
        return f"It would be refused: {problem.message.removesuffix(' Nothing was sent.')} {problem.remedy}"


def less(plan: Plan, leaves: Plan) -> str:
    """That a plan would leave with shorter limits, in a sentence; nothing where it wouldn't."""
    return f"It would go with less: {leaves.receipt.notes[-1]}." if leaves.receipt.limits != plan.receipt.limits else ""


def _fitted(plan: Plan, take: Callable[..., None]) -> Plan:
    """The plan as it is, or with the limits that `take` lets pass."""
    every = [*ceilings(plan.route.settings), *_own(plan)]
    wish = plan
    while True:
        try:
            take(plan.receipt, plan.worst, plan.ask.place, every, unpriced=plan.ask.unpriced)
        except OverCeiling as problem:
            if not wish.exact:  # a bound by bytes is three to four times too high
                wish = plan = wish.recounted()
                continue
            limits = fitting(wish.worst, wish.request.limits, problem.room)
            if limits == plan.request.limits:
                raise
            plan = wish.limited(limits).noted(_note(limits, wish.request.limits, problem.words))
        else:
            return plan


def fitting(worst: Cost, limits: Limits, room: Decimal) -> Limits:
    """The largest limits whose worst case fits `room`, thinking cut first; where none does, the least there are."""
    over = _tokens_over(worst, room)
    thinking = max(limits.thinking - over, min(limits.thinking, LEAST))
    over -= limits.thinking - thinking
    return Limits(answer=max(limits.answer - over, min(limits.answer, LEAST)), thinking=thinking)


def _tokens_over(worst: Cost, room: Decimal) -> int:
    """How many tokens of output the worst case has to lose: the prompt's part of it stays, whatever the limits."""
    output = worst.lines[-1]
    if worst.amount is None or worst.amount <= room:
        return 0
    if not output.rate:
        return output.tokens
    tokens, rest = divmod((worst.amount - room) * pricing.MILLION, output.rate)
    return int(tokens) + bool(rest)


def _own(plan: Plan) -> list[Ceiling]:
    """What `--budget` allows this one turn."""
    if plan.ask.budget is None:
        return []
    amount, named = plan.ask.budget
    if named and plan.worst.amount and named != plan.worst.currency:
        raise OptionError(
            f"--budget is in {named}, and this turn is priced in {plan.worst.currency}. Nothing was sent.",
            remedy=f"--budget 0.30{plan.worst.currency}",
        )
    return [Ceiling("turn", plan.worst.currency, amount, f"--budget {{}}{named}", "--budget", budget=True)]


def _note(limits: Limits, wish: Limits, words: str) -> str:
    """What the receipt's line says."""
    thinking = f"thinking limit {limits.thinking:,}" if limits.thinking < wish.thinking else ""
    answer = f"answer limit {limits.answer:,}" if limits.answer < wish.answer else ""
    return f"{', '.join(filter(None, (thinking, answer)))} ({words})"


def _remedy(settings: Settings, name: str, line: str) -> str:
    if name not in settings.locked:
        return line
    return f"`{name}` is locked by {settings.source_of(name)}: ask your administrator."

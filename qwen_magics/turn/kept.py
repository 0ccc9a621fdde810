"""Where no new answer came, the earlier one stays in place; its receipt says why. Sends and looks for nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics import errors
from qwen_magics.errors import QwenError
from qwen_magics.values import Cost, Receipt, Sent, Settled

if TYPE_CHECKING:
    from qwen_magics.turn.saved import Saved
    from qwen_magics.values import Status

KEPT = "kept, not asked again"
_WHY = {
    errors.Stopped: "interrupted",
    errors.NoKey: "no key",
    errors.WrongKey: "wrong key",
    errors.CredentialError: "no key that works",
    errors.NetworkDown: "no network",
    errors.TimedOut: "no answer in time",
    errors.RateLimited: "too many requests",
    errors.QuotaExhausted: "the quota is used up",
    errors.Moderated: "refused by the provider",
    errors.ProviderError: "an error of the provider",
    errors.SendingForbidden: "this notebook forbids sending",
    errors.OverCeiling: "over a budget",
    errors.GuardError: "too dear without --yes",
    errors.NotSaved: "--replay-only",
    errors.LocalModelError: "no local model",
    errors.LedgerError: "no ledger",
    KeyboardInterrupt: "interrupted",
}


def why(problem: BaseException) -> str:
    """An error in two or three words."""
    return next((words for kind in type(problem).__mro__ if (words := _WHY.get(kind))), "it failed")


def failed(receipt: Receipt, problem: BaseException) -> Receipt:
    """The receipt of a turn that was refused before it left: it is in no ledger."""
    said = problem.message if isinstance(problem, QwenError) else ""
    status: Status = "failed" if said else "stopped"
    cost = Cost(amount=Decimal(0), currency=receipt.cost.currency, basis="unbilled")
    return replace(receipt, status=status, attempts=0, sent=Sent(), expected={}, cost=cost, notes=(), error=said)


def keeps(end: Settled, saved: Saved, problem: BaseException) -> Settled:
    """The end of a turn that failed before its first token, with the earlier answer in its place."""
    note = f"{KEPT}: {why(problem)}"
    receipt = replace(end.receipt, notes=(*end.receipt.notes, note))
    return Settled(receipt, saved.answer.text, saved.answer.thinking)

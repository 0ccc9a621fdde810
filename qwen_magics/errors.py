"""Everything that can go wrong, as one tree. Each error says what happened, why, and the line to paste next.

QwenError
├── SettingsError            a trait, option or variable that can't be
│   ├── OptionError          a magic's option or argument
│   ├── UnknownModel         a model that isn't offered (names near ones, or the successor)
│   └── LockedSetting        the administrator decided
├── PromptError              the prompt can't be composed
│   ├── ExpressionError      a {{ … }} that raised
│   ├── InputTooLong         over the model's largest input, counted before sending
│   └── SendingForbidden     the notebook says `qwen_magics.send = false`
├── CredentialError          NoKey, WrongKey
├── GuardError               refused before sending: too dear without --yes
│   ├── OverCeiling          more than a guard rail or budget has room for
│   └── Unbounded            no budget can bound it: no price, or another currency
├── NotSaved                 --replay-only, and no saved answer is at hand
├── ProviderError            the provider's answer was an error
│   ├── AccessDenied, QuotaExhausted, BadRequest, Moderated, ModelNotOffered
│   └── Retryable
│       ├── RateLimited
│       ├── ServerFault
│       ├── NetworkDown
│       └── TimedOut
├── BrokenStream             the answer broke off half-way (kept, marked)
├── WrongForm                the answer isn't in the form that was asked for (kept)
├── Stopped                  the user interrupted
├── LocalModelError          weights or process of the local model
├── LedgerError              the ledger's or the threads' file can't be opened, read or written
└── UnknownThread            a thread of the sidebar, or a turn in it, that isn't there (any more)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


class QwenError(Exception):
    """`message` says what happened and why, `remedy` is what to do (a line to paste where there is one)."""

    def __init__(self, message: str, *, remedy: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy, self.request_id = message, remedy, request_id

    def __str__(self) -> str:
        tail = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.message}{tail}" + (f"\n  {self.remedy}" if self.remedy else "")

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: one or two lines instead of a traceback; the cell still fails."""
        return [f"{type(self).__name__}: {self}"]


class SettingsError(QwenError):
    """A setting that can't be."""


class OptionError(SettingsError):
    """A magic was called with options it doesn't have."""


class UnknownModel(SettingsError):
    """The model isn't offered where it was asked for."""


class LockedSetting(SettingsError):
    """The administrator locked this setting."""


class PromptError(QwenError):
    """The prompt can't be composed; nothing was sent."""


class ExpressionError(PromptError):
    """A `{{ expression }}` raised; names the expression."""


class InputTooLong(PromptError):
    """The prompt is larger than the model takes; nothing was sent."""


class SendingForbidden(PromptError):
    """The notebook forbids sending."""


class CredentialError(QwenError):
    """Something about the key."""


class NoKey(CredentialError):
    """No key for the chosen provider."""


class WrongKey(CredentialError):
    """The provider refused the key: wrong, or of another region."""


class GuardError(QwenError):
    """A guard rail or budget refused the turn; nothing was sent."""


class OverCeiling(GuardError):
    """The turn's worst case is more than a ceiling has room for; `room` is what still fits (below 0: overdrawn).

    `words` are what people call the ceiling.
    """

    def __init__(self, message: str, *, remedy: str = "", room: Decimal, words: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.room, self.words = room, words


class Unbounded(GuardError):
    """No budget can bound the turn, because no price is known or it is in another currency."""


class NotSaved(QwenError):
    """Only a saved answer was wanted, and there is none."""


class ProviderError(QwenError):
    """The provider answered with an error."""


class AccessDenied(ProviderError):
    """The account has no right to this model or workspace."""


class QuotaExhausted(ProviderError):
    """Free quota, credit or payment is at its end; asking again won't help."""


class BadRequest(ProviderError):
    """The provider didn't understand the request."""


class Moderated(ProviderError):
    """The provider's content inspection refused the input or cut the output."""


class ModelNotOffered(ProviderError):
    """The provider doesn't know the model (any more)."""


class Retryable(ProviderError):
    """Trying again may help. `after` is the provider's own wish in seconds, if it named one.

    `reached` is False where the request can't have reached anyone, and so can't be billed.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        request_id: str = "",
        after: float | None = None,
        reached: bool = True,
    ) -> None:
        super().__init__(message, remedy=remedy, request_id=request_id)
        self.after, self.reached = after, reached


class RateLimited(Retryable):
    """Too many requests or tokens a minute."""


class ServerFault(Retryable):
    """The provider is overloaded or broken (5xx)."""


class NetworkDown(Retryable):
    """No connection."""


class TimedOut(Retryable):
    """No answer in time."""


class BrokenStream(ProviderError):
    """The answer broke off half-way; what came is kept."""


class WrongForm(QwenError):
    """The answer isn't in the form that was asked for; it is kept as it came."""


class Stopped(QwenError):
    """The user interrupted; what came is kept."""


class LocalModelError(QwenError):
    """The local model's weights or process."""


class LedgerError(QwenError):
    """The ledger's file can't be opened, read or written. Before sending it refuses the turn; after, it loses a row.

    So with the file of the sidebar's threads.
    """


class UnknownThread(QwenError):
    """A thread of the sidebar, or a turn in it, that isn't there (any more)."""

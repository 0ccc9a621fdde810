"""What keeps a question from being asked, said for the sidebar: a code, the words, and the one thing to do.

The words of what to do are `words`'; here only lines for the terminal that a button opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics import errors
from qwen_magics.server import words
from qwen_magics.server.office import Lack

if TYPE_CHECKING:
    from qwen_magics.errors import QwenError

FETCH = "jupyter qwen local fetch"
INSTALL = 'pip install "qwen-magics[local]"'
DOCTOR = "jupyter qwen doctor"

# The first that the error is one of. An action is what the sidebar's one button does.
_KINDS: tuple[tuple[type[QwenError], str, str], ...] = (
    (errors.NoKey, "key", "login"),
    (errors.WrongKey, "key", "login"),
    (errors.CredentialError, "key", "login"),
    (errors.UnknownModel, "model", "settings"),
    (errors.ModelNotOffered, "model", "settings"),
    (errors.LockedSetting, "locked", "settings"),
    (errors.OptionError, "option", "settings"),
    (errors.SettingsError, "address", "docs"),
    (errors.LocalModelError, "local", "local"),
    (errors.NetworkDown, "network", "docs"),
    (errors.TimedOut, "network", "docs"),
    (errors.AccessDenied, "access", "docs"),
    (errors.QuotaExhausted, "quota", "docs"),
    (errors.LedgerError, "folder", ""),
)


def lack(error: QwenError, provider: str) -> Lack:
    """The error as a problem of the status card."""
    code, action = next(((code, action) for kind, code, action in _KINDS if isinstance(error, kind)), ("provider", ""))
    return Lack(code=code, what=error.message, remedy=_remedy(error, code, provider), action=action)  # type: ignore[arg-type]  # one of the table's


def _remedy(error: QwenError, code: str, provider: str) -> str:
    if code == "key":
        return f"jupyter qwen login --provider {'alibaba' if provider in ('', 'auto') else provider}"
    if code == "local":
        return INSTALL if "pip install" in error.remedy else FETCH
    if code == "network":
        return DOCTOR
    return words.remedy(error)

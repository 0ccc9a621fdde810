"""One key: it masks itself wherever it is shown, copied into a message or pickled, and reveals itself when asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qwen_magics.credentials.providers import OWNERS, PLAN_PREFIX, PREFIXES
from qwen_magics.errors import CredentialError
from qwen_magics.settings.names import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Callable

QUOTES = "\"'`“”‘’«»"
# What people paste with a key: `export NAME=`, `NAME=`, `Bearer `.
AROUND = re.compile(r"^(?:(?:export\s+|set\s+|%env\s+)?[A-Z][A-Z0-9_]*\s*=\s*|(?:Authorization:\s*)?Bearer\s+)", re.I)
MASKED = "…"


class Key:
    """A provider's key, with the region and workspace that it was stored with and where it came from.

    Falsy where there is none. The text stands in a closure, so that no frame's locals, `vars` or pickle show it.
    """

    __slots__ = ("_reveal", "masked", "origin", "provider", "region", "workspace")

    def __init__(self, text: str, provider: str, *, region: str = "", workspace: str = "", origin: str = "") -> None:
        text = _bare(text)
        self._reveal: Callable[[], str] = lambda: text
        self.masked = _mask(text)
        self.provider, self.region, self.workspace, self.origin = provider, region, workspace, origin

    def reveal(self) -> str:
        """The key itself, for a request's header and for the store; never bind it to a name that lives on."""
        return self._reveal()

    @property
    def plan(self) -> bool:
        """Whether it is a key of one of Alibaba Cloud's plans, which have no price per token."""
        return self.reveal().startswith(PLAN_PREFIX)

    def check(self) -> Key:
        """Itself, if it can be a key of its provider. Raises CredentialError, which shows at most one character."""
        problem = _problem(self.reveal(), self.provider)
        if problem:
            where = f" from {self.origin}" if self.origin else ""
            raise CredentialError(f"The key for {PROVIDERS[self.provider]}{where} {problem}")
        return self

    def at(self, region: str, workspace: str) -> Key:
        """The same key, of this region and workspace."""
        return Key(self.reveal(), self.provider, region=region, workspace=workspace, origin=self.origin)

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.provider == other.provider and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash((self.provider, self.reveal()))

    def __repr__(self) -> str:
        return f"<Key {self.provider} {self.masked}>"

    def __str__(self) -> str:
        return self.masked

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: object) -> Key:
        return self

    def __reduce__(self) -> tuple[Callable[[str, str], _Masked], tuple[str, str]]:
        return _Masked, (self.masked, self.provider)


class _Masked(Key):
    """What is left of a key that was pickled: its mask."""

    __slots__ = ()

    def __init__(self, masked: str, provider: str) -> None:
        super().__init__("", provider)
        self.masked = masked

    def reveal(self) -> str:
        """Always nothing."""
        return ""


def _bare(text: str) -> str:
    text = AROUND.sub("", text.strip().strip(QUOTES).strip())
    return text.strip().strip(QUOTES).strip()


def _mask(text: str) -> str:
    prefix = next((prefix for prefix in PREFIXES if text.startswith(prefix)), "")
    return f"{prefix}{MASKED}{text[-4:]}" if len(text) >= 16 else MASKED


def _problem(text: str, provider: str) -> str:
    """What is wrong with it, as the end of a sentence; nothing where it looks right."""
    if any(character.isspace() for character in text):
        return "has a space or line break inside. Copy it again, alone."
    for place, character in enumerate(text, 1):
        if not "!" <= character <= "~":
            return f"has {character!r} (U+{ord(character):04X}) as character {place}: no key has that. Copy it again."
    if "***" in text:
        return "is a masked one (***). Copy it where it was made; the console shows it once."
    owner = next((owner for prefix, owner in OWNERS.items() if text.startswith(prefix)), provider)
    if owner != provider and provider != "openai":
        return f"is one of {PROVIDERS[owner]}'s. Nothing was sent."
    return ""

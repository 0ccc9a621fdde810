"""Which key a turn uses: the provider's variable, else what `login` stored; and what to say where there is none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.credentials import store
from qwen_magics.credentials.key import Key
from qwen_magics.credentials.providers import VARIABLES
from qwen_magics.errors import CredentialError, NoKey
from qwen_magics.settings.names import PROVIDERS

if TYPE_CHECKING:
    from qwen_magics.settings import Settings

KEYLESS = ("local", "openai")  # an own server may ask for no key


def for_turn(settings: Settings) -> tuple[Settings, Key]:
    """The settings with provider, region and workspace decided, and the key that goes with them.

    `auto` becomes Alibaba Cloud where it has a key. A region that nobody chose is the one stored with the key.
    Raises NoKey, or CredentialError for a key that can't be one.
    """
    key = key_for(_provider(settings), settings)
    return _placed(settings, key), key


def placed(settings: Settings) -> Settings:
    """The settings as `for_turn` decides them, key or not: for those who only tell and send nothing."""
    try:
        return for_turn(settings)[0]
    except CredentialError:
        return _placed(settings, Key("", _provider(settings)))


def _provider(settings: Settings) -> str:
    return "alibaba" if settings.provider == "auto" else settings.provider


def _placed(settings: Settings, key: Key) -> Settings:
    changes: dict[str, str] = {}
    if key.region and settings.source_of("region") == "default":
        changes["region"] = key.region
    if changes.get("region", settings.region) == key.region and settings.source_of("workspace") == "default":
        changes["workspace"] = key.workspace
    sources = settings.sources | dict.fromkeys(changes, "login")
    return replace(settings, provider=_provider(settings), sources=sources, **changes)


def key_for(provider: str, settings: Settings) -> Key:
    """The provider's key, read now. An empty one where none is needed; raises NoKey, CredentialError."""
    key = _from_variable(provider) or store.stored(provider, settings.data_dir)
    if key:
        return key.check()
    if provider in KEYLESS:
        return Key("", provider)
    raise missing(provider, settings)


def found(settings: Settings) -> list[str]:
    """The providers that have a key, right or wrong."""
    return list(dict.fromkeys(key.provider for key in all_known_keys(settings)))


def all_known_keys(settings: Settings) -> list[Key]:
    """Every key that is ours: what redaction must never let out. Never raises: a damaged record holds none."""
    keys = []
    for provider in VARIABLES:
        keys.append(_from_variable(provider))
        try:
            keys.append(store.stored(provider, settings.data_dir))
        except CredentialError:
            continue
    return list(dict.fromkeys(key for key in keys if key))


def missing(provider: str, settings: Settings) -> NoKey:
    """The error for a provider without a key, with lines to paste."""
    label, variable = PROVIDERS[provider], VARIABLES[provider]
    why = f"{variable} is not set and nobody logged in"
    if store.has_record(provider, settings.data_dir):
        why = f"{variable} is not set, and the system's keyring, which has the login, is locked or doesn't answer"
    if settings.provider != "auto":
        return NoKey(f"No key for {label}: {why}.", remedy=f"%qwen_login --provider {provider}")
    others = [name for name in found(settings) if name != provider]
    lines = ["log in:           %qwen_login", 'the local model:  %config Qwen.provider = "local"']
    lines += [f'{VARIABLES[name]} found:  %config Qwen.provider = "{name}"' for name in others]
    return NoKey(
        f"No key for {label}: {why}. Nothing goes to a provider that you didn't choose.", remedy="\n  ".join(lines)
    )


def _from_variable(provider: str) -> Key | None:
    variable = VARIABLES.get(provider, "")
    return Key(os.environ.get(variable, ""), provider, origin=variable) or None

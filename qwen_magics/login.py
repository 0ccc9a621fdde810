"""`login`: ask for a provider's key, prove it there, store it with its region and workspace.

Used by `%qwen_login` and `jupyter qwen login`, which print what it says. The key is typed into a hidden field: it is
never an argument, and never in a message. Not here: where keys are kept (`credentials.store`).
"""

from __future__ import annotations

import builtins
import getpass
import os
from typing import TYPE_CHECKING, Any

from msgspec import DecodeError, Struct, json

from qwen_magics import credentials
from qwen_magics.credentials import VARIABLES, Key
from qwen_magics.errors import (
    AccessDenied,
    BadRequest,
    CredentialError,
    OptionError,
    QwenError,
    SettingsError,
    WrongKey,
)
from qwen_magics.provider import endpoints, faults
from qwen_magics.settings.names import PROVIDERS, REGIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_magics.provider.client import Client
    from qwen_magics.provider.endpoints import Endpoint
    from qwen_magics.settings import Qwen, Settings

TRY = "try"


class Login(Struct, frozen=True, kw_only=True):
    """A login that succeeded. `models` is how many the provider offers with this key; None: it was not asked.

    `unused`: another provider is configured, so that nothing would be asked here.
    """

    provider: str
    label: str
    host: str
    region: str
    workspace: str
    key: str  # masked
    stored: str
    models: int | None
    notes: tuple[str, ...] = ()
    unused: bool = False

    def __str__(self) -> str:
        """What people are told, in two or three lines."""
        proof = "not checked" if self.models is None else f"works, {self.models:,} models" if self.models else "works"
        return "\n".join(
            (
                f"{self.label} ({self.host}): key {self.key} {proof}.",
                f"Stored in {self.stored}.",
                *self.notes,
                *([f'To use it: %config Qwen.provider = "{self.provider}"'] if self.unused else []),
            )
        )


def login(
    qwen: Qwen,
    provider: str = "",
    region: str = "",
    workspace: str = "",
    *,
    check: bool = True,
    ask: Callable[[str], str] | None = None,
    choose: Callable[[str], str] | None = None,
    client: Client | None = None,
) -> Login:
    """Log in to `provider` (default: the configured one if it takes a key, else Alibaba Cloud).

    `region` is a name, `try` (ask each region which one knows the key), or empty: then it is asked for. `ask` reads
    hidden text, `choose` visible text. Nothing is stored unless the key works, or `check` is off.
    Raises WrongKey, CredentialError, OptionError, LockedSetting, NetworkDown and others of the provider's errors.
    """
    configured = qwen.with_options()
    provider = qwen.with_options(provider=provider or _asked(configured)).provider
    if provider == "local":
        raise OptionError("The local model needs no login.", remedy='%config Qwen.provider = "local"')
    if region == TRY and not check:
        raise OptionError("--region try has to ask the regions; --no-check asks nobody.", remedy="--region singapore")
    # `input` and `getpass` are looked up now: a kernel replaces them while a cell runs.
    choose = choose or builtins.input
    if provider == "alibaba":
        region = region or _ask_region(configured, choose)
        workspace = workspace or configured.workspace or _ask_workspace(region, choose)
    settings = qwen.with_options(region=None if region in ("", TRY) else region, workspace=workspace or None)
    key = Key((ask or getpass.getpass)(f"Key for {PROVIDERS[provider]} (hidden): "), provider, origin="the prompt")
    if not key:
        raise CredentialError("No key was entered; nothing was stored.")
    key.check()
    if region == TRY and provider == "alibaba":
        endpoint, models = _try_regions(key, workspace, client)
    else:
        endpoint = _endpoint(key, workspace, settings, configured.provider)
        models = _check(endpoint, key, client) if check else None
    return Login(
        provider=provider,
        label=endpoint.label,
        host=endpoint.host,
        region=endpoint.region,
        workspace=workspace,
        key=str(key),
        stored=credentials.save(key.at(endpoint.region, workspace), settings.data_dir),
        models=models,
        notes=_notes(configured, endpoint.region, provider),
        unused=configured.provider not in ("auto", provider),
    )


def logout(qwen: Qwen, provider: str = "") -> str:
    """Forget what was stored for the provider; returns what to tell people."""
    provider = provider or _asked(qwen.with_options())
    if not credentials.forget(provider, qwen.with_options().data_dir):
        return f"Nobody was logged in to {PROVIDERS[provider]}."
    return f"Logged out of {PROVIDERS[provider]}: its key is no longer on this machine, but still valid."


def _asked(settings: Settings) -> str:
    """Whose key is meant where nobody says: the configured provider's; Alibaba Cloud's where that needs none."""
    return "alibaba" if settings.provider in ("auto", "local") else settings.provider


def models_at(endpoint: Endpoint, key: Key, client: Client | None = None) -> int | None:
    """How many models the endpoint lists for this key; 0 where it knows the key but lists none, None without a list.

    Raises what the answer means: WrongKey, AccessDenied, NetworkDown, …
    """
    from qwen_magics.provider.client import Client

    status, headers, body = (client or Client()).get_json(endpoint.check_url, endpoint.headers(key.reveal()))
    if status in (404, 405) and (endpoint.plan or endpoint.provider == "openai"):
        return None
    if status != 200:
        raise faults.from_response(status, headers, body, endpoint, "its list of models", key=key.reveal())
    try:
        answer: Any = json.decode(body)
    except DecodeError:
        raise BadRequest(f"{endpoint.host} answered, but not as a model provider does.") from None
    listed = answer.get("data") if isinstance(answer, dict) else None
    return len(listed) if isinstance(listed, list) else 0


def _check(endpoint: Endpoint, key: Key, client: Client | None) -> int | None:
    try:
        return models_at(endpoint, key, client)
    except WrongKey as error:
        if endpoint.provider == "alibaba":
            error.remedy = "The key is wrong or of another region. To ask every region: %qwen_login --region try"
        raise


def _try_regions(key: Key, workspace: str, client: Client | None) -> tuple[Endpoint, int | None]:
    """The first region that knows the key. They are all of one company: the key goes to nobody else."""
    answers: dict[str, QwenError] = {}
    for region in REGIONS:
        try:
            endpoint = endpoints.resolve("alibaba", region=region, workspace=workspace, plan_key=key.plan)
            return endpoint, models_at(endpoint, key, client)
        except QwenError as error:
            answers[region] = error
    said = ", ".join(f"{region}: {_WORDS.get(type(error), 'no answer')}" for region, error in answers.items())
    raise WrongKey(f"No region takes this key ({said}).", remedy="Copy it again from the Model Studio console.")


_WORDS: dict[type[QwenError], str] = {
    WrongKey: "unknown",
    SettingsError: "needs --workspace",
    AccessDenied: "no access",
}


def _endpoint(key: Key, workspace: str, settings: Settings, configured: str) -> Endpoint:
    """Where the key is checked: the configured address, if it is that of the same provider."""
    same = key.provider == ("alibaba" if configured == "auto" else configured)
    return endpoints.resolve(
        key.provider,
        region=settings.region,
        workspace=workspace,
        base_url=settings.base_url if same else "",
        plan_key=key.plan,
    )


def _ask_region(settings: Settings, choose: Callable[[str], str]) -> str:
    if settings.source_of("region") != "default":
        return settings.region
    names = ", ".join(REGIONS)
    return (
        choose(f"Region of the key ({names}; {TRY}: ask each) [{settings.region}]: ").strip().lower() or settings.region
    )


def _ask_workspace(region: str, choose: Callable[[str], str]) -> str:
    if region not in REGIONS or endpoints.HOSTS[region].shared:
        return ""
    return choose(f"Workspace id ({REGIONS[region]} has no shared address; llm-…): ").strip()


def _notes(settings: Settings, login_region: str, provider: str) -> tuple[str, ...]:
    """What keeps this login from being used, if anything does."""
    notes = []
    variable = VARIABLES[provider]
    if os.environ.get(variable, "").strip():
        notes.append(f"Note: {variable} is set, and wins over this login.")
    if login_region and settings.region != login_region and settings.source_of("region") != "default":
        notes.append(
            f"Note: {settings.source_of('region')} sets the region {settings.region}, and wins over this login."
        )
    return tuple(notes)

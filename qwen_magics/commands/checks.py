"""What `jupyter qwen doctor` finds out. Each function looks at one thing, changes nothing and shows no key."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from qwen_magics import credentials, login
from qwen_magics.credentials import VARIABLES, Key
from qwen_magics.errors import CredentialError, LedgerError, QwenError
from qwen_magics.provider import endpoints

if TYPE_CHECKING:
    from qwen_magics.provider.endpoints import Endpoint
    from qwen_magics.settings import Settings

PACKAGES = ("qwen-magics", "ipython", "ipykernel", "jupyterlab", "jupyter-server", "httpx", "xllamacpp")
NETWORK = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def versions() -> dict[str, str]:
    """Of Python and the packages that matter; '' where one is not installed."""
    found = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found


def chosen(settings: Settings) -> dict[str, dict[str, Any]]:
    """Every setting, its value and where it comes from."""
    return {
        name: {"value": getattr(settings, name), "from": settings.source_of(name)}
        for name in settings.__struct_fields__
        if name != "sources"
    }


def keys(settings: Settings) -> dict[str, dict[str, str]]:
    """The keys that would be used, masked; what is wrong with one that can't be."""
    found = {}
    for provider in VARIABLES:
        try:
            key = credentials.key_for(provider, settings)
        except CredentialError as error:
            if provider in credentials.found(settings):
                found[provider] = {"key": "", "from": "", "region": "", "problem": error.message}
            continue
        if key:
            found[provider] = {"key": str(key), "from": key.origin, "region": key.region, "problem": ""}
    return found


def address(settings: Settings, key: Key, region: str = "") -> Endpoint:
    """Where a turn would go. Raises SettingsError where no address follows."""
    return endpoints.resolve(
        settings.provider,
        region=region or settings.region,
        workspace=settings.workspace if not region or region == settings.region else "",
        base_url="" if region else settings.base_url,
        plan_key=key.plan,
    )


def answer(settings: Settings, region: str = "") -> dict[str, Any]:
    """Ask the configured address (or a region's own) for its list of models, with the key and nothing else."""
    found: dict[str, Any] = {"where": region or settings.provider, "asked": "", "ok": False, "says": "", "ms": None}
    try:
        key = credentials.key_for(settings.provider, settings)
        endpoint = address(settings, key, region)
        found |= {"where": endpoint.label, "asked": endpoint.check_url}
        began = time.perf_counter()
        models = login.models_at(endpoint, key)
        found["ms"] = round(1000 * (time.perf_counter() - began))
    except QwenError as error:
        return found | {"says": error.message}
    return found | {"ok": True, "says": f"{models:,} models" if models else "answers"}


def network() -> dict[str, str]:
    """Proxy and certificate variables, passwords left out."""
    found = {}
    for name in NETWORK:
        value = os.environ.get(name) or os.environ.get(name.lower())
        if value:
            found[name] = _without_password(value) if name.endswith("_PROXY") and name != "NO_PROXY" else value
    return found


def data(settings: Settings) -> dict[str, Any]:
    """Where the data folder and the ledger lie, and whether they can be written; how many turns are in it."""
    from qwen_magics.ledger import Ledger

    ledger = settings.data_dir / "ledger.sqlite"
    nearest = next(folder for folder in (settings.data_dir, *settings.data_dir.parents) if folder.exists())
    found = {"folder": settings.data_dir, "ledger": ledger, "writable": os.access(nearest, os.W_OK | os.X_OK)}
    if not ledger.exists():
        return found | {"turns": 0, "problem": ""}
    found["writable"] = found["writable"] and os.access(ledger, os.W_OK)
    try:
        return found | {"turns": Ledger(ledger).turns(), "problem": ""}
    except LedgerError as error:
        return found | {"turns": None, "problem": str(error)}


def local_model(settings: Settings) -> dict[str, Any]:
    """Weights, engine, whether it runs."""
    from qwen_magics.provider import local

    return local.status(settings.data_dir, settings.model if settings.model.endswith(".gguf") else None)


def labextension() -> str:
    """Where JupyterLab finds the receipt's renderer; '' where it doesn't."""
    from jupyter_core.paths import jupyter_path

    for folder in jupyter_path("labextensions"):
        if Path(folder, "qwen-magics", "package.json").is_file():
            return str(Path(folder, "qwen-magics"))
    return ""


def _without_password(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"//{url}")
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=f"…@{parts.netloc.rpartition('@')[2]}")).removeprefix("//")

"""Which models exist and what they cost: the tables and how to look things up in them. Asks no provider.

`find`, `price` and `suggest` read this process's tables: ours, and over them the user's `models.toml` and
`prices.toml` in the data folder once `load` has named it. Tables are read when first needed; `pricing` does the sums.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qwen_magics.catalog import models, prices
from qwen_magics.catalog.models import Model
from qwen_magics.catalog.prices import PriceRow, Rates
from qwen_magics.errors import UnknownModel

if TYPE_CHECKING:
    from qwen_magics.settings import Settings

__all__ = [
    "Model",
    "PriceRow",
    "Rates",
    "find",
    "load",
    "offered",
    "price",
    "price_list",
    "prices_of",
    "suggest",
    "unknown",
]

_SCOPES = {"beijing": "mainland", "singapore": "international"}  # every other region: global


class _Tables:
    """The tables of this process, each read at its first use."""

    folder: Path | None = None
    stamps: tuple[int, ...] = ()
    models: dict[str, Model] | None = None
    prices: dict[prices.Key, PriceRow] | None = None


def load(folder: Path | None) -> None:
    """Use the user's own `models.toml` and `prices.toml` in `folder` too (None: ours only); raises SettingsError.

    Cheap to call before every turn: it looks whether the files changed, and reads them only then.
    """
    stamps = tuple(_stamp(path) for path in (_own(folder, "models.toml"), _own(folder, "prices.toml")))
    if (folder, stamps) == (_Tables.folder, _Tables.stamps):
        return
    fresh = models.read(_own(folder, "models.toml")), prices.read(_own(folder, "prices.toml"))
    _Tables.models, _Tables.prices = fresh
    _Tables.folder, _Tables.stamps = folder, stamps


def find(name: str, provider: str = "alibaba") -> Model | None:
    """The model that `name` means at a provider: our id for it or the provider's own. None: not offered, or unknown.

    `openai` is any server with any models: there a known model is found under any name (`dashscope/qwen3-max`).
    """
    if provider == "huggingface":
        name = name.partition(":")[0]  # org/name:provider, :fastest, :cheapest
    for model in _models().values():
        if provider in model.ids and name in (model.id, model.ids[provider]):
            return model
    if provider == "openai":
        short = name.rpartition("/")[2].lower()
        for model in _models().values():
            if name in model.ids.values() or short == model.id:
                return model
    return None


def offered(provider: str = "alibaba") -> list[Model]:
    """The models that a provider offers, as far as the catalogue knows."""
    return [model for model in _models().values() if provider in model.ids]


def suggest(name: str, provider: str = "alibaba") -> str:
    """What to ask for instead of `name`: its successor, near names, or where else it is offered; '' if nothing."""
    from difflib import get_close_matches

    model = find(name, provider)
    if model is not None and model.successor:
        return f"Its successor is {model.successor}."
    names = {at: model.id for model in offered(provider) for at in (model.id, model.ids[provider])}
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    ids = list(dict.fromkeys(names[match] for match in near if names[match] != name))
    if ids:
        return f"Near it: {', '.join(ids)}."
    elsewhere = next((m for m in _models().values() if name in (m.id, *m.ids.values())), None)
    if elsewhere is not None and provider not in elsewhere.ids:
        where = ", ".join(sorted(elsewhere.ids))
        return f"{elsewhere.id} is offered by {where}; %qwen_models lists what {provider} has."
    return ""


def unknown(name: str, provider: str = "alibaba") -> UnknownModel:
    """The error for a model that isn't offered (any more), with what to ask for instead."""
    model = find(name, provider)
    gone = f"{name} was retired on {model.retired}" if model and model.retired else f"{provider} offers no model {name}"
    return UnknownModel(f"{gone}.", remedy=suggest(name, provider) or "%qwen_models lists them.")


def price(model_id: str, provider: str, scope: str, currency: str) -> PriceRow | None:
    """The price row; None: unpriced. `model_id` may be the provider's own name; only Alibaba's prices have a scope."""
    model = find(model_id, provider)
    rows = _prices()
    return rows.get((model.id if model else model_id, provider, scope if provider == "alibaba" else "", currency))


def prices_of(model_id: str) -> list[PriceRow]:
    """All rows of a model: every provider, scope and currency."""
    return [row for row in _prices().values() if row.model == model_id]


def price_list(settings: Settings, model: str = "") -> tuple[str, str]:
    """The price list that holds, as (scope, currency): what is set, else what the model's name and the region say.

    Only Alibaba's prices have a scope. Beijing bills in yuan, everybody else in dollars.
    """
    if settings.provider != "alibaba":
        return "", settings.currency or "USD"
    scope = "us" if model.endswith("-us") else _SCOPES.get(settings.region, "global")
    return settings.scope or scope, settings.currency or ("CNY" if settings.region == "beijing" else "USD")


def _models() -> dict[str, Model]:
    if _Tables.models is None:
        _Tables.models = models.read(_own(_Tables.folder, "models.toml"))
    return _Tables.models


def _prices() -> dict[prices.Key, PriceRow]:
    if _Tables.prices is None:
        _Tables.prices = prices.read(_own(_Tables.folder, "prices.toml"))
    return _Tables.prices


def _own(folder: Path | None, name: str) -> Path | None:
    path = folder / name if folder else None
    return path if path and path.is_file() else None


def _stamp(path: Path | None) -> int:
    return path.stat().st_mtime_ns if path else 0

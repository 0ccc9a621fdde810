"""Which models may be picked, with their price steps: the catalogue's, as `%qwen_models` shows them. Asks nobody."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from qwen_magics.server.handler import Handler
from qwen_magics.server.office import ModelCard, Models, ProviderCard, TierRates

if TYPE_CHECKING:
    from qwen_magics.catalog import Model, PriceRow
    from qwen_magics.server.desk import Desk
    from qwen_magics.settings import Settings


def models(desk: Desk, provider: str = "") -> Models:
    """What the provider (default: the configured one) offers. Blocks. Raises OptionError, LockedSetting."""
    from qwen_magics import catalog, credentials

    settings = credentials.placed(desk.settings(provider=provider or None))
    catalog.load(settings.data_dir)
    scope, currency = catalog.price_list(settings, settings.model)
    return Models(
        provider=settings.provider,
        region=settings.region if settings.provider == "alibaba" else "",
        scope=scope,
        currency=currency,
        models=_offered(settings),
        providers=_providers(settings),
    )


def _offered(settings: Settings) -> list[ModelCard]:
    """The catalogue's models that are not retired, and the configured one where the catalogue doesn't know it."""
    from qwen_magics import catalog
    from qwen_magics.errors import QwenError
    from qwen_magics.turn import route

    today = dt.datetime.now(dt.UTC).date()
    known = [model for model in catalog.offered(settings.provider) if not model.is_retired(today)]
    try:
        current, own = (where := route(settings)).title, where.name
        plan = where.endpoint.plan
    except QwenError:  # nothing can be asked as it is set: `status` says why
        current, own, plan = "", "", False
    cards = [_card(model, settings, today, current, plan=plan) for model in known]
    if own and not any(card.current for card in cards):
        free = settings.provider == "local"
        cards.insert(0, ModelCard(id=own, title=current, name=own, current=True, price="free" if free else "unpriced"))
    return cards


def _card(model: Model, settings: Settings, today: dt.date, current: str, *, plan: bool) -> ModelCard:
    from qwen_magics import catalog
    from qwen_magics.turn.plan import FREE

    provider = settings.provider
    name = model.name_at(provider)
    scope, currency = catalog.price_list(settings, name)
    row = None if plan or provider in FREE else catalog.price(model.id, provider, scope, currency)
    thinks = model.thinks(scope)
    return ModelCard(
        id=model.id,
        title=model.title or model.id,
        name=name,
        window=model.window,
        max_input=model.max_input,
        max_output=model.max_output,
        max_thinking=model.max_thinking if thinks else 0,
        thinking=model.thinking if thinks else "none",
        vision=model.vision,
        search=model.search and provider == "alibaba",
        cache=bool(model.cache),
        tiers=_tiers(row) if row else [],
        price="plan" if plan else "free" if provider in FREE else "listed" if row else "unpriced",
        search_fee=row.fees.get("search") if row else None,
        derived=row is not None and row.basis == "derived",
        as_of=row.date.isoformat() if row else "",
        stale=row is not None and row.stale(today),
        current=current in (model.id, name),
    )


def _tiers(row: PriceRow) -> list[TierRates]:
    return [
        TierRates(
            up_to=tier.up_to,
            input=tier.input,
            output=tier.output,
            thinking=tier.thinking_output,
            cached=tier.implicit_hit,
            derived=tier.derived,
        )
        for tier in row.tiers
    ]


def _providers(settings: Settings) -> list[ProviderCard]:
    """Those that may be chosen: all, or the one that an administrator decided."""
    from qwen_magics import credentials
    from qwen_magics.settings import PROVIDERS

    keys = credentials.found(settings)
    ready = {name: name in keys for name in PROVIDERS} | {
        "local": _has_weights(settings),
        "openai": settings.provider == "openai" and bool(settings.base_url),
    }
    may = [settings.provider] if "provider" in settings.locked else list(PROVIDERS)
    return [ProviderCard(name=name, label=PROVIDERS[name], ready=ready[name]) for name in may]


def _has_weights(settings: Settings) -> bool:
    from importlib.util import find_spec

    from qwen_magics.errors import LocalModelError
    from qwen_magics.provider.local import weights

    try:
        weights.find(settings.model if settings.model.endswith(".gguf") else None, settings.data_dir)
    except LocalModelError:
        return False
    return find_spec("xllamacpp") is not None


class ModelsHandler(Handler):
    """`GET models?provider=NAME`."""

    async def get(self) -> None:
        """Answers Models."""
        self.answer(await self.work(models, self.desk, self.get_query_argument("provider", "")))

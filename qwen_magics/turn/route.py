"""Who answers: provider, address, key and model, decided together, before anything is composed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import catalog, credentials
from qwen_magics.credentials import Key
from qwen_magics.errors import CredentialError, UnknownModel
from qwen_magics.provider import endpoints

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_magics.catalog import Model
    from qwen_magics.provider.endpoints import Endpoint
    from qwen_magics.settings import Settings
    from qwen_magics.values import Progress

LOCAL_MODEL = "qwen2.5-coder-0.5b"
LOCAL_INPUT = 2_000  # tokens: what two cores read in about fifteen seconds (facts, toolchain)
LARGEST_INPUT = 258_048  # of a model that the catalogue doesn't know: Qwen3-Max's own (facts 2)
LOCAL_OUTPUT = 1_024  # tokens: a small model that rambles for eight thousand would take seven minutes


class Route(Struct, frozen=True, kw_only=True):
    """Where one turn goes. `name` is the provider's own name of the model; `room` the largest input in tokens.

    Decided without a key and without the local model, which only sending needs: `ready` brings them. `refusal` is why
    there is no key.
    """

    settings: Settings
    endpoint: Endpoint
    key: Key
    model: Model | None
    name: str
    room: int
    refusal: CredentialError | None = None

    @property
    def title(self) -> str:
        """What receipts call the model."""
        return self.name if self.endpoint.provider == "local" or self.model is None else self.model.id

    @property
    def silence(self) -> float:
        """Seconds to wait while nothing comes: what was chosen, else as long as the endpoint itself lets it run."""
        return self.settings.timeout or self.endpoint.read_timeout_s

    @property
    def vocabulary(self) -> str:
        """The vocabulary to count with; an unknown model is counted with Qwen3's."""
        return self.model.vocabulary if self.model else "qwen3"


def route(settings: Settings) -> Route:
    """Decide. Needs no key and starts nothing. Raises UnknownModel or SettingsError."""
    catalog.load(settings.data_dir)
    refusal = None
    try:
        settings, key = credentials.for_turn(settings)
    except CredentialError as problem:
        refusal = problem.with_traceback(None)
        settings, key = credentials.placed(settings), Key("", "")
    if settings.provider == "local":
        return _local(settings)
    endpoint = endpoints.resolve(
        settings.provider,
        region=settings.region,
        workspace=settings.workspace,
        base_url=settings.base_url,
        plan_key=key.plan,
    )
    model = _model(settings)
    name = model.name_at(settings.provider) if model else settings.model
    most = model.largest_input(bool(settings.think_limit)) if model else 0
    return Route(
        settings=settings,
        endpoint=endpoint,
        key=key,
        model=model,
        name=name,
        room=min(filter(None, (most, settings.max_input)), default=LARGEST_INPUT),
        refusal=refusal,
    )


def ready(route: Route, on_progress: Callable[[Progress], None] | None = None) -> Route:
    """The same route, able to send: with its key, the local model running. Nothing that is sent changes.

    Raises NoKey, CredentialError or LocalModelError.
    """
    if route.refusal is not None:
        raise route.refusal
    if route.endpoint.provider != "local":
        return route
    from qwen_magics.provider import local
    from qwen_magics.provider.local.process import N_CTX

    settings = route.settings
    n_ctx = max(N_CTX, route.room + settings.max_tokens)
    running = local.ensure(_file(settings), data_dir=settings.data_dir, n_ctx=n_ctx, on_progress=on_progress)
    endpoint = endpoints.resolve("local", base_url=running.base_url)
    return replace(route, endpoint=endpoint, key=Key(running.key, "local"))


def _model(settings: Settings) -> Model | None:
    """The catalogue's entry; None for a name that only the provider may know (it answers 404 if it doesn't)."""
    model = catalog.find(settings.model, settings.provider)
    retired = model is not None and model.is_retired(dt.date.today())
    elsewhere = model is None and settings.provider != "openai" and catalog.find(settings.model) is not None
    if retired or elsewhere:
        raise catalog.unknown(settings.model, settings.provider)
    return model


def _local(settings: Settings) -> Route:
    from qwen_magics.provider.local import weights

    asked, file = settings.model, _file(settings)
    source = settings.source_of("model")
    if file is None and source != "default" and catalog.find(asked, "local") is None:
        given = source == "option"
        instead = f"-m {LOCAL_MODEL}" if given else f'%config Qwen.model = "{LOCAL_MODEL}"'
        named = asked if given else f"{asked}, which {source} sets,"
        raise UnknownModel(
            f"{named} doesn't run on this machine; a GGUF file does, by its path. Nothing was sent.",
            remedy=f"{instead}, or -m /path/to/model.gguf, or -p alibaba",
        )
    name = weights.QWEN_CODER.name if file is None else weights.name_of(Path(file))
    if settings.source_of("max_tokens") == "default":
        settings = replace(settings, max_tokens=LOCAL_OUTPUT)
    if settings.temperature is None:  # a small model left to chance says anything
        settings = replace(settings, temperature=0.0)
    return Route(
        settings=settings,
        endpoint=endpoints.resolve("local", base_url="http://127.0.0.1/v1"),
        key=Key("", "local"),
        model=catalog.find(LOCAL_MODEL, "local") if name == weights.QWEN_CODER.name else None,
        name=name,
        room=settings.max_input or LOCAL_INPUT,
    )


def _file(settings: Settings) -> str | None:
    """The GGUF file that was named; None: the weights that were fetched."""
    return settings.model if settings.model.endswith(".gguf") else None

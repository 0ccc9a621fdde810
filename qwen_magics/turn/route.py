"""Who answers: provider, address, key and model, decided together, before anything is composed."""

from __future__ import annotations

import datetime as dt
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
    """Where one turn goes. `name` is the provider's own name of the model; `room` the largest input in tokens."""

    settings: Settings
    endpoint: Endpoint
    key: Key
    model: Model | None
    name: str
    room: int

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


def route(settings: Settings, on_progress: Callable[[Progress], None] | None = None, *, start: bool = True) -> Route:
    """Decide. Not to `start` is for looking only: no key is needed, and the local model sleeps on.

    Raises NoKey, UnknownModel, SettingsError or LocalModelError.
    """
    catalog.load(settings.data_dir)
    try:
        settings, key = credentials.for_turn(settings)
    except CredentialError:
        if start:
            raise
        settings, key = credentials.placed(settings), Key("", "")
    if settings.provider == "local":
        return _local(settings, key, on_progress, start=start)
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
    )


def _model(settings: Settings) -> Model | None:
    """The catalogue's entry; None for a name that only the provider may know (it answers 404 if it doesn't)."""
    model = catalog.find(settings.model, settings.provider)
    retired = model is not None and model.is_retired(dt.date.today())
    elsewhere = model is None and settings.provider != "openai" and catalog.find(settings.model) is not None
    if retired or elsewhere:
        raise catalog.unknown(settings.model, settings.provider)
    return model


def _local(settings: Settings, key: Key, on_progress: Callable[[Progress], None] | None, *, start: bool) -> Route:
    from qwen_magics.provider import local
    from qwen_magics.provider.local.process import N_CTX

    asked = settings.model
    path = asked if asked.endswith(".gguf") else None
    source = settings.source_of("model")
    if path is None and source != "default" and catalog.find(asked, "local") is None:
        given = source == "option"
        instead = f"-m {LOCAL_MODEL}" if given else f'%config Qwen.model = "{LOCAL_MODEL}"'
        named = asked if given else f"{asked}, which {source} sets,"
        raise UnknownModel(
            f"{named} doesn't run on this machine; a GGUF file does, by its path. Nothing was sent.",
            remedy=f"{instead}, or -m /path/to/model.gguf, or -p alibaba",
        )
    model = None if path else catalog.find(LOCAL_MODEL, "local")
    if settings.source_of("max_tokens") == "default":
        settings = replace(settings, max_tokens=LOCAL_OUTPUT)
    if settings.temperature is None:  # a small model left to chance says anything
        settings = replace(settings, temperature=0.0)
    room = settings.max_input or LOCAL_INPUT
    if not start:
        endpoint = endpoints.resolve("local", base_url="http://127.0.0.1/v1")
        name = model.title if model else str(path)
        return Route(settings=settings, endpoint=endpoint, key=key, model=model, name=name, room=room)
    n_ctx = max(N_CTX, room + settings.max_tokens)
    running = local.ensure(path, data_dir=settings.data_dir, n_ctx=n_ctx, on_progress=on_progress)
    return Route(
        settings=settings,
        endpoint=endpoints.resolve("local", base_url=running.base_url),
        key=Key(running.key, "local"),
        model=model,
        name=running.model_name,
        room=room,
    )

"""Whether a question could be asked now, what is missing in words, and the test that asks the endpoint itself.

`GET status` looks only at this machine. `POST test` runs when somebody presses its button: like `jupyter qwen login` it
asks for the list of models, with the key and nothing else.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from qwen_magics.server.bodies import VERSION
from qwen_magics.server.handler import Handler
from qwen_magics.server.kernels import elsewhere
from qwen_magics.server.lacks import FETCH, INSTALL, lack
from qwen_magics.server.office import KeyShown, Lack, Status, Tested

if TYPE_CHECKING:
    from pathlib import Path

    from qwen_magics.server.desk import Desk
    from qwen_magics.settings import Settings
    from qwen_magics.turn import Route


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """What is tested: the configured provider, or the one that the browser chose."""

    provider: str | None = None
    version: int = VERSION


# --- status ---------------------------------------------------------------------------------------------------------


def status(desk: Desk, provider: str = "", model: str = "", *, sidebar_only: bool = False) -> Status:
    """What there is and what is missing, for the provider and model that were chosen ("": as configured). Blocks. Never
    raises for what is set wrong: that is a problem it tells.
    """
    from qwen_magics import __version__
    from qwen_magics.errors import QwenError
    from qwen_magics.settings import PROVIDERS
    from qwen_magics.turn import route

    said = Status(
        package=__version__, provider=provider, region="", label="", model="", ready=False, sidebar_only=sidebar_only
    )
    try:
        settings = desk.settings(provider=provider or None, model=model or None)
        said = _of(said, provider=settings.provider, model=settings.model)
        where = route(settings)
    except QwenError as problem:
        label = PROVIDERS.get(said.provider, "")
        return _of(said, label=label, problems=[lack(problem, said.provider)])
    problems = _problems(where)
    key = where.key
    return _of(
        said,
        provider=where.endpoint.provider,
        region=where.endpoint.region,
        label=where.endpoint.label,
        model=where.title,
        ready=not problems,
        problems=problems,
        key=KeyShown(masked=str(key), where=key.origin) if key else None,
    )


def _of(said: Status, **changes: object) -> Status:
    return msgspec.structs.replace(said, **changes)


def _problems(where: Route) -> list[Lack]:
    found = []
    if where.refusal is not None:
        found.append(lack(where.refusal, where.endpoint.provider))
    if where.endpoint.provider == "local":
        found += _local(where.settings)
    return found + _folder(where.settings.data_dir)


def _local(settings: Settings) -> list[Lack]:
    """What the local model lacks."""
    from importlib.util import find_spec

    from qwen_magics.errors import LocalModelError
    from qwen_magics.provider.local import weights

    if find_spec("xllamacpp") is None:
        return [Lack(code="engine", what="The local model needs llama.cpp.", remedy=INSTALL, action="local")]
    try:
        weights.find(settings.model if settings.model.endswith(".gguf") else None, settings.data_dir)
    except LocalModelError as problem:
        return [Lack(code="weights", what=problem.message, remedy=FETCH, action="local")]
    return []


def _folder(folder: Path) -> list[Lack]:
    """What can't be recorded can't be guarded: without its ledger no turn goes."""
    nearest = next(above for above in (folder, *folder.parents) if above.exists())
    ledger = folder / "ledger.sqlite"
    if os.access(nearest, os.W_OK | os.X_OK) and (not ledger.exists() or os.access(ledger, os.W_OK)):
        return []
    what = f"{folder} can't be written, so no turn can be recorded."
    return [Lack(code="folder", what=what, remedy="Its owner has to allow it: jupyter qwen doctor tells more.")]


# --- test -----------------------------------------------------------------------------------------------------------


def tested(desk: Desk, asked: Test) -> Tested:
    """Ask the endpoint for its list of models. Blocks. Raises LockedSetting."""
    from qwen_magics.errors import LockedSetting, QwenError
    from qwen_magics.login import models_at
    from qwen_magics.turn import route
    from qwen_magics.turn.route import ready

    provider, sent = asked.provider or "", ""
    began = time.perf_counter()
    try:
        where = route(desk.settings(provider=asked.provider))
        provider, sent = where.endpoint.provider, _sent(where)
        where = ready(where)
        models = models_at(where.endpoint, where.key)
    except LockedSetting:
        raise
    except QwenError as problem:
        said = lack(problem, provider)
        return Tested(ok=False, sent=sent or "Nothing was sent.", said=said.what, problem=said)
    took = round(1000 * (time.perf_counter() - began))
    answered = f"It works: {models:,} {'model' if models == 1 else 'models'}." if models else "It works."
    return Tested(ok=True, sent=sent, said=answered, ms=took)


def _sent(where: Route) -> str:
    """What the test sends, in words."""
    if where.endpoint.provider == "local":
        return "Nothing left this machine: the local model was started and asked for its name."
    if where.refusal is not None:
        return "Nothing was sent."
    what = "your key and nothing else" if where.key else "nothing else, not even a key"
    return f"A request for the list of models, with {what} → {where.endpoint.label}. It costs nothing."


class StatusHandler(Handler):
    """`GET status?notebook=PATH&provider=NAME&model=NAME`."""

    async def get(self) -> None:
        """Answers Status."""
        away = await elsewhere(self, self.get_query_argument("notebook", ""))
        provider, model = self.get_query_argument("provider", ""), self.get_query_argument("model", "")
        self.answer(await self.work(lambda: status(self.desk, provider, model, sidebar_only=away)))


class TestHandler(Handler):
    """`POST test`."""

    async def post(self) -> None:
        """Takes a Test, answers Tested."""
        asked = self.body(Test) if self.request.body else Test()
        self.answer(await self.desk.wait(tested, self.desk, asked))

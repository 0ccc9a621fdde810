"""A real Jupyter Server with the extension, and the fake provider behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fakes.browser import Browser, HandClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.provider import FakeProvider
    from fakes.typing_browser import Post

    from qwen_magics.server.desk import Desk


@pytest.fixture
def jp_server_config(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The extension enabled; settings by variables, as an administrator or a user would."""
    monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "alibaba")
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "a" * 32)
    return {"ServerApp": {"jpserver_extensions": {"qwen_magics.server": True}}}


@pytest.fixture
def desk(jp_serverapp: Any) -> Desk:
    """What the server's routes share."""
    found: Desk = jp_serverapp.web_app.settings["qwen_magics_desk"]
    return found


@pytest.fixture
def clock(desk: Desk) -> HandClock:
    """The server's clock, set by hand."""
    hand = HandClock()
    desk.later = hand  # type: ignore[method-assign]
    return hand


@pytest.fixture
def server_url(jp_fetch: Any, jp_http_port: int, jp_base_url: str) -> str:
    """Where a browser finds it (`jp_fetch` is what makes it listen)."""
    return f"http://127.0.0.1:{jp_http_port}{jp_base_url}"


@pytest.fixture
def browser(jp_serverapp: Any, server_url: str) -> Browser:
    """A browser that is logged in."""
    return Browser(server_url, jp_serverapp.identity_provider.token)


@pytest.fixture
def post(jp_fetch: Callable[..., Any]) -> Post:
    """What a route answers."""

    async def send(route: str, **body: Any) -> Any:
        response = await jp_fetch("qwen", "api", route, method="POST", body=json.dumps(body))
        return json.loads(response.body)

    return send

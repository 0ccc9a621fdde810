"""A real Jupyter Server with the extension, and the fake provider behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fakes.provider import FakeProvider

pytest_plugins = ("pytest_jupyter.jupyter_server",)


@pytest.fixture
def jp_server_config(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The extension enabled; settings by variables, as an administrator or a user would."""
    monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "alibaba")
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "a" * 32)
    return {"ServerApp": {"jpserver_extensions": {"qwen_magics.server": True}}}

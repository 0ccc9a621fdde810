"""A real shell with the extension loaded, and the fake provider behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.provider import FakeProvider


@pytest.fixture
def shell(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """It is unloaded and loaded again by no test but that of unloading."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "0" * 32)
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "qwen_magics")
    yield made
    made.run_line_magic("unload_ext", "qwen_magics")
    made.history_manager.outputs.clear()  # all shells of a process share it

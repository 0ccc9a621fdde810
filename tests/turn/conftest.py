"""A turn against the fake provider: what every test of this room needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.turns import Bench

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.provider import FakeProvider


@pytest.fixture
def bench(provider: FakeProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "0" * 32)
    return Bench(provider, tmp_path)

"""A ledger in a folder of its own, and a place to ask from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_magics.ledger import Ledger, Where


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "data" / "ledger.sqlite")
    yield ledger
    ledger.close()


@pytest.fixture
def here() -> Where:
    return Where("a.ipynb", "cell-1", "session-1")

"""Kernels with a Jupyter, a key and a provider of their own, for tests of the whole product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk import Desk
from fakes.provider import FakeProvider

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One kernel for a module's tests; each adds its own cells to the notebook."""
    home = tmp_path_factory.mktemp("desk")
    with FakeProvider() as provider:
        desk = Desk(home, provider)
        with desk.lab:
            assert desk.lab.run_cell(0).status == "ok"
            yield desk

"""A shell of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hosts import terminal_shell
from IPython.core.interactiveshell import InteractiveShell

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """IPython as in a terminal, in this process."""
    InteractiveShell.clear_instance()
    shell = terminal_shell()
    yield shell
    shell.reset()
    InteractiveShell.clear_instance()

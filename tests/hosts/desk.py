"""A person at work: an environment, a notebook in a real kernel, a provider that answers, a ledger."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from front_end import FrontEnd
from nbformat.v4 import new_code_cell, new_notebook

from qwen_magics.credentials import VARIABLES
from qwen_magics.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.provider import FakeProvider


ADDRESS = "http://models.internal/v1"


def environment(home: Path, provider: FakeProvider | None = None) -> dict[str, str]:
    """A person's environment: nothing of whoever runs the tests, a key in a variable.

    The provider stands elsewhere for all that the product can know: it is reached through a proxy.
    """
    foreign = ("QWEN_MAGICS_", "JPY_", "HTTP", "http", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy")
    names = {name for name in os.environ if not name.startswith(foreign) and name not in VARIABLES.values()}
    env = {name: os.environ[name] for name in names}
    for name in ("config", "data", "ipython", "qwen"):
        (home / name).mkdir(parents=True, exist_ok=True)
    env |= {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "QWEN_MAGICS_DATA_DIR": str(home / "qwen"),
        "DASHSCOPE_API_KEY": "sk-" + secrets.token_hex(16),
    }
    if provider:
        env |= {"QWEN_MAGICS_BASE_URL": ADDRESS, "HTTP_PROXY": provider.base_url.removesuffix("/v1")}
    return env


class Desk:
    """A person at work: one open notebook in a JupyterLab, a provider that answers, a ledger."""

    def __init__(self, home: Path, provider: FakeProvider) -> None:
        self.home, self.provider, self.env = home, provider, environment(home, provider)
        notebook = new_notebook(cells=[new_code_cell("%load_ext qwen_magics", id="load")])
        self.lab = FrontEnd(notebook, home / "notebook.ipynb", self.env)

    @property
    def ledger(self) -> Ledger:
        """The ledger's rows as another process sees them."""
        return Ledger(self.home / "qwen" / "ledger.sqlite")

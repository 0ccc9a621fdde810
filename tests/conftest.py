"""Every test has a Jupyter of its own: no configuration, data folder, key or keyring of the person who runs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from jupyter_core import paths

from qwen_magics.credentials import VARIABLES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_jupyter(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `user`, `env` and `system` (configuration) and `data`; processes that a test starts share it."""
    home = tmp_path_factory.mktemp("jupyter")
    for name in [name for name in os.environ if name.startswith("QWEN_MAGICS_") or name in VARIABLES.values()]:
        monkeypatch.delenv(name)
    for name in ("user", "env", "system", "data", "ipython"):
        (home / name).mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(home / "user"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    monkeypatch.delenv("JUPYTER_NO_CONFIG", raising=False)
    monkeypatch.setattr(paths, "ENV_CONFIG_PATH", [str(home / "env")])
    monkeypatch.setattr(paths, "SYSTEM_CONFIG_PATH", [str(home / "system")])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return home

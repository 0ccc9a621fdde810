"""Every test has a Jupyter of its own: no configuration, data folder, key or keyring of the person who runs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.provider import FakeProvider
from hypothesis import settings
from jupyter_core import paths

from qwen_magics.credentials import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ("pytest_jupyter.jupyter_server",)  # for tests/server; pytest takes it in the first conftest alone
settings.register_profile("untimed", deadline=None)  # nothing asserts a time: machines under load are slow
settings.load_profile("untimed")


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
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    monkeypatch.setattr(paths, "ENV_CONFIG_PATH", [str(home / "env")])
    monkeypatch.setattr(paths, "SYSTEM_CONFIG_PATH", [str(home / "system")])
    monkeypatch.setattr(paths, "ENV_JUPYTER_PATH", [str(_without_weights(home / "share"))])
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return home


def _without_weights(share: Path) -> Path:
    """This environment's kernels, templates and extensions, without the local model that `make` puts beside them."""
    share.mkdir()
    for entry in Path(sys.prefix, "share", "jupyter").iterdir():
        if entry.name != "qwen-magics":
            (share / entry.name).symlink_to(entry)
    return share


@pytest.fixture(scope="session")
def local_weights() -> Path:
    """The local model's real file: QWEN_MAGICS_TEST_WEIGHTS, else where `jupyter qwen local fetch` puts it."""
    from qwen_magics.provider import local

    return local.find(os.environ.get("QWEN_MAGICS_TEST_WEIGHTS"), Path(paths.jupyter_data_dir(), "qwen-magics"))


@pytest.fixture(scope="session")
def local_home(local_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A `data_dir` that has the weights, shared by all tests that ask the local model; its server ends with them."""
    from qwen_magics.provider import local

    home = tmp_path_factory.mktemp("local")
    _link_weights(local_weights, home)
    yield home
    local.stop(home)


@pytest.fixture
def local_home_alone(local_weights: Path, tmp_path: Path) -> Iterator[Path]:
    """A `data_dir` of the test's own that has the weights; its server ends with the test."""
    from qwen_magics.provider import local

    _link_weights(local_weights, tmp_path)
    yield tmp_path
    local.stop(tmp_path)


def _link_weights(file: Path, data_dir: Path) -> None:
    """Put the weights into a data folder without copying half a gigabyte."""
    from qwen_magics.provider.local import weights

    link = weights.home(data_dir)
    link.parent.mkdir(parents=True)
    link.symlink_to(file)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    """A provider of Alibaba's dialect on this machine (`fakes.provider`); other dialects: `FakeProvider("…")`."""
    with FakeProvider("alibaba") as fake:
        yield fake

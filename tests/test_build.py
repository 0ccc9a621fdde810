"""The packages that people install: both faces in one wheel, built without a network, and nothing else in them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAB = "share/jupyter/labextensions/qwen-magics/"
PACKAGE = json.loads((ROOT / "labextension/package.json").read_text("utf-8"))


def run(*command: str | Path, cwd: Path = ROOT, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run("-m", "hatchling", "build", "-t", "sdist", "-d", folder)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, as an installer would; with no Node: the sdist brings the built extension along."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.unpack_archive(sdist, folder)
    (source,) = folder.iterdir()
    run("-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist", cwd=source, PATH="")
    (file,) = (folder / "dist").iterdir()
    return file


def names(file: Path) -> set[str]:
    if file.suffix == ".whl":
        return set(zipfile.ZipFile(file).namelist())
    with tarfile.open(file) as packed:
        return {name.partition("/")[2] for name in packed.getnames()}


def test_the_wheel_holds_both_faces_and_the_license(wheel: Path) -> None:
    held = names(wheel)
    data = f"qwen_magics-{PACKAGE['version']}.data/data/{LAB}"
    examples = {f"qwen_magics/examples/{name}.ipynb" for name in ("quickstart", "costs")}
    assert {"qwen_magics/catalog/models.toml", *examples} <= held
    assert {data + "package.json", data + "install.json", data + "static/style.js"} <= held
    assert any(re.fullmatch(re.escape(data) + r"static/remoteEntry\.\w+\.js", name) for name in held)
    assert f"qwen_magics-{PACKAGE['version']}.dist-info/licenses/LICENSE" in held


def test_the_wheel_holds_the_extension_once_and_no_sources(wheel: Path) -> None:
    assert not [name for name in names(wheel) if name.startswith(("qwen_magics/labextension", "labextension", "tests"))]


def test_the_sdist_holds_sources_and_the_built_extension_but_nothing_fetched(sdist: Path) -> None:
    held = names(sdist)
    assert {"labextension/src/mime.ts", "labextension/yarn.lock", "qwen_magics/labextension/package.json"} <= held
    assert not [name for name in held if re.search(r"node_modules|\.venv|\.cache|\.gguf|__pycache__", name)]


def test_the_version_is_that_of_the_extension(wheel: Path) -> None:
    assert wheel.name == f"qwen_magics-{PACKAGE['version']}-py3-none-any.whl"


def test_an_installed_wheel_is_seen_by_jupyterlab_and_by_jupyter(wheel: Path, tmp_path: Path) -> None:
    # Without --ignore-installed pip would take away the development installation that runs this test.
    run("-m", "pip", "install", "--ignore-installed", "--no-deps", "--no-index", "--prefix", tmp_path, wheel)
    listed = run("-m", "jupyterlab.labextensions", "list", JUPYTER_PATH=str(tmp_path / "share/jupyter"))
    assert re.search(rf"qwen-magics v{PACKAGE['version']}\W.*enabled.*OK", listed)
    assert (tmp_path / "bin/jupyter-qwen").exists()


def test_the_node_half_can_be_skipped(tmp_path: Path) -> None:
    run("-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, HATCH_JUPYTER_BUILDER_SKIP_NPM="1", PATH="")
    assert [file.suffix for file in tmp_path.iterdir()] == [".whl"]


@pytest.mark.parametrize("lock", ["labextension/yarn.lock", "labextension/ui-tests/yarn.lock"])
def test_lock_files_name_no_host(lock: str) -> None:
    assert not re.findall(r"\w+://\S+|__archiveUrl\S*", (ROOT / lock).read_text("utf-8"))

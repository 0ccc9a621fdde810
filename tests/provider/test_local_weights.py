"""Which file is run, and `jupyter qwen local`, on folders of the tests' own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jupyter_core import paths

from qwen_magics import app
from qwen_magics.errors import LocalModelError
from qwen_magics.provider import local
from qwen_magics.provider.local import cli, weights

TINY = weights.Weights(name="Tiny", file="tiny.gguf", size=8, sha256="", hubs={})


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only system-wide folder of data that Jupyter knows."""
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    monkeypatch.setattr(paths, "ENV_JUPYTER_PATH", [])
    monkeypatch.setattr(paths, "SYSTEM_JUPYTER_PATH", [str(tmp_path / "share" / "jupyter")])
    return tmp_path / "share" / "jupyter" / "qwen-magics" / "models"


def put(file: Path, content: bytes = b"GGUF1234") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


# --- which file -----------------------------------------------------------------------------------------------------


def test_a_named_file_wins_over_the_shared_one_and_that_over_the_users_own(shared: Path, tmp_path: Path) -> None:
    own = put(weights.home(tmp_path, TINY))
    assert weights.find(None, tmp_path, TINY) == own
    everybodys = put(shared / "tiny.gguf")
    assert weights.find(None, tmp_path, TINY) == everybodys
    named = put(tmp_path / "other.gguf", b"GGUF, whatever its size")
    assert weights.find(str(named), tmp_path, TINY) == named


def test_half_a_file_under_the_pinned_name_does_not_count(shared: Path, tmp_path: Path) -> None:
    put(shared / "tiny.gguf", b"GGUF")
    with pytest.raises(LocalModelError, match="not on this machine yet") as caught:
        weights.find(None, tmp_path, TINY)
    assert caught.value.remedy == "jupyter qwen local fetch"


@pytest.mark.parametrize(("content", "why"), [(None, "does not exist"), (b"PK\3\4", "is not a GGUF file")])
def test_a_named_file_must_be_gguf(content: bytes | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LocalModelError, match=why):
        weights.find(file, tmp_path)


def test_receipts_name_the_pinned_model_or_the_users_file() -> None:
    assert weights.name_of(Path("x", weights.QWEN_CODER.file)) == "Qwen2.5-Coder-0.5B"
    assert weights.name_of(Path("x/Qwen3-4B-Q4_K_M.gguf")) == "Qwen3-4B-Q4_K_M"


# --- jupyter qwen local ---------------------------------------------------------------------------------------------


def test_fetch_asks_nobody_when_the_file_is_there(
    local_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    file = tmp_path / "models" / weights.QWEN_CODER.file
    file.parent.mkdir()
    file.symlink_to(local_weights)
    assert app.main(["local", "fetch", "--source", "huggingface", "--to", str(file.parent)]) == 0
    assert capsys.readouterr() == (f"{file}\n", "")


def test_fetch_is_content_with_shared_weights(
    local_weights: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared.mkdir(parents=True)
    (shared / weights.QWEN_CODER.file).symlink_to(local_weights)
    assert app.main(["local", "fetch"]) == 0
    assert capsys.readouterr().out.startswith(str(shared))
    assert app.main(["local", "path"]) == 0
    assert capsys.readouterr().out == f"{shared / weights.QWEN_CODER.file}\n"


def test_without_weights_path_fails_and_status_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["local", "path"]) == 1
    assert "jupyter qwen local fetch" in capsys.readouterr().err
    assert app.main(["local", "status"]) == 0
    said = capsys.readouterr().out
    assert "not on this machine yet" in said
    assert "running  no" in said
    assert app.main(["local", "stop"]) == 0
    assert capsys.readouterr().out == "It was not running.\n"


def test_start_status_and_stop(
    local_home_alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_DATA_DIR", str(local_home_alone))
    assert app.main(["local", "start"]) == 0
    assert app.main(["local", "status", "--json"]) == 0
    said = capsys.readouterr().out
    told = json.loads(said[said.index("{") :])
    assert told["running"]
    assert told["model_name"] == "Qwen2.5-Coder-0.5B"
    assert "key" not in told
    assert app.main(["local", "status"]) == 0
    assert f"pid {told['pid']}, window 8,192 tokens" in capsys.readouterr().out
    assert app.main(["local", "stop"]) == 0
    assert capsys.readouterr().out == "Stopped.\n"
    assert not local.status(local_home_alone)["running"]


def test_the_bar_says_every_tenth_where_lines_cannot_move(capsys: pytest.CaptureFixture[str]) -> None:
    bar = cli.Bar("Tiny")
    for done in range(0, 1001, 25):
        bar(done, 1000)
    bar.end()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("%")[0].split()[-1] for line in lines] == [str(n) for n in range(0, 101, 10)]


def test_the_bar_moves_in_place_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar = cli.Bar("Tiny")
    bar(0, 1000)
    bar(1000, 1000)
    bar.end()
    said = capsys.readouterr().err
    assert said.count("\r") == 2
    assert said.count("\n") == 1
    assert "100 %" in said

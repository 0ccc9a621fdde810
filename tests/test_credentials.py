"""Keys: where they come from, where they are kept, and that no part of one is ever seen."""

from __future__ import annotations

import copy
import json
import os
import pickle
import secrets
import stat
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keyring
import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from qwen_magics import credentials, settings
from qwen_magics.credentials import Key, store
from qwen_magics.errors import CredentialError, NoKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.settings import Settings


class Ring(KeyringBackend):
    """A keyring in memory: the real interface, no system behind it."""

    priority = 0  # so that keyring never chooses it of itself

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.locked = False
        self.hangs: threading.Event | None = None
        self.forgetful = False
        self.priority = 5

    def _open(self) -> None:
        self.asked += 1
        if self.hangs:
            self.hangs.wait()
        if self.locked:
            raise KeyringLocked

    def get_password(self, service: str, username: str) -> str | None:
        """As keyring says."""
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """As keyring says."""
        self._open()
        if not self.forgetful:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """As keyring says."""
        self._open()
        del self.kept[service, username]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ring]:
    """The system has a keyring."""
    ring = Ring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", ring)
    monkeypatch.setattr(store, "_hangs", False)
    yield ring
    if ring.hangs:
        ring.hangs.set()


def fresh(**options: Any) -> Settings:
    return settings.load().with_options(**options)


def new_key(prefix: str = "sk-") -> str:
    return prefix + secrets.token_hex(16)


def seen(error: BaseException) -> str:
    """Everything a traceback can show of it, locals of all frames but the test's own."""
    error = error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


# --- masking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["sk-", "sk-sp-", "sk-or-", "hf_", "ms-", ""])
def test_a_key_shows_its_kind_and_its_last_four_characters_only(prefix: str) -> None:
    text = new_key(prefix)
    key = Key(text, "openai")
    mask = f"{prefix}…{text[-4:]}"
    assert (str(key), f"{key}", f"{key:>40}".strip(), key.masked) == (mask,) * 4
    assert text[len(prefix) : -4] not in repr(key)
    assert key.reveal() == text


def test_a_short_key_shows_nothing() -> None:
    assert str(Key("sk-12345", "alibaba")) == "…"


def test_a_pickled_key_is_only_its_mask() -> None:
    text = new_key()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        dumped = pickle.dumps(Key(text, "alibaba"), protocol)
        assert text.encode() not in dumped
        assert text[4:-4].encode() not in dumped
    back = pickle.loads(dumped)
    assert (str(back), bool(back), back.reveal()) == (str(Key(text, "alibaba")), False, "")
    assert copy.deepcopy(Key(text, "alibaba")).reveal() == text


@pytest.mark.parametrize(
    "around", ["{}", "  {}\r\n", '"{}"', "“{}”", "DASHSCOPE_API_KEY={}", "export DASHSCOPE_API_KEY='{}'", "Bearer {}"]
)
def test_what_is_pasted_around_a_key_falls_away(around: str) -> None:
    text = new_key()
    assert Key(around.format(text), "alibaba").check().reveal() == text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("{}é", "'é' (U+00E9) as character 36"),
        ("sk-…{}", "'…' (U+2026) as character 4"),
        ("{} {}", "space or line break"),
        ("sk-***{}", "masked"),
        ("sk-or-v1-{}", "OpenRouter's"),
        ("hf_{}", "Hugging Face's"),
    ],
)
def test_what_can_not_be_a_key_is_refused_without_showing_it(
    wrong: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = new_key()
    monkeypatch.setenv("DASHSCOPE_API_KEY", wrong.format(text, text))
    with pytest.raises(CredentialError) as caught:
        credentials.for_turn(fresh())
    assert says in str(caught.value)
    assert "DASHSCOPE_API_KEY" in str(caught.value)
    assert text not in seen(caught.value)


def test_a_plan_key_is_known_as_one() -> None:
    assert Key(new_key("sk-sp-"), "alibaba").plan
    assert not Key(new_key(), "alibaba").plan


# --- which key --------------------------------------------------------------------------------------------------------


def test_a_variable_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = fresh()
    for text in (new_key(), new_key()):
        monkeypatch.setenv("DASHSCOPE_API_KEY", text)
        assert credentials.key_for("alibaba", chosen).reveal() == text


def test_a_variable_wins_over_a_login() -> None:
    chosen = fresh()
    credentials.save(Key(new_key(), "alibaba"), chosen.data_dir)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASHSCOPE_API_KEY", text := new_key())
        assert credentials.key_for("alibaba", chosen).reveal() == text
    assert credentials.key_for("alibaba", chosen).origin == "login"


def test_auto_is_alibaba_with_a_key_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one the error has the three ways out, each a line to paste; no other provider is asked."""
    monkeypatch.setenv("OPENROUTER_API_KEY", text := new_key("sk-or-"))
    with pytest.raises(NoKey) as caught:
        credentials.for_turn(fresh())
    for line in ("%qwen_login", '%config Qwen.provider = "local"', '%config Qwen.provider = "openrouter"'):
        assert line in caught.value.remedy
    assert text not in str(caught.value)
    monkeypatch.setenv("DASHSCOPE_API_KEY", new_key())
    chosen, key = credentials.for_turn(fresh())
    assert (chosen.provider, key.provider) == ("alibaba", "alibaba")


def test_a_chosen_provider_without_a_key_names_its_variable() -> None:
    with pytest.raises(NoKey, match="MODELSCOPE_API_KEY is not set") as caught:
        credentials.for_turn(fresh(provider="modelscope"))
    assert caught.value.remedy == "%qwen_login --provider modelscope"


@pytest.mark.parametrize("provider", ["local", "openai"])
def test_some_servers_need_no_key(provider: str) -> None:
    chosen, key = credentials.for_turn(fresh(provider=provider, base_url="http://localhost:8000/v1"))
    assert (chosen.provider, bool(key)) == (provider, False)


def test_region_and_workspace_come_with_the_login(own_jupyter: Path) -> None:
    data_dir = fresh().data_dir
    credentials.save(Key(new_key(), "alibaba", region="beijing", workspace="llm-abc"), data_dir)
    chosen, _ = credentials.for_turn(fresh())
    assert (chosen.region, chosen.workspace, chosen.source_of("region")) == ("beijing", "llm-abc", "login")
    # Who chooses a region means it; the login's workspace is of another one.
    chosen, _ = credentials.for_turn(fresh(region="singapore"))
    assert (chosen.region, chosen.workspace) == ("singapore", "")


def test_a_variables_key_takes_no_region_from_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials.save(Key(new_key(), "alibaba", region="beijing"), fresh().data_dir)
    monkeypatch.setenv("DASHSCOPE_API_KEY", new_key())
    assert credentials.for_turn(fresh())[0].region == "singapore"


def test_all_own_keys_are_known_for_redaction(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [new_key(), new_key(), new_key("hf_")]
    credentials.save(Key(texts[0], "alibaba"), fresh().data_dir)
    monkeypatch.setenv("DASHSCOPE_API_KEY", texts[1])
    monkeypatch.setenv("HF_TOKEN", texts[2])
    assert {key.reveal() for key in credentials.all_known_keys(fresh())} == set(texts)
    assert credentials.found(fresh()) == ["alibaba", "huggingface"]


# --- the store --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="rights of files are those of the profile there")
def test_without_a_keyring_the_key_lies_in_a_file_of_the_users_own() -> None:
    data_dir = fresh().data_dir
    where = Path(credentials.save(Key(new_key(), "alibaba"), data_dir))
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    assert stat.S_IMODE(where.parent.stat().st_mode) == stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert [file.name for file in where.parent.iterdir()] == ["alibaba.json"]


def test_a_folder_that_was_open_is_closed() -> None:
    data_dir = fresh().data_dir
    (data_dir / "keys").mkdir(parents=True, mode=0o777)
    where = Path(credentials.save(Key(new_key(), "alibaba"), data_dir))
    assert os.name == "nt" or stat.S_IMODE(where.parent.stat().st_mode) == 0o700


def test_with_a_keyring_the_file_holds_no_key(ring: Ring) -> None:
    data_dir, text = fresh().data_dir, new_key()
    credentials.save(Key(text, "alibaba", region="tokyo", workspace="llm-abc"), data_dir)
    assert text not in (data_dir / "keys" / "alibaba.json").read_text()
    chosen, key = credentials.for_turn(fresh())
    assert (key.reveal(), chosen.region, chosen.workspace) == (text, "tokyo", "llm-abc")


def test_a_keyring_is_asked_once_a_login_and_never_without_one(ring: Ring) -> None:
    chosen = fresh()
    credentials.found(chosen)
    assert ring.asked == 0
    credentials.save(Key(new_key(), "alibaba"), chosen.data_dir)
    asked = ring.asked
    for _ in range(3):
        credentials.key_for("alibaba", chosen)
    assert ring.asked == asked + 1
    credentials.save(Key(again := new_key(), "alibaba"), chosen.data_dir)
    assert credentials.key_for("alibaba", chosen).reveal() == again


@pytest.mark.parametrize("fault", ["locked", "forgetful", "hangs"])
def test_a_keyring_that_is_of_no_use_is_none(fault: str, ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locked, taking keys and keeping nothing, or hanging: the key goes to the file, and a turn gets it."""
    monkeypatch.setattr(store, "WRITE_WAIT", 0.05)
    setattr(ring, fault, threading.Event() if fault == "hangs" else True)
    chosen, text = fresh(), new_key()
    where = credentials.save(Key(text, "alibaba"), chosen.data_dir)
    assert Path(where).exists()
    assert credentials.key_for("alibaba", chosen).reveal() == text


def test_a_keyring_that_locks_later_is_named_as_the_reason(ring: Ring) -> None:
    chosen = fresh()
    credentials.save(Key(new_key(), "alibaba"), chosen.data_dir)
    ring.locked = True
    with pytest.raises(NoKey, match="keyring, which has the login, is locked"):
        credentials.key_for("alibaba", chosen)
    ring.locked = False
    assert credentials.key_for("alibaba", chosen)


@pytest.mark.parametrize("with_ring", [True, False])
def test_logging_out_leaves_nothing(with_ring: bool, request: pytest.FixtureRequest) -> None:
    ring: Ring | None = request.getfixturevalue("ring") if with_ring else None
    chosen = fresh()
    credentials.save(Key(new_key(), "alibaba"), chosen.data_dir)
    assert credentials.forget("alibaba", chosen.data_dir)
    assert not credentials.forget("alibaba", chosen.data_dir)
    assert not list((chosen.data_dir / "keys").iterdir())
    assert not ring or not ring.kept


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"key": 5}', b"\xff"])
def test_a_damaged_file_is_an_error_with_its_remedy(content: bytes) -> None:
    chosen = fresh()
    file = Path(credentials.save(Key(new_key(), "alibaba"), chosen.data_dir))
    file.write_bytes(content)
    with pytest.raises(CredentialError, match="is damaged") as caught:
        credentials.key_for("alibaba", chosen)
    assert caught.value.remedy == "jupyter qwen login --provider alibaba"
    assert credentials.found(chosen) == []


def test_a_folder_that_can_not_be_written_is_an_error_without_the_key(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file stands where the folder should")
    text = new_key()
    with pytest.raises(CredentialError, match="can't be stored") as caught:
        credentials.save(Key(text, "alibaba"), tmp_path)
    assert text not in seen(caught.value)


# --- what a run leaves behind -----------------------------------------------------------------------------------------

CELLS = [
    "import logging, pickle, subprocess, traceback; from pathlib import Path",
    "logging.basicConfig(filename='log.txt', level=logging.DEBUG)",
    "from qwen_magics import credentials, settings; qwen = settings.load(get_ipython())",
    "chosen, key = credentials.for_turn(qwen.with_options())",
    "assert len(key.reveal()) == 35",
    "chosen, key, [key], {'key': key}, credentials.all_known_keys(chosen), credentials.found(chosen)",
    "print(key, repr(key), f'{key!s:>50}', key.__reduce__(), [getattr(key, name) for name in key.__slots__])",
    "logging.warning('a key %s %r in %s', key, key, chosen)",
    "Path('pickle').write_bytes(pickle.dumps([key, chosen]))",
    "Path('processes').write_text(subprocess.getoutput('ps -eo args; cat /proc/[0-9]*/cmdline'))",
    "def deep(given, chosen):\n    inner, known = [given], credentials.all_known_keys(chosen)\n    inner[1]",
    "deep(key, chosen)",
    "%xmode Context",
    "deep(key, chosen)",
    "%xmode Verbose",
    "deep(key, chosen)",
    "try: deep(key, chosen)\nexcept Exception as e: error = e",
    "print(*traceback.TracebackException.from_exception(error, capture_locals=True).format())",
    "credentials.save(key, Path('log.txt'))",
    "credentials.key_for('modelscope', chosen)",
    "credentials.Key(key.reveal() + 'é', 'alibaba').check()",
    "%config Qwen",
]
RUN = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(open("cells.json")):
    shell.run_cell(cell, store_history=True)
shell.history_manager.end_session()
"""


@pytest.mark.parametrize("kept", ["variable", "login"])
def test_a_planted_key_is_nowhere_after_a_run(
    kept: str, own_jupyter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown, logged, pickled, in every kind of traceback: outputs, logs, history and the process list hold none."""
    text = new_key()
    where = ""
    monkeypatch.chdir(tmp_path)
    if kept == "variable":
        monkeypatch.setenv("DASHSCOPE_API_KEY", text)
    else:
        where = credentials.save(Key(text, "alibaba"), fresh().data_dir)
    Path("cells.json").write_text(json.dumps(CELLS))
    ran = subprocess.run([sys.executable, "-c", RUN], capture_output=True, check=True, timeout=60)
    out = ran.stdout + ran.stderr
    assert b"IndexError" in out
    assert b"CredentialError" in out
    assert str(Key(text, "alibaba")).encode() in out
    left = {"output": out}
    for file in [*own_jupyter.rglob("*"), *tmp_path.rglob("*")]:
        if file.is_file() and str(file) != where:
            left[str(file)] = file.read_bytes()
    assert len(left) > 5
    # Eight characters in a row would already be too much; the last four are what a mask shows.
    pieces = [text[start : start + 8].encode() for start in range(3, len(text) - 7)]
    assert [name for name, content in left.items() for piece in pieces if piece in content] == []

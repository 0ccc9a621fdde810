"""Settings: who wins, what is refused and what the refusal says, what an administrator can hold."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from qwen_magics import settings
from qwen_magics.errors import LockedSetting, OptionError, SettingsError

LAYERS = ("default", "ipython_config", "env.py", "user.py", "user.json", "variable", "%config", "option", "lock")


@pytest.fixture
def shell() -> Any:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def write(folder: Path, **values: Any) -> str:
    """A `jupyter_qwen_config.py` that sets these."""
    file = folder / "jupyter_qwen_config.py"
    file.write_text("".join(f"c.Qwen.{name} = {value!r}\n" for name, value in values.items()))
    return str(file)


@pytest.mark.parametrize("strongest", LAYERS)
def test_the_stronger_layer_wins(
    strongest: str, own_jupyter: Path, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every layer up to `strongest` sets the model to its own name; an administrator's lock comes on top of all."""
    there = LAYERS[: LAYERS.index(strongest) + 1]
    expected_source = strongest
    shell.config = Config()
    if "ipython_config" in there:
        shell.config.Qwen.model = "ipython_config"
    if "env.py" in there:
        file = write(own_jupyter / "env", model="env.py")
        expected_source = file if strongest == "env.py" else expected_source
    if "user.py" in there:
        file = write(own_jupyter / "user", model="user.py")
        expected_source = file if strongest == "user.py" else expected_source
    if "user.json" in there:
        path = own_jupyter / "user" / "jupyter_qwen_config.json"
        path.write_text(json.dumps({"Qwen": {"model": "user.json"}}))
        expected_source = str(path) if strongest == "user.json" else expected_source
    if "variable" in there:
        monkeypatch.setenv("QWEN_MAGICS_MODEL", "variable")
        expected_source = "QWEN_MAGICS_MODEL" if strongest == "variable" else expected_source
    if strongest == "lock":
        file = write(own_jupyter / "system", model="lock", locked=["model"])
        with pytest.raises(LockedSetting, match=r"jupyter_qwen_config\.py"):
            settings.load(shell)
        return
    qwen = settings.load(shell)
    if "%config" in there:
        shell.run_cell("%config Qwen.model = '%config'")
    snapshot = qwen.with_options(model="option" if "option" in there else None)
    assert snapshot.model == (strongest if strongest != "default" else "qwen3-max")
    assert snapshot.source_of("model") == expected_source
    assert snapshot.source_of("region") == "default"


# --- `Qwen.locked` in a system-wide file -----------------------------------------------------------------------------


def test_the_locked_value_holds_and_says_where_it_comes_from(own_jupyter: Path) -> None:
    file = write(own_jupyter / "system", provider="openai", base_url="https://gateway/v1", locked=["provider", "seed"])
    qwen = settings.load()
    snapshot = qwen.with_options()
    assert (snapshot.provider, snapshot.source_of("provider")) == ("openai", file)
    assert snapshot.seed is None  # locked without a value: the default


@pytest.mark.parametrize("way", ["option", "%config", "variable", "user file", "env lock"])
def test_nothing_overrules_a_lock_and_the_error_names_its_file(
    way: str, own_jupyter: Path, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(own_jupyter / "system", provider="openai", locked=["provider"])
    if way == "variable":
        monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "local")
    if way == "user file":
        write(own_jupyter / "user", provider="local")
    if way == "env lock":
        write(own_jupyter / "env", provider="local", locked=["provider"])

    def overrule() -> None:
        qwen = settings.load(shell)
        if way == "option":
            qwen.with_options(provider="local")
        else:
            qwen.update_config(Config({"Qwen": {"provider": "local"}}))

    with pytest.raises(LockedSetting) as caught:
        overrule()
    assert file in str(caught.value)
    assert "openai" in str(caught.value)


def test_saying_what_is_locked_anyway_is_no_error(own_jupyter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(own_jupyter / "system", provider="local", locked=["provider"])
    monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "local")
    assert settings.load().with_options(provider="local").provider == "local"


def test_an_attribute_set_by_hand_does_not_reach_a_turn(own_jupyter: Path) -> None:
    write(own_jupyter / "system", provider="local", locked=["provider"])
    qwen = settings.load()
    qwen.provider = "alibaba"
    assert qwen.with_options().provider == "local"


def test_a_lock_holds_where_jupyter_is_told_to_read_no_configuration(
    own_jupyter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(own_jupyter / "system", provider="local", locked=["provider"])
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")
    assert settings.load().with_options().provider == "local"


def test_a_user_cannot_lock(own_jupyter: Path) -> None:
    write(own_jupyter / "user", locked=["provider"])
    with pytest.raises(SettingsError, match="only in a system-wide file"):
        settings.load()


def test_a_lock_on_nothing_is_named(own_jupyter: Path) -> None:
    write(own_jupyter / "system", locked=["providr"])
    with pytest.raises(SettingsError, match="Did you mean `provider`"):
        settings.load()


# --- What can't be is refused with what can --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("region", "bejing", "Did you mean `beijing`?"),
        ("provider", "alibab", "Did you mean `alibaba`?"),
        ("regoin", "beijing", "Did you mean `region`?"),
        ("max_tokens", 0, "from 1"),
        ("max_tokens", "many", "whole number"),
        ("think", "hard", "off, on, low, medium, high"),
        ("context", "below", "above, all, none, code"),
        ("guard_turn", "0.5", "0.25 USD, 2 CNY"),
        ("guard_turn", "1 GBP", "0.25 USD, 2 CNY"),
        ("guard_turn", "-1 USD", "0.25 USD, 2 CNY"),
        ("guard_turn", "NaN USD", "0.25 USD, 2 CNY"),
        ("workspace", "evil.example/", "workspace id"),
        ("base_url", "ftp://host", "https://host/path"),
        ("temperature", 3, "from 0 to below 2"),
        ("temperature", 2, "from 0 to below 2"),
        ("temperature", -0.1, "from 0 to below 2"),
        ("top_p", 0, "above 0 and up to 1"),
        ("top_p", 1.01, "above 0 and up to 1"),
    ],
)
def test_a_bad_value_says_what_is_allowed(name: str, value: Any, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        settings.load().with_options(**{name: value})
    assert says in str(caught.value)
    assert f"--{name.replace('_', '-')}" in str(caught.value)


def test_the_bounds_themselves_are_taken_where_they_are_named() -> None:
    chosen = settings.load().with_options(temperature=0, top_p=1)
    assert (chosen.temperature, chosen.top_p) == (0, 1)
    assert settings.load().with_options(temperature=1.999, top_p=0.001).top_p == 0.001


def test_a_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_MAGICS_MAX_TOKENS", "lots")
    with pytest.raises(SettingsError, match="QWEN_MAGICS_MAX_TOKENS"):
        settings.load()


def test_a_file_is_named(own_jupyter: Path) -> None:
    file = write(own_jupyter / "user", region="mars")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert file in str(caught.value)


def test_a_file_that_does_not_run_is_named(own_jupyter: Path) -> None:
    (own_jupyter / "user" / "jupyter_qwen_config.py").write_text("c.Qwen.model = = 1\n")
    with pytest.raises(SettingsError, match=r"jupyter_qwen_config\.py can't be read: SyntaxError"):
        settings.load()


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(OptionError) as caught:
        settings.load().with_options(base_url="https://me:hunter22@host/v1")
    assert "hunter22" not in str(caught.value)


def test_a_key_in_a_file_is_refused_and_not_repeated(own_jupyter: Path) -> None:
    write(own_jupyter / "user", api_key="planted-value")
    with pytest.raises(SettingsError, match="DASHSCOPE_API_KEY or %qwen_login") as caught:
        settings.load()
    assert "planted-value" not in str(caught.value)


def test_a_refused_config_changes_nothing(shell: Any, caplog: pytest.LogCaptureFixture) -> None:
    """IPython's own `%config` logs the error; the next good one works."""
    qwen = settings.load(shell)
    shell.run_cell("%config Qwen.region = 'mars'")
    assert "it is one of singapore, beijing" in caplog.text
    shell.run_cell("%config Qwen.region = 'beijing'")
    assert qwen.with_options().region == "beijing"


# --- Values come in the forms that people write, and go out in one ---------------------------------------------------


@pytest.mark.parametrize(
    ("said", "limit"),
    [(False, 0), ("off", 0), (0, 0), (True, 8192), ("on", 8192), ("Medium", 16384), ("2,000", 2000), (512, 512)],
)
def test_thinking_is_a_limit_in_tokens(said: Any, limit: int) -> None:
    snapshot = settings.load().with_options(think=said)
    assert snapshot.think_limit == snapshot.options().think == limit


@pytest.mark.parametrize(
    ("said", "usd", "cny"),
    [("1 USD", "1", "2"), ("$0.5, ¥4", "0.5", "4"), ("CNY 7", "0.25", "7"), ("off", None, None)],
)
def test_a_guard_keeps_its_default_for_a_currency_that_is_not_named(
    said: str, usd: str | None, cny: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_GUARD_TURN", said)
    expected = {} if usd is None or cny is None else {"USD": Decimal(usd), "CNY": Decimal(cny)}
    assert settings.load().with_options().guard_turn == expected


def test_variables_are_read_as_their_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TEMPERATURE": "0.3", "SEED": "7", "DATA_DIR": "~/here", "CONTEXT": "2..5"}.items():
        monkeypatch.setenv(f"QWEN_MAGICS_{name}", value)
    snapshot = settings.load().with_options()
    assert (snapshot.temperature, snapshot.seed, snapshot.context) == (0.3, 7, "2..5")
    assert snapshot.data_dir == Path.home() / "here"


def test_data_lies_in_jupyters_data_folder(own_jupyter: Path) -> None:
    assert settings.load().with_options().data_dir == own_jupyter / "data" / "qwen-magics"


def test_a_turn_keeps_its_snapshot(shell: Any) -> None:
    qwen = settings.load(shell)
    before = qwen.with_options()
    shell.run_cell("%config Qwen.model = 'qwen-plus'")
    assert before.model == "qwen3-max"
    assert qwen.with_options().model == "qwen-plus"


def test_another_classs_config_does_not_take_ours_back(shell: Any) -> None:
    """`%config` tells every configurable of every change."""
    qwen = settings.load(shell)
    shell.run_cell("%config Qwen.model = 'qwen-plus'")
    shell.run_cell("%config HistoryManager.enabled = False")
    assert qwen.with_options().model == "qwen-plus"


# --- What `%config Qwen`, reloading and the doctor see ---------------------------------------------------------------


def test_every_trait_has_help_and_a_field_of_the_same_name() -> None:
    assert set(settings.NAMES) == set(settings.Settings.__struct_fields__) - {"sources", "locked"}
    for trait in settings.Qwen.class_traits(config=True).values():
        assert trait.help
        assert trait.metadata["allowed"]


def test_config_qwen_prints_the_documentation(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.load(shell)
    shell.run_cell("%config Qwen")
    assert "Qwen.guard_turn" in capsys.readouterr().out


def test_loading_twice_leaves_one_and_unloading_none(shell: Any) -> None:
    settings.load(shell)
    settings.load(shell)
    assert sum(isinstance(one, settings.Qwen) for one in shell.configurables) == 1
    settings.unload(shell)
    assert not any(isinstance(one, settings.Qwen) for one in shell.configurables)


def test_a_misspelt_variable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_MAGICS_MODLE", "qwen-plus")
    monkeypatch.setenv("QWEN_MAGICS_NOTEBOOK", "a.ipynb")
    assert settings.unknown_variables() == ["QWEN_MAGICS_MODLE is no setting. Did you mean `QWEN_MAGICS_MODEL`?"]

"""Models, settings, status and the endpoint's test, as a browser gets them from a real Jupyter Server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes.provider import refuse
from fakes.routes import got, refused, sent
from jupyter_core import paths

if TYPE_CHECKING:
    from fakes.provider import FakeProvider
    from fakes.routes import Fetch

KEY = "sk-" + "a" * 32  # of conftest's server


def administer(**values: Any) -> None:
    """What an administrator writes into the system's own folder."""
    folder = Path(paths.SYSTEM_CONFIG_PATH[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "jupyter_qwen_config.json").write_text(json.dumps({"Qwen": values}))


# --- models ---------------------------------------------------------------------------------------------------------


async def test_a_picker_gets_windows_abilities_and_prices_per_step(jp_fetch: Fetch) -> None:
    said = await got(jp_fetch, "models")
    assert (said["provider"], said["region"], said["scope"], said["currency"]) == (
        "alibaba", "singapore", "international", "USD",
    )  # fmt: skip
    (current,) = [model for model in said["models"] if model["current"]]
    assert (current["id"], current["max_input"], current["thinking"]) == ("qwen3-max", 258_048, "hybrid")
    assert [(tier["up_to"], tier["input"], tier["output"]) for tier in current["tiers"]] == [
        (32_000, "1.2", "6"),
        (128_000, "2.4", "12"),
        (None, "3", "15"),
    ]
    assert current["as_of"]


async def test_every_offered_model_says_why_it_has_no_price_or_has_one(jp_fetch: Fetch) -> None:
    providers = (await got(jp_fetch, "models"))["providers"]
    for name in [one["name"] for one in providers if one["name"] != "openai"]:
        said = await got(jp_fetch, "models", provider=name)
        assert said["provider"] == name
        assert said["models"]
        for model in said["models"]:
            assert bool(model["tiers"]) == (model["price"] == "listed")


async def test_prices_are_of_the_region_and_currency_that_hold(
    jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_REGION", "beijing")
    said = await got(jp_fetch, "models")
    assert (said["region"], said["scope"], said["currency"]) == ("beijing", "mainland", "CNY")
    (current,) = [model for model in said["models"] if model["current"]]
    assert current["tiers"][0]["input"] == "2.5"


async def test_a_model_that_only_its_server_knows_is_on_the_list(
    jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "openai")
    monkeypatch.setenv("QWEN_MAGICS_MODEL", "our-own-7b")
    (current,) = [model for model in (await got(jp_fetch, "models"))["models"] if model["current"]]
    assert (current["id"], current["price"], current["tiers"]) == ("our-own-7b", "unpriced", [])


async def test_a_provider_is_ready_when_it_has_what_it_needs(jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-" + "b" * 20)
    ready = {one["name"]: one["ready"] for one in (await got(jp_fetch, "models"))["providers"]}
    assert ready == {
        "alibaba": True, "openrouter": True, "huggingface": False, "modelscope": False, "openai": False, "local": False,
    }  # fmt: skip


async def test_a_provider_that_there_is_not_is_refused_in_words(jp_fetch: Fetch) -> None:
    status, error = await refused(got(jp_fetch, "models", provider="alibabba"))
    assert (status, error["kind"]) == (422, "OptionError")
    assert "alibaba" in error["message"]


# --- locks ----------------------------------------------------------------------------------------------------------


async def test_settings_say_who_decided_what_and_what_is_locked(jp_fetch: Fetch) -> None:
    administer(max_tokens=1_000, locked=["max_tokens", "temperature"])
    said = await got(jp_fetch, "settings")
    assert said["values"]["max_tokens"] == 1_000
    assert said["values"]["guard_turn"] == "0.25 USD, 2 CNY"
    assert said["sources"]["provider"] == "QWEN_MAGICS_PROVIDER"
    assert said["sources"]["max_tokens"].endswith("jupyter_qwen_config.json")
    assert said["locked"] == ["max_tokens", "temperature"]


@pytest.mark.parametrize(
    "chosen", [{"max_tokens": 2_000}, {"temperature": 0.5}, {"provider": "openrouter"}, {"model": "qwen-plus"}]
)
@pytest.mark.parametrize("route", ["chat", "estimate", "request"])
async def test_a_browser_can_not_choose_what_is_locked(
    jp_fetch: Fetch, provider: FakeProvider, chosen: dict[str, Any], route: str
) -> None:
    administer(provider="alibaba", max_tokens=1_000, locked=["max_tokens", "temperature", "model", "provider"])
    status, error = await refused(sent(jp_fetch, "POST", route, text="Why?", **chosen))
    assert (status, error["kind"]) == (422, "LockedSetting")
    assert next(iter(chosen)) in error["message"]
    assert provider.requests == []


async def test_a_locked_provider_is_the_only_one_on_the_list(jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QWEN_MAGICS_PROVIDER")
    administer(provider="modelscope", locked=["provider"])
    assert [one["name"] for one in (await got(jp_fetch, "models"))["providers"]] == ["modelscope"]
    status, error = await refused(got(jp_fetch, "models", provider="alibaba"))
    assert (status, error["kind"]) == (422, "LockedSetting")
    status, error = await refused(sent(jp_fetch, "POST", "test", provider="alibaba"))
    assert (status, error["kind"]) == (422, "LockedSetting")


# --- status ---------------------------------------------------------------------------------------------------------


async def test_status_asks_nobody_and_shows_a_key_only_masked(jp_fetch: Fetch, provider: FakeProvider) -> None:
    said = await got(jp_fetch, "status")
    assert said["ready"]
    assert said["problems"] == []
    assert said["key"] == {"masked": "sk-…aaaa", "where": "DASHSCOPE_API_KEY"}
    assert (said["provider"], said["region"], said["model"]) == ("alibaba", "singapore", "qwen3-max")
    assert not said["sidebar_only"]
    assert provider.requests == []


@pytest.mark.parametrize(
    ("variables", "code", "action", "remedy"),
    [
        ({"DASHSCOPE_API_KEY": ""}, "key", "login", "jupyter qwen login --provider alibaba"),
        ({"PROVIDER": "auto", "DASHSCOPE_API_KEY": ""}, "key", "login", "jupyter qwen login --provider alibaba"),
        ({"PROVIDER": "openrouter"}, "key", "login", "jupyter qwen login --provider openrouter"),
        ({"PROVIDER": "local"}, "weights", "local", "jupyter qwen local fetch"),
        ({"PROVIDER": "openai", "BASE_URL": ""}, "address", "docs", None),
        ({"REGION": "frankfurt", "BASE_URL": ""}, "address", "docs", None),
        ({"PROVIDER": "local", "MODEL": "qwen3-max"}, "model", "settings", None),
        ({"REGION": "mars"}, "address", "docs", None),
    ],
)
async def test_status_says_what_is_missing_and_the_one_thing_to_do(
    jp_fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    code: str,
    action: str,
    remedy: str | None,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name if name.endswith("_KEY") else f"QWEN_MAGICS_{name}", value)
    said = await got(jp_fetch, "status")
    assert not said["ready"]
    (problem,) = said["problems"]
    assert (problem["code"], problem["action"]) == (code, action)
    assert problem["what"]
    assert not re.search(r"%|(^| )-[mp] ", problem["remedy"])  # magics and their options are for notebooks
    assert remedy in (None, problem["remedy"])


async def test_status_is_that_of_what_the_browser_chose(jp_fetch: Fetch) -> None:
    (problem,) = (await got(jp_fetch, "status", provider="huggingface"))["problems"]
    assert problem["code"] == "model"
    (problem,) = (await got(jp_fetch, "status", provider="huggingface", model="Qwen/Qwen3-235B-A22B-Instruct-2507"))[
        "problems"
    ]
    assert problem["code"] == "key"


async def test_a_folder_that_can_not_be_written_is_a_problem(
    jp_fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("QWEN_MAGICS_DATA_DIR", str(tmp_path / "file" / "data"))
    (problem,) = (await got(jp_fetch, "status"))["problems"]
    assert problem["code"] == "folder"


# --- the test -------------------------------------------------------------------------------------------------------


async def test_the_test_sends_the_key_and_nothing_else_and_says_so(jp_fetch: Fetch, provider: FakeProvider) -> None:
    said = await sent(jp_fetch, "POST", "test")
    assert said["ok"]
    assert said["problem"] is None
    assert "your key and nothing else → Alibaba Cloud, Singapore" in said["sent"]
    (seen,) = provider.requests
    assert (seen.method, seen.raw) == ("GET", b"")
    assert seen.path.endswith("/models")
    assert seen.headers["authorization"] == f"Bearer {KEY}"


async def test_a_key_that_is_refused_is_said_with_the_button_to_log_in(jp_fetch: Fetch, provider: FakeProvider) -> None:
    provider.keys = {"sk-another"}
    said = await sent(jp_fetch, "POST", "test")
    assert not said["ok"]
    assert (said["problem"]["code"], said["problem"]["action"]) == ("key", "login")
    assert KEY not in json.dumps(said)


async def test_a_network_that_is_down_is_said_as_such(jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", "http://127.0.0.1:9/v1")
    said = await sent(jp_fetch, "POST", "test")
    assert (said["ok"], said["problem"]["code"]) == (False, "network")


async def test_without_a_key_the_test_sends_nothing(
    jp_fetch: Fetch, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    said = await sent(jp_fetch, "POST", "test")
    assert (said["ok"], said["sent"], said["problem"]["code"]) == (False, "Nothing was sent.", "key")
    assert provider.requests == []


async def test_no_answer_holds_a_key_or_an_address(
    jp_fetch: Fetch, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host may be named, so that people see through whom it goes; never the address."""
    monkeypatch.setenv("QWEN_MAGICS_WORKSPACE", "llm-ours")
    answers = [await got(jp_fetch, route) for route in ("models", "settings", "status", "usage")]
    for there in (provider.always, refuse(500, "internal", "broken"), refuse(403, "denied", "no")):
        provider.always = there
        answers.append(await sent(jp_fetch, "POST", "test"))
    text = json.dumps(answers)
    for secret in (KEY, provider.base_url, "http:", "https:", "llm-ours"):
        assert secret not in text

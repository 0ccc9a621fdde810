"""Logging in: what is asked, what is proved, what is stored, over real HTTP."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from fakes.provider import FakeProvider

from qwen_magics import credentials, settings
from qwen_magics.errors import CredentialError, LockedSetting, NetworkDown, OptionError, WrongKey
from qwen_magics.login import login, logout
from qwen_magics.provider import endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qwen_magics.provider.endpoints import Endpoint


@pytest.fixture
def text() -> str:
    """A key that exists only in this test."""
    return "sk-" + secrets.token_hex(16)


@pytest.fixture
def known(text: str) -> Iterator[FakeProvider]:
    """A provider that knows the key."""
    with FakeProvider("alibaba", keys=(text,)) as provider:
        yield provider


@pytest.fixture
def strange() -> Iterator[FakeProvider]:
    """A provider of another region: it doesn't know the key."""
    with FakeProvider("alibaba", keys=("sk-another",)) as provider:
        yield provider


def never(prompt: str) -> str:
    raise AssertionError(f"asked {prompt}")


def at(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> settings.Qwen:
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    return settings.load()


def stored(provider: str = "alibaba") -> credentials.Key:
    return credentials.key_for(provider, settings.load().with_options(provider=provider))


@pytest.fixture
def regions(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put providers of this machine where regions are; only the addresses are exchanged."""
    real = endpoints.resolve

    def install(**places: FakeProvider) -> None:
        def resolve(provider: str, *, region: str = "singapore", **rest: Any) -> Endpoint:
            if region in places:
                rest["base_url"] = places[region].base_url
            elif endpoints.HOSTS[region].shared:
                rest["base_url"] = "http://127.0.0.1:9/v1"  # nobody listens there
            return real(provider, region=region, **rest)

        monkeypatch.setattr(endpoints, "resolve", resolve)

    return install


def test_key_region_and_workspace_are_stored_together(
    known: FakeProvider, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = login(at(known, monkeypatch), "alibaba", "beijing", "llm-abc", ask=lambda _: f" {text}\n", choose=never)
    assert (done.region, done.workspace, done.models) == ("beijing", "llm-abc", 3)
    assert (stored().reveal(), stored().region, stored().workspace) == (text, "beijing", "llm-abc")
    assert [(seen.method, seen.path) for seen in known.requests] == [("GET", "/v1/models")]
    assert text not in str(done)
    assert text not in repr(done)
    assert f"sk-…{text[-4:]}" in str(done)


@pytest.mark.parametrize(("said", "region"), [("", "singapore"), (" Virginia ", "virginia")])
def test_the_region_is_asked_for_once(
    said: str, region: str, known: FakeProvider, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def choose(prompt: str) -> str:
        asked.append(prompt)
        return said

    assert login(at(known, monkeypatch), ask=lambda _: text, choose=choose).region == region
    assert len(asked) == 1
    assert "beijing" in asked[0]


def test_a_region_that_is_configured_is_not_asked_for(
    known: FakeProvider, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_REGION", "hongkong")
    assert login(at(known, monkeypatch), ask=lambda _: text, choose=never).region == "hongkong"


def test_a_region_without_a_shared_address_asks_for_the_workspace(text: str) -> None:
    done = login(settings.load(), region="tokyo", check=False, ask=lambda _: text, choose=lambda _: "llm-xyz")
    assert done.workspace == "llm-xyz"
    assert done.host == "llm-xyz.ap-northeast-1.maas.aliyuncs.com"


def test_a_key_that_is_refused_is_not_stored_and_the_region_is_named_as_a_reason(
    strange: FakeProvider, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WrongKey) as caught:
        login(at(strange, monkeypatch), region="singapore", ask=lambda _: text)
    assert "--region try" in caught.value.remedy
    assert "region" in caught.value.remedy
    assert text not in str(caught.value)
    assert credentials.found(settings.load().with_options()) == []


def test_trying_the_regions_finds_the_one_that_knows_the_key(
    known: FakeProvider, strange: FakeProvider, text: str, regions: Callable[..., None]
) -> None:
    """Unknown in Singapore and Beijing, nobody there in Virginia, known in Hong Kong."""
    regions(singapore=strange, beijing=strange, hongkong=known)
    done = login(settings.load(), region="try", ask=lambda _: text, choose=never)
    assert done.region == stored().region == "hongkong"
    assert (len(strange.requests), len(known.requests)) == (2, 1)


def test_trying_the_regions_in_vain_says_what_each_said(
    strange: FakeProvider, text: str, regions: Callable[..., None]
) -> None:
    regions(singapore=strange, beijing=strange)
    with pytest.raises(WrongKey) as caught:
        login(settings.load(), region="try", ask=lambda _: text)
    for said in ("singapore: unknown", "beijing: unknown", "virginia: no answer", "tokyo: needs --workspace"):
        assert said in caught.value.message


def test_offline_the_key_is_stored_unchecked(text: str) -> None:
    done = login(settings.load(), region="singapore", check=False, ask=lambda _: text)
    assert "not checked" in str(done)
    assert stored().reveal() == text


def test_without_the_network_nothing_is_stored(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(NetworkDown):
        login(settings.load(), region="singapore", ask=lambda _: text)
    assert credentials.found(settings.load().with_options()) == []


@pytest.mark.parametrize("typed", ["", "  ", "sk-or-v1-0123456789abcdef0123", "schlüssel-0123456789"])
def test_what_is_no_key_is_refused_before_anyone_is_asked(
    typed: str, known: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CredentialError):
        login(at(known, monkeypatch), region="singapore", ask=lambda _: typed)
    assert known.requests == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"region": "bejing"}, "Did you mean `beijing`?"),
        ({"provider": "alibab"}, "Did you mean `alibaba`?"),
        ({"provider": "local"}, "needs no login"),
        ({"region": "try", "check": False}, "has to ask"),
    ],
)
def test_what_can_not_be_is_refused_before_the_key_is_asked_for(given: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        login(settings.load(), ask=never, choose=never, **given)
    assert says in str(caught.value)


def test_an_administrators_region_holds(own_jupyter: Path) -> None:
    (own_jupyter / "system" / "jupyter_qwen_config.py").write_text(
        "c.Qwen.region = 'beijing'\nc.Qwen.locked = ['region']\n"
    )
    with pytest.raises(LockedSetting):
        login(settings.load(), region="singapore", ask=never)


def test_a_login_that_will_not_be_used_says_why(
    known: FakeProvider, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", text[::-1])
    monkeypatch.setenv("QWEN_MAGICS_REGION", "singapore")
    monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "local")
    done = login(at(known, monkeypatch), "alibaba", "beijing", check=False, ask=lambda _: text)
    told = str(done)
    assert "DASHSCOPE_API_KEY is set" in told
    assert "QWEN_MAGICS_REGION sets the region singapore" in told
    assert '%config Qwen.provider = "alibaba"' in told


def test_another_provider_asks_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "sk-or-v1-" + secrets.token_hex(16)
    with FakeProvider("openrouter", keys=(text,)) as provider:
        monkeypatch.setenv("QWEN_MAGICS_PROVIDER", "openrouter")
        done = login(at(provider, monkeypatch), ask=lambda _: text, choose=never)
    assert (done.provider, done.region) == ("openrouter", "")
    assert stored("openrouter").reveal() == text


def test_logging_out_forgets(text: str) -> None:
    login(settings.load(), region="singapore", check=False, ask=lambda _: text)
    assert "Logged out of Alibaba Cloud" in logout(settings.load())
    assert "Nobody was logged in" in logout(settings.load())
    assert credentials.found(settings.load().with_options()) == []

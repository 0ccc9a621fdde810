"""Provider and region to an address: facts 1.1, 3.3, 3.4."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.errors import SettingsError
from qwen_magics.provider.endpoints import HOSTS, is_loopback, resolve
from qwen_magics.settings import PROVIDERS, REGIONS


def test_every_region_has_its_hosts() -> None:
    assert list(HOSTS) == list(REGIONS)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("beijing", "dashscope.aliyuncs.com"),
        ("singapore", "dashscope-intl.aliyuncs.com"),
        ("virginia", "dashscope-us.aliyuncs.com"),
        ("hongkong", "cn-hongkong.dashscope.aliyuncs.com"),
    ],
)
def test_regions_with_a_shared_host(region: str, host: str) -> None:
    endpoint = resolve("alibaba", region=region)
    assert endpoint.chat_url == f"https://{host}/compatible-mode/v1/chat/completions"
    assert endpoint.label == f"Alibaba Cloud, {REGIONS[region]}"
    assert (endpoint.dialect, endpoint.remote, endpoint.plan) == ("alibaba", True, False)


@pytest.mark.parametrize(
    ("region", "code"),
    [("beijing", "cn-beijing"), ("singapore", "ap-southeast-1"), ("virginia", "us-east-1"),
     ("hongkong", "cn-hongkong"), ("frankfurt", "eu-central-1"), ("tokyo", "ap-northeast-1")],
)  # fmt: skip
def test_a_workspace_has_a_host_in_every_region(region: str, code: str) -> None:
    endpoint = resolve("alibaba", region=region, workspace="llm-0a1b2c")
    assert endpoint.base_url == f"https://llm-0a1b2c.{code}.maas.aliyuncs.com/compatible-mode/v1"
    assert endpoint.read_timeout_s == 3600


@pytest.mark.parametrize("region", ["frankfurt", "tokyo"])
def test_a_region_without_a_shared_host_asks_for_the_workspace(region: str) -> None:
    with pytest.raises(SettingsError, match=r"Qwen\.workspace"):
        resolve("alibaba", region=region)


def test_a_plans_key_goes_to_the_plans_host() -> None:
    for region, host in (("beijing", "coding"), ("singapore", "coding-intl")):
        endpoint = resolve("alibaba", region=region, plan_key=True)
        assert endpoint.base_url == f"https://{host}.dashscope.aliyuncs.com/v1"
        assert endpoint.plan
    with pytest.raises(SettingsError, match="Singapore and Beijing"):
        resolve("alibaba", region="tokyo", plan_key=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://coding.dashscope.aliyuncs.com/v1",
        "https://coding-intl.dashscope.aliyuncs.com/v1",
        "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
    ],
)
def test_a_plans_host_is_known_by_its_name(url: str) -> None:
    assert resolve("alibaba", base_url=url).plan
    assert resolve("openai", base_url=url).plan


@pytest.mark.parametrize("provider", ["openrouter", "huggingface", "modelscope"])
def test_the_other_providers_have_one_address_and_their_own_key(provider: str) -> None:
    endpoint = resolve(provider)
    assert endpoint.base_url.startswith("https://")
    assert endpoint.remote
    assert endpoint.key_needed
    assert endpoint.key_variable


def test_an_own_server_needs_an_address_and_maybe_no_key() -> None:
    with pytest.raises(SettingsError, match=r"Qwen\.base_url"):
        resolve("openai")
    endpoint = resolve("openai", base_url="http://localhost:8000/v1/")
    assert (endpoint.base_url, endpoint.remote, endpoint.key_needed) == ("http://localhost:8000/v1", False, False)
    assert resolve("openai", base_url="https://api.example.com/v1").key_needed


def test_base_url_only_says_where_the_request_goes() -> None:
    endpoint = resolve("alibaba", region="beijing", base_url="https://proxy.example.com/qwen/v1/chat/completions")
    assert endpoint.chat_url == "https://proxy.example.com/qwen/v1/chat/completions"
    assert (endpoint.region, endpoint.dialect) == ("beijing", "alibaba")
    assert "proxy.example.com" in endpoint.label


@pytest.mark.parametrize(
    "url",
    ["example.com/v1", "ftp://example.com", "https://", "https://a.example:port/v1", "https://a.example/v1?key=1",
     "file:///etc/passwd", "http://api.example.com/v1", "http://8.8.8.8/v1", "https://[::1/v1"],
)  # fmt: skip
def test_an_address_that_cannot_be_or_would_go_unencrypted_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve("openai", base_url=url)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "url", ["http://10.0.0.5:8000/v1", "http://gpu:8000/v1", "http://gpu.lan/v1", "http://[::1]/v1"]
)
def test_an_own_network_may_go_without_encryption(url: str) -> None:
    assert resolve("openai", base_url=url).base_url == url


def test_credentials_in_an_address_are_refused_and_not_shown() -> None:
    secret = secrets.token_hex(8)
    with pytest.raises(SettingsError) as caught:
        resolve("openai", base_url=f"https://me:{secret}@api.example.com/v1")
    assert secret not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"region": "mars"}, {"workspace": "evil.example.com/"}, {"workspace": "a b"}, {"workspace": "-"}],
)
def test_what_cannot_be_part_of_an_address_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        resolve("alibaba", **options)
    with pytest.raises(SettingsError):
        resolve("alibabba")


@given(st.sampled_from(list(PROVIDERS)), st.text(max_size=30), st.text(max_size=12), st.sampled_from(list(REGIONS)))
def test_whatever_is_typed_gives_an_address_or_a_settings_error(
    provider: str, base_url: str, workspace: str, region: str
) -> None:
    try:
        endpoint = resolve(provider, base_url=base_url, workspace=workspace, region=region)
    except SettingsError:
        return
    assert endpoint.base_url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True), ("::1", True), ("0.0.0.0", True),
     ("a.localhost", True), ("localhost.example.com", False), ("10.0.0.1", False), ("example.com", False), ("", False)],
)  # fmt: skip
def test_which_host_is_this_machine(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_headers_refuse_compression_and_carry_a_key_only_when_given_one() -> None:
    endpoint, key = resolve("openrouter"), secrets.token_hex(8)
    assert endpoint.headers()["Accept-Encoding"] == "identity"
    assert "Authorization" not in endpoint.headers()
    assert endpoint.headers(key)["Authorization"] == f"Bearer {key}"
    assert key not in repr(endpoint)

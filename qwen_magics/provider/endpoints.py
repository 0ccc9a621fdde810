"""Where a request goes: provider and region to an address, its label for people and its dialect. Pure; holds no key.

Addresses: shared facts, sections 1.1 (Alibaba), 3.3 (OpenRouter), 3.4 (others). Which of them is wanted is `settings`'
business, which key goes along is `credentials`'.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Literal, NoReturn
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct, field

from qwen_magics.credentials.providers import VARIABLES
from qwen_magics.errors import SettingsError
from qwen_magics.settings.names import PROVIDERS, REGIONS

Dialect = Literal["alibaba", "openrouter", "modelscope", "openai", "local"]


class Region(Struct, frozen=True):
    """Where one region of Alibaba Cloud Model Studio answers: its code in workspace hosts, its shared host."""

    code: str
    shared: str = ""  # hosts of older kind; Frankfurt and Tokyo have none
    plan: str = ""  # where keys of a coding plan (sk-sp-…) go


HOSTS = {
    "singapore": Region("ap-southeast-1", "dashscope-intl.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"),
    "beijing": Region("cn-beijing", "dashscope.aliyuncs.com", "coding.dashscope.aliyuncs.com"),
    "virginia": Region("us-east-1", "dashscope-us.aliyuncs.com"),
    "hongkong": Region("cn-hongkong", "cn-hongkong.dashscope.aliyuncs.com"),
    "frankfurt": Region("eu-central-1"),
    "tokyo": Region("ap-northeast-1"),
}

_WORKSPACE_READ_S = 3600.0  # how long Alibaba itself lets a request run (facts 1.1)
_READ_S = 600.0
_PLAN_HOST = re.compile(r"(coding|coding-intl)\.dashscope\.aliyuncs\.com|token-plan\.[\w.-]+\.aliyuncs\.com")
_OTHERS = {
    "openrouter": "https://openrouter.ai/api/v1",
    "huggingface": "https://router.huggingface.co/v1",
    "modelscope": "https://api-inference.modelscope.cn/v1",
}
# OpenRouter and Hugging Face list their models to everybody: a key is proved elsewhere.
_CHECKS = {"openrouter": "https://openrouter.ai/api/v1/key", "huggingface": "https://huggingface.co/api/whoami-v2"}


class Endpoint(Struct, frozen=True, kw_only=True):
    """A provider's address and its ways. Never a key.

    `plan`: paid by a subscription, so tokens have no price of their own. `remote`: not this machine. `think_tags`: the
    server may leave a `<think>` block at the start of the content. `read_timeout_s`: the longest silence to bear.
    """

    provider: str
    label: str
    base_url: str
    dialect: Dialect
    region: str = ""
    plan: bool = False
    remote: bool = True
    think_tags: bool = True
    key_variable: str = ""
    key_needed: bool = True
    read_timeout_s: float = _READ_S
    check_url: str = ""
    extra_headers: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Host and port."""
        return urlsplit(self.base_url).netloc

    @property
    def chat_url(self) -> str:
        """Where questions are POSTed."""
        return f"{self.base_url}/chat/completions"

    def headers(self, key: str = "") -> dict[str, str]:
        """The headers of one request. Compression is refused: it would hold back pieces of a stream."""
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json", **self.extra_headers}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return headers


def resolve(
    provider: str, *, region: str = "singapore", workspace: str = "", base_url: str = "", plan_key: bool = False
) -> Endpoint:
    """The endpoint of `provider`. `base_url` only says where the request goes; `plan_key`: a plan's, sk-sp-….

    Raises SettingsError, naming what to set, where no address follows or the given one can't be used.
    """
    if provider not in PROVIDERS:
        _refuse(f"There is no provider {provider!r}.", f"One of: {', '.join(PROVIDERS)}")
    if provider == "alibaba":
        return _alibaba(region, workspace, base_url, plan_key)
    if provider in _OTHERS:
        return _other(provider, base_url)
    return _own(provider, base_url)


def is_loopback(host: str) -> bool:
    """Whether `host` (a name or address, no port) is this machine."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and (address.is_loopback or address.is_unspecified)


def _alibaba(region: str, workspace: str, base_url: str, plan_key: bool) -> Endpoint:
    if region not in REGIONS:
        _refuse(f"Alibaba Cloud Model Studio has no region {region!r}.", f"One of: {', '.join(REGIONS)}")
    url = _checked(base_url) if base_url else f"https://{_host(region, workspace, plan_key)}"
    host = urlsplit(url).hostname or ""
    label = f"{PROVIDERS['alibaba']}, {REGIONS[region]}"
    if not host.endswith(".aliyuncs.com"):
        label += f" (through {host})"
    return Endpoint(
        provider="alibaba",
        label=label,
        base_url=url,
        dialect="alibaba",
        region=region,
        plan=plan_key or bool(_PLAN_HOST.fullmatch(host)),
        remote=not is_loopback(host),
        think_tags=False,
        key_variable=VARIABLES["alibaba"],
        read_timeout_s=_WORKSPACE_READ_S if host.endswith(".maas.aliyuncs.com") else _READ_S,
        check_url=f"{url}/models",
    )


def _host(region: str, workspace: str, plan_key: bool) -> str:
    """Host and path in `region`: a plan's, the workspace's or the shared one (facts 1.1)."""
    place = HOSTS[region]
    if plan_key:
        if not place.plan:
            _refuse(
                f"A plan's key (sk-sp-…) isn't valid in {REGIONS[region]}: "
                "coding plans are sold in Singapore and Beijing.",
                '%config Qwen.region = "singapore"',
            )
        return f"{place.plan}/v1"
    if workspace:
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", workspace):
            _refuse(
                f"{workspace!r} can't be a workspace: it is an id such as llm-0a1b2c3d.",
                '%config Qwen.workspace = "llm-…"',
            )
        return f"{workspace}.{place.code}.maas.aliyuncs.com/compatible-mode/v1"
    if not place.shared:
        _refuse(
            f"{REGIONS[region]} has no shared address: requests go to your workspace's own.",
            '%config Qwen.workspace = "llm-…"  (Model Studio → Workspaces shows the id)',
        )
    return f"{place.shared}/compatible-mode/v1"


def _other(provider: str, base_url: str) -> Endpoint:
    url = _checked(base_url) if base_url else _OTHERS[provider]
    host = urlsplit(url).hostname or ""
    return Endpoint(
        provider=provider,
        label=PROVIDERS[provider] + (f" (through {host})" if base_url else ""),
        base_url=url,
        dialect="openai" if provider == "huggingface" else provider,  # type: ignore[arg-type]  # one of the two others
        remote=not is_loopback(host),
        think_tags=provider != "openrouter",
        key_variable=VARIABLES.get(provider, ""),
        check_url=_CHECKS.get(provider, f"{url}/models") if not base_url else f"{url}/models",
        extra_headers={"X-OpenRouter-Title": "qwen-magics"} if provider == "openrouter" else {},
    )


def _own(provider: str, base_url: str) -> Endpoint:
    """Any OpenAI-compatible address, or the local model's."""
    if not base_url:
        _refuse(f"The provider `{provider}` needs an address.", '%config Qwen.base_url = "http://localhost:8000/v1"')
    url = _checked(base_url)
    host = urlsplit(url).hostname or ""
    local = provider == "local"
    return Endpoint(
        provider=provider,
        label=PROVIDERS["local"] if local else urlsplit(url).netloc,
        base_url=url,
        dialect="local" if local else "alibaba" if host.endswith(".aliyuncs.com") else "openai",
        plan=bool(_PLAN_HOST.fullmatch(host)),
        remote=not is_loopback(host),
        key_variable=VARIABLES.get(provider, ""),
        key_needed=not local and not _is_private(host),
        read_timeout_s=_WORKSPACE_READ_S if local else _READ_S,
        check_url=f"{url}/models",
    )


def _checked(base_url: str) -> str:
    """`base_url` without a trailing slash or `/chat/completions`. Never echoes credentials that were put into it."""
    url = base_url.strip().rstrip("/").removesuffix("/chat/completions")
    parts = _split(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None:
        _refuse("The base_url holds a user name or password.", "Leave them out; keys go through %qwen_login.")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        _refuse(
            f"{base_url.split('?')[0]!r} can't be a base_url: it is http(s)://host/path, no query.",
            '%config Qwen.base_url = "https://…/v1"',
        )
    if parts.scheme == "http" and not _is_private(host):
        _refuse(
            f"http:// would carry the key and the notebook unencrypted to {host}.",
            "Use https://, or a tunnel to localhost.",
        )
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        _refuse("The base_url can't be read as an address.", '%config Qwen.base_url = "https://…/v1"')
    return parts


def _is_private(host: str) -> bool:
    """This machine or its own network, as far as the name tells (nothing is looked up)."""
    address = _address(host)
    if address is not None:
        return address.is_private or address.is_loopback or address.is_unspecified
    return "." not in host or is_loopback(host) or host.endswith((".local", ".internal", ".lan", ".svc"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refuse(message: str, remedy: str) -> NoReturn:
    raise SettingsError(message, remedy=remedy)

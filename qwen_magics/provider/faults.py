"""An answer that is an error → the QwenError that says what happened, why, and the line to paste.

Body shapes and codes: shared facts, sections 1.5, 3.3, 3.4. Whether to try again is `retry`'s.
"""

from __future__ import annotations

import re
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec

from qwen_magics.errors import (
    AccessDenied,
    BadRequest,
    BrokenStream,
    InputTooLong,
    ModelNotOffered,
    Moderated,
    QuotaExhausted,
    QwenError,
    RateLimited,
    Retryable,
    ServerFault,
    TimedOut,
    WrongKey,
)
from qwen_magics.provider.bodies import problem
from qwen_magics.values import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qwen_magics.provider.endpoints import Endpoint

KEPT = 240  # characters of the provider's own message
_REQUEST_IDS = ("x-request-id", "x-dashscope-request-id", "x-generation-id")

# What the words mean, the first that fits. Words come before the status: 429 may be a rate or the end of the money,
# 403 a missing right or moderation.
_WORDS: tuple[tuple[type[QwenError], str], ...] = (
    (Moderated, r"data_?inspection_?failed|content_filter|content_policy|inappropriate content|moderation|flagged"),
    (InputTooLong, r"range of input length|context_length_exceeded|exceed_context_size|available context size"
                   r"|maximum context length|input length .*exceed|prompt is too long"),
    (QuotaExhausted, r"arrearage|freetieronly|free tier .*exhausted|free allocated quota|billoverdue"
                     r"|commoditynotpurchased|insufficient.credits|included credits|billing_hard_limit"),
    (ModelNotOffered, r"model_?not_?found|model_not_supported|model not exist|model \S+ (does not|doesn't) exist"
                      r"|not a valid model|no endpoints found"),
    (WrongKey, r"invalid_?api_?key|incorrect api key"),
    (RateLimited, r"throttling|limit_requests|limit_burst_rate|rate.?limit|too many requests"),
    (AccessDenied, r"access_?denied|unpurchased"),
    (TimedOut, r"requesttimeout"),
    (ServerFault, r"internal_?error|systemerror|modelservicefailed|modelserving_?error|modelunavailable|overloaded"),
)  # fmt: skip
_STATUSES: dict[int, type[QwenError]] = {
    401: WrongKey,
    402: QuotaExhausted,
    403: AccessDenied,
    408: TimedOut,
    413: InputTooLong,
    429: RateLimited,
}
_SECRET = re.compile(r"(?i)\b(?:bearer\s+\S+|(?:sk|hf|ms|key|pk|gsk|xai)[-_][\w*.…-]{6,})")


def from_response(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    endpoint: Endpoint,
    model: str,
    *,
    key: str = "",
    now: float | None = None,
) -> QwenError:
    """The error in an answer whose HTTP status is not 200. `now`: seconds since 1970, for a Retry-After date.

    `key` is the one that was sent: a provider that echoes it in its error must not put it into a notebook.
    """
    if key:
        body = body.replace(key.encode(), b"[key]")
    fault = _read(body)
    if 300 <= status < 400:
        return BadRequest(
            f"{endpoint.label} sent the request elsewhere ({status}); a key follows no redirect.",
            remedy='%config Qwen.base_url = "…"  (the final address)',
        )
    kind = _kind(fault, status, endpoint)
    if kind is RateLimited and _day_used_up(headers):
        kind = QuotaExhausted
    return _error(
        kind, fault, status, endpoint, model,
        request_id=request_id(headers) or _body_id(body), after=retry_after(headers, now=now),
    )  # fmt: skip


def from_event(fault: Fault, endpoint: Endpoint, model: str, *, key: str = "", request_id: str = "") -> QwenError:
    """The error that a stream carried, or the Decoder's own verdict on how it ended; `key` as above."""
    if key:
        fault = Fault(fault.code, fault.message.replace(key, "[key]"))
    if fault.code in ("broken_stream", "malformed"):
        return BrokenStream(
            f"The answer broke off: {_shortened(fault.message)}",
            remedy="What came is kept; %%qwen --continue goes on from there.",
            request_id=request_id,
        )
    if fault.code == "not_a_stream":
        return BadRequest(f"{endpoint.base_url} is no chat address: {fault.message}", remedy=_ADDRESS)
    if fault.code == "empty_stream":
        return ServerFault(f"{endpoint.label}: {fault.message}", request_id=request_id)
    status = next((int(word) for word in fault.code.split() if word.isdigit()), 0)
    return _error(_kind(fault, status, endpoint), fault, status, endpoint, model, request_id=request_id)


def request_id(headers: Mapping[str, str]) -> str:
    """The provider's name for this request, from its headers (facts 1.5, 3.3); "" without."""
    return next((headers[name] for name in _REQUEST_IDS if headers.get(name)), "")


def response_cost(headers: Mapping[str, str]) -> Decimal | None:
    """What LiteLLM's proxy says that this request costs, USD. A zero is no cost: it stands there before the stream."""
    try:
        cost = Decimal(headers.get("x-litellm-response-cost", ""))
    except ArithmeticError:
        return None
    return cost if cost.is_finite() and cost > 0 else None


def retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds that the provider wants us to wait, from a Retry-After of seconds or a date; None where it says none."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    if now is None:
        import time

        now = time.time()
    return max(0.0, date - now)


_ADDRESS = '%config Qwen.base_url = "https://…/v1"  (most end in /v1)'


def _kind(fault: Fault, status: int, endpoint: Endpoint) -> type[QwenError]:
    said = f"{fault.code} {fault.message}".lower()
    for kind, words in _WORDS:
        if re.search(words, said):
            return kind
    if "insufficient_quota" in said:  # Alibaba means tokens a minute, everyone else money (facts 1.5)
        return RateLimited if endpoint.dialect == "alibaba" else QuotaExhausted
    if status == 404 and "model" in said:
        return ModelNotOffered
    return _STATUSES.get(status, ServerFault if status >= 500 or not status else BadRequest)


def _error(
    kind: type[QwenError], fault: Fault, status: int, endpoint: Endpoint, model: str, *,
    request_id: str, after: float | None = None,
) -> QwenError:  # fmt: skip
    said = _shortened(fault.message) or fault.code or (f"HTTP {status}" if status else "no reason given")
    message = f"{_happened(kind, endpoint, model)}: {said}"
    if issubclass(kind, Retryable):
        return kind(message, remedy=_remedy(kind, status, endpoint, model), request_id=request_id, after=after)
    return kind(message, remedy=_remedy(kind, status, endpoint, model), request_id=request_id)


def _happened(kind: type[QwenError], endpoint: Endpoint, model: str) -> str:
    what = {
        WrongKey: "refused the key",
        QuotaExhausted: "says that quota or credit is used up",
        AccessDenied: f"gives this account no access to {model}",
        ModelNotOffered: f"doesn't offer {model}",
        Moderated: "refused the content",
        InputTooLong: f"says that the input is too long for {model}",
        RateLimited: "takes no more requests for a moment",
        TimedOut: "took too long",
        ServerFault: "has a fault of its own",
    }
    return f"{endpoint.label} {what.get(kind, 'did not take the request')}"


def _remedy(kind: type[QwenError], status: int, endpoint: Endpoint, model: str) -> str:
    if kind is WrongKey:
        if endpoint.provider == "alibaba":
            return "%qwen_login  (a key is valid in one region only; a plan's key only at the plan's address)"
        return f"%qwen_login  (or set {endpoint.key_variable})" if endpoint.key_variable else ""
    if kind is ModelNotOffered:
        return _successor(model, endpoint.provider)
    if kind is InputTooLong:
        return "%qwen_context shows what is large; --without #n leaves a cell out."
    if kind is Moderated:
        return "--without #n leaves a cell out."
    if kind is QuotaExhausted and endpoint.provider == "alibaba":
        return "See Billing and Free quota in the Model Studio console; asking again won't help."
    if kind is AccessDenied:
        return "Ask whoever runs the account for access, or choose another model: %qwen_models lists them."
    if kind is RateLimited:
        return "Wait a minute and run the cell again, or choose another model with -m."
    if kind is ServerFault:
        return "Run the cell again in a minute, or choose another model with -m."
    if kind is BadRequest:
        return _ADDRESS if status in (404, 405) else "%qwen_context shows what is sent, %config Qwen the settings."
    return ""


def _successor(model: str, provider: str) -> str:
    from qwen_magics import catalog

    return catalog.suggest(model, provider) or "%qwen_models lists what is offered."


def _day_used_up(headers: Mapping[str, str]) -> bool:
    """ModelScope counts requests a day (facts 3.4): at none left, waiting a minute is no use."""
    return any(headers.get(f"modelscope-ratelimit-{name}requests-remaining") == "0" for name in ("", "model-"))


def _read(body: bytes) -> Fault:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body.decode("utf-8", "replace").strip()
        return Fault("", "" if text.startswith("<") else text)
    return problem(decoded) or Fault("", "")


def _body_id(body: bytes) -> str:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    found = decoded.get("request_id") or decoded.get("id") if isinstance(decoded, dict) else ""
    return found if isinstance(found, str) else ""


def _shortened(message: str) -> str:
    """The provider's own words on one line, without anything that looks like a key."""
    line = _SECRET.sub("[key]", " ".join(message.split()))
    return line if len(line) <= KEPT else line[: KEPT - 1].rstrip() + "…"

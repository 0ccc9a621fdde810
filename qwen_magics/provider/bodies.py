"""What a provider's JSON says besides the answer: its usage and cost, and how it says no. Pure; knows every dialect.

Field names: shared facts, sections 1.4 and 1.5 (Alibaba), 3.3 (OpenRouter), 3.4 (others). What usage costs is the
catalogue's, what an error means `faults`'.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qwen_magics.values import Fault, Reported, Usage

if TYPE_CHECKING:
    from qwen_magics.values import Basis


def reported(body: Any, text: int = 0, thinking: int = 0) -> Reported | None:
    """The `usage` object of any provider (facts 1.4, 3.3, 3.4) as Usage and cost; None where it holds no counts.

    `text` and `thinking` are the characters that came: where the provider doesn't part thinking from answer, its
    tokens are estimated by their share.
    """
    if not isinstance(body, dict):
        return None
    input_, output = count(body, "prompt_tokens"), count(body, "completion_tokens")
    if input_ is None or output is None:
        return None
    basis: dict[str, Basis] = {}
    thought = count(_part(body, "completion_tokens_details"), "reasoning_tokens")
    if thought is None:
        thought = round(output * thinking / (text + thinking)) if thinking else 0
        if thinking:
            basis["thinking"] = "estimated"
    elif thought > output:  # a server that counts thinking beside the answer; ours is a part of it
        output += thought
    details = _part(body, "prompt_tokens_details")
    cached = count(details, "cached_tokens") or count(body, "cached_tokens") or 0
    written = _written(details)
    explicit = written > 0 or details.get("cache_type") is not None
    usage = Usage(
        input=input_,
        cached=min(cached, input_),
        cache_kind="explicit" if explicit else "implicit" if cached else None,
        cache_write=min(written, input_),
        output=output,
        thinking=thought,
        basis=basis,
    )
    return Reported(usage, _cost(body))


def _written(details: dict[str, Any]) -> int:
    """Tokens written into an explicit cache: Alibaba's two fields say the same, OpenRouter has its own."""
    for name in ("cache_creation_input_tokens", "cache_write_tokens"):
        if written := count(details, name):
            return written
    creation = _part(details, "cache_creation")
    return sum(count(creation, name) or 0 for name in creation)


def _cost(body: dict[str, Any]) -> Decimal | None:
    """OpenRouter's `cost` in USD. With a key of one's own (BYOK) it is only their fee: the upstream's bill is added."""
    cost = _decimal(body.get("cost"))
    if cost is not None and body.get("is_byok") is True:
        cost += _decimal(_part(body, "cost_details").get("upstream_inference_cost")) or 0
    return cost


def problem(body: Any) -> Fault | None:
    """The error in any of the body shapes of facts 1.5, 3.3 and 3.4; None where there is none.

    `code` keeps every word that the provider gives: `429 rate_limit_exceeded`.
    """
    if not isinstance(body, dict):
        return None
    error = body.get("error") or body.get("errors")
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        error = body if "message" in body else {"message": body["detail"]} if "detail" in body else None
    if error is None:
        return None
    metadata = _part(error, "metadata")
    said = [error.get("code"), error.get("type"), metadata.get("error_type")]
    code = " ".join(dict.fromkeys(str(word) for word in said if word not in (None, "", "error")))
    message = " ".join(str(text) for text in (error.get("message"), metadata.get("raw")) if text)
    return Fault(code, message)


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def count(body: dict[str, Any], name: str) -> int | None:
    """A field that holds a number of something; None where it doesn't."""
    value = body.get(name)
    return int(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0 else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() and number >= 0 else None

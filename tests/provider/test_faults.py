"""Every error of the facts file becomes the right QwenError, with its remedy and without a key."""

from __future__ import annotations

import email.utils
import json
import secrets
from decimal import Decimal

import pytest
from fakes.dialects import ID, WRONG_KEY, refuse
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics import errors
from qwen_magics.errors import QwenError
from qwen_magics.provider import faults
from qwen_magics.provider.endpoints import Endpoint, resolve
from qwen_magics.values import Fault

ALIBABA = resolve("alibaba", region="singapore")
OTHERS = {
    "openrouter": resolve("openrouter"),
    "modelscope": resolve("modelscope"),
    "huggingface": resolve("huggingface"),
    "vllm": resolve("openai", base_url="http://gpu:8000/v1"),
    "llama.cpp": resolve("local", base_url="http://127.0.0.1:8080/v1"),
    "openai": resolve("openai", base_url="https://api.example.com/v1"),
}


def error(
    status: int, code: str | int, message: str, dialect: str = "alibaba", headers: dict[str, str] | None = None
) -> QwenError:
    refusal = refuse(status, code, message, dialect=dialect, headers=headers)
    headers = {name.lower(): value for name, value in refusal.headers.items()}
    return faults.from_response(status, headers, refusal.body, OTHERS.get(dialect, ALIBABA), "qwen3-max")


@pytest.mark.parametrize("dialect", ["alibaba", "native"])
@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [  # facts 1.5, line by line; the last two of 429 are not to be tried again
        (400, "InvalidParameter", "Range of max_tokens should be [1, 65536]", errors.BadRequest),
        (400, "invalid_parameter_error", "Range of input length should be [1, 258048]", errors.InputTooLong),
        (400, "DataInspectionFailed", "Input data may contain inappropriate content.", errors.Moderated),
        (400, "data_inspection_failed", "Output data may contain inappropriate content.", errors.Moderated),
        (400, "Arrearage", "Access denied, please make sure your account is in good standing.", errors.QuotaExhausted),
        (401, "InvalidApiKey", "Invalid API-key provided.", errors.WrongKey),
        (*WRONG_KEY, errors.WrongKey),
        (403, "AccessDenied", "Access denied.", errors.AccessDenied),
        (403, "AccessDenied.Unpurchased", "Access to model denied.", errors.AccessDenied),
        (403, "Model.AccessDenied", "Model access denied.", errors.AccessDenied),
        (403, "Workspace.AccessDenied", "Workspace access denied.", errors.AccessDenied),
        (403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted.", errors.QuotaExhausted),
        (404, "ModelNotFound", "The model does not exist or you do not have access to it.", errors.ModelNotOffered),
        (404, "model_not_found", "The model `qwen3-max` does not exist.", errors.ModelNotOffered),
        (404, "model_not_supported", "Unsupported model in compatible mode.", errors.ModelNotOffered),
        (429, "Throttling", "Requests throttling triggered.", errors.RateLimited),
        (429, "Throttling.RateQuota", "You exceeded your current requests list.", errors.RateLimited),
        (429, "limit_requests", "You exceeded your current request limit.", errors.RateLimited),
        (429, "limit_burst_rate", "Request rate increased too quickly.", errors.RateLimited),
        (429, "insufficient_quota", "You exceeded your current quota: tokens per minute.", errors.RateLimited),
        (429, "Throttling.AllocationQuota", "Free allocated quota exceeded.", errors.QuotaExhausted),
        (429, "PostpaidBillOverdue", "The postpaid bill is overdue.", errors.QuotaExhausted),
        (429, "CommodityNotPurchased", "Commodity has not purchased yet.", errors.QuotaExhausted),
        (500, "InternalError.Algo", "inference error", errors.ServerFault),
        (500, "internal_error", "An internal error has occured.", errors.ServerFault),
        (500, "RequestTimeOut", "Request timed out, please try again later.", errors.TimedOut),
        (500, "ModelServingError", "Too many requests. Your requests are being throttled.", errors.RateLimited),
        (503, "ModelUnavailable", "Model is unavailable, please try again later.", errors.ServerFault),
    ],
)
def test_alibabas_table_of_codes_in_both_body_shapes(
    status: int, code: str, message: str, kind: type[QwenError], dialect: str
) -> None:
    problem = error(status, code, message, dialect)
    assert type(problem) is kind
    assert message in problem.message
    assert "Alibaba Cloud, Singapore" in problem.message
    assert problem.request_id == ID


@pytest.mark.parametrize(
    ("dialect", "status", "code", "message", "kind"),
    [  # facts 3.3, 3.4
        ("openrouter", 401, 401, "User not found.", errors.WrongKey),
        ("openrouter", 402, 402, "Insufficient credits. Add more.", errors.QuotaExhausted),
        ("openrouter", 403, 403, "qwen/qwen3-max requires moderation. Your input was flagged.", errors.Moderated),
        ("openrouter", 408, 408, "Your request timed out", errors.TimedOut),
        ("openrouter", 429, 429, "Rate limited upstream", errors.RateLimited),
        ("openrouter", 400, 400, "qwen/qwen3-max-preview is not a valid model ID", errors.ModelNotOffered),
        ("openrouter", 404, 404, "No endpoints found for qwen/qwen3-max.", errors.ModelNotOffered),
        ("openrouter", 502, 502, "Provider returned error", errors.ServerFault),
        ("openrouter", 503, 503, "No available provider", errors.ServerFault),
        ("modelscope", 401, "", "Authentication failed, a valid token is needed.", errors.WrongKey),
        ("modelscope", 429, "", "Request limit exceeded.", errors.RateLimited),
        ("huggingface", 401, "", "Invalid username or password.", errors.WrongKey),
        ("huggingface", 402, "", "You have exceeded your monthly included credits.", errors.QuotaExhausted),
        ("huggingface", 400, "", "The requested model 'a/b' does not exist", errors.ModelNotOffered),
        ("vllm", 400, "BadRequestError", "This model's maximum context length is 4096 tokens.", errors.InputTooLong),
        ("vllm", 404, "NotFoundError", "The model `x` does not exist.", errors.ModelNotOffered),
        ("llama.cpp", 400, "exceed_context_size_error", "request (4030 tokens) exceeds …", errors.InputTooLong),
        ("llama.cpp", 503, "unavailable_error", "Loading model", errors.ServerFault),
        ("openai", 429, "insufficient_quota", "You exceeded your current quota, check billing.", errors.QuotaExhausted),
        ("openai", 413, "", "", errors.InputTooLong),
        ("openai", 422, "", "Extra inputs are not permitted", errors.BadRequest),
    ],
)  # fmt: skip
def test_the_other_providers_errors(
    dialect: str, status: int, code: str | int, message: str, kind: type[QwenError]
) -> None:
    problem = error(status, code, message, dialect)
    assert type(problem) is kind
    assert message in problem.message


def test_a_quota_by_the_day_is_not_tried_again() -> None:
    """Facts 3.4: ModelScope tells what is left of the day's requests."""
    headers = {"Modelscope-Ratelimit-Model-Requests-Remaining": "0"}
    assert isinstance(error(429, "", "limit", "modelscope", headers), errors.QuotaExhausted)


def test_what_openrouters_upstream_said_is_not_lost() -> None:
    body = {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": "Range of top_p"}}}
    problem = faults.from_response(400, {}, json.dumps(body).encode(), OTHERS["openrouter"], "m")
    assert "Range of top_p" in problem.message


@pytest.mark.parametrize("body", [b"", b"<html>502 Bad Gateway</html>", b"[]", b"null", b'"x"', b"\xff\xfe", b"{"])
def test_a_body_of_no_known_shape_still_says_what_happened(body: bytes) -> None:
    problem = faults.from_response(502, {}, body, ALIBABA, "m")
    assert isinstance(problem, errors.ServerFault)
    assert "<html>" not in problem.message


@given(st.integers(300, 599), st.binary(max_size=80) | st.recursive(
    st.none() | st.text(max_size=9) | st.integers(), lambda v: st.lists(v, max_size=2) | st.dictionaries(
        st.sampled_from(["error", "errors", "message", "code", "type", "metadata", "detail"]), v, max_size=4)
    ).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_body_makes_it_raise(status: int, body: bytes) -> None:
    problem = faults.from_response(status, {}, body, ALIBABA, "m")
    assert isinstance(problem, QwenError)
    assert len(problem.message) < 400


# --- what to do about it ---------------------------------------------------------------------------------------------


def test_a_refused_key_names_the_region_and_the_login() -> None:
    problem = error(*WRONG_KEY)
    assert problem.remedy.startswith("%qwen_login")
    assert "region" in problem.remedy
    assert "OPENAI_API_KEY" in error(*WRONG_KEY, "openai").remedy


def test_an_unknown_model_names_another() -> None:
    problem = faults.from_response(404, {}, refuse(404, "model_not_found", "no").body, ALIBABA, "qwen3-maxx")
    assert "qwen3-max" in problem.remedy
    assert "qwen3-maxx" in problem.message


def test_a_wrong_path_names_the_setting() -> None:
    problem = faults.from_response(404, {}, b"<html>Not Found", OTHERS["openai"], "m")
    assert isinstance(problem, errors.BadRequest)
    assert "base_url" in problem.remedy


def test_a_redirect_is_an_error_because_a_key_follows_none() -> None:
    problem = faults.from_response(302, {"location": "https://elsewhere.example"}, b"", ALIBABA, "m")
    assert isinstance(problem, errors.BadRequest)


@pytest.mark.parametrize("shape", ["sk-{}", "sk-sp-{}", "sk-or-v1-{}", "hf_{}", "ms-{}", "Bearer {}"])
def test_a_key_that_the_provider_echoes_is_masked(shape: str) -> None:
    secret = secrets.token_hex(20)
    problem = error(401, "invalid_api_key", f"Incorrect API key provided: {shape.format(secret)}. See the console.")
    assert secret not in str(problem)
    assert "See the console" in problem.message


def test_a_long_message_is_shortened_to_one_line() -> None:
    problem = error(400, "InvalidParameter", "word\n" * 500)
    assert "\n" not in problem.message
    assert len(problem.message) < faults.KEPT + 120
    assert problem.message.endswith("…")


# --- headers ---------------------------------------------------------------------------------------------------------


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    now = 1_800_000_000.0
    date = email.utils.formatdate(now + 30, usegmt=True)
    assert faults.retry_after({"retry-after": "7"}) == 7.0
    assert faults.retry_after({"retry-after": date}, now=now) == 30.0
    assert faults.retry_after({"retry-after": date}, now=now + 99) == 0.0
    assert faults.retry_after({"retry-after": "soon"}) is None
    assert faults.retry_after({}) is None
    problem = error(429, "limit_requests", "slow down", headers={"Retry-After": "12"})
    assert isinstance(problem, errors.Retryable)
    assert problem.after == 12.0


def test_litellms_cost_header_is_a_cost_unless_it_is_zero() -> None:
    assert faults.response_cost({"x-litellm-response-cost": "0.00012300"}) == Decimal("0.00012300")
    for value in ("0.0", "None", "", "nan", "-1"):
        assert faults.response_cost({"x-litellm-response-cost": value}) is None
    assert faults.response_cost({}) is None


@pytest.mark.parametrize("name", ["x-request-id", "x-dashscope-request-id", "x-generation-id"])
def test_the_request_id_comes_from_whichever_header_has_it(name: str) -> None:
    assert faults.request_id({name: "r-1"}) == "r-1"


# --- events ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "endpoint", "kind"),
    [
        (Fault("broken_stream", "The connection ended."), ALIBABA, errors.BrokenStream),
        (Fault("malformed", "not JSON"), ALIBABA, errors.BrokenStream),
        (Fault("empty_stream", "nothing came"), ALIBABA, errors.ServerFault),
        (Fault("not_a_stream", "something else"), OTHERS["openai"], errors.BadRequest),
        (Fault("data_inspection_failed", "inappropriate"), ALIBABA, errors.Moderated),
        (Fault("429", "Rate limit"), OTHERS["openrouter"], errors.RateLimited),
        (Fault("502 provider_unavailable", "Provider disconnected"), OTHERS["openrouter"], errors.ServerFault),
        (Fault("402", "no credits"), OTHERS["openrouter"], errors.QuotaExhausted),
        (Fault("", "no reason given"), ALIBABA, errors.ServerFault),
    ],
)
def test_an_error_inside_a_stream_is_one_of_the_same_tree(
    fault: Fault, endpoint: Endpoint, kind: type[QwenError]
) -> None:
    assert type(faults.from_event(fault, endpoint, "m")) is kind

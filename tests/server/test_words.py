"""What the sidebar says to do: nothing that only a cell can do, for every way in which a provider refuses."""

from __future__ import annotations

import re

import pytest
from fakes.dialects import refuse

from qwen_magics.provider import faults
from qwen_magics.provider.endpoints import resolve
from qwen_magics.server.words import remedy


@pytest.mark.parametrize("provider", ["alibaba", "openrouter"])
@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "invalid_parameter_error", "Range of input length should be [1, 258048]"),
        (400, "invalid_parameter_error", "No."),
        (400, "data_inspection_failed", "Input data may contain inappropriate content."),
        (400, "Arrearage", "Access denied."),
        (401, "invalid_api_key", "Incorrect API key provided."),
        (403, "access_denied", "Access denied."),
        (404, "model_not_found", "The model does not exist."),
        (404, "not_found", "Not found."),
        (429, "limit_requests", "Slow down."),
        (503, "service_unavailable", "Overloaded."),
    ],
)
def test_what_to_do_after_a_refusal_is_said_for_a_sidebar(provider: str, status: int, code: str, message: str) -> None:
    body = refuse(status, code, message, dialect=provider).body
    said = remedy(faults.from_response(status, {}, body, resolve(provider), "qwen3-max"))
    assert not re.search(r"%|(^| )--?\w|  |\bcell", said)
    assert not re.search(r"[a-z] Ask", said)

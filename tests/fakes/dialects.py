"""How each provider's bytes look. Every shape cites its section of the facts file (shared facts, qwen_api.md)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fakes.script import Answer, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.cache import Found

DIALECTS = ("alibaba", "openrouter", "modelscope", "huggingface", "vllm", "llama.cpp", "openai")
ID = "chatcmpl-e30f5ae7-0000-9000-8000-000000000000"
REASONING_FIELD = {"openrouter": "reasoning", "vllm": "reasoning", "huggingface": "reasoning"}  # facts 3.3, 3.4
STREAM_ERRORS: dict[str, dict[str, Any]] = {
    # facts 3.3: a top-level error and finish_reason "error", HTTP stays 200
    "openrouter": {
        "error": {"code": 502, "message": "Provider disconnected", "metadata": {"error_type": "provider_unavailable"}},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
    },
    # facts 1.5: an `error` object in a data line
    "alibaba": {
        "error": {"message": "Output data may contain inappropriate content.", "type": "data_inspection_failed",
                  "param": None, "code": "data_inspection_failed"},
        "request_id": ID,
    },
}  # fmt: skip


def event(data: Any) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def chunk(dialect: str, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """One chunk of a stream."""
    if dialect == "alibaba":  # facts 1.4, verbatim sample: nulls everywhere
        delta = {"content": None, "function_call": None, "refusal": None, "role": None, "tool_calls": None} | delta
        choice = {"delta": delta, "finish_reason": finish, "index": 0, "logprobs": None}
        return {"id": ID, "choices": [choice], "created": 1735113344, "model": "qwen3-max", "usage": None,
                "object": "chat.completion.chunk", "service_tier": None, "system_fingerprint": None}  # fmt: skip
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": ID, "object": "chat.completion.chunk", "created": 1735113344, "model": "qwen", "choices": [choice]}
    if dialect == "openrouter":
        choice["native_finish_reason"] = finish
        if "reasoning" in delta:  # facts 3.3
            delta["reasoning_details"] = [{"type": "reasoning.text", "text": delta["reasoning"], "index": 0}]
    return body


def pieces(dialect: str, answer: Answer) -> tuple[bytes, ...]:
    """The events that carry the answer, one for each piece."""
    said = _said(dialect, answer.thinking, answer.text, answer.parser)
    return (*said, *(event(chunk(dialect, {"tool_calls": [call]})) for call in answer.tool_calls))  # facts 1.4


@lru_cache(maxsize=8)  # a bench asks the same 20,000 pieces again
def _said(dialect: str, thinking: tuple[str, ...], text: tuple[str, ...], parser: bool) -> tuple[bytes, ...]:
    name = REASONING_FIELD.get(dialect, "reasoning_content")
    if thinking and not parser:  # facts 3.4: a missing parser leaves <think>…</think> in the content
        thinking, text = (), ("<think>\n", *thinking, "\n</think>\n\n", *text)
    deltas = [*({name: piece} for piece in thinking), *({"content": piece} for piece in text)]
    return tuple(event(chunk(dialect, delta)) for delta in deltas)


@lru_cache(maxsize=8)
def framed(events: tuple[bytes, ...]) -> bytes:
    """Events in HTTP's chunked encoding, one chunk an event."""
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in events)


def opening(dialect: str, request: dict[str, Any], prompt_tokens: int) -> Iterator[bytes]:
    """What comes before the first piece."""
    if dialect == "openrouter":
        yield b": OPENROUTER PROCESSING\n\n"  # facts 3.3
    if dialect == "llama.cpp" and request.get("return_progress"):  # facts 3.4; seen with xllamacpp
        for done in (0, prompt_tokens // 2, prompt_tokens):
            progress = {"total": prompt_tokens, "cache": 0, "processed": done, "time_ms": 1}
            yield event(chunk(dialect, {"role": "assistant", "content": None}) | {"prompt_progress": progress})
    yield event(chunk(dialect, {"role": "assistant", "content": ""}))


def closing(dialect: str, answer: Answer, usage: dict[str, Any] | None) -> Iterator[bytes]:
    """What comes after the last piece: the reason to finish, usage on a chunk without choices, [DONE]."""
    if answer.finish is not None:
        yield event(chunk(dialect, {"content": ""}, answer.finish))
    if usage is not None:
        yield event(chunk(dialect, {}) | {"choices": [], "usage": usage})  # facts 1.4
    if answer.done:
        yield b"data: [DONE]\n\n"


def usage(dialect: str, answer: Answer, prompt: int, found: Found, thinking: int, text: int) -> dict[str, Any]:
    """The usage object as each provider words it."""
    body: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": thinking + text,
        "total_tokens": prompt + thinking + text,
    }
    if dialect == "alibaba":  # facts 1.4: text_tokens includes reasoning_tokens
        body["prompt_tokens_details"] = {"audio_tokens": None, "cached_tokens": found.cached}
        if found.explicit:
            body["prompt_tokens_details"] |= {
                "cache_creation": {"ephemeral_5m_input_tokens": found.written},
                "cache_creation_input_tokens": found.written,
                "cache_type": "ephemeral",
            }
        details = {"reasoning_tokens": thinking, "text_tokens": thinking + text}
        body["completion_tokens_details"] = details if thinking else None
    elif dialect == "openrouter":  # facts 3.3
        body["prompt_tokens_details"] = {"cached_tokens": found.cached, "cache_write_tokens": found.written}
        body["prompt_tokens_details"]["audio_tokens"] = 0
        body["completion_tokens_details"] = {"reasoning_tokens": thinking, "image_tokens": 0}
        body |= {"is_byok": False, "cost_details": {"upstream_inference_cost": None}}
        if answer.cost is not None:
            body["cost"] = float(answer.cost)
    elif dialect == "llama.cpp":
        body["prompt_tokens_details"] = {"cached_tokens": found.cached}
    return body


# --- refusals ---------------------------------------------------------------------------------------------------------


def refuse(
    status: int, code: str | int, message: str, *, dialect: str = "alibaba", headers: dict[str, str] | None = None
) -> Refusal:
    """An HTTP error in the body shape of a dialect (`native`: DashScope's own)."""
    shapes: dict[str, dict[str, Any]] = {
        "native": {"code": code, "message": message, "request_id": ID},  # facts 1.5
        "openrouter": {"error": {"code": code, "message": message}},  # facts 3.3
        "modelscope": {"errors": {"message": message}, "request_id": ID},  # facts 3.4
        "huggingface": {"error": message},
        "vllm": {"object": "error", "message": message, "type": code, "param": None, "code": status},
        "llama.cpp": {"error": {"code": status, "message": message, "type": code}},  # seen with xllamacpp
    }
    usual = {"error": {"message": message, "type": code, "param": None, "code": code}, "request_id": ID}  # facts 1.5
    body = json.dumps(shapes.get(dialect, usual)).encode()
    return Refusal(status=status, body=body, headers={"Content-Type": "application/json"} | (headers or {}))


WRONG_KEY = (401, "invalid_api_key", "Incorrect API key provided.")  # facts 1.5
MODELS = ("qwen3-max", "qwen3-max-preview", "qwen-plus")

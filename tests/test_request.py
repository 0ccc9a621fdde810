"""Messages, model and options → a body that each provider understands, and a hash that names what was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from qwen_magics import catalog
from qwen_magics.errors import OptionError
from qwen_magics.request import build
from qwen_magics.values import Message, Options

MESSAGES = [Message("system", "Be brief."), Message("user", "你是谁？")]


def body(options: Options, model: str = "qwen3-max", dialect: str = "alibaba") -> dict[str, Any]:
    request = build(MESSAGES, model, options, model=catalog.find(model), dialect=dialect)
    decoded: dict[str, Any] = json.loads(request.body)
    return decoded


def test_alibaba_is_told_to_stream_with_usage_and_whether_to_think() -> None:
    assert body(Options(max_tokens=100)) == {
        "model": "qwen3-max",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "你是谁？"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 100,
        "enable_thinking": False,
    }
    thinking = body(Options(think=500, max_tokens=100))
    assert (thinking["enable_thinking"], thinking["thinking_budget"], thinking["max_tokens"]) == (True, 500, 100)


def test_elsewhere_the_limit_covers_answer_and_thinking() -> None:
    assert body(Options(think=500, max_tokens=100), dialect="openrouter")["max_tokens"] == 600
    assert body(Options(think=500, max_tokens=100), dialect="openrouter")["reasoning"] == {"max_tokens": 500}
    assert body(Options(), dialect="openrouter")["reasoning"] == {"enabled": False}
    assert "chat_template_kwargs" not in body(Options(), dialect="openai")


def test_past_thinking_is_never_asked_for() -> None:
    assert body(Options(), model="qwen3.8-max")["preserve_thinking"] is False
    assert "preserve_thinking" not in body(Options(), model="qwen3-max")


def test_an_unfinished_answer_goes_on_as_a_prefix_where_that_exists() -> None:
    said = [*MESSAGES, Message("assistant", "I am")]
    options = Options(continued=True)
    alibaba = json.loads(build(said, "qwen3-max", options, model=None, dialect="alibaba").body)
    assert alibaba["messages"][-1] == {"role": "assistant", "content": "I am", "partial": True}
    other = json.loads(build(said, "qwen3-max", options, model=None, dialect="openai").body)
    assert [m["role"] for m in other["messages"][-2:]] == ["assistant", "user"]


@pytest.mark.parametrize(
    ("options", "model", "dialect", "named"),
    [
        (Options(search=True), "qwen3-max", "openrouter", "--search"),
        (Options(think=100), "qwen3-coder-plus", "alibaba", "--think"),
        (Options(think=100_000), "qwen3-max", "alibaba", "--think=81920"),
        (Options(max_tokens=65_537), "qwen3-max", "alibaba", "--max-tokens 65536"),
        (Options(max_tokens=32_769, think=10), "qwen3-max", "alibaba", "--max-tokens 32768"),
        (Options(think=10, json=True), "qwen3-max", "alibaba", "--as json"),
    ],
)
def test_an_option_that_a_model_cannot_take_is_named(options: Options, model: str, dialect: str, named: str) -> None:
    with pytest.raises(OptionError) as problem:
        build(MESSAGES, model, options, model=catalog.find(model), dialect=dialect)
    assert named in str(problem.value)


def test_the_hash_names_what_was_asked_not_how_it_travels() -> None:
    model = catalog.find("qwen3-max")
    first = build(MESSAGES, "qwen3-max", Options(), model=model, dialect="alibaba")
    elsewhere = build(MESSAGES, "qwen/qwen3-max", Options(max_tokens=9), model=model, dialect="openrouter")
    assert first.hash == elsewhere.hash
    assert first.body != elsewhere.body
    warmer = build(MESSAGES, "qwen3-max", Options(temperature=0.5), model=model, dialect="alibaba")
    edited = [*MESSAGES[:-1], replace(MESSAGES[-1], content="你是谁")]
    other = build(edited, "qwen3-max", Options(), model=model, dialect="alibaba")
    assert len({first.hash, warmer.hash, other.hash}) == 3


def test_without_a_cache_the_local_model_reads_everything_anew() -> None:
    assert body(Options(), dialect="local")["cache_prompt"] is True
    assert body(Options(cache=False), dialect="local")["cache_prompt"] is False


def test_marks_part_a_message_for_those_who_take_them_and_name_the_same_request() -> None:
    marked = [MESSAGES[0], replace(MESSAGES[1], marks=(2, 4))]
    for dialect, parted in (("alibaba", True), ("openai", False), ("local", False)):
        plain, sent = (
            build(messages, "qwen3-max", Options(), model=None, dialect=dialect) for messages in (MESSAGES, marked)
        )
        assert sent.hash == plain.hash
        content = json.loads(sent.body)["messages"][1]["content"]
        ephemeral = {"cache_control": {"type": "ephemeral"}}
        parts = [{"type": "text", "text": "你是"} | ephemeral, {"type": "text", "text": "谁？"} | ephemeral]
        assert content == (parts if parted else "你是谁？")

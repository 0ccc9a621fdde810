"""Asking through a real Jupyter Server: the events that a browser gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fakes.script import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.provider import FakeProvider


def events(body: bytes) -> list[dict[str, Any]]:
    """The events of a whole stream, each with its number."""
    blocks = [block.split(b"\n") for block in body.split(b"\n\n") if block]
    return [
        json.loads(lines[1].removeprefix(b"data: ")) | {"n": int(lines[0].removeprefix(b"id: "))} for lines in blocks
    ]


async def test_a_question_is_answered_as_numbered_events(jp_fetch: Callable[..., Any], provider: FakeProvider) -> None:
    provider.enqueue(Answer(text=("Be", "cause.")))
    response = await jp_fetch("qwen", "api", "chat", method="POST", body=json.dumps({"text": "Why?"}))
    said = events(response.body)
    assert [event["n"] for event in said] == list(range(1, len(said) + 1))
    assert said[0]["type"] == "accepted"
    assert "".join(event["text"] for event in said if event["type"] == "text") == "Because."
    assert said[-1]["type"] == "settled"
    assert said[-1]["receipt"]["cost"]["amount"]


async def test_what_is_typed_is_priced(jp_fetch: Callable[..., Any]) -> None:
    response = await jp_fetch("qwen", "api", "estimate", method="POST", body=json.dumps({"text": "Why?"}))
    said = json.loads(response.body)
    assert said["tokens"] > 10
    assert said["price"]["currency"] == "USD"

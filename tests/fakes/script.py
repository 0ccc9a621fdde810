"""What the fake provider is told to do with a request: give an Answer, or refuse it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A streamed answer. Pieces are sent as they stand, each as an event of its own."""

    text: tuple[str, ...] = ("Hello", ", ", "world.")
    thinking: tuple[str, ...] = ()
    tool_calls: tuple[dict[str, Any], ...] = ()  # deltas, as they go over the wire
    finish: str | None = "stop"
    # usage: None computes it by the fake's rule; cost is OpenRouter's
    usage: dict[str, Any] | None = None
    send_usage: bool = True
    cost: str | None = None
    done: bool = True  # the closing [DONE]
    parser: bool = True  # False: the server has no reasoning parser, thinking comes as <think>…</think> in the content
    headers: dict[str, str] = field(default_factory=dict)
    # pace, in seconds
    delay: float = 0.0  # before the first byte of the body
    pause: float = 0.0  # between two pieces
    # faults
    error_after: int | None = None  # this many pieces, then an `error` object inside the stream
    error: dict[str, Any] | None = None  # that object; None: the dialect's own
    cut_after: int | None = None  # this many bytes of the stream, then the connection breaks
    hang_after: int | None = None  # this many pieces, then silence until the client hangs up
    held: bool = False  # everything is sent, [DONE] too, but the body doesn't end until the client hangs up
    raw: bytes | None = None  # send exactly this as the body instead
    content_type: str = "text/event-stream"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An HTTP error."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Step = Answer | Refusal

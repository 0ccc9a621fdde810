"""The shape of one chunk of a streamed answer: only what is used; what varies from server to server stays raw until it
is needed. Decides nothing; `wire` does.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Raw, Struct


class Function(Struct, gc=False):
    """Which function a tool call is for, piece by piece."""

    name: str | None = None
    arguments: str | None = None


class Call(Struct, gc=False):
    """A piece of a tool call."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Delta(Struct, gc=False):
    """What came: text, or thinking under either of its names, or tool calls."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Call] | None = None


class Choice(Struct, gc=False):
    """One answer's piece; some servers put usage and errors here."""

    index: int | None = None
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None
    usage: Raw = Raw()
    error: Raw = Raw()


class Chunk(Struct, gc=False):
    """One event's data."""

    id: str | int | None = None
    choices: list[Choice] | None = None
    usage: Raw = Raw()
    prompt_progress: Raw = Raw()
    error: Raw = Raw()
    errors: Raw = Raw()
    code: Raw = Raw()
    message: Raw = Raw()
    request_id: str | int | None = None


_NOTHING = (Raw(b"null"), Raw(b'""'), Raw(b"{}"), Raw(b"[]"))
decode = msgspec.json.Decoder(Chunk).decode
loose = msgspec.json.Decoder(float_hook=Decimal).decode  # a cost keeps every digit


def first(*raws: Raw) -> Raw:
    """The first that says something."""
    return next(filter(given, raws))


def given(raw: Raw) -> bool:
    """Whether a field says anything: many servers send null, "" or {} for nothing."""
    return bool(raw) and raw not in _NOTHING

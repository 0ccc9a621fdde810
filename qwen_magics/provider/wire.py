"""Bytes of a streamed answer → stream events. No I/O: `feed` it whatever arrives, then `finish`.

Reads server-sent events as every OpenAI-compatible server sends them, and the one JSON body that some send instead
(shared facts, sections 1.4, 1.5, 3.3, 3.4). What an error means is `faults`' business, what usage costs is the
catalogue's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Raw, Struct

from qwen_magics.values import Basis, Fault, Finish, Progress, Reported, StreamEvent, Text, Thinking, ToolCall, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOM = b"\xef\xbb\xbf"
_OPEN, _CLOSE = "<think>", "</think>"


# --- the shape of a chunk: only what is used; what varies from server to server stays raw until it is needed -----------


class _Function(Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _Call(Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(Struct, gc=False):
    index: int | None = None
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None
    usage: Raw = Raw()
    error: Raw = Raw()


class _Chunk(Struct, gc=False):
    id: str | int | None = None
    choices: list[_Choice] | None = None
    usage: Raw = Raw()
    prompt_progress: Raw = Raw()
    error: Raw = Raw()
    errors: Raw = Raw()
    code: Raw = Raw()
    message: Raw = Raw()
    request_id: str | int | None = None


_NOTHING = (Raw(b"null"), Raw(b'""'), Raw(b"{}"), Raw(b"[]"))
_decode = msgspec.json.Decoder(_Chunk).decode
_loose = msgspec.json.Decoder(float_hook=Decimal).decode  # a cost keeps every digit


class Decoder:
    """One answer's bytes to events: Thinking, Text, ToolCall, Progress, then Finish, then Reported where usage came.

    Pieces of one kind that arrive together are joined. A Fault is the last event. `think_tags`: split off a `<think>`
    block at the very start of the content, for servers without a reasoning parser.
    """

    def __init__(self, *, think_tags: bool = True) -> None:
        self.request_id = ""
        self.complete = False  # the model ended its answer: a reason to finish or [DONE] came, and no error
        self._over = False  # nothing more is to be told
        self._begun = False
        self._rest = b""  # an unfinished line
        self._open = b""  # the data of an unfinished event
        self._body: list[bytes] | None = None  # a JSON body in place of a stream
        self._page = False  # a web page in place of a stream
        self._events: list[StreamEvent] = []
        self._kind: type[Text] | type[Thinking] = Text
        self._pieces: list[str] = []
        self._tag = _ThinkBlock() if think_tags else None
        self._spoken = {Text: 0, Thinking: 0, ToolCall: 0}  # characters
        self._reported: Reported | None = None

    @property
    def usage_seen(self) -> bool:
        return self._reported is not None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Any split of the bytes gives the same text, thinking and order."""
        if not self._begun:
            chunk = self._begin(chunk)
        if self._body is not None:
            self._body.append(chunk)
        elif not self._over:
            for line in self._lines(chunk):
                self._line(line)
        return self._take()

    def finish(self) -> list[StreamEvent]:
        """The last events, once no more bytes come; a Fault where the answer broke off. Asked again: nothing."""
        if self._body is not None:
            self._data(b"".join(self._body))
            self.complete = self.complete or not (self._open or self._over)
        else:
            self._line(self._rest.rstrip(b"\r"))
        if self.complete:
            self._end()
        else:
            self._fault(self._broken_off())
        return self._take()

    # --- bytes to data ---------------------------------------------------------------------------------------------

    def _begin(self, chunk: bytes) -> bytes:
        """Decide by the first bytes whether this is a stream or one JSON body."""
        chunk, self._rest = self._rest + chunk, b""
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._rest = chunk
            return b""
        head = chunk.removeprefix(_BOM).lstrip()
        if head:
            self._begun = True
            self._body = [] if head.startswith(b"{") else None
            self._page = head.startswith(b"<")
        return head

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The finished lines, at LF, CRLF or CR; a CR at the end waits for what follows it."""
        data = self._rest + chunk
        held = b""
        if b"\r" in data:
            held = b"\r" if data.endswith(b"\r") else b""
            data = data.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        self._rest = lines.pop() + held
        return lines

    def _line(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._data(self._open + line[5:])
        elif not line and self._open:
            self._fault(Fault("malformed", "The provider sent a piece that isn't JSON."))
        elif line.startswith(b"error:"):  # llama.cpp's older servers
            self._data(line[6:])
        # comments (": OPENROUTER PROCESSING"), event:, id: and retry: say nothing that the data doesn't

    def _data(self, data: bytes) -> None:
        if self._over:
            return
        try:
            chunk = _decode(data)
        except msgspec.ValidationError as problem:
            if data.lstrip().startswith(b"{"):
                self._fault(Fault("malformed", f"The provider sent a piece of unknown shape ({problem})."))
        except (msgspec.DecodeError, UnicodeDecodeError):
            data = data.strip()
            if data == b"[DONE]":
                self._end()
            elif data.startswith(b"{"):
                self._open = data + b"\n"  # an event may have several data lines
        else:
            self._open = b""
            self._chunk(chunk)

    # --- data to events --------------------------------------------------------------------------------------------

    def _chunk(self, chunk: _Chunk) -> None:
        if not self.request_id:
            self.request_id = str(chunk.request_id or chunk.id or "")
        if chunk.prompt_progress:
            self._progress(_loose(chunk.prompt_progress))
        error = chunk.error if _given(chunk.error) else chunk.errors
        for choice in chunk.choices or ():
            if not choice.index:
                self._choice(choice)
                error = choice.error if _given(choice.error) else error
        if _given(chunk.usage):
            self._count(chunk.usage)
        if _given(error) or (chunk.choices is None and _given(chunk.message)):
            self._failed(chunk, error)

    def _choice(self, choice: _Choice) -> None:
        delta = choice.delta or choice.message
        if delta is not None:
            thinking = delta.reasoning_content or delta.reasoning
            if thinking:
                self._say(Thinking, thinking)
            if delta.content:
                self._content(delta.content)
            if delta.tool_calls:
                self._call(delta.tool_calls)
        if _given(choice.usage):
            self._count(choice.usage)
        if choice.finish_reason and choice.finish_reason not in ("null", "error") and not self.complete:
            self._unhold()
            self._tell(Finish(choice.finish_reason))
            self.complete = True

    def _content(self, text: str) -> None:
        if self._tag is None:
            self._say(Text, text)
            return
        if self._spoken[Thinking] and self._tag.state == "before":
            self._tag.state = "over"  # this server has a parser
        for kind, piece in self._tag.feed(text):
            self._say(kind, piece)
        if self._tag.state == "over":
            self._tag = None

    def _say(self, kind: type[Text] | type[Thinking], text: str) -> None:
        if kind is not self._kind:
            self._flush()
            self._kind = kind
        self._pieces.append(text)
        self._spoken[kind] += len(text)

    def _call(self, calls: list[_Call]) -> None:
        for place, call in enumerate(calls):
            function = call.function or _Function()
            event = ToolCall(
                place if call.index is None else call.index,
                call.id or "",
                function.name or "",
                function.arguments or "",
            )
            self._spoken[ToolCall] += len(event.name) + len(event.arguments)
            self._tell(event)

    def _progress(self, progress: Any) -> None:
        """llama.cpp's `prompt_progress` {total, cache, processed}: the share of what is not cached."""
        if isinstance(progress, dict):
            total, cache, done = (_count(progress, name) or 0 for name in ("total", "cache", "processed"))
            left = total - cache
            self._tell(Progress("reading", min(1.0, max(0, done - cache) / left) if left > 0 else 1.0))

    def _count(self, raw: Raw) -> None:
        self._reported = reported(_loose(raw), self._spoken[Text], self._spoken[Thinking]) or self._reported

    def _failed(self, chunk: _Chunk, error: Raw) -> None:
        body = {name: _loose(raw) for name in ("code", "message") if (raw := getattr(chunk, name))}
        if error:
            body["error"] = _loose(error)
        self._fault(problem(body) or Fault("error", "The provider ended the answer with an error."))

    def _tell(self, event: StreamEvent) -> None:
        self._flush()
        self._events.append(event)

    def _flush(self) -> None:
        if self._pieces:
            self._events.append(self._kind("".join(self._pieces)))
            self._pieces = []

    def _take(self) -> list[StreamEvent]:
        self._flush()
        events, self._events = self._events, []
        return events

    # --- the end ---------------------------------------------------------------------------------------------------

    def _unhold(self) -> None:
        """Let go what waited for the rest of a tag."""
        if self._tag is not None:
            for kind, piece in self._tag.finish():
                self._say(kind, piece)
            self._tag = None

    def _end(self) -> None:
        if not self._over:
            self._unhold()
            if self._reported is not None:
                self._tell(self._reported)
            self._over = self.complete = True

    def _fault(self, fault: Fault) -> None:
        if not self._over:
            self._end()
            self._tell(fault)
            self.complete = False

    def _broken_off(self) -> Fault:
        if self._page:
            return Fault("not_a_stream", "A web page came in place of an answer.")
        if any(self._spoken.values()):
            return Fault("broken_stream", "The connection ended before the model did.")
        return Fault("empty_stream", "The connection ended before the answer began.")


class _ThinkBlock:
    """Splits `<think>…</think>` off the start of a content that comes in pieces; trims the white space around both."""

    def __init__(self) -> None:
        self.state: Literal["before", "inside", "after", "over"] = "before"
        self._held = ""
        self._thought = False

    def feed(self, text: str) -> Iterator[tuple[type[Text] | type[Thinking], str]]:
        self._held += text
        if self.state == "before":
            head = self._held.lstrip()
            if head.startswith(_OPEN):
                self.state, self._held = "inside", head.removeprefix(_OPEN)
            elif not _OPEN.startswith(head):
                self.state = "over"
        if self.state == "inside":
            yield from self._inside()
        if self.state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self.state = "over"
        if self.state == "over":
            yield from self.finish()

    def _inside(self) -> Iterator[tuple[type[Thinking], str]]:
        if not self._thought:
            self._held = self._held.lstrip()
        thinking, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self.state = "after"
        else:  # hold what may be the tag's beginning, and the white space before it
            size = next(n for n in range(len(_CLOSE) - 1, -1, -1) if self._held.endswith(_CLOSE[:n]))
            thinking = self._held[: len(self._held) - size]
            rest = self._held[len(thinking.rstrip()) :]
        self._held = rest
        if thinking.rstrip():
            self._thought = True
            yield Thinking, thinking.rstrip()

    def finish(self) -> Iterator[tuple[type[Text] | type[Thinking], str]]:
        held, self._held = self._held, ""
        if held:
            yield Thinking if self.state == "inside" else Text, held


# --- what a provider counts, and how it says no -----------------------------------------------------------------------


def reported(body: Any, text: int = 0, thinking: int = 0) -> Reported | None:
    """The `usage` object of any provider (facts 1.4, 3.3, 3.4) as Usage and cost; None where it holds no counts.

    `text` and `thinking` are the characters that came: where the provider doesn't part thinking from answer, its
    tokens are estimated by their share.
    """
    if not isinstance(body, dict):
        return None
    input_, output = _count(body, "prompt_tokens"), _count(body, "completion_tokens")
    if input_ is None or output is None:
        return None
    basis: dict[str, Basis] = {}
    thought = _count(_part(body, "completion_tokens_details"), "reasoning_tokens")
    if thought is None:
        thought = round(output * thinking / (text + thinking)) if thinking else 0
        if thinking:
            basis["thinking"] = "estimated"
    elif thought > output:  # a server that counts thinking beside the answer; ours is a part of it
        output += thought
    details = _part(body, "prompt_tokens_details")
    cached = _count(details, "cached_tokens") or _count(body, "cached_tokens") or 0
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
        if count := _count(details, name):
            return count
    creation = _part(details, "cache_creation")
    return sum(_count(creation, name) or 0 for name in creation)


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


def _given(raw: Raw) -> bool:
    return bool(raw) and raw not in _NOTHING


def _part(body: dict[str, Any], name: str) -> dict[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _count(body: dict[str, Any], name: str) -> int | None:
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

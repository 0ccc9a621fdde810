"""Bytes of a streamed answer → stream events. No I/O: `feed` it whatever arrives, then `finish`.

Reads server-sent events as every OpenAI-compatible server sends them, and the one JSON body that some send instead
(shared facts, sections 1.4, 1.5, 3.3, 3.4). What an error means is `faults`' business, what usage costs is the
catalogue's.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from qwen_magics.provider.bodies import count, problem, reported
from qwen_magics.provider.chunks import Call, Choice, Chunk, Function, decode, first, given, loose
from qwen_magics.provider.think import Piece, ThinkBlock
from qwen_magics.values import Fault, Finish, Progress, Reported, StreamEvent, Text, Thinking, ToolCall

_BOM = b"\xef\xbb\xbf"


class Decoder:
    """One answer's bytes to events: Thinking, Text, ToolCall, Progress, then Finish, then Reported where usage came.

    Pieces of one kind that arrive together are joined. A Fault is the last event. `think_tags`: split off a `<think>`
    block at the very start of the content, for servers without a reasoning parser.
    """

    def __init__(self, *, think_tags: bool = True) -> None:
        self.request_id = ""
        self.complete = False  # the model ended its answer: a reason to finish or [DONE] came, and no error
        self.over = False  # nothing more is to be told: what still arrives only frees the connection
        self._begun = False
        self._chosen = False  # a choice came, maybe an empty one
        self._rest = b""  # an unfinished line
        self._open = b""  # the data of an unfinished event
        self._body: list[bytes] | None = None  # a JSON body in place of a stream
        self._strange = False  # a web page or the like in place of a stream
        self._events: list[StreamEvent] = []
        self._kind: Piece = Text
        self._pieces: list[str] = []
        self._tag = ThinkBlock() if think_tags else None
        self._spoken = {Text: 0, Thinking: 0, ToolCall: 0}  # characters
        self._reported: Reported | None = None

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Any split of the bytes gives the same text, thinking and order."""
        if not self._begun:
            chunk = self._begin(chunk)
        if self._body is not None:
            self._body.append(chunk)
        elif not self.over:
            for line in self._lines(chunk):
                if line or self._open:
                    self._line(line)
        return self._take()

    def finish(self) -> list[StreamEvent]:
        """The last events, once no more bytes come; a Fault where the answer broke off. Asked again: nothing."""
        if self._body is not None:
            self._data(b"".join(self._body))
            self.complete = self.complete or (self._chosen and not self.over)
            self._strange = not (self._chosen or self._open)
        elif self._rest:
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
            self._strange = head.startswith(b"<")
        return head

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The finished lines, at LF, CRLF or CR; a CR at the end waits for what follows it."""
        data = self._rest + chunk if self._rest else chunk
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
        if self.over:
            return
        try:
            chunk = decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            self._no_chunk(data.strip(), problem)
        else:
            self._open = b""
            self._chunk(chunk)

    def _no_chunk(self, data: bytes, problem: Exception) -> None:
        if data == b"[DONE]":
            self._end()
        elif not data.startswith(b"{"):
            pass  # a keep-alive of some kind
        elif isinstance(problem, msgspec.ValidationError):
            self._fault(Fault("malformed", f"The provider sent a piece of unknown shape ({problem})."))
        else:
            self._open = data + b"\n"  # an event may have several data lines

    # --- data to events --------------------------------------------------------------------------------------------

    def _chunk(self, chunk: Chunk) -> None:
        if not self.request_id:
            self.request_id = str(chunk.request_id or chunk.id or "")
        if chunk.prompt_progress:
            self._progress(loose(chunk.prompt_progress))
        error = chunk.error if chunk.error and given(chunk.error) else chunk.errors
        for choice in chunk.choices or ():
            if not choice.index:
                self._choice(choice)
                if choice.error or choice.finish_reason == "error":
                    error = first(choice.error, error, Raw(b'"no reason given"'))
        if chunk.usage and given(chunk.usage):
            self._count(chunk.usage)
        if (error and given(error)) or (chunk.choices is None and given(chunk.message)):
            self._failed(chunk, error)

    def _choice(self, choice: Choice) -> None:
        self._chosen = True
        delta = choice.delta or choice.message
        if delta is not None:
            thinking = delta.reasoning_content or delta.reasoning
            if thinking:
                self._say(Thinking, thinking)
            if delta.content:
                self._content(delta.content)
            if delta.tool_calls:
                self._call(delta.tool_calls)
        if choice.usage and given(choice.usage):
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

    def _say(self, kind: Piece, text: str) -> None:
        if kind is not self._kind:
            self._flush()
            self._kind = kind
        self._pieces.append(text)
        self._spoken[kind] += len(text)

    def _call(self, calls: list[Call]) -> None:
        for place, call in enumerate(calls):
            function = call.function or Function()
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
            total, cache, done = (count(progress, name) or 0 for name in ("total", "cache", "processed"))
            left = total - cache
            self._tell(Progress("reading", min(1.0, max(0, done - cache) / left) if left > 0 else 1.0))

    def _count(self, raw: Raw) -> None:
        self._reported = reported(loose(raw), self._spoken[Text], self._spoken[Thinking]) or self._reported

    def _failed(self, chunk: Chunk, error: Raw) -> None:
        body = {name: loose(raw) for name in ("code", "message") if (raw := getattr(chunk, name))}
        if error:
            body["error"] = loose(error)
        self._fault(problem(body) or Fault("error", "The provider ended the answer with an error."))

    def _tell(self, event: StreamEvent) -> None:
        self._flush()
        self._events.append(event)

    def _flush(self) -> None:
        if self._pieces:
            self._events.append(self._kind("".join(self._pieces)))
            self._pieces = []

    def _take(self) -> list[StreamEvent]:
        if self._pieces:
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
        if not self.over:
            self._unhold()
            if self._reported is not None:
                self._tell(self._reported)
            self.over = self.complete = True

    def _fault(self, fault: Fault) -> None:
        if not self.over:
            self._end()
            self._tell(fault)
            self.complete = False

    def _broken_off(self) -> Fault:
        if self._strange:
            return Fault("not_a_stream", "something else than an answer came.")
        if any(self._spoken.values()):
            return Fault("broken_stream", "The connection ended before the model did.")
        return Fault("empty_stream", "The connection ended before the answer began.")

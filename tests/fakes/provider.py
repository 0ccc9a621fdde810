"""A provider on this machine, over real HTTP, that does what it is told and remembers what it was asked.

    with FakeProvider("alibaba") as provider:
        provider.enqueue(Answer(text=("Hi",)), refuse(429, "limit_requests", "slow down"))
        … base_url=provider.base_url …
        provider.requests[0].body["messages"]

Without a script it answers every question with `provider.always` (an Answer, a Refusal, or a function of the request).
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from fakes import dialects
from fakes.cache import Cache, text_of, too_many
from fakes.script import Answer, Refusal, Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

refuse = dialects.refuse

__all__ = ["Answer", "FakeProvider", "Refusal", "Seen", "refuse"]


@dataclass(frozen=True)
class Seen:
    """One request as it came in. `headers` have lower-case names; `body` is None for a GET, `raw` its very bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    peer: int  # the client's port: the same for requests over one connection
    raw: bytes = b""

    @property
    def prompt(self) -> str:
        """All messages as one text."""
        return "".join(f"<{m['role']}>{text_of(m['content'])}" for m in self.body["messages"])


class FakeProvider:
    """See the module. `keys`: the only ones that are let in (empty: everyone). `cache_from`: prompts share a cache
    where at least this many tokens of a prefix agree (None: never); marks are heeded always, `cache.later` makes them
    older. Tokens: one per four characters, 5 a message.
    `tls`: files of a certificate and its key. `port`: 0 takes a free one.
    """

    def __init__(
        self,
        dialect: str = "alibaba",
        *,
        keys: tuple[str, ...] = (),
        cache_from: int | None = None,
        tls: tuple[Path, Path] | None = None,
        port: int = 0,
    ) -> None:
        self.dialect, self.keys, self.cache = dialect, keys, Cache(cache_from)
        self.always: Step | Callable[[Seen], Step] = Answer()
        self.models: tuple[str, ...] = dialects.MODELS
        self.requests: list[Seen] = []
        self.paced: list[float] = []  # when each piece of an answer with a pace left (time.monotonic)
        self.hung_up = threading.Event()  # a client left before its answer's end
        self.closing = threading.Event()
        self._script: deque[Step | Callable[[Seen], Step]] = deque()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.provider = self
        self._scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def base_url(self) -> str:
        """What goes into `Qwen.base_url`."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/v1"

    @property
    def questions(self) -> list[Seen]:
        """The requests that asked for an answer."""
        return [seen for seen in self.requests if seen.path.endswith("/chat/completions")]

    def enqueue(self, *steps: Step | Callable[[Seen], Step]) -> None:
        """What to do with the next questions, one step each."""
        self._script.extend(steps)

    def reset(self) -> None:
        """Forget what was asked, and what was to come."""
        self.requests.clear()
        self._script.clear()
        self.hung_up.clear()

    def next_step(self, seen: Seen) -> Step:
        """What to do with this question."""
        if too_many(seen.body):
            return refuse(400, "invalid_parameter_error", "At most 4 cache_control marks.", dialect=self.dialect)
        step = self._script.popleft() if self._script else self.always
        return step if isinstance(step, Answer | Refusal) else step(seen)

    def usage(self, answer: Answer, seen: Seen) -> dict[str, Any] | None:
        """By the fake's rule, unless the answer brings its own."""
        found = self.cache.find(seen.body)
        if not answer.send_usage or not (seen.body.get("stream_options") or {}).get("include_usage"):
            return None  # facts 1.3: none without include_usage
        thinking, text = (len("".join(part)) // 4 for part in (answer.thinking, answer.text))
        return answer.usage or dialects.usage(self.dialect, answer, _tokens(seen), found, thinking, text)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    provider: FakeProvider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        pass

    def do_GET(self) -> None:
        self._seen(None)
        if not self._let_in():
            return
        models = [{"id": name, "object": "model"} for name in self.server.provider.models]
        body = {"data": {"label": "key"}} if self.path.endswith("/key") else {"object": "list", "data": models}
        self._whole(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = self._seen(json.loads(body), body)
        if not self._let_in():
            return
        step = self.server.provider.next_step(seen)
        if isinstance(step, Refusal):
            self._whole(step.status, step.body, step.headers)
            return
        try:
            self._stream(step, seen)
        except OSError:
            self.server.provider.hung_up.set()
            self.close_connection = True

    def _seen(self, body: Any, raw: bytes = b"") -> Seen:
        seen = Seen(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            body,
            self.client_address[1],
            raw,
        )
        self.server.provider.requests.append(seen)
        return seen

    def _let_in(self) -> bool:
        provider = self.server.provider
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if provider.keys and given not in provider.keys:
            refusal = dialects.refuse(*dialects.WRONG_KEY, dialect=provider.dialect)
            self._whole(refusal.status, refusal.body, refusal.headers)
            return False
        return True

    def _whole(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer, seen: Seen) -> None:
        """The answer in chunked encoding, one chunk an event; in one go where no pace is asked for."""
        events, pieces = self._events(answer, seen)
        self.send_response(200)
        for name, value in {"Content-Type": answer.content_type, "X-Request-Id": dialects.ID, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._wait(answer.delay)
        if answer.cut_after is not None:
            self._cut(b"".join(events)[: answer.cut_after])
        elif answer.hang_after is not None:
            self._send(events[: pieces.start + answer.hang_after])
            self._wait(3600)
            self.close_connection = True
        elif answer.held:
            self._send(events)
            self._wait(3600)
            self.close_connection = True
        elif answer.pause:
            due = time.monotonic()
            for place, event in enumerate(events):
                self._send((event,))
                if place in pieces:
                    self.server.provider.paced.append(time.monotonic())
                    due += answer.pause
                    self._wait(due - time.monotonic())
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._send(events, end=b"0\r\n\r\n")

    def _events(self, answer: Answer, seen: Seen) -> tuple[tuple[bytes, ...], range]:
        """All events, and which of them are pieces of the answer."""
        provider = self.server.provider
        if answer.raw is not None:
            return (answer.raw,), range(0)
        first = tuple(dialects.opening(provider.dialect, seen.body, _tokens(seen)))
        pieces = dialects.pieces(provider.dialect, answer)
        if answer.error_after is not None:
            error = answer.error or dialects.STREAM_ERRORS.get(provider.dialect, dialects.STREAM_ERRORS["alibaba"])
            pieces, last = pieces[: answer.error_after], (dialects.event(error),)
        else:
            last = tuple(dialects.closing(provider.dialect, answer, provider.usage(answer, seen)))
        return (*first, *pieces, *last), range(len(first), len(first) + len(pieces))

    def _send(self, events: tuple[bytes, ...], end: bytes = b"") -> None:
        self.wfile.write(dialects.framed(events) + end)

    def _cut(self, sent: bytes) -> None:
        self._send((sent,) if sent else ())
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def _wait(self, seconds: float) -> None:
        """Sleep, but wake up when the client hangs up (ConnectionError) or the test is over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.server.provider.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionError


def _tokens(seen: Seen) -> int:
    return sum(len(text_of(message["content"])) // 4 + 5 for message in seen.body["messages"]) + 3

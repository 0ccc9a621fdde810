"""The fake provider as a process of its own, for the browser tests: `python serve.py PORT CONTROL`.

It answers on PORT; what it answers next is told to CONTROL (`POST /script`), which also tells what was asked
(`GET /requests`, without headers: no key comes back).
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from fakes.cache import Cache
from fakes.dialects import refuse
from fakes.provider import FakeProvider
from fakes.script import Answer, Step

_FIELDS = {field.name for field in fields(Answer)}


def step(told: dict[str, Any]) -> Step:
    """`{"status", "code", "message"}` refuses; else an Answer's fields, its text and thinking in pieces of `piece`
    characters.
    """
    if "status" in told:
        return refuse(told["status"], told["code"], told["message"], dialect="alibaba", headers=told.get("headers"))
    size = told.get("piece", 8)
    given = {name: value for name, value in told.items() if name in _FIELDS}
    for name in ("text", "thinking"):
        whole = given.get(name)
        if isinstance(whole, str):
            given[name] = tuple(whole[at : at + size] for at in range(0, len(whole), size))
    return Answer(**given)


class _Control(BaseHTTPRequestHandler):
    provider: FakeProvider

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        pass

    def do_GET(self) -> None:
        asked = [{"path": seen.path, "body": seen.body} for seen in self.provider.questions]
        self._answer({"requests": asked, "hung_up": self.provider.hung_up.is_set()})

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if told.get("reset"):
            self.provider.reset()
            self.provider.cache = Cache(told.get("cache_from"))
        self.provider.enqueue(*map(step, told.get("steps", ())))
        self._answer({})

    def _answer(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(port: int, control: int) -> None:
    """Serve until the process ends."""
    with FakeProvider(port=port) as provider:
        _Control.provider = provider
        ThreadingHTTPServer(("127.0.0.1", control), _Control).serve_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))

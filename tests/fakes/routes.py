"""The sidebar's routes as a browser calls them: JSON in, JSON or a refusal out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

Fetch = Callable[..., Any]  # pytest-jupyter's `jp_fetch`


async def got(fetch: Fetch, *path: str, **params: str) -> Any:
    """A route's answer."""
    return json.loads((await fetch("qwen", "api", *path, params=params)).body)


async def sent(fetch: Fetch, method: str, *path: str, **body: Any) -> Any:
    """A route's answer to a body."""
    return json.loads((await fetch("qwen", "api", *path, method=method, body=json.dumps(body))).body)


async def refused(call: Any) -> tuple[int, dict[str, Any]]:
    """The status and the error of an answer that is one."""
    with pytest.raises(HTTPClientError) as caught:
        await call
    assert caught.value.response is not None
    return caught.value.code, json.loads(caught.value.response.body)["error"]

"""Models, settings and status, as a browser gets them from a real Jupyter Server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Fetch = Callable[..., Any]


async def got(fetch: Fetch, *path: str, **params: str) -> Any:
    """A route's answer."""
    return json.loads((await fetch("qwen", "api", *path, params=params)).body)


async def test_a_picker_gets_windows_abilities_and_prices_per_step(jp_fetch: Fetch) -> None:
    said = await got(jp_fetch, "models")
    assert (said["provider"], said["region"], said["currency"]) == ("alibaba", "singapore", "USD")
    (current,) = [model for model in said["models"] if model["current"]]
    assert (current["id"], current["max_input"], current["thinking"]) == ("qwen3-max", 258_048, "hybrid")
    assert [(tier["up_to"], tier["input"], tier["output"]) for tier in current["tiers"]] == [
        (32_000, "1.2", "6"),
        (128_000, "2.4", "12"),
        (None, "3", "15"),
    ]

"""What a browser sends while somebody types: the open notebook, and questions to be priced or laid open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Post = Callable[..., Awaitable[Any]]

NOTEBOOK = {"kind": "notebook"}
WORD = " word"  # one token, however many follow each other


def code(source: str, *outputs: str, **metadata: Any) -> dict[str, Any]:
    """A code cell that printed."""
    shown = [{"output_type": "stream", "name": "stdout", "text": text} for text in outputs]
    return {"kind": "code", "source": source, "outputs": shown, "metadata": metadata}


def notebook(*cells: dict[str, Any], path: str = "a.ipynb", **metadata: Any) -> dict[str, Any]:
    """The body that hands it over; the cells' ids are c1, c2, …"""
    fresh = {f"k{n}": cell | {"id": f"c{n}"} for n, cell in enumerate(cells, 1)}
    return {"path": path, "cells": list(fresh), "fresh": fresh, "metadata": metadata}


async def held(post: Post, *cells: dict[str, Any], path: str = "a.ipynb", **metadata: Any) -> str:
    """Hand it over; the name by which the server holds it."""
    said = await post("notebook", **notebook(*cells, path=path, **metadata))
    assert not said["missing"]
    name: str = said["notebook"]
    return name


async def asked(post: Post, name: str, *chips: dict[str, Any], text: str = "Why?", **more: Any) -> tuple[str, Any]:
    """The question's message as it would go, and the estimate, which say the same."""
    body = {"text": text, "notebook": name, "chips": list(chips), **more}
    sent = await post("request", **body)
    estimate = await post("estimate", **body)
    assert estimate["tokens"] == sent["tokens"]
    return json.loads(sent["body"])["messages"][-1]["content"], estimate

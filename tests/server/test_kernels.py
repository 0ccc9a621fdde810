"""Whether a notebook's kernel writes to this machine's ledger: `sidebar_only` where it can't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fakes.routes import got
from jupyter_server.gateway.gateway_client import GatewayClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.routes import Fetch


async def test_a_kernel_of_this_machine_is_here(jp_fetch: Fetch, jp_root_dir: Any) -> None:
    (jp_root_dir / "a.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    body = {"path": "a.ipynb", "type": "notebook", "name": "a", "kernel": {"name": "python3"}}
    session = json.loads((await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))).body)
    for path in ("a.ipynb", "none.ipynb", ""):
        assert not (await got(jp_fetch, "usage", notebook=path))["sidebar_only"]
    await jp_fetch("api", "sessions", session["id"], method="DELETE")


class TestBehindAGateway:
    """Its kernels run on another machine."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The server, told to take its kernels from a gateway; a process has one such client."""
        GatewayClient.clear_instance()
        yield jp_server_config | {"GatewayClient": {"url": "http://127.0.0.1:9"}}
        GatewayClient.clear_instance()

    async def test_what_cells_spend_is_not_in_this_ledger(self, jp_fetch: Fetch) -> None:
        """The view and the status say so."""
        assert (await got(jp_fetch, "usage", notebook="a.ipynb"))["sidebar_only"]
        assert (await got(jp_fetch, "status"))["sidebar_only"]

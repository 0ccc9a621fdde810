"""Whether a notebook's kernel writes to this machine's ledger: `sidebar_only` where it can't."""

# ruff: noqa: D102  # a provisioner's methods are Jupyter's

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import pytest
from fakes.routes import got
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import KernelProvisionerBase, KernelProvisionerFactory, LocalProvisioner
from jupyter_server.gateway.gateway_client import GatewayClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes.routes import Fetch


async def test_a_kernel_of_this_machine_is_here(jp_fetch: Fetch, jp_root_dir: Any) -> None:
    (jp_root_dir / "a.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    body = {"path": "a.ipynb", "type": "notebook", "name": "a", "kernel": {"name": "python3"}}
    session = json.loads((await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))).body)
    for path in ("a.ipynb", "none.ipynb", ""):
        assert not (await got(jp_fetch, "usage", notebook=path))["sidebar_only"]
    await jp_fetch("api", "sessions", session["id"], method="DELETE")


class Elsewhere(KernelProvisionerBase):
    """Runs kernels, as far as anybody can tell, on another machine."""

    async def pre_launch(self, **given: Any) -> dict[str, Any]:
        self.inner = LocalProvisioner(parent=self.parent, kernel_spec=self.kernel_spec, kernel_id=self.kernel_id)
        return await self.inner.pre_launch(**given)

    async def launch_kernel(self, cmd: list[str], **given: Any) -> Any:
        self.connection_info = await self.inner.launch_kernel(cmd, **given)
        return self.connection_info

    @property
    def has_process(self) -> bool:
        return self.inner.has_process

    async def poll(self) -> int | None:
        return await self.inner.poll()

    async def wait(self) -> int | None:
        return await self.inner.wait()

    async def send_signal(self, signum: int) -> None:
        await self.inner.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        await self.inner.kill(restart)

    async def terminate(self, restart: bool = False) -> None:
        await self.inner.terminate(restart)

    async def cleanup(self, restart: bool = False) -> None:
        await self.inner.cleanup(restart)


async def test_a_kernel_that_no_local_process_runs_is_elsewhere(
    jp_fetch: Fetch, jp_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KernelProvisionerFactory.instance().provisioners
    monkeypatch.setitem(known, "elsewhere", EntryPoint("elsewhere", f"{__name__}:Elsewhere", ""))
    spec = KernelSpecManager().get_kernel_spec("python3").to_dict()
    spec["metadata"] = {"kernel_provisioner": {"provisioner_name": "elsewhere"}}
    folder = jp_data_dir / "kernels" / "elsewhere"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    body = {"path": "a.ipynb", "type": "notebook", "name": "a", "kernel": {"name": "elsewhere"}}
    session = json.loads((await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))).body)
    assert (await got(jp_fetch, "usage", notebook="a.ipynb"))["sidebar_only"]
    assert not (await got(jp_fetch, "usage", notebook="b.ipynb"))["sidebar_only"]
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

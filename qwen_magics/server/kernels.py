"""Where a notebook's kernel runs, as far as this server can tell: on this machine, or on another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tornado.web import HTTPError

if TYPE_CHECKING:
    from qwen_magics.server.handler import Handler


async def elsewhere(handler: Handler, path: str) -> bool:
    """Whether the kernel of the notebook `path` is on another machine, and so writes to another ledger.

    A gateway's kernels are; so is one that no local process runs. Without a kernel, or a notebook, nobody is elsewhere.
    """
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner
    from jupyter_server.gateway.managers import GatewayMappingKernelManager

    if isinstance(handler.kernel_manager, GatewayMappingKernelManager):
        return True
    if not path:
        return False
    try:
        session = await handler.session_manager.get_session(path=path)  # type: ignore[no-untyped-call]  # Jupyter's
        kernel = handler.kernel_manager.get_kernel(session["kernel"]["id"])
    except (HTTPError, KeyError, TypeError):  # no kernel (any more)
        return False
    provisioner = getattr(kernel, "provisioner", None)
    return provisioner is not None and not isinstance(provisioner, LocalProvisioner)

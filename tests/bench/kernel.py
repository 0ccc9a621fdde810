"""A real ipykernel, and a front end that notes every output message it gets: when it came, how many bytes it had."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from jupyter_client import KernelManager

if TYPE_CHECKING:
    from jupyter_client import BlockingKernelClient

OUTPUTS = ("display_data", "update_display_data", "stream", "execute_result")
LONGEST = 120  # seconds that a cell may take


class Shown(NamedTuple):
    """One output message: when it came, its bytes on the wire, its content."""

    time: float
    size: int
    content: dict[str, Any]


class Ran(NamedTuple):
    """One cell's run: when it was sent, when the kernel was idle again, what it showed."""

    sent: float
    ended: float
    shown: list[Shown]

    @property
    def seconds(self) -> float:
        """From sending the cell to an idle kernel."""
        return self.ended - self.sent


class Kernel:
    """One kernel in a Jupyter of its own under `folder`; `env` comes on top."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._env = {**os.environ, **jupyter_in(folder), **env}
        self._folder = folder
        self._client: BlockingKernelClient

    def __enter__(self) -> Self:
        self._manager.start_kernel(env=self._env, cwd=str(self._folder), stdout=DEVNULL, stderr=DEVNULL)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=LONGEST)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, code: str, cell_id: str = "") -> Ran:
        """Run a cell as JupyterLab would; the cell's own error is raised here."""
        client = self._client
        client.session.metadata = {"cellId": cell_id} if cell_id else {}
        sent = time.monotonic()
        request = client.execute(code, allow_stdin=False)
        messages = self._until_idle(request)
        ended = time.monotonic()
        reply = client.get_shell_msg(timeout=LONGEST)["content"]
        if reply["status"] != "ok":
            raise RuntimeError(f"{reply['ename']}: {reply['evalue']}")
        return Ran(sent, ended, [_shown(at, parts) for at, parts in messages if _type(parts) in OUTPUTS])

    def _until_idle(self, request: str) -> list[tuple[float, list[bytes]]]:
        """The raw messages of a request: they are read when nothing waits for us any more."""
        socket, mine = self._client.iopub_channel.socket, request.encode()
        found = []
        while True:
            if not socket.poll(LONGEST * 1000):
                raise TimeoutError("the kernel fell silent")
            parts = socket.recv_multipart()
            parts = parts[parts.index(b"<IDS|MSG>") + 2 :]  # header, parent header, metadata, content
            if mine in parts[1]:
                found.append((time.monotonic(), parts))
                if b'"idle"' in parts[3] and _type(parts) == "status":
                    return found


def jupyter_in(folder: Path) -> dict[str, str]:
    """Nothing of the configuration, data and history of the person who runs this; byte code is kept as usual."""
    names = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
    return {"PYTHONDONTWRITEBYTECODE": "", **{name: str(folder / place) for name, place in names.items()}}


def _type(parts: list[bytes]) -> str:
    return json.loads(parts[0])["msg_type"]


def _shown(at: float, parts: list[bytes]) -> Shown:
    return Shown(at, sum(map(len, parts)), json.loads(parts[3]))

"""A front end without a screen: a real ipykernel, asked and listened to as JupyterLab or VS Code do it.

It knows the protocol only: cells go out as execute requests with the host's own metadata, outputs come back over
iopub and are put together as the host puts them together, and `save` writes what is on the screen then.
"""

from __future__ import annotations

import copy
import json
import re
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

import nbformat
from jupyter_client import KernelManager
from msgspec import Struct
from nbformat.v4 import new_code_cell, output_from_msg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PATIENCE = 60  # seconds until a cell that doesn't end fails its test
_SHOWN = ("stream", "display_data", "execute_result", "error")


class Ran(Struct):
    """How one execution ended, with the outputs that its cell then showed."""

    status: str
    outputs: list[Any]
    payload: list[Any]
    seconds: float

    @property
    def error(self) -> str:
        """What the user reads of the error, all of it."""
        return "\n".join("\n".join(one.traceback) for one in self.outputs if one.output_type == "error")

    @property
    def text(self) -> str:
        """What the user reads where nothing but text is shown."""
        return "\n".join(plain(output) for output in self.outputs)

    def of(self, role: str) -> list[Any]:
        """The outputs that are a turn's answer, thinking or receipt."""
        return [output for output in self.outputs if role_of(output) == role]

    @property
    def answer(self) -> str:
        """The answer as it stands in the notebook."""
        return "".join(plain(output) for output in self.of("answer"))

    @property
    def receipt(self) -> dict[str, Any]:
        """The one receipt under it."""
        (output,) = self.of("receipt")
        found: dict[str, Any] = output.data["application/vnd.qwen-magics.receipt+json"]
        return found


def plain(output: Any) -> str:
    """An output's plain text; of an answer that still grows there is only Markdown."""
    data = output.get("data", {})
    return str(output.text if output.output_type == "stream" else data.get("text/plain", data.get("text/markdown", "")))


def role_of(output: Any) -> str:
    """What of a turn an output is."""
    return str(output.get("metadata", {}).get("qwen_magics", {}).get("role", ""))


class FrontEnd:
    """JupyterLab, one notebook and its kernel."""

    def __init__(self, notebook: nbformat.NotebookNode, path: Path, env: dict[str, str]) -> None:
        self.notebook, self.path = notebook, path
        self.heard: list[dict[str, Any]] = []  # everything that came over iopub
        self.log = path.with_suffix(".kernel.log")
        self._env = {**env, **self.environment()}
        self._manager = KernelManager(kernel_name="python3")
        self._asked: dict[str, int] = {}  # request → its cell
        self._clearing: set[int] = set()
        self._displays: dict[str, list[Any]] = {}
        self._replies: dict[str, dict[str, Any]] = {}
        self._idle: set[str] = set()
        self.save()

    # --- what differs between front ends

    def environment(self) -> dict[str, str]:
        """What Jupyter Server tells the kernel."""
        return {"JPY_SESSION_NAME": str(self.path)}

    def metadata(self, index: int) -> dict[str, Any]:
        """What goes along with an execute request."""
        return {"cellId": self.notebook.cells[index].id, "deletedCells": [], "recordTiming": False}

    # --- the kernel

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._manager.start_kernel(env=self._env, cwd=str(self.path.parent), stdout=log, stderr=log)
        self.client = self._manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def restart(self) -> None:
        """A new kernel for the same notebook."""
        self.__exit__()
        self._manager = KernelManager(kernel_name="python3")
        self.__enter__()

    @property
    def pid(self) -> int:
        """The kernel's process."""
        pid: int = self._manager.provisioner.pid  # type: ignore[union-attr]
        return pid

    def interrupt(self) -> None:
        """The stop button: Jupyter Server sends the kernel a SIGINT."""
        self._manager.interrupt_kernel()

    def request_interrupt(self) -> None:
        """The same as a message on the control channel."""
        self.client.control_channel.send(self.client.session.msg("interrupt_request", {}))

    def kill(self) -> None:
        """The kernel is gone from one moment to the next."""
        self._manager.signal_kernel(9)

    # --- the notebook

    def save(self) -> None:
        """Write what is on the screen now."""
        nbformat.write(self.notebook, self.path)

    def add(self, source: str) -> int:
        """A new cell at the end."""
        self.notebook.cells.append(new_code_cell(source))
        return len(self.notebook.cells) - 1

    # --- running cells

    def run(self, *sources: str, typed: Iterable[str] = ()) -> Ran:
        """New cells at the end, saved and run one after another; how the last one ended."""
        for source in sources:
            index = self.add(source)
            self.save()
            ran = self.run_cell(index, typed=typed)
        return ran

    def run_cell(self, index: int, *, typed: Iterable[str] = (), meanwhile: Callable[[], bool] | None = None) -> Ran:
        """Run one cell to its end; `typed` answers what it asks for, `meanwhile` is called until it says True."""
        began = time.monotonic()
        return self._end(self._send(index), began, typed=iter(typed), meanwhile=meanwhile)

    def run_all(self) -> list[Ran]:
        """Run All: every cell is cleared and sent at once."""
        return self.run_cells([index for index, cell in enumerate(self.notebook.cells) if cell.cell_type == "code"])

    def run_cells(self, indexes: Iterable[int]) -> list[Ran]:
        """Run selected cells: all are cleared and sent at once, and an error stops those after it."""
        began = time.monotonic()
        return [self._end(request, began) for request in [self._send(index, stop=True) for index in indexes]]

    def shows(self, index: int) -> str:
        """What a cell shows at this moment, as text."""
        return "\n".join(map(plain, self.notebook.cells[index].outputs))

    def silently(self, code: str) -> None:
        """What extensions ask a kernel without anybody noticing."""
        self.client.execute_interactive(code, silent=True, timeout=PATIENCE)

    def _send(self, index: int, *, stop: bool = False) -> str:
        cell = self.notebook.cells[index]
        cell.outputs, cell.execution_count = [], None
        stop = stop and "raises-exception" not in cell.metadata.get("tags", [])
        content = {"code": cell.source, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": True, "stop_on_error": stop}  # fmt: skip
        message = self.client.session.msg("execute_request", content, metadata=self.metadata(index))
        self._asked[message["header"]["msg_id"]] = index
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def _end(self, request: str, began: float, *, typed: Any = None, meanwhile: Any = None) -> Ran:
        """Listen until the kernel is idle after this request and has replied.

        A kernel that is interrupted once more when the cell has ended never replies: it is given a second then.
        """
        reply: dict[str, Any] | None = None
        idle_since = None
        while idle_since is None or (reply is None and time.monotonic() - idle_since < 1):
            assert time.monotonic() - began < PATIENCE, f"cell {self._asked[request]} doesn't end"
            reply = reply or self._reply(request)
            idle_since = idle_since or (time.monotonic() if request in self._idle else None)
            for message in self._messages(0.02):
                self._take(message)
            if self.client.stdin_channel.msg_ready():
                self.client.stdin_channel.get_msg()
                self.client.input(next(typed))
            if meanwhile is not None and meanwhile():
                meanwhile = None
        cell = self.notebook.cells[self._asked[request]]
        content = reply["content"] if reply else {"status": "no reply"}
        cell.execution_count = content.get("execution_count")
        return Ran(content["status"], list(cell.outputs), content.get("payload", []), time.monotonic() - began)

    def _reply(self, request: str) -> dict[str, Any] | None:
        while self.client.shell_channel.msg_ready():
            reply: dict[str, Any] = self.client.shell_channel.get_msg()
            self._replies[reply["parent_header"]["msg_id"]] = reply
        return self._replies.pop(request, None)

    def _messages(self, wait: float) -> Iterable[dict[str, Any]]:
        try:
            while True:
                yield self.client.iopub_channel.get_msg(timeout=wait)
                wait = 0
        except Empty:
            return

    def _take(self, message: dict[str, Any]) -> None:
        """Show what a message says."""
        self.heard.append(message)
        kind, content = message["msg_type"], message["content"]
        parent = message["parent_header"].get("msg_id", "")
        if kind == "update_display_data":
            self._update(content)
        elif parent in self._asked:
            self._show(self._asked[parent], kind, message)
        if kind == "status" and content["execution_state"] == "idle":
            self._idle.add(parent)

    def _show(self, index: int, kind: str, message: dict[str, Any]) -> None:
        outputs, content = self.notebook.cells[index].outputs, message["content"]
        if kind == "clear_output":
            if content["wait"]:
                self._clearing.add(index)
            else:
                outputs.clear()
        if kind not in _SHOWN:
            return
        if index in self._clearing:
            self._clearing.discard(index)
            outputs.clear()
        output = output_from_msg(message)
        last = outputs[-1] if outputs else None
        if kind == "stream" and last and last.output_type == "stream" and last.name == output.name:
            last.text = overwritten(last.text + output.text)
            return
        if kind == "stream":
            output.text = overwritten(output.text)
        outputs.append(output)
        display_id = content.get("transient", {}).get("display_id")
        if display_id:
            self._update(content)
            self._displays.setdefault(display_id, []).append(output)

    def _update(self, content: dict[str, Any]) -> None:
        for output in self._displays.get(content["transient"]["display_id"], []):
            output.data = nbformat.from_dict(content["data"])
            output.metadata = nbformat.from_dict(content["metadata"])


class OnScreen(FrontEnd):
    """JupyterLab with our extension: the notebook goes to the kernel before a cell that asks, each cell once.

    As labextension/src/live/copies.ts does it.
    """

    def __init__(self, notebook: nbformat.NotebookNode, path: Path, env: dict[str, str]) -> None:
        super().__init__(notebook, path, env)
        self._has: set[str] = set()
        self.closed: list[dict[str, Any]] = []  # what the kernel said of each copy

    def restart(self) -> None:
        """The new kernel has no cells."""
        self._has = set()
        super().restart()

    def _send(self, index: int, *, stop: bool = False) -> str:
        if "%qwen" in self.notebook.cells[index].source:
            self.hand_over()
        return super()._send(index, stop=stop)

    def hand_over(self) -> None:
        """A copy of what is on the screen, in a comm of its own."""
        cells = {f"{cell.id}.{crc32(json.dumps(cell).encode())}": cell for cell in self.notebook.cells}
        fresh = {key: live_cell(cell) for key, cell in cells.items() if key not in self._has}
        self._has = set(cells)
        data = {"version": 1, "path": self.path.name, "metadata": self.notebook.metadata, "cells": list(cells),
                "fresh": fresh, "a key of tomorrow": True}  # fmt: skip
        content = {"comm_id": uuid.uuid4().hex, "target_name": "qwen-magics", "data": data}
        self.client.shell_channel.send(self.client.session.msg("comm_open", content))

    def _take(self, message: dict[str, Any]) -> None:
        super()._take(message)
        if message["msg_type"] == "comm_close":
            self.closed.append(message["content"]["data"])


class Unsaved(OnScreen):
    """Nothing of it was saved yet: the file still has another order, other sources, no Markdown and no tags."""

    def __enter__(self) -> Self:
        older = [cell for cell in copy.deepcopy(self.notebook.cells) if cell.cell_type == "code"][::-1]
        for number, cell in enumerate(older):
            cell.metadata = nbformat.from_dict({})
            cell.source, cell.outputs = f"{cell.source}\n# as it was ({number})", []
        nbformat.write(nbformat.v4.new_notebook(cells=older), self.path)
        return super().__enter__()


def live_cell(cell: Any) -> dict[str, Any]:
    """A cell as the front end hands it over."""
    return {
        "kind": cell.cell_type,
        "source": cell.source,
        "id": cell.id,
        "metadata": cell.metadata,
        "outputs": cell.get("outputs", []),
        "execution_count": cell.get("execution_count"),
    }


class VSCode(FrontEnd):
    """Its cell ids are URIs of its own; the path is one of them, and a variable that it sets unseen."""

    def environment(self) -> dict[str, str]:
        """It starts the kernel without Jupyter Server."""
        return {}

    def __enter__(self) -> Self:
        super().__enter__()
        self.silently(f"__vsc_ipynb_file__ = {str(self.path)!r}")
        return self

    def metadata(self, index: int) -> dict[str, Any]:
        """The URI of the cell's document."""
        return {"cellId": f"vscode-notebook-cell:{self.path}#W{index}sZmlsZQ%3D%3D"}

    def run_cells(self, indexes: Iterable[int]) -> list[Ran]:
        """One after another: the next cell is sent when the last one has ended."""
        return [self.run_cell(index) for index in indexes]


def overwritten(text: str) -> str:
    """A stream as JupyterLab keeps it: what a carriage return let be overwritten is gone."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        for piece in re.split(r"\r(?!$)", line):
            shown = piece + shown[len(piece) :]
        lines.append(shown)
    return "\n".join(lines)

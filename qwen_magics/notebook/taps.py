"""Where the kernel's outputs are read from as they are made: one tap for Jupyter kernels, one for any other shell.

A tap changes nothing of what it sees, passes each output on as the message a front end would get, and is gone after
`remove()`. An error of its own never reaches the user's code.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)


class Message(Struct, frozen=True):
    """The content of one output message of Jupyter's protocol; which fields are filled depends on its kind."""

    name: str = ""
    text: str = ""
    data: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    transient: dict[str, Any] | None = None
    execution_count: int | None = None
    ename: str = ""
    evalue: str = ""
    traceback: list[str] = []
    wait: bool = False
    comm_id: str = ""


Receive = Callable[[str, str, Message], None]  # message id of the execution, kind of message, its content


class Tap(Protocol):
    """What the record needs of a tap."""

    def cell_started(self) -> None:
        """A cell begins."""

    def cell_finished(self) -> None:
        """The cell has ended."""

    def write(self, text: str) -> None:
        """Write to standard output what is no output of the cell."""

    def remove(self) -> None:
        """Leave no trace."""


class _Header(Struct):
    msg_type: str = ""


class _Parent(Struct):
    msg_id: str = ""


class KernelTap:
    """Reads what an ipykernel publishes at the one place that everything passes: its thread for outgoing messages.

    Display hooks of ipykernel see displays of the thread that registered them only, streams and errors have their own
    ways or none; here come all, from any thread and from forked processes, exactly as the front end gets them.
    """

    def __init__(self, kernel: Any, receive: Receive) -> None:
        self._thread = kernel.iopub_thread
        self._receive = receive
        self._send = self._thread.send_multipart
        self._process = os.getpid()
        self._active = True
        self._header = msgspec.json.Decoder(_Header)
        self._parent = msgspec.json.Decoder(_Parent)
        self._content = msgspec.json.Decoder(Message)
        self._thread.send_multipart = self._tapped

    def cell_started(self) -> None:
        """Nothing to do: messages name their cell."""

    def cell_finished(self) -> None:
        """Nothing to do."""

    def write(self, text: str) -> None:
        """A kernel's front end shows displays: whoever writes, means an output."""
        sys.stdout.write(text)

    def remove(self) -> None:
        """Stop reading, and give the thread its own method back unless another has wrapped it since."""
        self._active = False
        if self._thread.__dict__.get("send_multipart") == self._tapped:
            del self._thread.send_multipart

    def _tapped(self, parts: Any, *args: Any, **kwargs: Any) -> Any:
        if self._active and os.getpid() == self._process:  # a forked child's record is nobody's
            try:
                self._read(parts)
            except Exception:
                log.debug("an output was not recorded", exc_info=True)
        return self._send(parts, *args, **kwargs)

    def _read(self, parts: list[bytes]) -> None:
        """`parts` on the wire: identities, delimiter, signature, header, parent header, metadata, content, buffers."""
        start = parts.index(b"<IDS|MSG>")
        header, parent, content = parts[start + 2], parts[start + 3], parts[start + 5]
        kind = self._header.decode(header).msg_type
        if kind in KINDS and (kind != "comm_msg" or b'"msg_id"' in content):
            self._receive(self._parent.decode(parent).msg_id, kind, self._content.decode(content))


KINDS = frozenset(
    ("stream", "display_data", "update_display_data", "execute_result", "error", "clear_output", "comm_msg")
)


class ShellTap:
    """Reads what an IPython without a kernel shows: its publisher, display hook, tracebacks, and streams while a cell
    runs. `execution` gives the id of the one that runs, or `""`.
    """

    def __init__(self, shell: Any, receive: Receive, execution: Callable[[], str]) -> None:
        self._shell = shell
        self._receive = receive
        self._execution = execution
        self._quiet = 0
        self._undo: list[tuple[Any, str, Any, Any]] = []  # owner, name, what stood in its __dict__, ours
        self._streams: list[tuple[Any, Any, Any]] = []
        publisher, hook = shell.display_pub, shell.displayhook
        self._wrap(publisher, "publish", self._publish)
        self._wrap(publisher, "clear_output", self._clear)
        self._wrap(hook, "start_displayhook", self._start_result)
        self._wrap(hook, "write_format_data", self._result)
        self._wrap(hook, "finish_displayhook", self._finish_result)
        self._wrap(shell, "_showtraceback", self._error)
        # A terminal formats text only; tables and pictures are told as in a notebook, whoever shows them.
        self._formatter = shell.display_formatter
        self._types, self._formatter.active_types = self._formatter.active_types, self._formatter.format_types

    def _wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        original = getattr(owner, name, None)
        if original is None:
            return

        def tapped(*args: Any, **kwargs: Any) -> Any:
            return wrapper(original, *args, **kwargs)

        self._undo.append((owner, name, vars(owner).get(name), tapped))
        setattr(owner, name, tapped)

    def remove(self) -> None:
        """Give back every method that nobody else has wrapped since."""
        self.cell_finished()
        for owner, name, before, tapped in self._undo:
            if vars(owner).get(name) is tapped:
                delattr(owner, name)
                if before is not None:
                    setattr(owner, name, before)
        self._formatter.active_types = self._types
        self._receive = _ignore

    def cell_started(self) -> None:
        """Listen to the streams of now."""
        self._quiet = 0
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            original = stream.write

            def write(text: str, name: str = name, original: Any = original) -> Any:
                written = original(text)
                if text and not self._quiet:
                    self._tell("stream", Message(name=name, text=text))
                return written

            try:
                stream.write = write
            except AttributeError:
                continue
            self._streams.append((stream, original, write))

    def cell_finished(self) -> None:
        """Leave the streams as they were."""
        for stream, original, write in self._streams:
            if vars(stream).get("write") is write:
                stream.write = original
        self._streams.clear()

    def write(self, text: str) -> None:
        """What is shown as text and told as a display must not be told twice."""
        self._quietly(sys.stdout.write, text)

    def _tell(self, kind: str, message: Message) -> None:
        try:
            self._receive(self._execution(), kind, message)
        except Exception:
            log.debug("an output was not recorded", exc_info=True)

    def _publish(self, original: Any, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> Any:
        kind = "update_display_data" if kwargs.get("update") else "display_data"
        self._tell(kind, Message(data=data, metadata=metadata, transient=kwargs.get("transient")))
        return self._quietly(original, data, metadata, *args, **kwargs)

    def _clear(self, original: Any, wait: bool = False) -> Any:
        self._tell("clear_output", Message(wait=wait))
        return self._quietly(original, wait)

    def _start_result(self, original: Any) -> Any:
        self._quiet += 1  # what the display hook prints is no stream
        return original()

    def _result(self, original: Any, data: Any, metadata: Any = None) -> Any:
        self._tell("execute_result", Message(data=data, metadata=metadata))
        return original(data, metadata)

    def _finish_result(self, original: Any) -> Any:
        try:
            return original()
        finally:
            self._quiet = max(0, self._quiet - 1)

    def _error(self, original: Any, etype: Any, evalue: Any, stb: list[str]) -> Any:
        self._tell("error", Message(ename=etype.__name__, evalue=str(evalue), traceback=list(stb)))
        return self._quietly(original, etype, evalue, stb)

    def _quietly(self, original: Any, *args: Any, **kwargs: Any) -> Any:
        self._quiet += 1
        try:
            return original(*args, **kwargs)
        finally:
            self._quiet = max(0, self._quiet - 1)


def _ignore(execution: str, kind: str, message: Message) -> None:
    """What a removed tap still hears."""

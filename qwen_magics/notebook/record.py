"""The kernel's own record of this session: which cells were executed, with which source, and what they show now.

It is kept from `attach` on by reading the very messages that the front end gets, and reducing them as a front end
does: streams, displays with their updates from any later cell, clears, results, errors. What was executed before is
taken from IPython's history as far as that goes. Not the document: order and Markdown are not known here.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from .bounds import size, thin
from .cells import Output, tidy
from .executions import Entry, Execution
from .taps import KernelTap, Message, ShellTap, Tap

LARGEST_RECORD = 64_000_000  # characters of outputs in all; beyond, the oldest cells' outputs are forgotten
MOST_EXECUTIONS = 20_000


class Record:
    """Keeps the record of one shell. `attach` once, `detach` at unload."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._lock = threading.RLock()
        self._executions: dict[str, Execution] = {}  # by key, else by message id; in order of first execution
        self._by_message: dict[str, Execution] = {}
        self._displays: dict[str, list[tuple[Execution, Entry]]] = {}
        self._open: dict[str, list[Any]] = {}  # by request: depth of nested run_cell, and the execution
        self._size = 0
        self._counter = 0
        self._tap: Tap | None = None

    def attach(self) -> None:
        """Begin to record. What ran before comes from IPython's history."""
        from .history import executed_before

        kernel = getattr(self._shell, "kernel", None)
        for source, count, outputs in executed_before(self._shell):
            execution = self._new("", source, count, began=0.0)
            execution.entries = [Entry(output) for output in outputs]
        if hasattr(getattr(kernel, "iopub_thread", None), "send_multipart"):
            self._adopt_request()
            self._tap = KernelTap(kernel, self._receive)
        else:
            self._tap = ShellTap(self._shell, self._receive, self._running_id)
        self._shell.events.register("pre_run_cell", self._started)
        self._shell.events.register("post_run_cell", self._finished)

    def detach(self) -> None:
        """Take every hook away."""
        if self._tap is None:
            return
        self._tap.remove()
        self._tap = None
        self._shell.events.unregister("pre_run_cell", self._started)
        self._shell.events.unregister("post_run_cell", self._finished)

    @property
    def executions(self) -> tuple[Execution, ...]:
        """The latest execution of each cell, in order of their first one."""
        with self._lock:
            return tuple(self._executions.values())

    @property
    def running(self) -> Execution | None:
        """The execution that the code which asks is part of."""
        entry = self._open.get(self._request()[0])
        return entry[1] if entry else None

    def write(self, text: str) -> None:
        """Write to standard output what shall not be recorded as the cell's."""
        if self._tap is not None:
            self._tap.write(text)

    # --- cells begin and end

    def _request(self) -> tuple[str, str]:
        """Message id and cell id of the request that is being carried out; two empty strings without a kernel."""
        get_parent = getattr(self._shell, "get_parent", None)
        parent = get_parent() if get_parent else None
        if not parent:
            return "", ""
        cell_id = (parent.get("metadata") or {}).get("cellId")
        return str((parent.get("header") or {}).get("msg_id", "")), cell_id if isinstance(cell_id, str) else ""

    def _running_id(self) -> str:
        execution = self.running
        return execution.msg_id if execution else ""

    def _adopt_request(self) -> None:
        """The cell that holds `%load_ext` has begun before the record: the history's last one is it."""
        request, key = self._request()
        parent = self._shell.get_parent() if request else {}
        if (parent.get("header") or {}).get("msg_type") != "execute_request":
            return
        content = parent.get("content") or {}
        if content.get("silent") or not content.get("store_history", True):
            return
        last = next(reversed(self._executions.values()), None)
        if last and last.source == tidy(content.get("code", "")):
            self._drop(last)
        self._open[request] = [1, self._new(key, content.get("code", ""), self._shell.execution_count - 1, request)]

    def _started(self, info: Any) -> None:
        request, key = self._request()
        entry = self._open.get(request)
        if entry:
            entry[0] += 1
            return
        execution = None
        if info.store_history and not info.silent:
            execution = self._new(key, info.raw_cell, self._shell.execution_count - 1, request)
        self._open[request] = [1, execution]
        if self._tap and execution:
            self._tap.cell_started()

    def _finished(self, result: Any) -> None:
        raw = getattr(getattr(result, "info", None), "raw_cell", "-")
        request = self._request()[0]
        entry = self._open.get(request)
        if not entry or not raw or raw.isspace():  # IPython announces the end of empty cells, but not their start
            return
        entry[0] -= 1
        if not entry[0]:
            del self._open[request]
            if entry[1] is not None:
                entry[1].earlier = None
            if self._tap:
                self._tap.cell_finished()

    def _new(
        self, key: str, source: str, execution_count: int | None, msg_id: str = "", began: float | None = None
    ) -> Execution:
        with self._lock:
            self._counter += 1
            began = time.time() if began is None else began
            execution = Execution(key, msg_id or f"execution-{self._counter}", source, execution_count, began)
            place = key or execution.msg_id
            before = self._executions.get(place)
            if before:
                execution.earlier = before.outputs
                self._let_go(before)
            self._executions[place] = execution  # a key that is known keeps its place
            self._by_message[execution.msg_id] = execution
            if len(self._executions) > MOST_EXECUTIONS:
                self._drop(next(iter(self._executions.values())))
            return execution

    def _drop(self, execution: Execution) -> None:
        self._executions.pop(execution.key or execution.msg_id, None)
        self._let_go(execution)

    def _let_go(self, execution: Execution) -> None:
        self._by_message.pop(execution.msg_id, None)
        self._clear(execution)

    # --- outputs

    def _receive(self, request: str, kind: str, message: Message) -> None:
        with self._lock:
            if kind == "comm_msg":
                self._redirect(message)
                return
            display_id = (message.transient or {}).get("display_id")
            if display_id:
                self._update(display_id, message)
            execution = self._by_message.get(request)
            if execution is None or kind == "update_display_data" or execution.redirected:
                return
            if kind == "clear_output":
                execution.clearing = message.wait
                if not message.wait:
                    self._clear(execution)
                return
            if execution.clearing:
                self._clear(execution)
            self._add(execution, kind, message, display_id)

    def _add(self, execution: Execution, kind: str, message: Message, display_id: str | None) -> None:
        execution.seen = None
        if kind == "stream":
            last = execution.entries[-1] if execution.entries else None
            if last is None or last.name != message.name:
                execution.entries.append(last := Entry(stream=message.name))
            last.write(message.text)
            self._grow(execution, len(message.text))
            return
        entry = Entry(_output(kind, message))
        execution.entries.append(entry)
        if display_id:
            self._displays.setdefault(display_id, []).append((execution, entry))
            execution.displays.add(display_id)
        self._grow(execution, size(entry.output))

    def _update(self, display_id: str, message: Message) -> None:
        for execution, entry in self._displays.get(display_id, ()):
            before = entry.output
            entry.replace(_output(before.output_type, message))
            execution.seen = None
            self._grow(execution, size(entry.output) - size(before))

    def _clear(self, execution: Execution) -> None:
        for display_id in execution.displays:
            places = [place for place in self._displays.pop(display_id, ()) if place[0] is not execution]
            if places:
                self._displays[display_id] = places
        execution.displays.clear()
        execution.clearing = False
        execution.entries = []
        execution.seen = None
        self._size -= execution.size
        execution.size = 0

    def _redirect(self, message: Message) -> None:
        """An Output widget says whose outputs it takes; the front end shows them there and not under the cell."""
        state = (message.data or {}).get("state")
        target = state.get("msg_id") if isinstance(state, dict) else None
        if target is None:
            return
        for execution in self._by_message.values():
            execution.redirected.discard(message.comm_id)
        if target in self._by_message:
            self._by_message[target].redirected.add(message.comm_id)

    def _grow(self, execution: Execution, characters: int) -> None:
        execution.size += characters
        self._size += characters
        if self._size > LARGEST_RECORD:
            for oldest in self._executions.values():
                if oldest is not execution and self._size > LARGEST_RECORD // 2:
                    oldest.forgotten = oldest.forgotten or bool(oldest.entries)
                    self._clear(oldest)


def _output(kind: str, message: Message) -> Output:
    return thin(
        Output(
            kind,
            data=message.data or {},
            metadata=message.metadata or {},
            execution_count=message.execution_count,
            ename=message.ename,
            evalue=message.evalue,
            traceback=message.traceback,
        )
    )

"""One cell's latest execution: what was run, and what it shows as messages come. Which messages, `record` decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bounds import HEAD, TAIL
from .cells import Output, merged, tidy

if TYPE_CHECKING:
    from .screen import Screen

_SHORTEN_AT = 1_000_000  # characters of one stream


class Execution:
    """The latest execution of one cell.

    `key` is the front end's own id for the cell (an nbformat id in JupyterLab, a URI in VS Code) and empty where it
    gives none; `time` is when it began, in seconds since the epoch; `earlier` is what the cell showed the time
    before, None if it is the first time (and after it has ended).
    """

    __slots__ = (
        "clearing", "displays", "earlier", "entries", "execution_count", "forgotten",
        "key", "msg_id", "redirected", "seen", "size", "source", "time",
    )  # fmt: skip

    def __init__(self, key: str, msg_id: str, source: str, execution_count: int | None, time: float) -> None:
        self.key = key
        self.msg_id = msg_id
        self.source = tidy(source)
        self.execution_count = execution_count
        self.time = time
        self.entries: list[Entry] = []
        self.earlier: tuple[Output, ...] | None = None
        self.displays: set[str] = set()
        self.clearing = False
        self.redirected: set[str] = set()  # Output widgets that take this cell's outputs now
        self.forgotten = False
        self.size = 0
        self.seen: tuple[Output, ...] | None = None  # `outputs`, until the next message

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the cell shows now; the same object until that changes."""
        if self.seen is None:
            self.seen = _in_order(self.entries)
        return self.seen


class Entry:
    """One place in a cell's outputs: a stream that grows, or another output that may be replaced by an update."""

    __slots__ = ("_output", "_parts", "_screen", "_size", "name")

    def __init__(self, output: Output | None = None, stream: str = "") -> None:
        self.name = stream
        self._output = output
        self._parts: list[str] = []
        self._screen: Screen | None = None
        self._size = 0

    def write(self, text: str) -> None:
        """Append to the stream; a long one is resolved and shortened to its head and tail."""
        self._parts.append(text)
        self._size += len(text)
        self._output = None
        if self._size > _SHORTEN_AT and "\x1b" not in text[-64:]:
            from .screen import Screen

            self._screen = self._screen or Screen()
            self._screen.feed("".join(self._parts))
            self._screen.shorten(HEAD, 2 * TAIL)
            self._parts, self._size = [], 0

    def replace(self, output: Output) -> None:
        """The display was updated."""
        self._output = output

    @property
    def output(self) -> Output:
        """What stands here now; the same object until that changes."""
        if self._output is None:
            text = "".join(self._parts)
            if self._screen:
                text = self._screen.text + text
            elif len(self._parts) > 1:
                self._parts = [text]
            self._output = Output("stream", name=self.name, text=text)
        return self._output


def _in_order(entries: list[Entry]) -> tuple[Output, ...]:
    return merged(entry.output for entry in entries)

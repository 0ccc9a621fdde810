"""The view of a turn for the shell that it runs in: outputs in a notebook, text in a terminal."""

from __future__ import annotations

import _thread
import contextvars
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from qwen_magics.display import answer, receipt
from qwen_magics.display.answer import AnswerView, Form
from qwen_magics.display.slots import Data, Publish, Slots
from qwen_magics.display.tally import Tally
from qwen_magics.values import Progress, Retrying, Settled, Started, Text, Thinking, TurnEvent

TICK = 0.025  # seconds: the delay that text may have is 250 ms


class View(Protocol):
    """What shows a turn."""

    def show(self, event: TurnEvent) -> None:
        """Show what happened."""

    def keep(self, said: Mapping[str, Any], status: str) -> None:
        """What `Settled` brings is an earlier answer: these are its own metadata."""

    def close(self) -> None:
        """The turn is over, however it ended."""


def view(
    shell: Any,
    *,
    form: Form = "markdown",
    with_receipt: bool = True,
    said: Mapping[str, Any] | None = None,
    tally: Tally | None = None,
    starting: Starting | None = None,
    write: Callable[[str], object] | None = None,
) -> View:
    """The view of one turn. `said`: for the answer's metadata; `tally`: the execution's shared receipt; `starting`: the
    line that stands there already, to be taken over; `write`: how text gets to a terminal."""
    publish = publisher(shell)
    if not in_kernel(shell):
        return TerminalView(publish, write=write, with_receipt=with_receipt, said=said)
    slots = starting.slots if starting is not None else Slots(publish)
    return Ticking(AnswerView(slots, form=form, with_receipt=with_receipt, said=said, tally=tally))


def in_kernel(shell: Any) -> bool:
    """Whether a front end shows the shell's outputs, rather than a terminal."""
    return getattr(shell, "kernel", None) is not None


def publisher(shell: Any) -> Publish:
    """IPython's display publisher as `Publish`."""
    publish = shell.display_pub.publish

    def send(data: Data, metadata: Data, display_id: str, update: bool) -> None:
        publish(data=dict(data), metadata=dict(metadata), transient={"display_id": display_id}, update=update)

    return send


class Starting:
    """One line before there is a turn: the local model loads. The turn's view takes it over."""

    def __init__(self, shell: Any) -> None:
        self.slots = Slots(publisher(shell))
        self._quiet = not in_kernel(shell)

    def show(self, event: Progress) -> None:
        """Say what is waited for."""
        if not self._quiet:
            self.slots.live(answer.waits(event))


class Ticking:
    """A view that also shows what is due while no event comes; the thread knows the cell that it shows for."""

    def __init__(self, shown: AnswerView) -> None:
        self._view, self._over = shown, threading.Event()
        self.show: Callable[[TurnEvent], None] = shown.show
        self.keep: Callable[[Mapping[str, Any], str], None] = shown.keep
        # Thread.start waits until the thread runs, and the request with it.
        _thread.start_new_thread(contextvars.copy_context().run, (self._tick,))

    def close(self) -> None:
        """The turn is over, however it ended."""
        self._over.set()
        self._view.close()

    def _tick(self) -> None:
        while not self._over.wait(TICK):
            self._view.tick()


class TerminalView:
    """A turn as text: the answer as it comes, the receipt's line under it. Control characters of a model do nothing.

    What was said is also published without text, so that the session's record knows it for an answer.
    """

    def __init__(
        self,
        publish: Publish,
        *,
        write: Callable[[str], object] | None = None,
        with_receipt: bool = True,
        said: Mapping[str, Any] | None = None,
    ) -> None:
        self._publish, self._with_receipt, self._said = publish, with_receipt, dict(said or {})
        self._write = write or sys.stdout.write
        self._slots, self._text, self._column, self._last = Slots(publish), "", 0, ""
        self._kept = ""

    def show(self, event: TurnEvent) -> None:
        """Show what happened."""
        if isinstance(event, Text):
            self._line_ends("text")
            self._print(event.text)
            self._text += event.text
        elif isinstance(event, Thinking):
            self._note("Thinking…")
        elif isinstance(event, Progress | Retrying):
            self._note(answer.waits(event))
        elif isinstance(event, Started):
            self._slots.turn = event.receipt.id
        elif isinstance(event, Settled):
            self._settle(event)

    def keep(self, said: Mapping[str, Any], status: str) -> None:
        """What `Settled` brings is an earlier answer: these are its own metadata."""
        self._said, self._kept = dict(said), status

    def close(self) -> None:
        """The turn is over, however it ended."""
        self._line_ends("")

    def _settle(self, end: Settled) -> None:
        self._slots.turn = end.receipt.id
        self._line_ends("text")
        if end.text.startswith(self._text):
            self._print(end.text[len(self._text) :])
        self._line_ends("")
        mark = {**self._said, "status": self._kept or end.receipt.status, "part": 0}
        if end.text:
            text = end.text if end.text.startswith(self._text) else self._text
            self._slots.content(0, {"text/markdown": text}, "answer", **mark)
        if self._with_receipt:
            self._slots.send(self._slots.name(1), *receipt.bundle(end.receipt))
        elif end.receipt.notes:  # what has to be said is said without a receipt too
            self._note(" · ".join(end.receipt.notes))

    def _note(self, text: str) -> None:
        if text != self._last:
            self._line_ends(text)
            self._print(text)

    def _line_ends(self, kind: str) -> None:
        """Begin a line of another kind where the last one is not yet ended."""
        if self._last != kind and self._column:
            self._print("\n")
        self._last = kind

    def _print(self, text: str) -> None:
        shown = "".join(sign for sign in text if sign >= " " or sign in "\n\t").translate(_CONTROLS)
        self._write(shown)
        if shown:
            self._column = 0 if shown.endswith("\n") else 1


_CONTROLS = dict.fromkeys([0x7F, *range(0x80, 0xA0)])

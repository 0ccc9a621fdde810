"""`%qwen_usage --live`: a small view that follows the ledger while the session runs. Counts nothing, changes nothing.

A thread reads the ledger about once a second, by a connection of its own, and fills an ipywidgets view, so no cell
waits for it and it goes on while one runs. What a notebook keeps of it is one plain line, never a total: figures are
the widget's, which is filled only where somebody looks, and taken away at the end.
"""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from qwen_magics.display import figures, spending
from qwen_magics.display.table import Column, Table
from qwen_magics.errors import LedgerError
from qwen_magics.ledger import spans
from qwen_magics.ledger.watch import Now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qwen_magics.ledger import Entry, Ledger

EVERY = 1.0  # seconds
LAST = 5  # turns
VIEW = "application/vnd.jupyter.widget-view+json"
LINE = "What is spent, live, where widgets can be shown; %qwen_usage shows totals."
_CLOCK = "%H:%M:%S"


class Publish(Protocol):
    """How the view's output is shown, or replaced where it stands."""

    def __call__(self, data: Mapping[str, Any], *, update: bool) -> None:
        """Show it."""


class Follow:
    """One live view, from `start` to `stop`, which any thread may call.

    `watched`: the front end is one that people look at, so the view is filled at once; else (nbclient, papermill, which
    would save the widget's state) not before a front end says that it shows it.
    """

    def __init__(self, ledger: Ledger, notebook: str, publish: Publish, *, watched: bool) -> None:
        self._ledger, self._notebook, self._publish, self._watched = ledger, notebook, publish, watched
        self._wake, self._lock = threading.Event(), threading.Lock()
        self._over = False
        self._began = dt.datetime.now()
        self._seen: tuple[int, dt.date] | None = None
        self._thread = threading.Thread(target=self._run, name="qwen-usage-live", daemon=True)

    def start(self) -> None:
        """Show the view and begin to follow."""
        import ipywidgets

        self._text = ipywidgets.HTML()
        self._button = ipywidgets.Button(description="Stop", tooltip="Stop following the ledger")
        self._button.on_click(lambda _: self.stop())
        self._box = ipywidgets.VBox([self._text, self._button], _view_count=0)
        self._box.observe(self._looked_at, "_view_count")
        if self._watched:
            self._tick()
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        self._publish({VIEW: view, "text/plain": LINE}, update=False)
        self._thread.start()

    def stop(self) -> None:
        """End it; one plain line stays. Harmless when it has ended."""
        with self._lock:
            if self._over:
                return
            self._over = True
        self._wake.set()
        said = f"Followed the ledger from {self._began:%H:%M} to {dt.datetime.now():%H:%M}; %qwen_usage shows totals."
        with suppress(Exception):  # the front end may be gone, or the channels closed
            self._publish({"text/plain": said}, update=True)
            for widget in (self._box, self._text, self._button):
                widget.close()

    def _looked_at(self, change: Mapping[str, Any]) -> None:
        """A front end shows the view, or one view less."""
        self._watched = bool(change["new"])
        self._wake.set()

    def _run(self) -> None:
        while not self._over:
            self._wake.wait(EVERY)
            self._wake.clear()
            if self._watched and not self._over:
                self._tick()

    def _tick(self) -> None:
        """Fill the view, if the ledger or the day is another one."""
        today = spans.today(None)
        try:
            known = self._seen[0] if self._seen and self._seen[1] == today.date() else -1
            now = self._ledger.now(self._notebook, today, LAST, known)
            if now is None:
                return
            self._seen = (now.mark, today.date())
            shown = html(now, dt.datetime.now())
        except LedgerError as problem:
            self._seen, shown = None, f"<p>{escape(str(problem))}</p>"
        with self._lock:
            if not self._over:
                self._text.value = shown


# --- what it shows ----------------------------------------------------------------------------------------------------


def html(now: Now, moment: dt.datetime) -> str:
    """The view."""
    return '<div style="height:10px"></div>'.join(table.html() for table in tables(now, moment))


def plain(now: Now, moment: dt.datetime) -> str:
    """The same as text, for where no widget can be shown."""
    return "\n\n".join(spending.plain(table) for table in tables(now, moment))


def tables(now: Now, moment: dt.datetime) -> list[Table]:
    """What was spent, what is on its way, the last turns."""
    said, quiet = (_in_flight(now),), (f"As of {moment.strftime(_CLOCK)}. {spending.foot([*now.today, *now.here])}",)
    groups = [(name, total) for name, totals in (("today", now.today), ("this notebook", now.here)) for total in totals]
    if not groups:
        return [
            Table(
                columns=(Column(""),),
                rows=(("Nothing was asked today, nor in this notebook.",),),
                sentences=said,
                quiet=quiet,
            )
        ]
    columns = (
        Column("last turns"), Column("spent", "right"), Column("model"), Column("in", "right"), Column("out", "right"),
        Column("", quiet=True, wraps=True),
    )  # fmt: skip
    rows = tuple(_turn(entry, moment.date()) for entry in now.last)
    return [spending.table(groups, ""), Table(columns=columns, rows=rows, sentences=said, quiet=quiet)]


def _in_flight(now: Now) -> str:
    if not now.in_flight:
        return "Nothing is in flight."
    amounts = ", ".join(figures.money(amount, currency) for currency, amount in sorted(now.reserved.items()))
    return f"**{figures.counted(now.in_flight, 'turn')} in flight**" + (
        f", up to {amounts} reserved." if amounts else "."
    )


def _turn(entry: Entry, today: dt.date) -> tuple[str, ...]:
    receipt = entry.receipt
    began = dt.datetime.fromisoformat(receipt.time).astimezone()
    notes = ["" if receipt.status == "complete" else receipt.status, spending.file_name(entry.place.notebook)]
    return (
        f"{began:%H:%M:%S}" if began.date() == today else f"{began:%Y-%m-%d %H:%M}",
        figures.price(receipt.cost),
        receipt.model,
        f"{receipt.usage.input:,}",
        f"{receipt.usage.output:,}",
        " · ".join(filter(None, notes)),
    )

"""The last step of a turn in a notebook: its events become outputs. Asks nothing, prices nothing, keeps no record.

Outputs stand in slots: thinking, the answer's parts, the receipt. Until the turn has settled, the slot after the last
part holds one live line (waiting, reading, the receipt so far), and the next part takes that slot over. A part is sent
whole while it grows and never again once it is finished. What is left at the end is static.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from qwen_magics.display import figures, receipt
from qwen_magics.display.markdown import fenced, safe
from qwen_magics.display.parts import Fence, Part, Parting, opens
from qwen_magics.display.slots import MESSAGE, Slots
from qwen_magics.display.tally import Tally
from qwen_magics.values import Progress, Receipt, Retrying, Running, Settled, Started, Text, Thinking, TurnEvent

Form = Literal["markdown", "text", "code", "json"]

EVERY, AT_LATEST = 0.1, 0.22  # seconds between two updates of the open part; a tick adds at most 0.025
GRAIN = 0.01  # seconds: pieces that come this close together count as one
LINE_EVERY = 0.5  # seconds between two updates of a live line
RATE = 40_000  # bytes a second that updates before AT_LATEST may take beyond the text's own; the goal for all is 64 kB
BYTES_PER_TOKEN = 4  # a live count is rough and marked ≈


class AnswerView:
    """One turn's outputs. `show` it the turn's events, `tick` it now and then, `close` it when the turn is over.

    `said` joins the first part's metadata (`asked`, `question`); the line magics of one execution share a `tally`;
    `language` is that of a bare answer in the form `code`.
    """

    def __init__(
        self,
        slots: Slots,
        *,
        clock: Callable[[], float] = time.monotonic,
        form: Form = "markdown",
        with_receipt: bool = True,
        said: Mapping[str, Any] | None = None,
        tally: Tally | None = None,
        language: str = "python",
    ) -> None:
        self._clock, self._form, self._language = clock, form, language
        self._with_receipt, self._said, self._tally = with_receipt, dict(said or {}), tally or Tally()
        self._slots, self._parts, self._thought = slots, Parting(), _Thought()
        self._pending: list[str] = []
        self._came: list[str] = []
        self._waiting = self._bytes = 0  # characters not yet looked at; bytes that came
        self._unseen = deque[tuple[float, int]]()  # when text came that isn't shown yet; how many characters before it
        self._received = 0
        self._shown_at = self._line_at = float("-inf")
        self._began, self._doing = clock(), "waiting"
        self._answering = self._over = False
        self._kept = ""
        self._lock = threading.RLock()

    def __enter__(self) -> AnswerView:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, event: TurnEvent) -> None:
        """Show what happened."""
        with self._lock:
            if type(event) is Text:
                self._text(event.text)
            elif isinstance(event, Thinking):
                self._think(event.text)
            elif isinstance(event, Running):
                self._live(receipt.so_far(event.receipt))
            elif isinstance(event, Progress | Retrying):
                self._doing = waits(event)
                self._live(self._doing)
            elif isinstance(event, Started):
                self._slots.turn, self._began = event.receipt.id, self._clock()
            elif isinstance(event, Settled):
                self._settle(event)

    def keep(self, said: Mapping[str, Any], status: str) -> None:
        """What `Settled` brings is an earlier answer: these are its own metadata."""
        with self._lock:
            self._said, self._kept = dict(said), status

    def tick(self) -> None:
        """Show what is due while no event comes."""
        with self._lock:
            now = self._clock()
            if self._over:
                return
            if self._due(now):
                self._flush(now)
            if self._slots.filled == 0 and now - self._began >= LINE_EVERY:
                self._live(f"{self._doing} · {figures.seconds(now - self._began)}")

    def close(self) -> None:
        """Leave nothing half shown, also where the turn ended without `Settled`."""
        with self._lock:
            if not self._over:
                self._finish("failed", None)

    # --- thinking: one line that counts, and at the end the folded text, once ---

    def _think(self, text: str) -> None:
        now, thought = self._clock(), self._thought
        thought.add(text, now)
        if not self._answering and now - thought.shown_at >= AT_LATEST:
            thought.shown_at = now
            self._slots.content(0, receipt.live(thought.line("Thinking…", now)), "thinking")

    # --- the answer: its open part grows, its finished parts are final ---

    def _text(self, text: str) -> None:
        if not text:
            return
        now = self._clock()
        self._pending.append(text)
        self._waiting += len(text)
        if not self._unseen or now - self._unseen[-1][0] >= GRAIN:
            self._unseen.append((now, self._received))
        self._received += len(text)
        if self._waiting + self._parts.length >= self._parts.enough or self._due(now):
            self._flush(now)

    def _due(self, now: float) -> bool:
        """Whether the open part is to be shown: after 250 ms at latest, sooner where bytes allow it."""
        if not self._unseen or now - self._shown_at < EVERY:
            return False
        if now - self._unseen[0][0] >= AT_LATEST or not self._answering:
            return True
        credit = self._bytes + RATE * (now - self._began) - self._slots.sent
        open_ = self._parts.length + self._waiting  # to be sent now, and twice when it is finished
        return bool(credit >= 3 * (open_ + MESSAGE))

    def _flush(self, now: float) -> None:
        due, fresh = self._due(now), self._waiting
        self._take()
        if self._form == "json" or not (self._answering or self._begins(now)):
            return
        done = self._parts.finished(early=due and fresh >= RATE * AT_LATEST / 2)
        for part in done:
            self._put(part, final=True)
        if done:
            self._saw(self._received - self._parts.length)
            due = self._due(now)
        if due:
            self._put(self._parts.open)
            self._shown_at = now
            self._saw(self._received)

    def _saw(self, characters: int) -> None:
        """So much of what was received is shown."""
        while len(self._unseen) > 1 and self._unseen[1][1] <= characters:
            self._unseen.popleft()
        if characters >= self._received:
            self._unseen.clear()

    def _take(self) -> None:
        text = "".join(self._pending)
        self._pending.clear()
        self._waiting = 0
        self._came.append(text)
        self._bytes += len(text.encode(errors="replace"))
        self._parts.add(text)

    def _begins(self, now: float, *, ended: bool = False) -> bool:
        """The answer's first words: thinking is over, and a bare answer in the form `code` is a fence."""
        text = self._parts.open.text.strip()
        if not text or (self._form == "code" and len(text) < 3 and not ended):
            return False
        if self._form == "code" and opens(text.partition("\n")[0]) is None:
            self._parts.start(Fence("```", self._language))
        self._answering, self._thought.ended = True, now
        if self._thought.began is not None:
            self._slots.content(0, receipt.live(self._thought.line("Thought for", now)), "thinking")
        return True

    def _put(self, part: Part, *, final: bool = False, **said: Any) -> None:
        """Show a part; a final one has the model's own text as plain text, which is what later turns read."""
        if self._form == "text":
            data = {"text/plain": part.text}
        else:
            data = {"text/markdown": safe(part.markdown)}
            if final:
                data["text/plain"] = part.text
        if final and part.number == 0:
            said = {**self._said, **said}
        if part.continues:
            said["continues"] = True
        self._slots.content(self._slot(part), data, "answer", part=part.number, **said)

    def _slot(self, part: Part) -> int:
        return part.number + (self._thought.began is not None)

    # --- the live line, and the end ---

    def _live(self, text: str) -> None:
        now, slots = self._clock(), self._slots
        if self._over or now - self._line_at < LINE_EVERY or (slots.filled and not self._with_receipt):
            return
        self._line_at = now
        slots.live(text, shared=self._tally.display_id)

    def _settle(self, end: Settled) -> None:
        self._slots.turn = end.receipt.id
        self._take()
        if end.thinking and self._thought.began is None and not self._answering:
            self._thought.add(end.thinking, self._clock())
        came = "".join(self._came)
        if end.text.startswith(came):  # a replayed answer comes whole
            self._text(end.text[len(came) :])
        elif not came.endswith(end.text):  # after the unfinished answer that it continues
            self._text(end.text)
        self._finish(end.receipt.status, end.receipt)

    def _finish(self, status: str, final: Receipt | None) -> None:
        now = self._clock()
        self._unseen.clear()
        self._flush(now)
        answered = self._answering or self._begins(now, ended=True)
        self._over = True
        if answered and self._form == "json":
            self._put_json(self._kept or status)
        elif answered:
            self._put(self._parts.open, final=True, status=self._kept or status)
        if self._thought.began is not None:
            self._slots.content(0, self._thought.folded(final, now), "thinking")
        self._end_line(status, final)

    def _put_json(self, status: str) -> None:
        """The answer as JSON, or as the code block that it is where it can't be read as JSON."""
        part = self._parts.open
        try:
            value = json.loads(part.text)
        except ValueError:
            data: dict[str, Any] = {"text/markdown": safe(fenced(part.text, "json"))}
        else:
            data = {"application/json": value}
        data["text/plain"] = part.text
        self._slots.content(self._slot(part), data, "answer", part=0, **self._said, status=status)

    def _end_line(self, status: str, final: Receipt | None) -> None:
        """The receipt takes the live line's place; without one the line says how it ended."""
        slots, shared = self._slots, self._tally.display_id
        own = slots.name(slots.filled)
        if final is not None and self._with_receipt:
            self._tally.add(final, own)
        for display_id, data, metadata in self._tally.outputs():
            slots.send(display_id, data, metadata, made=shared is not None and display_id != own)
        if final is not None and not self._with_receipt and final.notes:
            slots.live(" · ".join(final.notes))  # what has to be said is said without a receipt too
        elif slots.stands(own) and (final is None or not self._with_receipt):
            slots.live(status)


class _Thought:
    """The model's thinking so far."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._bytes = 0
        self.began: float | None = None
        self.ended: float | None = None
        self.shown_at = float("-inf")

    def add(self, text: str, now: float) -> None:
        self._text.append(text)
        self._bytes += len(text.encode(errors="replace"))
        self.began = now if self.began is None else self.began

    def line(self, words: str, now: float, tokens: int | None = None) -> str:
        """`Thought for 2.1 s · 128 tokens`; a replayed thought took no time."""
        took = (self.ended if self.ended is not None else now) - (self.began or 0)
        head = f"{words} {figures.seconds(took)}" if took >= 0.05 else words.removesuffix(" for")
        said = figures.counted(tokens or max(1, self._bytes // BYTES_PER_TOKEN), "token")
        return f"{head} · {said}" if tokens else f"{head} · ≈ {said}"

    def folded(self, final: Receipt | None, now: float) -> dict[str, str]:
        known = final is not None and final.usage.thinking and "thinking" not in final.usage.basis
        line = self.line("Thought for", now, final.usage.thinking if final is not None and known else None)
        return receipt.folded(line, "".join(self._text))


def waits(event: Progress | Retrying) -> str:
    """What happens before the first word: `reading 40 %`, `Alibaba Cloud is overloaded: again in 3 s`."""
    if isinstance(event, Retrying):
        return f"{event.why}: again in {event.seconds:.0f} s (attempt {event.attempt})"
    if event.what == "reading" and event.fraction is not None:
        return f"reading {event.fraction:.0%}".replace("%", " %")
    return {"reading": "reading", "waiting": "waiting its turn", "starting": "starting the local model"}[event.what]

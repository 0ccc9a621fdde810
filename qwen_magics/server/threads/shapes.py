"""A thread and its turns, as browsers get them and as files keep them. Pure values.

A thread is a tree: each turn follows its `parent` ("" where it begins the thread). What is asked anew or otherwise is
one more turn with the same parent, so nothing is lost; `head` is the turn at the end of the path that is on screen.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from qwen_magics.server.bodies import VERSION, Chip, Problem
from qwen_magics.values import Receipt

Ending = Literal["running", "complete", "stopped", "failed", "lost"]


Bound = Literal["exact", "at_least"]


class Spend(Struct, frozen=True):
    """What turns cost in one currency."""

    currency: str
    amount: Decimal
    bound: Bound = "exact"


class Summary(Struct, frozen=True, kw_only=True):
    """A thread in a list. Times are UTC. `notebook`: "" for a free one. `running`: the turn in flight, or "".

    `revision` grows with each change but the text that streams in.
    """

    id: str
    title: str
    notebook: str
    created: str
    updated: str
    revision: int
    turns: int = 0
    running: str = ""
    cost: list[Spend] = []
    version: int = VERSION


class TurnRecord(Struct, frozen=True, kw_only=True):
    """One question and what came of it so far."""

    id: str
    parent: str = ""
    time: str = ""
    question: str = ""
    chips: list[Chip] = []
    answer: str = ""
    thinking: str = ""
    status: Ending = "running"
    receipt: Receipt | None = None
    error: Problem | None = None


class Turn(TurnRecord, frozen=True, kw_only=True):
    """With `asked`: the question as it was sent (attachments; redacted), which later turns send again."""

    asked: str = ""

    def record(self) -> TurnRecord:
        """As browsers get it."""
        return TurnRecord(**{name: getattr(self, name) for name in TurnRecord.__struct_fields__})


class Thread(Summary, frozen=True, kw_only=True):
    """A thread with all its turns, oldest first."""

    head: str = ""
    turns_list: list[TurnRecord] = []


class Portable(Struct, frozen=True, kw_only=True):
    """A thread as files keep it, whole: under `qwen_magics.thread`, in a notebook's metadata too."""

    title: str = ""
    notebook: str = ""
    created: str = ""
    head: str = ""
    turns: list[Turn] = []


class Said(Struct, frozen=True, kw_only=True):
    """A turn as a later one sends it again."""

    id: str
    parent: str
    question: str
    asked: str
    answer: str
    status: Ending


class ThreadList(Struct, frozen=True):
    """`GET threads`: the last changed first."""

    threads: list[Summary]
    version: int = VERSION


class NewThread(Struct, frozen=True, kw_only=True):
    """`POST threads`."""

    title: str = ""
    notebook: str = ""


class ThreadChange(Struct, frozen=True, kw_only=True):
    """`PATCH threads/<id>`: what is to be otherwise."""

    title: str | None = None
    head: str | None = None


class ThreadFile(Struct, frozen=True, kw_only=True):
    """`POST threads/import`: a file's name and its text. `notebook`: where it shall belong; None: where it did."""

    name: str = ""
    content: str
    notebook: str | None = None

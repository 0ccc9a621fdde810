"""The shapes of what browser and server say to each other (`labextension/src/api/values.ts` has the same). Pure values.

Versioned; unknown fields are ignored on both sides, so that a browser that has not been reloaded still understands.
Money is a string of digits, never a float. No key and no address of an endpoint is in any of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from qwen_magics.errors import QwenError
from qwen_magics.server import words

VERSION = 1

ChipKind = Literal["thread", "notebook", "cell", "selection", "error", "var", "file"]


class Problem(Struct, frozen=True, kw_only=True):
    """What went wrong: the error's class name, what happened, what to do, the provider's request id."""

    kind: str
    message: str
    remedy: str = ""
    request_id: str = ""

    @classmethod
    def of(cls, error: QwenError) -> Problem:
        """The error in the form in which a browser gets it."""
        kind = type(error).__name__
        return cls(kind=kind, message=error.message, remedy=words.remedy(error), request_id=error.request_id)


# --- the open notebook ----------------------------------------------------------------------------------------------


class Held(Struct, frozen=True, kw_only=True):
    """The answer to a `LiveNotebook` (notebook/live.py): the name it is held by, or the keys that are wanted first."""

    notebook: str = ""
    missing: list[str] = []
    version: int = VERSION


# --- a question -----------------------------------------------------------------------------------------------------


class Chip(Struct, frozen=True, kw_only=True):
    """One thing that goes along, or (`on` false) doesn't.

    `name`: a cell's id (cell, selection, error), a variable's name, a file's path. `text`: what is selected; a
    variable's summary as the kernel gave it, redacted there.
    """

    kind: ChipKind
    name: str = ""
    text: str = ""
    on: bool = True


class Question(Struct, frozen=True, kw_only=True):
    """What is asked, or is being typed. `thread`: "" begins one; `parent`: the turn that it follows, "" for none.
    `notebook` is a name that the server gave (`Held`), "" for none. None: as the server is set. `once`: the browser's
    own name for this asking; where the answer is lost on the way, asking under the same name is no second turn.
    """

    text: str = ""
    thread: str = ""
    parent: str = ""
    notebook: str = ""
    chips: list[Chip] = []
    provider: str | None = None
    model: str | None = None
    think: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    search: bool = False
    trim: str | None = None
    yes: bool = False
    unpriced: bool = False
    once: str = ""
    version: int = VERSION

    @property
    def files(self) -> list[str]:
        """The paths of the files that go along."""
        return [chip.name for chip in self.chips if chip.kind == "file" and chip.on]


class ChipPrice(Struct, frozen=True, kw_only=True):
    """A chip with its tokens and what the request would cost less without it (None: no price, or nothing to save).
    `jump`: because the price step changes. `label`: as people call it (`cell #7`). `note`: `not found`, `shortened`, …
    """

    kind: ChipKind
    name: str = ""
    label: str = ""
    tokens: int = 0
    saves: Decimal | None = None
    jump: bool = False
    note: str = ""


class Segment(Struct, frozen=True, kw_only=True):
    """One price step of the model: the tokens it begins above and goes up to, and how much of it is taken (0 to 1)."""

    over: int
    up_to: int
    fill: float


class Left(Struct, frozen=True, kw_only=True):
    """What a budget has left; `scope`: turn, notebook, day or month."""

    scope: str
    currency: str
    amount: Decimal
    left: Decimal


class Price(Struct, frozen=True, kw_only=True):
    """What a request would cost. `expected` is None where no honest number is; `basis` then says why."""

    currency: str = ""
    basis: str = ""
    expected: Decimal | None = None
    worst: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    derived: bool = False


class Warn(Struct, frozen=True, kw_only=True):
    """Money is being lost: `past` tokens over `bound`, and what the request `would` cost when `trimmed`, if that is
    known; `times` as dear as below it.
    """

    past: int
    bound: int
    times: Decimal | None = None
    trimmed: Decimal | None = None


class Estimate(Struct, frozen=True, kw_only=True):
    """What would be sent and cost, asked while people type. `sure`: the tokens are exact for this model.
    `notes`: sentences such as what was trimmed. `blocked`: why it could not be sent now (`GuardError` wants `yes`,
    `Unbounded` wants `unpriced`). `trim`: what the question's own may be instead: `window` where something was cut for
    the price's sake, `tier` where cutting would save; "" where neither, or where it is locked.
    """

    model: str
    provider: str
    label: str
    tokens: int
    room: int
    sure: bool = True
    segments: list[Segment] = []
    price: Price = Price()
    warn: Warn | None = None
    chips: list[ChipPrice] = []
    budgets: list[Left] = []
    notes: list[str] = []
    trim: Literal["", "window", "tier"] = ""
    blocked: Problem | None = None
    version: int = VERSION


class SentItem(Struct, frozen=True, kw_only=True):
    """One item of the request, as it would go: redacted and cut."""

    kind: str
    label: str
    title: str = ""
    tokens: int = 0
    cost: Decimal | None = None
    saves: Decimal | None = None
    cached: str = ""
    notes: list[str] = []
    text: str = ""
    answer: str = ""


class WhatIsSent(Struct, frozen=True, kw_only=True):
    """The exact request: its items, and its JSON body as text; to whom, in words."""

    label: str
    tokens: int
    items: list[SentItem] = []
    body: str = ""
    currency: str = ""
    version: int = VERSION


# --- a turn's events ------------------------------------------------------------------------------------------------


class Accepted(Struct, frozen=True, tag="accepted", kw_only=True):
    """The first event: which turn of which thread this is."""

    turn: str
    thread: str
    version: int = VERSION


class Failed(Struct, frozen=True, tag="failed", kw_only=True):
    """The last event of a turn that failed; what came before it (a receipt too) stands."""

    error: Problem

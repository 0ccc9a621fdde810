"""The shapes of models, settings, status and usage (`labextension/src/api/office.ts` has the same). Pure values.

As in `bodies`: versioned, unknown fields ignored, money as digits, no key and no address of an endpoint anywhere.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from qwen_magics.server.bodies import VERSION
from qwen_magics.values import Receipt

Bound = Literal["exact", "at_least"]
Scope = Literal["turn", "notebook", "day", "month"]

# --- models ---------------------------------------------------------------------------------------------------------


class TierRates(Struct, frozen=True, kw_only=True):
    """Money per million tokens of requests of at most `up_to` tokens (None: no end). `thinking` is the rate of a whole
    output that began with thinking, `cached` that of an implicit hit; None: the same as else.
    """

    up_to: int | None
    input: Decimal
    output: Decimal
    thinking: Decimal | None = None
    cached: Decimal | None = None
    derived: bool = False


class ModelCard(Struct, frozen=True, kw_only=True):
    """A model as one provider offers it; a limit of 0 is not known. `name` is the provider's own, `current` the one
    that would be asked. `price` says why there are no `tiers`; `search_fee` is per call.
    """

    id: str
    title: str
    name: str
    window: int = 0
    max_input: int = 0
    max_output: int = 0
    max_thinking: int = 0
    thinking: Literal["none", "hybrid", "always"] = "none"
    vision: bool = False
    search: bool = False
    cache: bool = False
    tiers: list[TierRates] = []
    price: Literal["listed", "free", "plan", "unpriced"] = "unpriced"
    search_fee: Decimal | None = None
    derived: bool = False
    as_of: str = ""
    stale: bool = False
    current: bool = False


class ProviderCard(Struct, frozen=True, kw_only=True):
    """Who may be chosen; `ready`: with a key, or whatever else it needs, at hand."""

    name: str
    label: str
    ready: bool


class Models(Struct, frozen=True, kw_only=True):
    """What a provider offers, with prices by the list (`scope`, `currency`) that holds."""

    provider: str
    region: str
    scope: str
    currency: str
    models: list[ModelCard]
    providers: list[ProviderCard]
    version: int = VERSION


# --- settings and status --------------------------------------------------------------------------------------------


class Chosen(Struct, frozen=True, kw_only=True):
    """How the server is set: values by name (amounts as text), who decided each (`default`, a variable, a file,
    `login`), and which of them an administrator decided.
    """

    values: dict[str, Any]
    sources: dict[str, str]
    locked: list[str]
    version: int = VERSION


class Lack(Struct, frozen=True, kw_only=True):
    """What is missing, in words, and the one thing to do. `remedy` is a line for a terminal, or a sentence."""

    code: str
    what: str
    remedy: str = ""
    action: Literal["login", "local", "settings", "docs", ""] = ""


class KeyShown(Struct, frozen=True, kw_only=True):
    """A key, masked, and where it comes from."""

    masked: str
    where: str


class Status(Struct, frozen=True, kw_only=True):
    """Whether a question could be asked now. Nobody was asked for it. `sidebar_only`: the notebook's kernel runs on
    another machine, whose turns are not in this one's ledger.
    """

    package: str
    provider: str
    region: str
    label: str
    model: str
    ready: bool
    problems: list[Lack] = []
    key: KeyShown | None = None
    sidebar_only: bool = False
    version: int = VERSION


class Tested(Struct, frozen=True, kw_only=True):
    """What the endpoint said to the test, and what was `sent` to it. A test is free."""

    ok: bool
    sent: str
    said: str
    cost: Decimal = Decimal(0)
    ms: int | None = None
    problem: Lack | None = None
    version: int = VERSION


# --- usage ----------------------------------------------------------------------------------------------------------


class Sum(Struct, frozen=True, kw_only=True):
    """What turns come to in one currency ("": those without money, and then no amount), as `%qwen_usage` has it.
    `at_least` turns may have cost more; `estimated`: the amount is not exact. `saved`: by the cache.
    """

    currency: str
    amount: Decimal | None
    bound: Bound
    turns: int
    input: int
    output: int
    estimated: int = 0
    at_least: int = 0
    unpriced: int = 0
    free: int = 0
    plan: int = 0
    replayed: int = 0
    failed: int = 0
    lost: int = 0
    cached: int = 0
    thinking: int = 0
    saved: Decimal = Decimal(0)
    replay_saved: Decimal = Decimal(0)


class DaySum(Sum, frozen=True, kw_only=True):
    """The same of one local day (`2026-11-24`) and model."""

    day: str
    model: str


class Budget(Struct, frozen=True, kw_only=True):
    """A budget or (`guard`) a guard rail. `by` says who set it, `editable` whether it may be set here; of several in
    one scope and currency the smallest `holds`. A turn's has nothing `spent` or `reserved`: each is for itself.
    """

    scope: Scope
    currency: str
    amount: Decimal
    spent: Decimal | None
    reserved: Decimal | None
    left: Decimal
    by: str
    editable: bool
    guard: bool = False
    holds: bool = True


class TurnLine(Struct, frozen=True, kw_only=True):
    """One of the last turns. `notebook` is relative to the server's root where it lies there."""

    id: str
    time: str
    notebook: str
    cell: str
    source: Literal["cell", "sidebar"]
    receipt: Receipt


class Usage(Struct, frozen=True, kw_only=True):
    """What was spent on this machine; a brief one has nothing from `month` on. `foot` says what the sums are and what
    is not in them.
    """

    today: list[Sum]
    notebook: list[Sum]
    budgets: list[Budget]
    sidebar_only: bool
    month: list[Sum] = []
    all: list[Sum] = []
    days: list[DaySum] = []
    turns: list[TurnLine] = []
    foot: str = ""
    version: int = VERSION


class SetBudget(Struct, frozen=True, kw_only=True):
    """From now on at most `amount` (None: no limit) per `scope`; a notebook's needs the notebook."""

    scope: Scope
    currency: Literal["USD", "CNY"]
    amount: Decimal | None
    notebook: str = ""

"""The nouns of qwen-magics: what flows from a cell to a receipt. Pure values: no I/O, no behaviour but their own sums.

Every struct is frozen and ignores unknown keys when read, so that a notebook, a ledger or a browser of another
version can still be understood (contract "Receipt, version 1").
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct, field

Role = Literal["system", "user", "assistant", "tool"]
Status = Literal["complete", "stopped", "failed", "replayed", "lost"]
Basis = Literal["reported", "estimated"]
CostBasis = Literal["reported", "computed", "estimated", "free", "unpriced", "plan", "replayed", "unbilled"]


# --- what is said to a model ------------------------------------------------------------------------------------


class Image(Struct, frozen=True):
    """A picture that goes along: a `data:` URL and its size in pixels (tokens follow from the size)."""

    url: str
    width: int
    height: int


class Message(Struct, frozen=True):
    """One message of a conversation. `images` follow the text; only vision models take them.

    `marks`: after so many characters the provider is asked to keep the prompt in its cache (growing numbers).
    """

    role: Role
    content: str
    images: tuple[Image, ...] = ()
    marks: tuple[int, ...] = ()


class Options(Struct, frozen=True, kw_only=True):
    """How to answer, apart from what is asked. `None` leaves the provider's own default.

    `think` is a token limit for thinking, 0 for none; `max_tokens` limits the answer (not the thinking).
    """

    think: int = 0
    max_tokens: int = 8192
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    search: bool = False
    json: bool = False
    continued: bool = False  # the last message is an unfinished answer that goes on
    cache: bool = True  # the local model may go on from the prompt that it read before


class Limits(Struct, frozen=True):
    """The request's own upper limits in tokens: with the counted input they bound its cost."""

    answer: int
    thinking: int = 0


# --- what a model says: the events of a stream ----------------------------------------------------------------------


class Thinking(Struct, frozen=True, tag="thinking"):
    """A piece of the model's thinking."""

    text: str


class Text(Struct, frozen=True, tag="text"):
    """A piece of the answer."""

    text: str


class ToolCall(Struct, frozen=True, tag="tool_call"):
    """A piece of a tool call: `name` comes once, `arguments` are to be joined per `index`."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Progress(Struct, frozen=True, tag="progress"):
    """What happens before the first token: the local model `reading` (fraction 0 to 1) or `waiting` its turn."""

    what: Literal["reading", "waiting", "starting"]
    fraction: float | None = None


class Finish(Struct, frozen=True, tag="finish"):
    """Why the model ended: `stop`, `length`, `tool_calls`, … as the provider says it."""

    reason: str


class Fault(Struct, frozen=True, tag="fault"):
    """An `error` object inside a stream that began with HTTP 200."""

    code: str
    message: str


class Reported(Struct, frozen=True, tag="reported"):
    """The provider's own usage, and its own cost where it names one (USD for OpenRouter and LiteLLM)."""

    usage: Usage
    cost: Decimal | None = None


StreamEvent = Thinking | Text | ToolCall | Progress | Finish | Fault | Reported


# --- what it took -----------------------------------------------------------------------------------------------------


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens of one request. `cached` and `cache_write` are part of `input`; `thinking` is part of `output`.

    `basis` tells per field whether the provider reported it or we estimated it; a field that is missing is reported.
    """

    input: int = 0
    cached: int = 0
    cache_kind: Literal["implicit", "explicit"] | None = None
    cache_write: int = 0
    output: int = 0
    thinking: int = 0
    basis: dict[str, Basis] = field(default_factory=dict)

    @property
    def estimated(self) -> bool:
        """Whether any of these counts is our estimate."""
        return "estimated" in self.basis.values()


class Tier(Struct, frozen=True):
    """The price tier that a whole request is billed at: inputs up to and including `up_to` tokens (None: no end)."""

    up_to: int | None
    first: bool = True  # the cheapest tier: nothing to warn about
    over: int = 0  # the bound that this tier begins above, 0 for the first
    times: Decimal | None = None  # its input rate over the first tier's: how much dearer every token became


class PriceLine(Struct, frozen=True):
    """One line of a bill: `tokens` (of a fee: calls) at `rate` per million make `amount`, in the cost's currency."""

    what: str
    tokens: int
    rate: Decimal
    amount: Decimal


class Cost(Struct, frozen=True, kw_only=True):
    """What one request costs. `amount` is None where no honest number exists (`unpriced`, `plan`).

    `unbilled`: the provider answered with an error. `bound` is `at_least` where more may be billed than is known (a
    stopped stream without usage).
    """

    amount: Decimal | None = None
    currency: str = "USD"
    basis: CostBasis = "unpriced"
    bound: Literal["exact", "at_least"] = "exact"
    tier: Tier | None = None
    lines: tuple[PriceLine, ...] = ()
    fees: tuple[PriceLine, ...] = ()
    derived: bool = False  # a price row that follows from another currency's: shown with ≈
    prices_as_of: str = ""
    cache_saved: Decimal | None = None
    replay_saved: Decimal | None = None


class Sent(Struct, frozen=True):
    """How much of the notebook went along."""

    cells: int = 0
    outputs: int = 0
    attachments: int = 0


class Timing(Struct, frozen=True):
    """Seconds from the request's start to its first token (None: none came), and to its end."""

    first_token_s: float | None = None
    total_s: float = 0.0


class Receipt(Struct, frozen=True, kw_only=True):
    """What one turn sent, used and cost. The same object stands under the answer, in its metadata and in the ledger."""

    id: str
    time: str  # ISO 8601, UTC
    provider: str
    model: str
    region: str = ""
    scope: str = ""
    request_id: str = ""
    request_hash: str = ""
    status: Status = "complete"
    finish_reason: str = ""
    attempts: int = 1
    sent: Sent = Sent()
    left_out: tuple[str, ...] = ()
    redacted: int = 0
    limits: Limits = Limits(0)
    usage: Usage = Usage()
    expected: dict[str, str] = field(default_factory=dict)
    cost: Cost = Cost()
    timing: Timing = Timing()
    notes: tuple[str, ...] = ()  # what the one line must say besides the figures
    error: str = ""
    version: int = 1


# --- what a turn tells its host ---------------------------------------------------------------------------------------


class Started(Struct, frozen=True, tag="started"):
    """The request is about to leave; the receipt holds what is known before."""

    receipt: Receipt


class Retrying(Struct, frozen=True, tag="retrying"):
    """The provider could not take the request; the next attempt comes in `seconds`. Sent anew each second."""

    seconds: float
    attempt: int
    why: str


class Running(Struct, frozen=True, tag="running"):
    """The receipt so far, a few times a second while the answer streams: usage and cost are estimates (≈)."""

    receipt: Receipt


class Settled(Struct, frozen=True, tag="settled"):
    """The turn's end, always the last event: the final receipt and the whole text."""

    receipt: Receipt
    text: str
    thinking: str = ""


TurnEvent = Started | Retrying | Progress | Thinking | Text | ToolCall | Running | Settled

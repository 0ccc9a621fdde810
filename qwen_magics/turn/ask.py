"""What a host wants asked, and where it was asked: what `plan` begins with. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.values import Message, Options, Sent

if TYPE_CHECKING:
    from decimal import Decimal

    from qwen_magics.context.layout import Part
    from qwen_magics.context.words import Trimmed
    from qwen_magics.ledger import Prompt


SIDEBAR = "sidebar"  # the `cell_id` of a turn that no cell asked


class Place(Struct, frozen=True):
    """Where a turn was asked: for the ledger's reports and for bringing an answer back."""

    notebook: str = ""
    cell_id: str = ""
    number: int = 0
    session: str = ""
    execution: str = ""  # what tells one run of the cell from the next


class Ask(Struct, frozen=True, kw_only=True):
    """What a host wants asked: the composed messages, how to answer, and what the receipt shall say of the context.

    `layout` is what the messages are made of, `before` what the notebook's last prompts were: for the cache. `trimmed`
    says what was cut of them for money's sake.
    """

    messages: list[Message]
    options: Options
    asked: str = ""
    sent: Sent = Sent()
    left_out: tuple[str, ...] = ()
    redacted: int = 0
    notes: tuple[str, ...] = ()
    place: Place = Place()
    yes: bool = False
    budget: tuple[Decimal, str] | None = None  # at most this for the turn; its currency, "": the price's own
    unpriced: bool = False  # it may go though no budget bounds it
    layout: tuple[Part, ...] = ()
    before: tuple[Prompt, ...] = ()
    trimmed: Trimmed | None = None

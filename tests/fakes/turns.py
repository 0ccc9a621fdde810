"""Turns against the fake provider, with a real ledger, for the tests of whatever runs them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from qwen_magics import settings, turn
from qwen_magics.ledger import Ledger
from qwen_magics.provider.client import Client
from qwen_magics.turn import Ask, Place, Plan, Turn
from qwen_magics.values import Message

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from pathlib import Path

    from fakes.provider import FakeProvider

    from qwen_magics.values import TurnEvent

PLACE = Place(notebook="penguins.ipynb", cell_id="abc", number=4, session="s")


class Bench:
    """Plans and runs turns against one provider."""

    def __init__(self, provider: FakeProvider, folder: Path) -> None:
        self.provider, self.ledger = provider, Ledger(folder / "ledger.sqlite")
        self.now: dt.datetime | None = None

    def plan(
        self,
        text: str = "Why?",
        *,
        yes: bool = False,
        budget: tuple[Decimal, str] | None = None,
        unpriced: bool = False,
        **chosen: Any,
    ) -> Plan:
        """A plan for one question; `chosen` are settings."""
        chosen = {"provider": "alibaba", "base_url": self.provider.base_url} | chosen
        frozen = settings.load().with_options(**chosen)
        route = turn.route(replace(frozen, guard_turn=frozen.guard_turn))
        ask = Ask(
            messages=[Message("user", text)], options=frozen.options(), place=PLACE, asked=text,
            yes=yes, budget=budget, unpriced=unpriced,
        )  # fmt: skip
        return turn.plan(ask, route, self.ledger, now=self.now).ready()

    def turn(self, text: str = "Why?", *, sleep: Callable[[float], None] = lambda _: None, **chosen: Any) -> Turn:
        """A turn that is ready to be iterated; waits take no time unless told otherwise."""
        return Turn(self.plan(text, **chosen), Client(), sleep=sleep)


def collect(flow: Turn) -> tuple[list[TurnEvent], Exception | None]:
    """All events of a turn, and what it raised at its end."""
    events: list[TurnEvent] = []
    try:
        events.extend(iter(flow))
    except Exception as problem:
        return events, problem
    return events, None

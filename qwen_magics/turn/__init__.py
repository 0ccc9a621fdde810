"""One turn: guard and reserve → send → stream → settle → record. The room that joins provider and ledger."""

from __future__ import annotations

from qwen_magics.turn.ask import Ask, Place
from qwen_magics.turn.drivers import Turn, run
from qwen_magics.turn.plan import Plan, plan
from qwen_magics.turn.route import Route, ready, route

__all__ = ["Ask", "Place", "Plan", "Route", "Turn", "plan", "ready", "route", "run"]

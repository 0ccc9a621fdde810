"""What was spent on this machine: the append-only store, its ceilings and its reports."""

from __future__ import annotations

from qwen_magics.ledger.ceilings import SCOPES, WORDS, Ceiling, Scope, Standing, day_guard
from qwen_magics.ledger.entries import Place
from qwen_magics.ledger.prompts import Prompt
from qwen_magics.ledger.records import ALL, Answer, Entry, Filter, Reservation, Where, flat
from qwen_magics.ledger.reports import GROUPS, By, Total, totals
from qwen_magics.ledger.store import Ledger

__all__ = [
    "ALL",
    "GROUPS",
    "SCOPES",
    "WORDS",
    "Answer",
    "By",
    "Ceiling",
    "Entry",
    "Filter",
    "Ledger",
    "Place",
    "Prompt",
    "Reservation",
    "Scope",
    "Standing",
    "Total",
    "Where",
    "day_guard",
    "flat",
    "totals",
]

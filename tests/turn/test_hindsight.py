"""What explicit marks would have cost: sums that were worked out by hand, at $1.2 a million of input."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from qwen_magics import catalog
from qwen_magics.context.layout import Part
from qwen_magics.turn.hindsight import Past, hindsight
from qwen_magics.values import Usage

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
MILLIONTH = Decimal("0.000001")


def row():
    found = catalog.price("qwen3-max", "alibaba", "international", "USD")
    assert found is not None
    return found


def part(label: str, tokens: int, text: str = "") -> Part:
    """A part of so many tokens, at four bytes each."""
    return Part(label, text or label, tokens * 4)


def turn(minute: float, *parts: Part, cached: int = 0, output: int = 0) -> Past:
    usage = Usage(input=sum(one.size for one in parts) // 4, cached=cached, output=output)
    return Past(NOON + dt.timedelta(minutes=minute), parts, usage)


def asked(tokens: int, text: str) -> Part:
    return part("the question", tokens, text)


def test_a_prompt_that_is_asked_once_costs_a_quarter_more():
    found = hindsight([turn(0, part("#1", 10_000))], row())
    assert (found.did, found.would) == (10_000 * Decimal("1.2") * MILLIONTH, 10_000 * Decimal("1.5") * MILLIONTH)
    assert not found.clear


def test_asked_again_within_five_minutes_it_is_read_at_a_tenth():
    again = [turn(minute, part("#1", 10_000), asked(100, f"{minute}")) for minute in (0, 4, 8)]
    found = hindsight(again, row())
    # first: all 10,100 written; then 10,000 read and 100 written, twice
    written, read = 10_100 + 100 + 100, 20_000
    assert found.would == (written * Decimal("1.5") + read * Decimal("0.12")) * MILLIONTH
    assert found.did == 30_300 * Decimal("1.2") * MILLIONTH
    assert found.clear


def test_a_hit_renews_what_it_hits_and_a_pause_loses_it():
    steady = hindsight([turn(minute, part("#1", 10_000)) for minute in (0, 4, 8)], row())
    paused = hindsight([turn(minute, part("#1", 10_000)) for minute in (0, 6, 12)], row())
    assert steady.would == (10_000 * Decimal("1.5") + 20_000 * Decimal("0.12")) * MILLIONTH
    assert paused.would == 30_000 * Decimal("1.5") * MILLIONTH
    assert not paused.clear


def test_a_growing_notebook_writes_only_what_is_new():
    cell, more = part("#1", 8_000), part("#3", 2_000)
    first = turn(0, cell, asked(50, "why"))
    second = turn(2, cell, part("#2", 50, "why"), part("#2", 400, "because"), more, asked(50, "and"))
    found = hindsight([first, second], row())
    # 8,050 written; then 8,050 read, answer, cell and question (2,450) written
    assert found.would == ((8_050 + 2_450) * Decimal("1.5") + 8_050 * Decimal("0.12")) * MILLIONTH


def test_what_the_implicit_cache_gave_is_in_what_was_paid():
    turns = [turn(minute, part("#1", 10_000), cached=10_000 if minute else 0) for minute in (0, 1)]
    found = hindsight(turns, row())
    assert found.did == (10_000 * Decimal("1.2") + 10_000 * Decimal("0.24")) * MILLIONTH
    assert found.would == (10_000 * Decimal("1.5") + 10_000 * Decimal("0.12")) * MILLIONTH
    assert not found.clear  # 1.44 cents against 1.62


def test_a_short_prompt_costs_what_it_did():
    found = hindsight([turn(minute, part("#1", 900)) for minute in (0, 1)], row())
    assert found.did == found.would


@pytest.mark.parametrize(("tokens", "clear"), [(2_000, False), (10_000, True)])
def test_what_saves_less_than_a_cent_is_not_worth_a_word(tokens: int, clear: bool):
    found = hindsight([turn(minute, part("#1", tokens)) for minute in range(4)], row())
    assert found.saves > found.did / 10
    assert found.clear == clear


def test_each_request_is_priced_at_its_own_tier():
    found = hindsight([turn(minute, part("#1", 40_000)) for minute in (0, 1)], row())
    assert found.would == (40_000 * Decimal("3") + 40_000 * Decimal("0.24")) * MILLIONTH  # 125 % and 10 % of $2.4

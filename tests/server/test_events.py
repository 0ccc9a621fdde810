"""The wire of a turn: every kind of event as Python encodes it, in a file that `events.spec.ts` reads too.

Where an event has changed, the right side of the first assertion is the new file. Changes only add.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import get_args

import msgspec

from qwen_magics import values
from qwen_magics.server.bodies import Accepted, Failed, Problem
from qwen_magics.values import (
    Cost,
    Limits,
    PriceLine,
    Progress,
    Receipt,
    Retrying,
    Running,
    Sent,
    Settled,
    Started,
    Text,
    Thinking,
    Tier,
    Timing,
    ToolCall,
    Usage,
)

FIXTURE = Path(__file__).parents[1] / "fixtures" / "turn_events.jsonl"
BEFORE = Receipt(
    id="5f0c", time="2026-11-23T09:30:05+00:00", provider="alibaba", region="singapore", scope="international",
    model="qwen3-max", request_hash="ab12", sent=Sent(12, 9, 1), left_out=("#6",), redacted=2,
    limits=Limits(8192, 1024),
    expected={"input": "3412", "basis": "counted", "cost": "0.0091", "worst": "0.0586"},
    notes=("12 cells and 9 outputs → Alibaba Cloud, Singapore",),
)  # fmt: skip
WHILE = msgspec.structs.replace(
    BEFORE, usage=Usage(input=3412, output=9, thinking=4, basis={"input": "estimated", "output": "estimated"}),
    cost=Cost(amount=Decimal("0.0041484"), basis="estimated", bound="at_least", tier=Tier(32_000)),
    timing=Timing(0.8, 1.2),
)  # fmt: skip
AFTER = msgspec.structs.replace(
    WHILE, request_id="7c1e", status="stopped", finish_reason="", attempts=2, timing=Timing(0.8, 3.9),
    usage=Usage(input=3412, cached=2048, cache_kind="implicit", output=512, thinking=128),
    cost=Cost(
        amount=Decimal("0.0052"), basis="computed", tier=Tier(32_000), prices_as_of="2026-11-20",
        lines=(PriceLine("input", 1364, Decimal("1.2"), Decimal("0.0016368")),), cache_saved=Decimal("0.00196608"),
    ),
)  # fmt: skip
EVENTS: tuple[msgspec.Struct, ...] = (
    Accepted(turn="5f0c" * 8, thread="77aa" * 8),
    Progress("starting"),
    Progress("reading", 0.4),
    Started(BEFORE),
    Retrying(2.0, 2, "Too many requests."),
    Thinking("Hm.\n"),
    Text("# Größe — 规模 🐧\r\n\n"),
    ToolCall(0, "c1", "search", '{"q": 1}'),
    Running(WHILE),
    Text("data: not a line of its own\n\nid: 7"),
    Settled(AFTER, "# Größe — 规模 🐧\r\n\ndata: not a line of its own\n\nid: 7", "Hm.\n"),
    Failed(
        error=Problem(
            kind="BrokenStream", message="The answer broke off.", remedy="Ask it to go on.", request_id="7c1e"
        )
    ),
)


def test_the_fixture_is_what_goes_over_the_wire() -> None:
    assert FIXTURE.read_bytes() == b"".join(msgspec.json.encode(event) + b"\n" for event in EVENTS)


def test_every_kind_of_event_is_in_it() -> None:
    kinds = {*get_args(values.TurnEvent), Accepted, Failed}
    assert {type(event) for event in EVENTS} == kinds


def test_an_event_of_a_later_version_is_understood() -> None:
    for event in EVENTS:
        later = json.loads(msgspec.json.encode(event)) | {"mood": "good"}
        assert msgspec.json.decode(json.dumps(later), type=type(event)) == event

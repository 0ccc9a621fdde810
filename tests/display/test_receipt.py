"""The receipt's words, held to the fixture that the browser's tests read too, and its HTML."""

import json
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from qwen_magics.display import receipt as words
from qwen_magics.display.tally import Tally, summed
from qwen_magics.notebook.receipts import MIME
from qwen_magics.settings import PROVIDERS, REGIONS
from qwen_magics.values import Cost, PriceLine, Receipt, Tier, Timing, Usage

CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "receipts.json").read_text("utf-8"))


def a_receipt(**changes: Any) -> Receipt:
    cost = Cost(
        amount=Decimal("0.0043008"),
        basis="computed",
        tier=Tier(32_000),
        lines=(
            PriceLine("input, not cached", 768, Decimal("1.20"), Decimal("0.0009216")),
            PriceLine("input, implicit cache hit", 1280, Decimal("0.24"), Decimal("0.0003072")),
            PriceLine("output", 512, Decimal("6.00"), Decimal("0.003072")),
        ),
    )
    usage = Usage(input=2048, cached=1280, output=512, thinking=128)
    whole = Receipt(
        id="t1", time="2026-11-23T09:30:05Z", provider="alibaba", model="qwen3-max", usage=usage, cost=cost,
        timing=Timing(0.6, 3.9),
    )  # fmt: skip
    return replace(whole, **changes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_line_and_details_are_those_of_the_shared_fixture(case: dict[str, Any]) -> None:
    receipt = msgspec.convert(case["receipt"], Receipt)
    assert words.line(receipt) == case["line"]
    assert json.loads(msgspec.json.encode(words.details(receipt))) == case["details"]


def test_the_fixture_names_every_provider_and_region_so_that_no_face_calls_one_otherwise() -> None:
    told = [case["receipt"] for case in CASES]
    assert {receipt["provider"] for receipt in told} == set(PROVIDERS)
    assert {receipt["region"] for receipt in told} - {""} == set(REGIONS)


def test_while_it_streams_the_figures_are_estimates() -> None:
    cost = Cost(amount=Decimal("0.00193"), basis="estimated")
    running = a_receipt(cost=cost, usage=Usage(input=9, output=88), timing=Timing(0.5, 0.9))
    assert words.so_far(running) == "≈ $0.0019 so far · 88 out · 0.9 s"
    assert words.so_far(replace(running, cost=Cost(basis="free"))) == "free · 88 out · 0.9 s"


class Page(HTMLParser):
    """What a page holds: tags with attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Text, without its references."""
        self.text += data


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_html_is_static_escaped_and_says_the_same(case: dict[str, Any]) -> None:
    receipt = msgspec.convert(case["receipt"], Receipt)
    page = Page(words.html(receipt))
    assert {tag for tag, _ in page.tags} <= {"details", "summary", "div", "table", "tr", "td", "p", "b", "span"}
    assert {name for _, attributes in page.tags for name in attributes} <= {"class", "style", "colspan"}
    assert page.text.startswith(case["line"])
    assert all(fact in page.text for fact in case["details"]["facts"])


def test_the_bundle_holds_the_receipt_whole_and_is_known_by_its_metadata() -> None:
    receipt = a_receipt()
    data, metadata = words.bundle(receipt)
    assert msgspec.convert(json.loads(json.dumps(data[MIME])), Receipt) == receipt
    assert data["text/plain"] == "$0.0043 · qwen3-max · 2,048 in (63 % cached) · 512 out (128 thinking) · 3.9 s"
    assert metadata == {"qwen_magics": {"version": 1, "turn": "t1", "role": "receipt"}}


def test_turns_of_one_execution_add_up_to_the_last_digit() -> None:
    total = summed([a_receipt(), a_receipt(id="t2", status="stopped", attempts=3), a_receipt(id="t3")])
    assert total.cost.amount == Decimal("0.0129024") == sum(line.amount for line in total.cost.lines)
    assert (total.usage.input, total.usage.cached, total.usage.thinking) == (6144, 3840, 384)
    assert (total.status, total.attempts, len(total.cost.lines)) == ("stopped", 3, 3)
    assert words.line(total).endswith("11.7 s · stopped · 3 attempts · 3 turns")


def test_one_estimate_makes_the_sum_an_estimate_and_one_open_bound_leaves_it_open() -> None:
    sure = a_receipt()
    rough = replace(
        sure, cost=replace(sure.cost, basis="estimated"), usage=replace(sure.usage, basis={"output": "estimated"})
    )
    assert words.line(summed([sure, rough])).startswith("≈ $0.0086 · qwen3-max · 4,096 in (63 % cached) · ≈ 1,024 out")
    assert summed([sure, replace(sure, cost=replace(sure.cost, bound="at_least"))]).cost.bound == "at_least"


def test_currencies_and_prices_that_cannot_be_added_stand_apart() -> None:
    tally = Tally()
    yuan = replace(a_receipt().cost, currency="CNY")
    for number, cost in enumerate([a_receipt().cost, yuan, Cost(), yuan]):
        tally.add(a_receipt(id=f"t{number}", cost=cost), f"slot-{number}")
    shown = {display_id: data["text/plain"].split(" · ")[0] for display_id, data, _ in tally.outputs()}
    assert shown == {"slot-0": "$0.0043", "slot-1": "¥0.0086", "slot-2": "unpriced"}
    assert tally.outputs()[1][2]["qwen_magics"]["turns"] == ["t1", "t3"]

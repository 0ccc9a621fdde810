"""What a question would cost otherwise, as people read it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from qwen_magics import catalog
from qwen_magics.catalog import pricing
from qwen_magics.display import whatif as shown
from qwen_magics.display.table import Table, width
from qwen_magics.turn import whatif
from qwen_magics.turn.ways import Asked
from qwen_magics.values import Limits

TODAY = dt.date(2026, 11, 23)


def table(
    size: int, *, scope: str = "international", currency: str = "USD", full: bool = False, keys: tuple[str, ...] = (),
    think: int = 0, **fields: Any,
) -> Table:  # fmt: skip
    """Of a request to qwen3-max with this many tokens in all."""
    model, row = catalog.find("qwen3-max"), catalog.price("qwen3-max", "alibaba", scope, currency)
    assert row is not None
    limits = Limits(8_192, think)
    expected = pricing.expected(row, size, 1_000, thinking=2_000 if think else 0)
    given = {"region": "singapore", "rest": size * 8 // 10, "prefix": size * 9 // 10} | fields
    asked = Asked(
        model=model, title="qwen3-max", provider="alibaba", scope=scope, currency=currency, row=row,
        bare=size - (0 if think else 4), expected=expected, worst=pricing.worst_case(row, size, limits, model),
        limits=limits, which="#6", **given,
    )  # fmt: skip
    return shown.table(whatif.what_if(asked, TODAY), frozenset(keys), full=full)


def row(found: Table, what: str) -> tuple[str, ...]:
    """The first that begins so."""
    return next(row for row in found.rows if row[0].startswith(what))


@pytest.mark.parametrize("size", [100, 2_000, 32_000, 32_001, 100_000, 128_001, 200_000, 255_000])
@pytest.mark.parametrize(("scope", "currency"), [("international", "USD"), ("mainland", "CNY")])
@pytest.mark.parametrize("think", [0, 8_192])
def test_a_person_can_read_it(size: int, scope: str, currency: str, think: int) -> None:
    found = table(size, scope=scope, currency=currency, think=think, fewer=size // 4 if size > 32_000 else 0)
    assert 6 <= len(found.rows) <= 19  # two of them are headings
    assert max(map(width, found.plain().split("\n"))) <= 80
    (now,) = [row for row in found.rows if row[0].startswith("▸")]
    assert now[0].startswith("▸ qwen3-max")
    assert now[2] == "now"
    assert len(set(found.rows)) == len(found.rows)
    assert len((*found.sentences, *found.quiet)) <= 6


def test_the_way_that_is_now_stands_out_in_every_form() -> None:
    found = table(32_001)
    assert "| **▸ qwen3-max, Singapore** | **\\$0.089** | **now** |" in found.markdown()
    assert re.search(r"font-weight:600[^>]*>▸ qwen3-max, Singapore", found.html())
    assert "▸ qwen3-max, Singapore" in found.plain()


def test_one_sentence_says_what_matters() -> None:
    past, small = table(32_392, fewer=456).sentences[0], table(2_000).sentences[0]
    assert past == "**Trimming #6 saves $0.045 (`--trim tier`); `qwen3-max` in Beijing costs about a quarter.**"
    assert small == "**`qwen3-max` in Beijing costs about a quarter; `qwen-flash` in Beijing costs 3 % of it.**"
    assert "at OpenRouter costs" in table(200_000).sentences[0]


def test_what_trimming_saves_is_said_once_it_is_trimmed_too() -> None:
    found = table(31_900, lost=2_030)
    assert found.sentences[0].startswith("**Trimming #6 saves $0.049 already; `qwen3-max` in Beijing")
    assert row(found, "untrimmed, 33,930 tokens")[2] == "+111 %"


def test_it_is_said_where_the_cheapest_place_changes() -> None:
    turns = "Beyond 128,000 tokens OpenRouter is the cheapest place for qwen3-max."
    assert turns in table(2_000).sentences
    assert turns in table(128_000).sentences
    assert turns not in table(128_001).sentences


def test_another_currency_stands_below_and_is_not_compared() -> None:
    found = table(2_000)
    heads = [row[0] for row in found.rows]
    below = found.rows[heads.index("in yuan") + 1 :]
    assert [row[1][0] for row in below] == ["¥", "¥"]
    assert [row[2] for row in below] == ["", ""]
    assert not any("¥" in row[1] for row in found.rows[: heads.index("in yuan")])
    assert "in dollars" in [row[0] for row in table(2_000, scope="mainland", currency="CNY", region="beijing").rows]


def test_marks_say_what_is_near_what_is_free_and_what_needs_another_key() -> None:
    found = table(1_900)
    assert row(found, "qwen2.5-coder-0.5b, here")[1:3] == ("free", "−100 %")
    assert row(found, "qwen-flash, Singapore")[5] == ""
    assert row(found, "qwen3-max, Beijing, global")[5] == "other key"
    openrouter = row(found, "qwen3.7-max, OpenRouter")
    assert openrouter[1].startswith("≈ $")
    assert openrouter[5] == "other key"
    assert row(table(1_900, keys=("openrouter",)), "qwen3.7-max, OpenRouter")[5] == ""
    assert "≈: another vocabulary, or a price that nobody quotes." in found.quiet[-1]


def test_changes_are_told_in_whole_per_cents_and_large_ones_as_a_factor() -> None:
    found = table(32_392, full=True)
    changes = {change for _, _, change, *_ in found.rows if change}
    assert all(re.fullmatch(r"now|same|[−+]\d{1,3} %|× \d[\d,]*", change) for change in changes)
    assert {"now", "same"} <= changes
    assert "−100 %" not in {row[2] for row in found.rows if row[1] != "free"}


def test_what_does_not_fit_says_by_how_much() -> None:
    found = table(200_000)
    heads = [row[0] for row in found.rows]
    assert {row[1] for row in found.rows[heads.index("too long") + 1 :]} == {"by 70,972"}
    whole = table(200_000, full=True)
    assert row(whole, "qwen-max, Singapore")[1] == "by 169,276"


def test_full_shows_every_way_and_says_no_more_of_more() -> None:
    short, whole = table(2_000), table(2_000, full=True)
    (hidden,) = re.findall(r"(\d+) more ways: `%qwen_context --what-if --full`", short.quiet[-1])
    headings = {"in yuan", "too long"}
    assert len(whole.rows) - len(headings & {row[0] for row in whole.rows}) == (
        len(short.rows) - len(headings & {row[0] for row in short.rows}) + int(hidden)
    )
    assert "--full" not in whole.quiet[-1]


def test_what_has_no_price_is_named_once_and_shows_no_amount() -> None:
    found = table(2_000, full=True)
    (said,) = [sentence for sentence in found.quiet if sentence.startswith("Unpriced")]
    assert "qwen3.7-max-us" in said
    assert "everything at Hugging Face" in said
    assert not [row for row in found.rows if "qwen3.7-max-us" in row[0]]

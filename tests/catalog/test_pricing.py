"""The sums, against the mockup's figures, plain fractions, and an independent price library."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from genai_prices import Usage as TheirUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import DataSnapshot, get_snapshot, set_custom_snapshot
from genai_prices.types import ClauseEquals, ModelInfo, ModelPrice, Provider, Tier, TieredPrices
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics import catalog
from qwen_magics.catalog import prices, pricing
from qwen_magics.values import Limits, Usage

ROWS = list(prices.read().values())
SINGAPORE = catalog.price("qwen3-max", "alibaba", "international", "USD")
assert SINGAPORE is not None
QWEN3_MAX = catalog.find("qwen3-max")
PROVED = catalog.find("qwen3-235b-a22b-instruct-2507")


def amount(**usage: int) -> Decimal | None:
    return pricing.cost(SINGAPORE, Usage(**usage)).amount  # type: ignore[arg-type]


# --- the mockup's figures ---------------------------------------------------------------------------------------------


def test_the_mockups_first_receipt():
    cost = pricing.cost(SINGAPORE, Usage(input=2_048, cached=1_280, cache_kind="implicit", output=512, thinking=128))
    assert cost.amount == Decimal("0.0043008")
    assert cost.cache_saved == Decimal("0.0012288")
    assert [(line.what, line.tokens, str(line.rate), str(line.amount)) for line in cost.lines] == [
        ("input, not cached", 768, "1.2", "0.0009216"),
        ("input, implicit cache hit", 1_280, "0.24", "0.0003072"),
        ("output, 128 of it thinking", 512, "6", "0.003072"),
    ]
    assert (cost.tier.up_to, cost.tier.first) == (32_000, True)  # type: ignore[union-attr]
    assert (cost.currency, cost.basis, cost.bound, cost.prices_as_of) == ("USD", "computed", "exact", "2026-11-01")


def test_the_mockups_other_receipts():
    assert amount(input=4_120, cached=3_968, output=241) == Decimal("0.00258072")
    assert amount(input=32_392, cached=1_900, output=512) == Decimal("0.0802368")
    assert amount(input=31_936, cached=1_900, output=512) == Decimal("0.0395712")


@pytest.mark.parametrize(
    ("left_out", "hits_lost", "saves"),
    [(29_900, 0, "0.0759984"), (532, 0, "0.0407568"), (1_204, 1_204, "0.0404074"), (388, 388, "0.00018624")],
)
def test_the_mockups_savings(left_out: int, hits_lost: int, saves: str):
    """What leaving an item out saves, its tier jump included. (The mockup rounds the third to seven digits.)"""
    whole = amount(input=32_392, cached=1_900, output=512)
    without = amount(input=32_392 - left_out, cached=1_900 - hits_lost, output=512)
    saved = whole - without  # type: ignore[operator]
    assert saved.quantize(Decimal(saves)) == Decimal(saves)


def test_the_mockups_worst_case():
    worst = pricing.worst_case(SINGAPORE, 32_392, Limits(answer=8_192), PROVED)  # type: ignore[arg-type]
    assert worst.amount == Decimal("0.1761984")
    assert worst.lines[0].tokens == 32_456
    assert worst.basis == "estimated"


# --- the rules --------------------------------------------------------------------------------------------------------


def test_one_token_past_a_bound_reprices_the_whole_request():
    cheap = pricing.cost(SINGAPORE, Usage(input=32_000, output=100))
    dear = pricing.cost(SINGAPORE, Usage(input=32_001, output=100))
    assert (cheap.amount, dear.amount) == (Decimal("0.039"), Decimal("0.0780024"))
    assert (dear.tier.over, dear.tier.up_to, dear.tier.times) == (32_000, 128_000, Decimal(2))  # type: ignore[union-attr]
    assert [pricing.to_next_bound(SINGAPORE, n) for n in (0, 32_000, 32_001, 128_001)] == [32_000, 0, 95_999, None]


def test_explicit_hits_and_writes_have_rates_of_their_own_and_a_write_lessens_what_was_saved():
    written = pricing.cost(SINGAPORE, Usage(input=10_000, cache_kind="explicit", cache_write=9_000))
    read = pricing.cost(SINGAPORE, Usage(input=10_000, cache_kind="explicit", cached=9_000))
    assert (written.amount, written.cache_saved) == (Decimal("0.0147"), Decimal("-0.0027"))
    assert (read.amount, read.cache_saved) == (Decimal("0.00228"), Decimal("0.00972"))
    assert [line.what for line in read.lines] == ["input, not cached", "input, explicit cache hit"]
    assert pricing.cost(SINGAPORE, Usage(input=10_000)).cache_saved is None


def test_a_hit_whose_price_is_not_published_counts_at_the_full_rate():
    row = catalog.price("qwen3-max-2026-01-23", "openrouter", "", "USD")
    assert pricing.cost(row, Usage(input=1_000, cached=1_000)).amount == Decimal("0.00078")
    assert pricing.cost(row, Usage(input=1_000, cached=1_000)).cache_saved == 0


def test_an_output_that_began_with_thinking_costs_the_thinking_rate_as_a_whole():
    """Alibaba prices qwen-plus by mode: chain of thought and answer together."""
    row = catalog.price("qwen-plus", "alibaba", "mainland", "CNY")
    assert pricing.cost(row, Usage(input=1_000, output=1_000)).amount == Decimal("0.0028")
    assert pricing.cost(row, Usage(input=1_000, output=1_000, thinking=400)).amount == Decimal("0.0088")
    worst = pricing.worst_case(row, 1_000, Limits(answer=1_000, thinking=1), None)
    assert worst.lines[-1].rate == 8


def test_fees_are_per_call_and_an_unknown_fee_makes_it_at_least():
    beijing = catalog.price("qwen3-max", "alibaba", "mainland", "CNY")
    cost = pricing.cost(beijing, Usage(input=1_000), fees={"search": 3})
    assert cost.amount == Decimal("0.0145")
    assert [(fee.what, fee.tokens, fee.rate, fee.amount) for fee in cost.fees] == [
        ("search, 3 calls", 3, 4_000, Decimal("0.012"))
    ]
    assert cost.bound == "exact"
    unknown = pricing.cost(SINGAPORE, Usage(input=1_000), fees={"search": 1})
    assert (unknown.bound, unknown.amount) == ("at_least", Decimal("0.0012"))


def test_the_worst_case_adds_one_percent_where_the_vocabulary_is_not_proved():
    assert pricing.worst_case(SINGAPORE, 1_001, Limits(1), QWEN3_MAX).lines[0].tokens == 1_001 + 64 + 11
    assert pricing.worst_case(SINGAPORE, 1_001, Limits(1), None).lines[0].tokens == 1_001 + 64 + 11
    assert pricing.worst_case(SINGAPORE, 1_001, Limits(1), PROVED).lines[0].tokens == 1_001 + 64


def test_only_with_explicit_marks_can_a_write_be_the_worst_case():
    implicit = pricing.worst_case(SINGAPORE, 936, Limits(0), PROVED)
    explicit = pricing.worst_case(SINGAPORE, 936, Limits(0), PROVED, explicit_cache=True)
    assert (implicit.amount, explicit.amount) == (Decimal("0.0012"), Decimal("0.0015"))


def test_estimated_usage_makes_an_estimated_cost_and_derived_figures_say_so():
    expected = pricing.expected(SINGAPORE, 1_000, 100, thinking=50, cached=500)
    assert (expected.basis, expected.amount) == ("estimated", Decimal("0.00162"))
    row = catalog.price("qwen-plus", "alibaba", "global", "USD")
    assert pricing.cost(row, Usage(input=1)).derived
    assert not pricing.cost(SINGAPORE, Usage(input=1)).derived


def test_what_is_not_priced_is_never_a_zero_but_what_is_free_is():
    assert (pricing.unpriced().amount, pricing.plan().amount) == (None, None)
    assert (pricing.free().amount, pricing.free().basis) == (0, "free")
    reported = pricing.reported(Decimal("0.00123"))
    assert (reported.amount, reported.basis, reported.currency) == (Decimal("0.00123"), "reported", "USD")


def test_amounts_are_short_and_plain():
    assert str(pricing.cost(SINGAPORE, Usage(input=100_000, output=1_000_000)).amount) == "12.24"
    row = catalog.price("qwen3-max", "alibaba", "mainland", "CNY")
    assert str(pricing.cost(row, Usage(input=10, output=10_000_000)).amount) == "100.000025"
    assert str(pricing.plain(Decimal("1E+2"))) == "100"


# --- for any row and any usage ----------------------------------------------------------------------------------------


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    tokens = draw(st.integers(0, 1_000_000) | st.sampled_from([31_999, 32_000, 32_001, 128_000, 128_001, 256_001]))
    cached = draw(st.integers(0, tokens))
    write = draw(st.integers(0, tokens - cached))
    output = draw(st.integers(0, 200_000))
    kind = draw(st.sampled_from([None, "implicit", "explicit"]))
    thinking = draw(st.integers(0, output))
    return Usage(input=tokens, cached=cached, cache_write=write, cache_kind=kind, output=output, thinking=thinking)


@given(st.sampled_from(ROWS), usages())
def test_lines_add_up_and_count_every_token_once(row: prices.PriceRow, usage: Usage):
    cost = pricing.cost(row, usage)
    assert sum(Fraction(line.amount) for line in cost.lines) == Fraction(cost.amount)
    assert sum(line.tokens for line in cost.lines) == usage.input + usage.output
    assert all(Fraction(line.rate) * line.tokens / 1_000_000 == Fraction(line.amount) for line in cost.lines)


@given(st.sampled_from(ROWS), st.integers(0, 900_000), st.integers(0, 65_536), st.integers(0, 81_920), st.data())
def test_nothing_costs_more_than_the_worst_case(
    row: prices.PriceRow, counted: int, answer: int, thinking: int, data: st.DataObject
):
    worst = pricing.worst_case(row, counted, Limits(answer, thinking), None, explicit_cache=True)
    came = data.draw(st.integers(0, counted + 64 + counted // 100))
    cached = data.draw(st.integers(0, came))
    thought = data.draw(st.integers(0, thinking))
    said = thought + data.draw(st.integers(0, answer))
    kind = data.draw(st.sampled_from(["implicit", "explicit"]))
    usage = Usage(input=came, cached=cached, cache_write=came - cached, cache_kind=kind, output=said, thinking=thought)
    assert pricing.cost(row, usage).amount <= worst.amount  # type: ignore[operator]


@given(st.sampled_from(ROWS), st.integers(1, 10**6), st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_cached_than_sent_never_makes_a_negative_line(row: prices.PriceRow, tokens: int, cached: int, write: int):
    cost = pricing.cost(row, Usage(input=tokens, cached=cached, cache_write=write))
    assert sum(line.tokens for line in cost.lines) == tokens
    assert all(line.tokens > 0 for line in cost.lines)


# --- an independent oracle: genai-prices, given the same table --------------------------------------------------------


def tiered(row: prices.PriceRow, field: str, fallback: str = "input") -> TieredPrices:
    rates = [
        getattr(tier, field) if getattr(tier, field) is not None else getattr(tier, fallback) for tier in row.tiers
    ]
    starts = [tier.up_to for tier in row.tiers[:-1]]
    return TieredPrices(base=rates[0], tiers=[Tier(start=s, price=r) for s, r in zip(starts, rates[1:], strict=True)])


def as_theirs(row: prices.PriceRow, kind: str, output: str) -> ModelInfo:
    name = f"{row.model}|{row.provider}|{row.scope}|{row.currency}|{kind}|{output}"
    price = ModelPrice(
        input_mtok=tiered(row, "input"),
        cache_read_mtok=tiered(row, f"{kind}_hit"),
        cache_write_mtok=tiered(row, "explicit_write"),
        output_mtok=tiered(row, output, "output"),
    )
    return ModelInfo(id=name, match=ClauseEquals(name), prices=price)


@pytest.fixture(scope="module")
def oracle():
    kinds = [(kind, output) for kind in ("implicit", "explicit") for output in ("output", "thinking_output")]
    models = [as_theirs(row, kind, output) for row in ROWS for kind, output in kinds]
    ours = Provider(id="qwen-magics-table", name="our table", api_pattern="never", models=models)
    set_custom_snapshot(DataSnapshot(providers=[*get_snapshot().providers, ours], from_auto_update=False))
    yield "qwen-magics-table"
    set_custom_snapshot(None)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.model} {r.scope or r.provider} {r.currency}")
def test_genai_prices_agrees_at_every_bound(row: prices.PriceRow, oracle: str):
    bounds = [tier.up_to for tier in row.tiers if tier.up_to]
    for tokens in {1_000, *(bound + step for bound in bounds for step in (-1, 0, 1)), 258_048}:
        for kind, thinking in (("implicit", 0), ("explicit", 77)):
            cached, write = tokens // 3, tokens // 5 if kind == "explicit" else 0
            usage = Usage(
                input=tokens, cached=cached, cache_write=write, cache_kind=kind, output=2_000, thinking=thinking
            )
            output = "thinking_output" if thinking else "output"
            theirs = calc_price(
                TheirUsage(
                    input_tokens=tokens, cache_read_tokens=cached, cache_write_tokens=write, output_tokens=2_000
                ),
                f"{row.model}|{row.provider}|{row.scope}|{row.currency}|{kind}|{output}",
                provider_id=oracle,
            )
            assert pricing.cost(row, usage).amount == theirs.total_price

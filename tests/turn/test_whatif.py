"""What the same would cost otherwise: every figure against the price file, read anew and summed as plain fractions."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from qwen_magics import catalog
from qwen_magics.catalog import prices, pricing
from qwen_magics.turn import whatif
from qwen_magics.turn.ways import Asked, Way, otherwise
from qwen_magics.values import Cost, Limits, Usage

TODAY = dt.date(2026, 11, 23)
ANSWER, THOUGHT = 1_000, 2_000
ROWS = prices.read()
FILE = {
    (model, entry.get("provider", "alibaba"), scope, entry["currency"]): entry
    for entry in tomllib.loads(prices.BUILT_IN.read_text())["price"]
    for model in entry["models"]
    for scope in entry.get("scopes", [""])
}


def asked(
    size: int,
    model: str = "qwen3-max",
    provider: str = "alibaba",
    scope: str = "international",
    currency: str = "USD",
    *,
    think: int = 0,
    **fields: Any,
) -> Asked:
    """A request of `size` tokens in all."""
    known, row = catalog.find(model, provider), catalog.price(model, provider, scope, currency)
    limits = Limits(8_192, think)
    expected, worst = pricing.free(), pricing.free()
    if row is not None:
        expected = pricing.expected(row, size, ANSWER, thinking=THOUGHT if think else 0)
        worst = pricing.worst_case(row, size, limits, known)
    block = 4 if known is not None and known.thinking == "hybrid" and not think else 0
    given = {"region": "singapore", "rest": size * 8 // 10, "prefix": size * 9 // 10} | fields
    return Asked(
        model=known, title=model, provider=provider, scope=scope, currency=currency, row=row, bare=size - block,
        expected=expected, worst=worst, limits=limits, answer=ANSWER, thought=THOUGHT, **given,
    )  # fmt: skip


def ways(now: Asked) -> list[Way]:
    found = whatif.what_if(now, TODAY)
    assert found.now in found.ways
    return list(found.ways)


def way(now: Asked, what: str) -> Way:
    (found,) = [way for way in ways(now) if way.what.startswith(what) and way.kind not in ("now", "place", "model")]
    return found


def by_hand(key: tuple[str, ...], size: int, output: int, *, thinks: bool, cached: int = 0, kind: str = "") -> Fraction:
    """The sum by the file's own words: the tier that the whole input falls in, bounds inclusive, for every token."""
    tiers = FILE[key]["tiers"]
    rates = next(tier for tier in tiers if "up_to" not in tier or size <= tier["up_to"])
    out = rates.get("thinking_output", rates["output"]) if thinks else rates["output"]
    special = Fraction(rates.get(kind, rates["input"])) if kind else Fraction(0)
    return ((size - cached) * Fraction(rates["input"]) + cached * special + output * Fraction(out)) / 1_000_000


def same(cost: Cost, fraction: Fraction) -> bool:
    return cost.amount is not None and Fraction(cost.amount) == fraction


def sizes(key: tuple[str, ...]) -> list[int]:
    bounds = [tier["up_to"] for tier in FILE[key]["tiers"] if "up_to" in tier]
    return sorted({100, 5_000, *(bound + step for bound in bounds for step in (-1, 0, 1))})


# --- every row at every bound -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("think", [0, 8_192])
@pytest.mark.parametrize("key", ROWS, ids="-".join)
def test_every_row_is_priced_as_the_file_says_at_every_bound(key: tuple[str, str, str, str], think: int) -> None:
    model, provider, scope, _ = key
    known = catalog.find(model, provider)
    assert known is not None
    thinks = known.thinking == "always" or (bool(think) and known.thinks(scope))
    output = ANSWER + (THOUGHT if thinks else 0)
    for size in sizes(key):
        block = 4 if known.thinking == "hybrid" and not thinks else 0
        now = asked(100, think=think)  # another request, whose prompt is as long there as it has to be
        moved = Asked(**{name: getattr(now, name) for name in now.__struct_fields__} | {"bare": size - block})
        found = [
            way
            for way in whatif.elsewhere(moved, TODAY)
            if (way.what, way.provider, *way.scopes, way.expected.currency) == key
        ]
        if ROWS[key] == now.row:
            assert not found  # it is now
            continue
        (there,) = found
        assert there.tokens == size
        assert same(there.expected, by_hand(key, size, output, thinks=thinks))
        most = size + 64 + (0 if known.vocabulary_proved else -(-size // 100))
        limit = min(8_192, known.largest_output(thinks)) + (8_192 if thinks else 0)
        assert same(there.worst, by_hand(key, most, limit, thinks=thinks))
        assert there.beyond == max(0, size - known.largest_input(thinks))
        assert there.expected.derived == bool(there.expected.tier) * pricing.tier(ROWS[key], size).derived


@pytest.mark.parametrize("key", ROWS, ids="-".join)
def test_what_is_otherwise_here_is_priced_as_the_file_says_too(key: tuple[str, str, str, str]) -> None:
    known = catalog.find(key[0], key[1])
    assert known is not None
    thinks = known.thinking == "always"
    output = ANSWER + (THOUGHT if thinks else 0)
    for size in sizes(key):
        now = asked(size, *key, think=8_192 if thinks else 0, fewer=size // 3)
        for other in otherwise(now):
            if other.kind == "thinking":
                assert other.tokens == size - 4
                assert same(other.expected, by_hand(key, size - 4, ANSWER + THOUGHT, thinks=True))
            elif other.kind == "trimmed":
                assert same(other.expected, by_hand(key, size - size // 3, output, thinks=thinks))
            elif other.kind == "split":
                halves = [size - now.rest + now.rest // 2, size - now.rest // 2]
                assert same(other.expected, sum(by_hand(key, half, output, thinks=thinks) for half in halves))
            else:
                assert now.prefix >= 1_024
                rate = {"implicit cache, hit": "implicit_hit", "explicit cache, hit": "explicit_hit"}
                kind = rate.get(other.what, "explicit_write")
                whole = by_hand(key, size, output, thinks=thinks, cached=now.prefix, kind=kind)
                assert same(other.expected, whole)


# --- the cheapest flips -----------------------------------------------------------------------------------------------


def cheapest(now: Asked, *kinds: str) -> tuple[str, str, tuple[str, ...]]:
    """The cheapest model or place in the currency of now."""
    best = next(
        way for way in ways(now) if way.kind in kinds and way.expected.currency == now.currency and not way.free
    )
    return best.what, best.provider, best.scopes


def test_the_cheapest_model_flips_with_the_length() -> None:
    """By the file: per million, Beijing's qwen-flash asks 0.022, 0.087 beyond 128,000; Singapore's 0.05 up to 256,000,
    then 0.25; qwen3.8-flash in Beijing 0.11 throughout.
    """
    assert cheapest(asked(2_000), "model") == ("qwen-flash", "alibaba", ("mainland", "global"))
    assert cheapest(asked(100_000), "model") == ("qwen-flash", "alibaba", ("mainland", "global"))
    assert cheapest(asked(200_000), "model") == ("qwen-flash", "alibaba", ("international",))
    long = asked(300_000, "qwen3.7-max")
    assert cheapest(long, "model") == ("qwen3.8-flash", "alibaba", ("mainland", "global"))


def test_the_cheapest_place_of_a_model_flips_too_and_it_is_said_where() -> None:
    """Beijing's qwen3-max asks 0.574 up to 128,000 and then 1.004; OpenRouter 0.78 throughout."""
    assert cheapest(asked(2_000), "place") == ("qwen3-max", "alibaba", ("mainland", "global"))
    assert cheapest(asked(100_000), "place") == ("qwen3-max", "alibaba", ("mainland", "global"))
    assert cheapest(asked(200_000), "place") == ("qwen3-max", "openrouter", ("",))
    turns = whatif.what_if(asked(2_000), TODAY).turns
    assert turns is not None
    assert (turns[0], turns[1].provider) == (128_000, "openrouter")
    assert whatif.what_if(asked(200_000), TODAY).turns is None


def test_who_is_asked_in_beijing_is_compared_in_yuan() -> None:
    """And there no place is cheaper, while in Singapore all others are."""
    beijing = ways(asked(100_000, scope="mainland", currency="CNY", region="beijing"))
    own = [way for way in beijing if way.kind in ("now", "place") and way.expected.currency == "CNY"]
    assert own[0].kind == "now"
    singapore = [way for way in ways(asked(100_000)) if way.kind in ("now", "place") and way.expected.currency == "USD"]
    assert singapore[0].kind == "place"
    assert singapore[-1].expected.amount == way_now(singapore).expected.amount


def way_now(found: list[Way]) -> Way:
    return next(way for way in found if way.kind == "now")


# --- what may be laid beside what -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scope", "currency"), [("international", "USD"), ("mainland", "CNY"), ("mainland", "USD")])
def test_currencies_are_never_mixed_and_each_is_sorted(scope: str, currency: str) -> None:
    found = [way for way in ways(asked(32_001, scope=scope, currency=currency)) if not way.free]
    own = [way.expected.amount for way in found if way.expected.currency == currency]
    other = [way.expected.amount for way in found if way.expected.currency != currency]
    assert [way.expected.currency == currency for way in found] == [True] * len(own) + [False] * len(other)
    assert own == sorted(own)  # type: ignore[type-var]
    assert other == sorted(other)  # type: ignore[type-var]
    assert own
    assert other


def test_one_token_past_a_bound_is_worth_trimming_and_halving() -> None:
    assert not {way.kind for way in ways(asked(32_000))} & {"trimmed", "split"}
    assert {way.kind for way in ways(asked(32_001))} >= {"split"}
    trimmed = way(asked(32_001, fewer=65), "trimmed")
    assert trimmed.what == "trimmed by 65 to 31,936"
    assert trimmed.expected.amount == Decimal("0.0443232")


def test_what_was_trimmed_is_also_priced_as_it_was() -> None:
    whole = way(asked(31_900, lost=2_030), "untrimmed")
    assert (whole.what, whole.tokens) == ("untrimmed, 33,930 tokens", 33_930)
    assert same(whole.expected, by_hand(SINGAPORE, 33_930, ANSWER, thinks=False))


def test_a_prompt_in_two_pays_for_both_questions_and_answers() -> None:
    split = way(asked(60_000, rest=50_000), "in two")
    assert split.tokens == 70_000
    assert split.expected.amount == 2 * pricing.expected(ROWS[SINGAPORE], 35_000, ANSWER).amount  # type: ignore[operator]


SINGAPORE = ("qwen3-max", "alibaba", "international", "USD")


def test_a_cache_that_now_counts_on_is_also_priced_without() -> None:
    hit = Usage(cached=9_000, cache_kind="implicit")
    now = asked(10_000, cache=hit)
    assert {way.what for way in otherwise(now) if way.kind == "cache"} == {
        "no cache", "explicit cache, written", "explicit cache, hit",
    }  # fmt: skip
    assert way(now, "no cache").expected.amount == Decimal("0.018")
    assert way(now, "thinking").expected.cache_saved == Decimal("0.00864")
    assert not [way for way in otherwise(asked(1_100)) if way.kind == "cache"]  # too short for a cache


def test_a_model_of_another_vocabulary_is_marked() -> None:
    rough = {way.what for way in ways(asked(10_000)) if way.rough}
    assert "qwen3.8-max" in rough
    assert not rough & {"qwen3-max", "qwen-plus", "thinking"}


def test_what_cannot_be_thought_seen_or_searched_is_not_asked() -> None:
    thinking = whatif.what_if(asked(10_000, think=8_192), TODAY)
    assert {way.note for way in thinking.ways if way.what == "qwen3-max" and "global" in way.scopes} == {
        "doesn't think"
    }
    seeing = whatif.what_if(asked(10_000, needs=frozenset({"vision"})), TODAY)
    assert "qwen-plus" in seeing.unable
    assert {way.what for way in seeing.ways if way.kind == "model"} >= {"qwen3.7-plus", "qwen3.8-max"}
    assert not [way for way in seeing.ways if way.what == "qwen-plus"]
    searching = whatif.what_if(asked(10_000, needs=frozenset({"search"}), fees={"search": 1}), TODAY)
    unknown = next(way for way in searching.ways if way.what == "qwen-plus" and way.scopes == ("international",))
    assert unknown.expected.bound == "at_least"  # its fee is not known there


def test_what_does_not_fit_says_by_how_much_and_what_has_no_price_is_not_free() -> None:
    found = whatif.what_if(asked(200_000), TODAY)
    beyond = {(way.what, way.provider): way.beyond for way in found.too_long}
    assert beyond["qwen-max", "alibaba"] == 200_000 - 4 - 30_720
    assert beyond["qwen2.5-coder-0.5b", "local"] == 200_000 - 4 - 2_000
    assert not [way for way in found.ways if way.beyond]
    assert ("qwen3.7-max-us", "alibaba") in found.unpriced
    assert {way.provider for way in found.ways if way.expected.amount == 0} <= {"local", "modelscope"}


def test_who_pays_nothing_now_sees_what_others_ask() -> None:
    found = whatif.what_if(asked(1_500, "qwen2.5-coder-0.5b", "local", ""), TODAY)
    assert found.ways[0] == found.now
    assert "qwen3-max" in {way.what for way in found.ways}
    assert not [way for way in found.ways if way.kind in ("thinking", "cache")]

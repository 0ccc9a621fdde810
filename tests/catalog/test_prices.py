"""The price table itself: every row at its bounds, against others' published tables, and a user's own rows."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from qwen_magics import catalog
from qwen_magics.catalog import models, prices, pricing
from qwen_magics.errors import SettingsError
from qwen_magics.settings import Qwen
from qwen_magics.values import Usage

ROWS = prices.read()
LITELLM = json.loads(Path(__file__).with_name("litellm_tiers.json").read_text())["models"]
RAW = [
    (f"{model} {entry.get('provider', scope)} {entry['currency']}", model, scope, entry)
    for entry in tomllib.loads(prices.BUILT_IN.read_text())["price"]
    for model in entry["models"]
    for scope in entry.get("scopes", [""])
]


@pytest.fixture(autouse=True)
def only_our_tables():
    catalog.load(None)
    yield
    catalog.load(None)


@pytest.mark.parametrize(("model", "scope", "entry"), [r[1:] for r in RAW], ids=[r[0] for r in RAW])
def test_every_row_is_priced_right_at_and_beside_each_bound(model: str, scope: str, entry: dict):
    """Worked out once more, from the file's own words and in fractions."""
    row = catalog.price(model, entry.get("provider", "alibaba"), scope, entry["currency"])
    assert row is not None
    bounds = [tier["up_to"] for tier in entry["tiers"] if "up_to" in tier]
    for tokens in {0, 1, *(bound + step for bound in bounds for step in (-1, 0, 1)), 990_000}:
        tier = next(t for t in entry["tiers"] if tokens <= t.get("up_to", tokens))
        million = 1_000_000
        plain = Fraction(tier["input"]) * tokens + Fraction(tier["output"]) * 512
        assert Fraction(pricing.cost(row, Usage(input=tokens, output=512)).amount) == plain / million
        if tokens:
            cached = tokens // 2
            hit = Fraction(tier.get("implicit_hit", tier["input"])) * cached
            thought = Fraction(tier.get("thinking_output", tier["output"])) * 512
            usage = Usage(input=tokens, cached=cached, output=512, thinking=100)
            rest = Fraction(tier["input"]) * (tokens - cached)
            assert Fraction(pricing.cost(row, usage).amount) == (rest + hit + thought) / million


def test_every_row_belongs_to_a_model_that_is_offered_there():
    for row in ROWS.values():
        assert catalog.find(row.model, row.provider) is not None, row
        assert (row.provider == "alibaba") == bool(row.scope)


def test_tiers_grow_dearer_and_no_cache_hit_costs_more_than_the_input():
    for row in ROWS.values():
        for cheap, dear in zip(row.tiers, row.tiers[1:], strict=False):
            assert cheap.input < dear.input
            assert cheap.output < dear.output
        for tier in row.tiers:
            assert (tier.implicit_hit or 0) < tier.input
            assert (tier.explicit_hit or 0) < tier.input < (tier.explicit_write or 10**9)


def test_mainland_and_global_rows_stand_in_both_currencies_at_the_same_tiers():
    for row in ROWS.values():
        if row.scope in ("mainland", "global"):
            other = catalog.price(row.model, row.provider, row.scope, "USD" if row.currency == "CNY" else "CNY")
            assert other is not None, row
            assert [tier.up_to for tier in other.tiers] == [tier.up_to for tier in row.tiers]


def test_derived_dollars_follow_from_the_yuan_by_the_two_rules_of_the_files_head():
    def rule_1(yuan: Decimal) -> Decimal:
        return (yuan / Decimal("6.9758")).quantize(Decimal("0.001"), ROUND_CEILING)

    def rule_2(yuan: Decimal) -> Decimal:
        return (yuan / Decimal("7.2717")).quantize(Decimal("0.001"), ROUND_HALF_UP)

    seen = 0
    for row in ROWS.values():
        if row.scope != "mainland" or row.currency != "USD":
            continue
        yuan = catalog.price(row.model, "alibaba", "mainland", "CNY")
        rule = rule_2 if row.model.startswith(("qwen3.6", "qwen3.7", "qwen3.8")) else rule_1
        for dollars, cny in zip(row.tiers, yuan.tiers, strict=True):  # type: ignore[union-attr]
            # Quoted figures obey the rule too: that is what it was found from.
            assert (dollars.input, dollars.output) == (rule(cny.input), rule(cny.output)), row.model
            seen += dollars.derived
    assert seen > 10


@pytest.mark.parametrize("model", LITELLM)
def test_singapores_rows_equal_litellms_published_table(model: str):
    row = catalog.price(model, "alibaba", "international", "USD")
    assert row is not None
    assert len(row.tiers) == len(LITELLM[model])
    for number, (ours, theirs) in enumerate(zip(row.tiers, LITELLM[model], strict=True), 1):
        if number < len(row.tiers):
            assert ours.up_to == theirs["up_to"]
        for field in set(theirs) - {"up_to"}:
            assert getattr(ours, field) == Decimal(theirs[field]), field


@pytest.mark.parametrize("model", ["qwen3-max-preview", "qwen3-max-2025-09-23"])
def test_the_announcements_figures_come_out_to_the_last_digit(model: str):
    """$0.861 to $2.151 in, $3.441 to $8.602 out: Beijing's price in dollars."""
    row = catalog.price(model, "alibaba", "mainland", "USD")
    assert row is not None
    million_in = [pricing.cost(row, Usage(input=n)).amount * 1_000_000 / n for n in (32_000, 128_000, 258_000)]  # type: ignore[operator]
    assert million_in == [Decimal("0.861"), Decimal("1.434"), Decimal("2.151")]
    million_out = [
        pricing.cost(row, Usage(input=n, output=1_000_000)).lines[-1].amount for n in (32_000, 32_001, 128_001)
    ]
    assert million_out == [Decimal("3.441"), Decimal("5.735"), Decimal("8.602")]
    assert [tier.derived for tier in row.tiers] == [False, True, False]


def price_list(model: str = "", provider: str = "alibaba", **chosen: str) -> tuple[str, str]:
    return catalog.price_list(Qwen().with_options(provider=provider, **chosen), model)


def test_a_region_gives_scope_and_currency():
    given = {region: price_list(region=region) for region in ("beijing", "singapore", "virginia", "hongkong")}
    assert given == {
        "beijing": ("mainland", "CNY"),
        "singapore": ("international", "USD"),
        "virginia": ("global", "USD"),
        "hongkong": ("global", "USD"),
    }
    assert price_list("qwen3.7-max-us", region="virginia") == ("us", "USD")


def test_what_is_set_wins_and_only_alibaba_has_scopes():
    assert price_list("qwen3.7-max-us", region="beijing", scope="global", currency="USD") == ("global", "USD")
    assert price_list("a-model-us", provider="openrouter", region="beijing", scope="us") == ("", "USD")
    assert price_list(provider="openai", currency="CNY") == ("", "CNY")


def test_what_has_no_row_is_none_not_zero():
    assert catalog.price("qwen3.7-max-us", "alibaba", "us", "USD") is None
    assert catalog.price("qwen3-max", "alibaba", "eu", "EUR") is None
    assert catalog.price("anything", "openai", "", "USD") is None


def test_openrouters_own_name_finds_its_row_whatever_the_scope():
    row = catalog.price("qwen/qwen3-max", "openrouter", "international", "USD")
    assert row is not None
    assert row.tiers[0].input == Decimal("0.78")


def test_a_row_is_stale_after_ninety_days():
    row = catalog.price("qwen3-max", "alibaba", "international", "USD")
    assert row is not None
    assert not row.stale(row.date + dt.timedelta(days=90))
    assert row.stale(row.date + dt.timedelta(days=91))


def test_a_users_row_replaces_ours_or_prices_what_was_unpriced(tmp_path: Path):
    (tmp_path / "prices.toml").write_text(
        """
        [[price]]
        models = ["qwen3-max"]
        scopes = ["international"]
        currency = "USD"
        date = 2026-11-20
        tiers = [{ up_to = 1_000, input = 0.1, output = "7" }, { input = 1, output = "8" }]
        [[price]]
        models = ["llama"]
        provider = "openai"
        currency = "USD"
        date = 2026-11-20
        tiers = [{ input = "0.3", output = "0.4" }]
        """
    )
    catalog.load(tmp_path)
    row = catalog.price("qwen3-max", "alibaba", "international", "USD")
    assert row is not None
    assert pricing.cost(row, Usage(input=1_000)).amount == Decimal("0.0001")  # 0.1 as written, no float of it
    assert pricing.cost(row, Usage(input=1_001)).amount == Decimal("0.001001")
    assert catalog.price("llama", "openai", "", "USD") is not None
    assert catalog.price("qwen3-max", "alibaba", "mainland", "CNY") is not None


GOOD = 'models = ["m"]\ncurrency = "USD"\ndate = 2026-11-20\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + 'tiers = [{ input = "1", output = "x" }]', "output"),
        (GOOD + 'tiers = [{ input = "1", output = "1", cached = "1" }]', "cached"),
        (GOOD + 'tiers = [{ input = "1", output = "-1" }]', "negative"),
        (GOOD + 'tiers = [{ input = "1", output = "nan" }]', "negative"),
        (GOOD + 'tiers = [{ up_to = 5, input = "1", output = "1" }]', "last tier"),
        (GOOD + "tiers = []", "last tier"),
        (GOOD + 'tiers = [{ input = "1", output = "1" }, { input = "1", output = "1" }]', "must grow"),
        (GOOD.replace("USD", "EUR") + 'tiers = [{ input = "1", output = "1" }]', "EUR"),
        (GOOD.replace('["m"]', '["m", "m"]') + 'tiers = [{ input = "1", output = "1" }]', "two prices"),
        ('models = ["m"]\ncurrency = "USD"\ntiers = [{ input = "1", output = "1" }]', "date"),
    ],
)
def test_a_wrong_row_names_its_file_and_number(tmp_path: Path, text: str, said: str):
    (tmp_path / "prices.toml").write_text(f"[[price]]\n{text}\n")
    with pytest.raises(SettingsError, match=r"prices\.toml, price 1") as caught:
        catalog.load(tmp_path)
    assert said in str(caught.value)


def test_every_priced_model_of_alibaba_takes_more_than_its_last_bound():
    """Else a tier could never be reached: a sign of a wrong table."""
    for model in models.read().values():
        for row in catalog.prices_of(model.id):
            if row.provider == "alibaba" and len(row.tiers) > 1:
                assert model.max_input > (row.tiers[-2].up_to or 0)

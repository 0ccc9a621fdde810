"""How money, tokens and times look: what a reader of a receipt relies on."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.display import figures
from qwen_magics.values import Cost

AMOUNTS = st.decimals(min_value="1e-12", max_value=1000, places=12).filter(bool)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0.0043008", "$0.0043"),
        ("0.0802368", "$0.080"),
        ("0.00010", "$0.00010"),
        ("0.0996", "$0.10"),
        ("0.996", "$1.00"),
        ("0.125", "$0.12"),
        ("0.135", "$0.14"),
        ("1.005", "$1.00"),
        ("1234.5", "$1,234.50"),
        ("9.6E-7", "$0.00000096"),
        ("-0.0012", "−$0.0012"),
        ("0", "$0.00"),
    ],
)
def test_money_on_a_line_has_two_significant_digits_and_two_decimals_from_one(amount: str, said: str) -> None:
    assert figures.money(Decimal(amount)) == said


def test_currencies_have_their_signs() -> None:
    assert [figures.money(Decimal("0.5"), name) for name in ("USD", "CNY", "EUR")] == ["$0.50", "¥0.50", "EUR 0.50"]


@given(AMOUNTS)
def test_what_costs_is_never_shown_as_nothing_and_is_off_by_five_per_cent_at_most(amount: Decimal) -> None:
    shown = Decimal(figures.money(amount).lstrip("$").replace(",", ""))
    assert shown > 0
    assert abs(shown - amount) <= amount * Decimal("0.05")


@given(AMOUNTS)
def test_details_have_every_digit(amount: Decimal) -> None:
    assert Decimal(figures.exact(amount).lstrip("$").replace(",", "")) == amount


def test_details_can_stand_under_one_another() -> None:
    amounts = [Decimal("0.0009216"), Decimal("0.003072"), Decimal("6")]
    places = figures.places_needed(amounts)
    assert [figures.exact(amount, "USD", places) for amount in amounts] == ["$0.0009216", "$0.0030720", "$6.0000000"]


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 9, "0 %"), (1, 1000, "1 %"), (1280, 2048, "63 %"), (3999, 4000, "99 %"), (7, 7, "100 %"), (0, 0, "0 %")],
)
def test_only_all_is_100_per_cent_and_only_nothing_is_0(part: int, whole: int, said: str) -> None:
    assert figures.percent(part, whole) == said


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (Cost(amount=Decimal("0.0043"), basis="computed"), "$0.0043"),
        (Cost(amount=Decimal("0.0043"), basis="estimated"), "≈ $0.0043"),
        (Cost(amount=Decimal("0.0043"), basis="computed", derived=True), "≈ $0.0043"),
        (Cost(amount=Decimal("0.0043"), basis="estimated", bound="at_least"), "≥ $0.0043"),
        (Cost(), "unpriced"),
        (Cost(amount=None, basis="computed"), "unpriced"),
        (Cost(amount=Decimal(0), basis="free"), "free"),
        (Cost(basis="plan"), "plan"),
        (Cost(amount=Decimal(0), basis="replayed"), "replayed"),
    ],
)
def test_a_price_says_how_sure_it_is(cost: Cost, said: str) -> None:
    assert figures.price(cost) == said


def test_small_figures() -> None:
    assert figures.tokens(3412) == "3,412"
    assert figures.tokens(3412, estimated=True) == "≈ 3,412"
    assert [figures.bound(n) for n in (32_000, 1_000_000, 258_048, 0)] == ["32K", "1M", "258,048", "0"]
    assert [figures.times(Decimal(n)) for n in ("2", "2.0", "3", "2.5", "1.6655")] == [
        "double rate",
        "double rate",
        "triple rate",
        "2.5 × rate",
        "1.7 × rate",
    ]
    assert [figures.seconds(s) for s in (0.25, 3.94, 100.4, 126.5)] == ["0.3 s", "3.9 s", "100 s", "127 s"]
    assert [figures.counted(n, "cell") for n in (1, 1200)] == ["1 cell", "1,200 cells"]

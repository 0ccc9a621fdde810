"""What a question would cost, item by item: sums that add up, savings that are true, tiers by the price file."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qwen_magics import settings as settings_
from qwen_magics import turn
from qwen_magics.catalog import prices, pricing
from qwen_magics.context.compose import Context
from qwen_magics.context.items import Item, messages
from qwen_magics.context.layout import layout
from qwen_magics.display import context
from qwen_magics.ledger import Ledger, Prompt
from qwen_magics.turn import Ask, Place, Plan
from qwen_magics.turn.bill import Bill
from qwen_magics.turn.cache import Hit
from qwen_magics.turn.expect import Expectation
from qwen_magics.turn.parts import Parts
from qwen_magics.turn.preview import Preview, exact, preview

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WORD = " word"  # one token, however many follow each other
ROWS = prices.read()
ASKED = Item(kind="question", label="the question", text="Why?", number=9)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def planned(ledger: Ledger, items: Sequence[Item], before: Sequence[Item] = (), **chosen: Any) -> Plan:
    """An exact plan for these items; `before` is what was sent a minute ago."""
    frozen = settings_.load().with_options(**({"provider": "alibaba"} | chosen))
    route = turn.route(frozen)
    then = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)).isoformat()
    where = (route.endpoint.provider, route.endpoint.region, route.title)
    ask = Ask(
        messages=messages(items),
        options=frozen.options(search=bool(chosen.get("search"))),
        place=Place(notebook="a.ipynb"),
        layout=layout(items),
        before=(Prompt("t", then, layout(before), *where),) if before else (),
    )
    return exact(turn.plan(ask, route, ledger))


def cell(number: int, words: int, **more: Any) -> Item:
    return Item(
        kind="cell", label=f"#{number}", title="x", tag="cell", text="x", outputs=(WORD * words,), number=number, **more
    )


def adds_up(seen: Preview) -> None:
    """To the last digit."""
    assert sum(row.tokens for row in seen.rows) == seen.tokens
    parts = [row.cost for row in (*seen.rows, *seen.fees, seen.answer)]
    assert sum(part for part in parts if part is not None) == seen.expected.amount


cells = st.lists(st.integers(1, 20_000), min_size=1, max_size=5).map(
    lambda sizes: [cell(number, size) for number, size in enumerate(sizes, 1)]
)
turns = st.just(Item(kind="turn", label="#6", text="What?", answer="That." + WORD * 40, number=6))
lenient = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@lenient
@given(
    shown=cells,
    said=turns | st.none(),
    share=st.integers(0, 6),
    chosen=st.sampled_from(
        [{}, {"cache": "explicit"}, {"think": "low"}, {"region": "beijing"}, {"model": "qwen-plus"}]
    ),
)
def test_the_costs_add_up_to_the_total(
    ledger: Ledger, shown: list[Item], said: Item | None, share: int, chosen: dict[str, Any]
) -> None:
    items = [Item(kind="instructions", label="instructions", text="Help."), *shown, *([said] if said else []), ASKED]
    adds_up(preview(planned(ledger, items, items[:share], **chosen), Context(items)))


rate = st.decimals(0, 100, places=3)
tiers = st.lists(st.tuples(st.integers(1, 30_000), rate, rate, rate), min_size=1, max_size=4, unique_by=lambda t: t[0])


@lenient
@given(tiers=tiers, hits=st.integers(0, 9_000), written=st.integers(0, 9_000), shown=cells)
def test_the_costs_add_up_whatever_the_prices(
    ledger: Ledger, tiers: list[tuple[int, Decimal, Decimal, Decimal]], hits: int, written: int, shown: list[Item]
) -> None:
    items = [*shown, ASKED]
    plan = planned(ledger, items)
    bounds = [*sorted(bound for bound, *_ in tiers)[:-1], None]
    rates = tuple(
        prices.Rates(up_to=bound, input=fresh, output=fresh + 1, explicit_hit=hit, explicit_write=write)
        for bound, (_, fresh, hit, write) in zip(bounds, tiers, strict=True)
    )
    assert plan.row is not None
    row = replace(plan.row, tiers=rates, fees={"search": Decimal("0.01")})
    hit = Hit(tokens=min(hits, plan.counted), parts=1, kind="explicit")
    hit = replace(hit, written=min(written, plan.counted - hit.tokens))
    cost = pricing.expected(
        row, plan.counted, plan.size.typical, cached=hit.tokens, written=hit.written, kind="explicit",
        fees={"search": 1},
    )  # fmt: skip
    ask = replace(plan.ask, options=replace(plan.ask.options, search=True))
    adds_up(preview(replace(plan, row=row, hit=hit, expected=cost, ask=ask), Context(items)))


@lenient
@given(shown=cells, said=turns)
def test_what_an_item_saves_is_the_difference_of_two_real_plans(ledger: Ledger, shown: list[Item], said: Item) -> None:
    items = [Item(kind="instructions", label="instructions", text="Help."), *shown, said, ASKED]
    plan = planned(ledger, items)
    for item, row in zip(items, preview(plan, Context(items)).rows, strict=False):
        if item.kind in ("instructions", "question"):
            assert row.saves is None
            continue
        other = planned(ledger, [one for one in items if one is not item])
        assert plan.expected.amount is not None and other.expected.amount is not None  # noqa: PT018
        assert row.saves == plan.expected.amount - other.expected.amount
        assert row.jump == (plan.expected.tier != other.expected.tier)


@lenient
@example(  # what is known lies a token above what a cache begins at
    shown=[cell(number, size) for number, size in enumerate([1, 1, 936, 1], 1)],
    said=Item(kind="turn", label="#6", text="What?", answer="That.", number=6),
    gone={4},
    known=4,
)
@given(shown=cells, said=turns, gone=st.sets(st.integers(1, 5), min_size=1), known=st.integers(0, 6))
def test_what_several_items_save_together_is_the_difference_of_two_real_plans(
    ledger: Ledger, shown: list[Item], said: Item, gone: set[int], known: int
) -> None:
    items = [Item(kind="instructions", label="instructions", text="Help."), *shown, said, ASKED]
    before = items[:known] if not gone & set(range(known)) else []  # hits that stay: others are another test's
    places = {n for n in gone if n <= len(shown) + 1}
    plan = planned(ledger, items, before)
    assert plan.row is not None
    row = Bill(plan, plan.row, Parts(plan, items)).without(places)
    other = planned(ledger, [item for n, item in enumerate(items) if n not in places], before)
    assert plan.expected.amount is not None and other.expected.amount is not None  # noqa: PT018
    assert row.saves == plan.expected.amount - other.expected.amount
    assert row.tokens == plan.counted - other.counted
    assert row.jump == (plan.expected.tier != other.expected.tier)


def sized(item: Item, tokens: int) -> Item:
    """The item with so many tokens."""
    field = "answer" if item.answer else "text"
    more = WORD * (tokens - item.count("qwen3"))
    return replace(item, **{field: getattr(item, field) + more})


def mockup(ledger: Ledger) -> Preview:
    """The table of design/mockup: 32,392 tokens in, of which 1,900 are cached, 512 out."""
    plain = [
        (Item(kind="instructions", label="instructions", text="Help."), 212),
        *((Item(kind="cell", label=f"#{n}", text="x", number=n), size) for n, size in ((1, 96), (2, 1_204), (3, 388))),
        (Item(kind="turn", label="#4", text="What?", answer="That.", number=4), 532),
        (Item(kind="cell", label="#5", text="x", number=5, pinned=True), 29_900),
        (ASKED, 60),
    ]
    items = [sized(item, size) for item, size in plain]
    frame = planned(ledger, items).counted - 32_392
    items[0] = sized(plain[0][0], 212 - frame)  # the drawing counts the frames as instructions
    plan = replace(planned(ledger, items), size=Expectation(180, 512, 1_400, 40), hit=Hit(tokens=1_900, parts=4))
    assert plan.row is not None
    return preview(replace(plan, expected=pricing.expected(plan.row, plan.counted, 512, cached=1_900)), Context(items))


def test_the_mockups_table(ledger: Ledger) -> None:
    """But for #2: without it #3 stands behind another beginning and what is left is too small to be kept by a cache, so
    all hits are lost; the drawing forgets that.
    """
    seen = mockup(ledger)
    adds_up(seen)
    assert (seen.tokens, seen.expected.amount) == (32_392, Decimal("0.0802368"))
    saves = {row.label: (row.saves, row.jump) for row in seen.rows}
    assert saves["#5"] == (Decimal("0.0759984"), True)
    assert saves["#4"] == (Decimal("0.0407568"), True)
    assert saves["#3"] == (Decimal("0.00018624"), False)
    assert saves["#2"] == (Decimal("0.0397392"), True)
    assert [row.cached for row in seen.rows][:6] == ["whole"] * 4 + ["", ""]
    assert seen.way_down is not None
    assert seen.way_down.label == "#4"
    told = context.table(seen, where="Alibaba Cloud, Singapore, qwen3-max").plain()
    assert max(map(len, told.splitlines())) <= 80
    words = " ".join(told.split())
    assert "▲ 392 tokens past 32,000: the whole request costs double. `--without #4`: $0.080 → $0.039." in words
    assert "92 % of this is cell #5's text. `--without #5`: $0.080 → $0.0042." in words
    assert "worst case $0.18" in words
    assert "$0.076 to 0.091 for 8 answers in 10 of your last 40" in words


def bounds() -> list[tuple[str, int]]:
    """Every bound of every row."""
    return [(" ".join(key), tier.up_to) for key, row in ROWS.items() for tier in row.tiers if tier.up_to]


@pytest.fixture(scope="module")
def file() -> list[dict[str, Any]]:
    """The price file itself, read by nothing of ours."""
    return tomllib.loads(prices.BUILT_IN.read_text(), parse_float=Decimal)["price"]


@pytest.mark.parametrize(("key", "bound"), bounds())
def test_the_table_agrees_with_the_price_file_at_every_bound(
    ledger: Ledger, file: list[dict[str, Any]], key: str, bound: int
) -> None:
    """One token under a bound, at it, and one past it, in every scope and currency."""
    row = next(row for name, row in ROWS.items() if " ".join(name) == key)
    (entry,) = (
        entry for entry in file
        if row.model in entry["models"] and row.scope in entry.get("scopes", [""])
        and (row.currency, row.provider) == (entry["currency"], entry.get("provider", "alibaba"))
    )  # fmt: skip
    plan = replace(planned(ledger, [cell(1, 100), ASKED]), row=row)
    for counted in (bound - 1, bound, bound + 1):
        rates = next(tier for tier in entry["tiers"] if counted <= tier.get("up_to", counted))
        seen = preview(plan.repriced(counted), Context([cell(1, 100), ASKED]))
        adds_up(seen)
        input_ = counted * Decimal(rates["input"])
        assert seen.expected.amount == (input_ + seen.size.typical * Decimal(rates["output"])) / 1_000_000
        assert seen.expected.tier is not None
        assert seen.expected.tier.up_to == rates.get("up_to")
        assert seen.to_next == (rates["up_to"] - counted if "up_to" in rates else None)
        told = context.table(seen, where="there").plain()
        dearer = seen.expected.tier.times is not None and seen.expected.tier.times > 1
        assert (f"past {bound:,}: the whole" in told) == (counted > bound and dearer)
        across = bound if counted > bound else bound + 1
        assert seen.beside == plan.repriced(across).expected.amount  # both prices, within 64 tokens of a bound


def test_far_from_a_bound_there_is_one_price(ledger: Ledger) -> None:
    plan = planned(ledger, [cell(1, 100), ASKED])
    items = Context([cell(1, 100), ASKED])
    assert preview(plan.repriced(32_000 - 64), items).beside is None
    assert preview(plan.repriced(32_000 - 63), items).beside is not None
    assert preview(plan.repriced(32_064), items).beside is not None
    assert preview(plan.repriced(32_065), items).beside is None


@pytest.mark.parametrize(
    ("chosen", "word"),
    [
        ({"provider": "local"}, "free"),
        ({"provider": "modelscope", "model": "qwen3-235b-a22b-instruct-2507"}, "free"),
        ({"provider": "openai", "base_url": "https://llm.example/v1", "model": "mine"}, "unpriced"),
    ],
)
def test_without_a_price_there_is_no_column_of_money(ledger: Ledger, chosen: dict[str, Any], word: str) -> None:
    items = [cell(1, 100), ASKED]
    table = context.table(preview(planned(ledger, items, **chosen), Context(items)), where="there")
    assert [column.name for column in table.columns] == ["what goes along", "tokens", ""]
    assert table.foot[-1] == word
    assert not {"$", "¥"} & set(table.plain() + table.html())


def test_a_cheaper_prompt_that_loses_its_hits_is_said_to_cost_more(ledger: Ledger) -> None:
    items = [cell(1, 10), cell(2, 20_000), ASKED]
    seen = preview(planned(ledger, items, items[:2]), Context(items))
    assert seen.hit.tokens > 19_000
    assert seen.rows[0].saves is not None
    assert seen.rows[0].saves < 0
    assert "saving is negative makes it dearer by going" in context.table(seen, where="there").plain()

"""Kept sums are a shortcut and nothing else: whatever happens to the rows, they say what adding all of them says."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from fakes.receipts import make, money
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_magics.ledger import Ledger, Where, entries, sums
from qwen_magics.ledger.sums import Span

DAYS = [f"2026-11-0{day}T12:00:00+00:00" for day in range(1, 5)]
SPANS = [
    Span(currency, **where)
    for currency in ("USD", "CNY")
    for where in ({"since": "2026-11-02T00:00:00.000Z"}, {"since": "2026-11-03T00:00:00.000Z"}, {"notebook": "a"})
]

amounts = st.decimals("0", "3", places=7)
turns = st.tuples(amounts, st.sampled_from(["USD", "CNY"]), st.sampled_from(DAYS), st.sampled_from(["a", "b"]))
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["settle", "reserve"]), turns),
        st.tuples(st.sampled_from(["lose", "release", "settle again"]), st.integers(0, 9)),
        st.tuples(st.just("forget"), st.sampled_from([{}, {"notebook": "a"}, {"before": dt.datetime(2026, 11, 3)}])),
    ),
    min_size=8,
    max_size=25,
)


def added(ledger: Ledger, span: Span) -> tuple[Decimal, Decimal]:
    """Spent and reserved, all rows read anew."""
    with sqlite3.connect(ledger.path) as connection:
        rows = connection.execute("select kind, turn, time, notebook, currency, amount from entries").fetchall()
        flying = {turn for (turn,) in connection.execute("select turn from in_flight")}
    settled = {turn for kind, turn, *_ in rows if kind == "settled"}
    spent = reserved = Decimal(0)
    for kind, turn, time, notebook, currency, amount in rows:
        if currency != span.currency or (time < span.since if span.since else notebook != span.notebook):
            continue
        if kind == "settled" or (kind == "lost" and turn not in settled):
            spent += Decimal(amount)
        if kind == "reserved" and turn in flying:
            reserved += Decimal(amount)
    return spent, reserved


def do(ledger: Ledger, step: tuple, known: list[tuple]) -> None:
    match step:
        case "settle", (amount, currency, time, notebook):
            ledger.settle(make(cost=money(str(amount), currency), time=time), Where(notebook, "c", "s"))
        case "reserve", (amount, currency, time, notebook):
            turn = make(time=time)
            ledger.reserve(turn, money(str(amount), currency), Where(notebook, "c", "s"))
            known.append((turn, step[1]))
        case "lose" | "release", which if known:
            with ledger._file.write() as transaction:
                entries.close(transaction, known[which % len(known)][0].id, "lost" if step[0] == "lose" else "released")
        case "settle again", which if known:
            turn, (amount, currency, time, notebook) = known[which % len(known)]
            real = make(cost=money(str(amount / 2), currency), time=time, turn=turn.id)
            ledger.settle(real, Where(notebook, "c", "s"))
        case "forget", chosen:
            ledger.forget(**chosen, spend=True)


def sums_of(ledger: Ledger, span: Span) -> tuple[Decimal, Decimal]:
    with ledger._file.write() as transaction:
        return sums.spent(transaction, span), sums.reserved(transaction, span)


@settings(max_examples=60)
@given(steps, st.sampled_from([(1, 2), (1, 1_000), (3, 5)]))
def test_whatever_happened_the_sum_is_that_of_all_rows(done: list[tuple], reach: tuple[int, int]):
    """Two programs share the file; what is lost may be settled after all, and rows may be forgotten."""
    with tempfile.TemporaryDirectory() as folder, patch.multiple(sums, EVERY=reach[0], FAR=reach[1]):
        both = [Ledger(Path(folder, "ledger.sqlite")) for _ in range(2)]
        known: list[tuple] = []
        for n, step in enumerate(done):
            do(both[n % 2], step, known)
            for span in SPANS:
                assert sums_of(both[n // 2 % 2], span) == added(both[0], span)
        for ledger in both:
            ledger.close()


def test_a_lost_turn_that_settles_after_all_is_taken_out_of_the_kept_sum(ledger: Ledger, here: Where):
    span = Span("USD", notebook=here.notebook)
    turn = make()
    with patch.object(sums, "EVERY", 1):
        ledger.reserve(turn, money("1"), here)
        with ledger._file.write() as transaction:
            entries.close(transaction, turn.id, "lost")
        assert sums_of(ledger, span)[0] == 1
        ledger.settle(make("0.3", turn=turn.id), here)
        assert [sums_of(ledger, span)[0] for _ in range(2)] == [Decimal("0.3")] * 2


def test_only_rows_after_the_kept_sum_are_read(ledger: Ledger, here: Where):
    """Shown by a kept sum that is wrong: it is believed as far as it goes."""
    for _ in range(sums.EVERY):
        ledger.settle(make("0.01"), here)
    span = Span("USD", notebook=here.notebook)
    assert sums_of(ledger, span)[0] == Decimal("0.64")
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("update sums set amount = '100'")
    ledger.settle(make("0.01"), here)
    assert sums_of(ledger, span)[0] == Decimal("100.01")
    ledger.forget(notebook="another")
    assert sums_of(ledger, span)[0] == Decimal("100.01")
    with sqlite3.connect(ledger.path) as connection:
        connection.execute("delete from entries where n = 1")
    assert sums_of(ledger, span)[0] == Decimal("0.64")

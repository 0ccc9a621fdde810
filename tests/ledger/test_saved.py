"""What replay reads: the answers to one request, in order, and what a replay leaves behind."""

from __future__ import annotations

from decimal import Decimal

from fakes.receipts import make
from msgspec.structs import replace

from qwen_magics.ledger import Ledger, Where
from qwen_magics.values import Cost


def test_only_whole_answers_to_the_same_request_are_known_oldest_first(ledger: Ledger, here: Where) -> None:
    for turn, status in (("a", "complete"), ("b", "stopped"), ("c", "failed"), ("d", "complete")):
        ledger.settle(make("0.001", turn=turn, status=status), here, text=turn, thinking=f"hm {turn}", asked="why?")
    ledger.settle(replace(make("0.001", turn="e"), request_hash="another"), here, text="e")
    assert [known.turn for known in ledger.known("h1")] == ["a", "d"]
    words = ledger.words("a")
    assert words is not None
    assert (words.text, words.thinking) == ("a", "hm a")
    assert words.receipt is not None
    assert words.receipt.cost.amount == Decimal("0.001")


def test_a_replay_is_a_row_without_money_that_says_what_it_saved(ledger: Ledger, here: Where) -> None:
    cost = Cost(amount=Decimal(0), currency="CNY", basis="replayed", replay_saved=Decimal("0.7"))
    ledger.replayed(make(turn="r", cost=cost, status="replayed"), here)
    (entry,) = ledger.rows()
    assert (entry.receipt.status, entry.receipt.cost) == ("replayed", cost)
    (total,) = ledger.spent()
    assert (total.amount, total.replay_saved, total.replayed) == (0, Decimal("0.7"), 1)
    assert ledger.known("h1") == []
    assert not ledger.has_sent(here.notebook, "alibaba", "singapore")


def test_an_answer_that_only_a_notebook_had_is_saved_with_its_own_time(ledger: Ledger, here: Where) -> None:
    receipt = make(turn="r", cost=Cost(basis="replayed"), status="replayed")
    ledger.replayed(receipt, here, text="because", asked="why?", answered="2026-01-02T03:04:05+00:00")
    (known,) = ledger.known("h1")
    words = ledger.words("r")
    assert words is not None
    assert (words.text, words.time) == ("because", known.time)
    assert known.time.startswith("2026-01-02T03:04:05")


def test_what_is_forgotten_is_not_known(ledger: Ledger, here: Where) -> None:
    ledger.settle(make("0.001", turn="a"), here, text="a")
    ledger.forget()
    assert (ledger.known("h1"), ledger.words("a")) == ([], None)

"""SIGINT during a turn: taken where the turn waits, once, and given back to whoever had it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from fakes.provider import Answer
from fakes.turns import Bench, collect

from qwen_magics.errors import Stopped
from qwen_magics.turn.interrupts import Interrupts
from qwen_magics.values import Settled, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    before = signal.getsignal(signal.SIGINT)
    interrupts = Interrupts()
    interrupts.listen()
    yield interrupts
    signal.signal(signal.SIGINT, before)


def interrupt(times: int = 1) -> None:
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


def test_it_interrupts_what_waits(interrupts: Interrupts) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupts.wait(interrupt)


def test_it_leaves_alone_what_does_not_wait_until_something_does(interrupts: Interrupts) -> None:
    interrupt()
    with pytest.raises(KeyboardInterrupt):
        interrupts.wait(lambda: pytest.fail("waited"))


def test_a_second_one_changes_nothing(interrupts: Interrupts) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupts.wait(interrupt)
    interrupt(3)
    assert interrupts.wait(lambda: "goes on") == "goes on"
    interrupts.done()


def test_one_that_came_too_late_goes_to_whoever_had_the_signal_before() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        interrupts = Interrupts()
        interrupts.listen()
        interrupt()
        assert not heard
        interrupts.done()
        assert heard == [signal.SIGINT]
        interrupt()
        assert len(heard) == 2
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupts = Interrupts()
        interrupts.listen()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        interrupts.done()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("at", [Text, Settled])
def test_an_interrupt_while_something_is_shown_neither_hides_nor_loses_anything(bench: Bench, at: type) -> None:
    """In the middle of an answer it stops the turn; at its very end the turn is complete and the cell ends there."""
    bench.provider.enqueue(Answer(text=("a ", "b "), hang_after=1 if at is Text else None))
    events: list[object] = []

    def show() -> None:
        with bench.turn() as flow:
            for event in flow:
                events.append(event)
                if isinstance(event, at):
                    interrupt(2)

    with pytest.raises(KeyboardInterrupt if at is Settled else Stopped):
        show()
    end = events[-1]
    assert isinstance(end, Settled)
    assert (end.receipt.status, end.text) == (("stopped", "a ") if at is Text else ("complete", "a b "))
    assert bench.ledger.rows()[0].receipt == end.receipt
    assert not bench.ledger.in_flight()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_fault_of_our_own_is_recorded_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Callable[[], None]:
        raise ZeroDivisionError

    monkeypatch.setattr("qwen_magics.turn.steps.settle.running", broken)
    bench.provider.enqueue(Answer(text=("a ", "b "), hang_after=1))
    events, problem = collect(bench.turn())
    assert isinstance(problem, ZeroDivisionError)
    assert not any(isinstance(event, Settled) for event in events)
    (row,) = bench.ledger.rows()
    assert (row.receipt.status, row.receipt.error) == ("failed", "ZeroDivisionError.")
    assert not bench.ledger.in_flight()

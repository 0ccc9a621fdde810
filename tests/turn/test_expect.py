"""How long an answer will be, by the ledger's last answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import receipts
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.ledger import Ledger, Where
from qwen_magics.turn.expect import ANSWER, BASIS, LAST, THINKING, Expectation, expect
from qwen_magics.values import Limits, Status, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

HERE = Where("a.ipynb", "c", "s")
ROOMY = Limits(8_192, 8_192)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def answered(
    ledger: Ledger, sizes: Iterable[int], *, thinking: int = 0, model: str = "qwen3-max", status: Status = "complete"
) -> None:
    for size in sizes:
        usage = Usage(input=9, output=size, thinking=thinking)
        ledger.settle(receipts.make("0.01", usage=usage, model=model, status=status), HERE)


def test_without_a_basis_it_is_a_plain_guess_that_keeps_the_limits(ledger: Ledger) -> None:
    answered(ledger, [7] * (BASIS - 1))
    assert expect(ledger, "qwen3-max", False, Limits(8_192)) == Expectation(ANSWER, ANSWER, ANSWER)
    assert expect(ledger, "qwen3-max", False, Limits(100)) == Expectation(100, 100, 100)
    both = ANSWER + THINKING
    assert expect(ledger, "qwen3-max", True, ROOMY) == Expectation(both, both, both, thinking=THINKING)


def test_eight_in_ten_of_the_last_forty(ledger: Ledger) -> None:
    answered(ledger, [9_000] * 3)  # too long ago
    answered(ledger, range(1, LAST + 1))
    assert expect(ledger, "qwen3-max", False, ROOMY) == Expectation(4, 20, 37, LAST)


def test_only_complete_answers_of_this_model_and_kind_count(ledger: Ledger) -> None:
    answered(ledger, [100] * 6)
    answered(ledger, [900] * 7, thinking=600)
    answered(ledger, [5] * 8, model="qwen-plus")
    answered(ledger, [1] * 9, status="stopped")
    assert expect(ledger, "qwen3-max", False, ROOMY) == Expectation(100, 100, 100, 6)
    assert expect(ledger, "qwen3-max", True, ROOMY) == Expectation(900, 900, 900, 7, thinking=600)


def test_an_answer_is_never_expected_to_be_longer_than_it_may_be(ledger: Ledger) -> None:
    answered(ledger, [100, 200, 300, 4_000, 5_000])
    assert expect(ledger, "qwen3-max", False, Limits(250)) == Expectation(100, 250, 250, 5)


class Known:
    """A ledger of these answers."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes

    def outputs(self, model: str, *, thinking: bool, last: int) -> list[tuple[int, int]]:
        """As the ledger's."""
        return [(size, 0) for size in self.sizes[:last]]


@given(st.lists(st.integers(0, 9_000), min_size=BASIS, max_size=LAST))
def test_at_least_eight_in_ten_lie_between(sizes: list[int]) -> None:
    found = expect(Known(sizes), "m", False, Limits(10_000))  # type: ignore[arg-type]
    assert 10 * sum(found.low <= size <= found.high for size in sizes) >= 8 * len(sizes)
    assert found.low <= found.typical <= found.high


def test_a_ledger_that_cannot_be_read_is_no_basis(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"no database" * 99)
    assert expect(Ledger(tmp_path / "ledger.sqlite"), "qwen3-max", False, Limits(8_192)).of == 0

"""`--trim` in a real shell: what the line says, and what the first question costs with and without."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from fakes.provider import Answer
from fakes.shells import run
from IPython.core.displaypub import CapturingDisplayPublisher

from qwen_magics.errors import InputTooLong

if TYPE_CHECKING:
    from fakes.provider import FakeProvider
    from IPython.core.interactiveshell import InteractiveShell

RECEIPT = "application/vnd.qwen-magics.receipt+json"
SHOWN = "print('word ' * 550)"


def asked(shell: InteractiveShell, provider: FakeProvider, options: str) -> tuple[dict[str, Any], str]:
    """The receipt of a question, and its prompt."""
    provider.enqueue(Answer())
    shell.display_pub = CapturingDisplayPublisher(parent=shell)
    assert shell.run_cell(f"%%qwen --yes {options}\nWhy?", store_history=True).success
    receipts = [output["data"][RECEIPT] for output in shell.display_pub.outputs if RECEIPT in output["data"]]
    receipt = receipts[-1] if isinstance(receipts[-1], dict) else json.loads(receipts[-1])
    return receipt, "\n".join(message["content"] for message in provider.requests[-1].body["messages"])


@pytest.fixture
def long(shell: InteractiveShell) -> InteractiveShell:
    """A shell whose cells have shown more than 32,000 tokens."""
    for _ in range(64):
        run(shell, SHOWN)
    return shell


def test_the_first_question_stays_in_the_first_tier_and_says_so(long: InteractiveShell, provider: FakeProvider) -> None:
    trimmed, prompt = asked(long, provider, "")
    (note,) = [note for note in trimmed["notes"] if note.startswith("trimmed")]
    words = re.fullmatch(r"trimmed #\d+, #\d+ and \d+ more by [\d,]+ tokens: ≈ \$([\d.]+) → \$([\d.]+)", note)
    assert words is not None
    assert Decimal(words[1]) > 2 * Decimal(words[2])
    assert any(re.fullmatch(r"outputs of #1 to #\d+ cut to 100 tokens each", left) for left in trimmed["left_out"])
    assert int(trimmed["expected"]["input"]) <= 32_000 - 64
    assert prompt.count(SHOWN) == 64


def test_what_a_cut_costs_once_is_said_where_the_cache_knew_the_prompt_whole(
    shell: InteractiveShell, provider: FakeProvider
) -> None:
    """It is compared with what would have been paid uncut, hits and all. The cut holds: the next one is cheaper."""
    provider.cache.smallest = 1_024
    for _ in range(54):
        run(shell, SHOWN)
    receipts = []
    for _ in range(3):
        receipts.append(asked(shell, provider, "")[0])
        run(shell, SHOWN)
        run(shell, SHOWN)
    notes = [[note for note in receipt["notes"] if note.startswith("trimmed")] for receipt in receipts]
    assert notes[0] == []
    once = re.search(r"tokens: ≈ \$([\d.]+) → \$([\d.]+) as the cache knew it whole, cheaper from .* on$", notes[1][0])
    after = re.search(r"tokens: ≈ \$([\d.]+) → \$([\d.]+)$", notes[2][0])
    assert once is not None
    assert after is not None
    assert Decimal(once[1]) <= Decimal(once[2])
    assert Decimal(after[2]) < Decimal(once[2]) / 2
    assert Decimal(after[2]) < Decimal(after[1]) / 2


def test_off_and_window_pay_the_true_price(long: InteractiveShell, provider: FakeProvider) -> None:
    for word in ("off", "window"):
        receipt, prompt = asked(long, provider, f"--trim {word} --fresh")
        assert not any(note.startswith("trimmed") for note in receipt["notes"])
        assert not receipt["left_out"]
        assert int(receipt["expected"]["input"]) > 32_000
        assert prompt.count("word " * 500) == 64


def test_a_number_of_tokens_is_kept(long: InteractiveShell, provider: FakeProvider) -> None:
    receipt, _ = asked(long, provider, "--trim 16k")
    assert int(receipt["expected"]["input"]) <= 16_000
    assert any(note.startswith("trimmed") for note in receipt["notes"])


def test_without_a_price_only_tokens_are_said(
    shell: InteractiveShell, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "0" * 32)
    for _ in range(4):
        run(shell, SHOWN)
    receipt, _ = asked(shell, provider, "-p openai -m a-model --trim 1k")
    (note,) = [note for note in receipt["notes"] if note.startswith("trimmed")]
    assert re.fullmatch(r"trimmed #\d.* by [\d,]+ tokens", note)


def test_what_can_not_go_whole_is_refused_with_the_line_that_helps(
    long: InteractiveShell, provider: FakeProvider
) -> None:
    run(long, "%config Qwen.max_input = 20000")
    result = long.run_cell("%%qwen --trim off\nWhy?")
    assert isinstance(result.error_in_exec, InputTooLong)
    assert "--trim window" in (result.error_in_exec.remedy or "")
    assert provider.requests == []

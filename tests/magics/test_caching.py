"""The cache in a real shell: hits and misses on receipts, marks over the wire, the hint that marks would have paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.shells import run

if TYPE_CHECKING:
    from fakes.provider import FakeProvider
    from IPython.core.interactiveshell import InteractiveShell

LINE = '%config Qwen.cache = "explicit"'


def rows(count: int) -> str:
    """A cell of many short lines, whose source is long."""
    return "\n".join(f"value_{n} = {n}" for n in range(count))


def test_a_session_is_told_once_that_marks_would_have_paid(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, rows(1_500))
    for _ in range(4):
        run(shell, "%qwen why?")  # the fake's implicit cache is off: nothing is ever hit
    told = run(shell, "%qwen_usage")
    assert LINE in told
    assert LINE not in run(shell, "%qwen_usage")
    assert LINE not in run(shell, "%qwen_context why?")


def test_the_context_says_it_too(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, rows(1_500))
    for _ in range(4):
        run(shell, "%qwen why?")
    assert LINE in run(shell, "%qwen_context why?")


def test_short_sessions_and_those_that_hit_anyway_are_told_nothing(
    shell: InteractiveShell, provider: FakeProvider
) -> None:
    run(shell, "x = 1")
    for _ in range(4):
        run(shell, "%qwen why?")
    assert LINE not in run(shell, "%qwen_usage")
    provider.cache.smallest = 256
    run(shell, rows(1_500))
    for _ in range(2):
        run(shell, "%qwen why?")
    assert LINE not in run(shell, "%qwen_usage")


def test_once_marks_are_asked_for_they_go_along_and_nothing_is_hinted(
    shell: InteractiveShell, provider: FakeProvider
) -> None:
    run(shell, rows(1_500))
    run(shell, LINE)
    first = run(shell, "%qwen why?")
    second = run(shell, "%qwen why?")
    assert "cached" not in first
    assert "% cached)" in second
    *_, content = [message["content"] for message in provider.questions[-1].body["messages"]]
    assert [part["cache_control"] for part in content if "cache_control" in part]
    assert LINE not in run(shell, "%qwen_usage")


def test_a_cell_that_changed_is_named_on_the_receipt(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.cache.smallest = 256
    run(shell, rows(900))
    run(shell, "%qwen why?")
    assert "% cached)" in run(shell, "%qwen why?")
    assert "no cache hit: instructions changed" in run(shell, "%qwen --system 'Be brief.' why?")


def test_an_output_that_grows_old_is_not_said_to_have_changed(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.cache.smallest = 256
    for n in range(3):
        run(shell, f"for i in range(120): print('step', i, 'loss', i * {n + 1} / 7)")
        said = run(shell, "%qwen what does it tell?")
    assert "no cache hit: cell #1 is cut shorter now" in said


def test_off_counts_on_nothing(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, '%config Qwen.cache = "off"')
    run(shell, rows(900))
    run(shell, "%qwen why?")
    assert "no cache hit" not in run(shell, "%qwen --system 'Be brief.' why?")
    assert "hit?" not in run(shell, "%qwen_context why?")

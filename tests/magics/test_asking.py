"""What a question takes along and where it goes, in a real shell: the edges that cost or leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.provider import Answer
from fakes.shells import run
from IPython.core.interactiveshell import InteractiveShell

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.provider import FakeProvider


def test_the_words_of_an_error_are_never_evaluated(shell: InteractiveShell, provider: FakeProvider) -> None:
    run(shell, "pwned = []")
    run(shell, "raise ValueError('bad row: ' + '{' * 2 + ' pwned.append(1) ' + '}' * 2)", fails=True)
    run(shell, "%qwen_fix mind {{ 6 * 7 }}")
    asked = provider.questions[-1].body["messages"][-1]["content"]
    assert shell.user_ns["pwned"] == []
    assert "{{ pwned.append(1) }}" in asked
    assert asked.endswith("Mind:\nmind 42")


@pytest.mark.parametrize("option", ["--without #99", "--unredacted #99", "--without #1..9999999999"])
def test_a_cell_that_is_not_there_is_a_mistake(shell: InteractiveShell, provider: FakeProvider, option: str) -> None:
    told = run(shell, f"%%qwen {option}\nwhy?", fails=True)
    assert "OptionError" in told
    assert provider.requests == []


def test_without_a_receipt_what_has_to_be_said_is_said(shell: InteractiveShell) -> None:
    assert "→ Alibaba Cloud, Singapore" in run(shell, "%%qwen --no-receipt\nwhy?")
    assert "→" not in run(shell, "%%qwen --no-receipt\nwhy?")


def test_the_ledger_follows_the_data_folder(shell: InteractiveShell, tmp_path: Path) -> None:
    run(shell, "%%qwen\nwhy?")
    run(shell, f"%config Qwen.data_dir = {str(tmp_path / 'elsewhere')!r}")
    run(shell, "%%qwen\nwhy?")
    assert (tmp_path / "elsewhere" / "ledger.sqlite").exists()


def test_a_look_with_a_plan_key_shows_no_money(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-sp-" + "0" * 32)
    assert "$" not in run(shell, "%qwen_context why?")


def test_a_failed_answer_of_a_line_is_no_output(shell: InteractiveShell, provider: FakeProvider) -> None:
    provider.enqueue(Answer(text=("broken half",) * 3, error_after=1))
    run(shell, "%qwen why?", fails=True)
    run(shell, "%%qwen\nand now?")
    assert "broken half" not in provider.questions[-1].prompt

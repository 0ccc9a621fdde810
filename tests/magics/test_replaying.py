"""Saved answers in real shells: what comes back, in which order, and what is asked after all."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from fakes.provider import Answer, FakeProvider
from fakes.shells import run
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes.provider import Seen

WHY = "%%qwen --context none\nwhy?"


@pytest.fixture
def asked(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> list[Seen]:
    """A provider that numbers its answers, and what it was asked."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "0" * 32)
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", provider.base_url)
    provider.always = lambda seen: Answer(text=(f"answer {len(provider.questions)}",))
    return provider.requests


@contextmanager
def session() -> Iterator[InteractiveShell]:
    """A shell with the extension loaded, from its start to its end."""
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("load_ext", "qwen_magics")
    try:
        yield shell
    finally:
        shell.run_line_magic("unload_ext", "qwen_magics")
        shell.history_manager.outputs.clear()


def test_a_new_session_replays_once_and_then_asks(asked: list[Seen]) -> None:
    with session() as shell:
        assert "answer 1" in run(shell, WHY)
        assert "answer 2" in run(shell, WHY)
    with session() as shell:
        told = [run(shell, WHY) for _ in range(3)]
    assert ["answer 1" in told[0], "answer 2" in told[1], "answer 3" in told[2]] == [True] * 3
    assert ["replayed" in one for one in told] == [True, True, False]
    assert len(asked) == 3


def test_no_key_no_guard_and_no_provider_is_needed(
    asked: list[Seen], provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session() as shell:
        run(shell, WHY)
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    monkeypatch.setenv("QWEN_MAGICS_BASE_URL", "http://127.0.0.1:9/v1")
    with session() as shell:
        run(shell, "%config Qwen.guard_turn = '0.0000001 USD'\n%config Qwen.guard_day = '0.0000001 USD'")
        run(shell, "%config Qwen.budget_day = '0.0000001 USD'")
        assert "replayed" in run(shell, WHY)
        assert "OverCeiling" not in run(shell, "%qwen_usage")
    assert len(asked) == 1


def test_another_provider_replays_the_same_model(asked: list[Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    with session() as shell:
        run(shell, WHY)
    with session() as shell:
        told = run(shell, WHY.replace("%%qwen", "%%qwen -p openrouter"))
        assert "answer 1" in told
        assert "replayed" in told
        assert "answer 1" not in run(shell, WHY.replace("%%qwen", "%%qwen -p alibaba -m qwen-plus"))


@pytest.mark.parametrize("option", ["--temperature 0.5", "--seed 7", "--system x", "--as json", "--as code"])
def test_what_is_sent_otherwise_is_another_question(asked: list[Seen], provider: FakeProvider, option: str) -> None:
    provider.always = Answer(text=('{"a": 1}',))
    with session() as shell:
        run(shell, WHY)
    with session() as shell:
        assert "replayed" not in run(shell, WHY.replace("none", f"none {option}"))


@pytest.mark.parametrize("option", ["--max-tokens 50", "--no-receipt", "-o said", "--yes", "--budget 1"])
def test_what_changes_nothing_that_is_sent_changes_nothing(asked: list[Seen], option: str) -> None:
    with session() as shell:
        run(shell, WHY)
    with session() as shell:
        run(shell, WHY.replace("none", f"none {option}"))
    assert len(asked) == 1


def test_a_loop_comes_back_in_order_and_asks_when_it_runs_out(asked: list[Seen]) -> None:
    loop = (
        "said = []\nfor _ in range({}):\n    said.append(str(get_ipython().run_line_magic('qwen', '--context none n')))"
    )
    with session() as shell:
        run(shell, loop.format(2))
    for rounds in (3, 4, 4):
        with session() as shell:
            run(shell, loop.format(rounds))
            assert shell.user_ns["said"] == [f"answer {n}" for n in range(1, rounds + 1)]
    assert len(asked) == 4


def test_every_replay_says_what_it_saved(asked: list[Seen]) -> None:
    loop = "for _ in range(3):\n    x = get_ipython().run_line_magic('qwen', '--context none n')"
    with session() as shell:
        run(shell, loop)
    with session() as shell:
        told = run(shell, loop)
    assert told.count("replayed · qwen3-max · saved $0.00") == 3


def test_what_ran_out_names_how_many_there_are(asked: list[Seen]) -> None:
    with session() as shell:
        run(shell, "%qwen --context none why?")
    with session() as shell:
        loop = "for _ in range(2): get_ipython().run_line_magic('qwen', '--replay-only --context none why?')"
        told = run(shell, loop, fails=True)
    assert "answer 1" in told
    assert "1 answer is saved, and it is asked once more" in told
    assert len(asked) == 1


def test_forgotten_answers_are_asked_for(asked: list[Seen], tmp_path: Path, provider: FakeProvider) -> None:
    with session() as shell:
        run(shell, WHY)
        session_ = shell.magics_manager.registry["QwenMagics"].session
        session_.ledger.forget()
    with session() as shell:
        assert "answer 2" in run(shell, WHY)


def test_a_fix_that_is_replayed_puts_no_cell_below(asked: list[Seen], provider: FakeProvider) -> None:
    provider.always = Answer(text=("So:\n\n```python\nx = 1\n```",))
    put = []
    for _ in range(2):
        with session() as shell:
            run(shell, "1 / 0", fails=True)
            told = run(shell, "%qwen_fix")
            put.append(getattr(shell, "rl_next_input", None))
    assert "replayed" in told
    assert put == ["# from %qwen_fix\nx = 1", None]
    assert len(asked) == 1


def test_a_replay_is_no_request_that_left(asked: list[Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that really goes to another provider still says what goes where."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-" + "0" * 32)
    with session() as shell:
        run(shell, WHY)
    with session() as shell:
        run(shell, WHY)
        ledger = shell.magics_manager.registry["QwenMagics"].session.ledger
        notebooks = [entry.place.notebook for entry in ledger.rows()]
        assert ledger.has_sent(notebooks[0], "alibaba", "singapore")
        assert not ledger.has_sent(notebooks[1], "alibaba", "singapore")
        assert ledger.in_flight() == []

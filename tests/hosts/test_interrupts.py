"""Interrupting a real kernel, and a real terminal: it stops at once, keeps what came and records what it may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk import environment
from fakes.provider import Answer, FakeProvider, refuse
from terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from desk import Desk
    from front_end import Ran

HANGS = Answer(text=("one ", "two ", "three"), hang_after=2)  # silence until the client hangs up


def interrupted(desk: Desk, source: str, seen: str, stop: Callable[[], None] | None = None) -> Ran:
    """Run a new cell and stop it as soon as it shows `seen`."""
    index = desk.lab.add(source)
    desk.lab.save()

    def once_seen() -> bool:
        if seen not in desk.lab.shows(index):
            return False
        (stop or desk.lab.interrupt)()
        return True

    return desk.lab.run_cell(index, meanwhile=once_seen)


@pytest.mark.parametrize("way", ["interrupt", "request_interrupt"])
def test_an_interrupt_in_mid_stream_keeps_what_came_and_hangs_up(desk: Desk, way: str) -> None:
    desk.provider.hung_up.clear()
    desk.provider.enqueue(HANGS)
    ran = interrupted(desk, "%%qwen --context none\nCount!", "two", getattr(desk.lab, way))
    assert ran.status == "error"
    assert ran.answer == "one two "
    assert ran.error.splitlines() == [
        "Stopped: You interrupted the answer; what came of it is kept.",
        "  %%qwen --continue goes on from there.",
    ]
    assert desk.provider.hung_up.wait(2)
    receipt = ran.receipt
    assert (receipt["status"], receipt["cost"]["bound"]) == ("stopped", "at_least")
    assert "stopped" in ran.of("receipt")[0].data["text/plain"]
    assert {row.receipt.id: row.receipt.status for row in desk.ledger.rows()}[receipt["id"]] == "stopped"
    assert not desk.ledger.in_flight()


@pytest.mark.parametrize("source", ["%%qwen --continue\nCount on!", "%%qwen --continue"])
def test_a_stopped_answer_goes_on_where_it_broke_off(desk: Desk, source: str) -> None:
    desk.provider.enqueue(HANGS, Answer(text=("three ", "four.")))
    interrupted(desk, "%%qwen\nCount on!", "two")
    index = len(desk.lab.notebook.cells) - 1
    desk.lab.notebook.cells[index].source = source
    ran = desk.lab.run_cell(index)
    assert (ran.status, ran.answer) == ("ok", "one two three four.")
    body = desk.provider.questions[-1].body
    assert [message["content"] for message in body["messages"]][-2:] == ["Count on!", "one two "]
    assert body["messages"][-1]["role"] == "assistant"
    desk.lab.run("%%qwen\nDone?")
    assert "one two three four." in desk.provider.questions[-1].prompt
    assert "stopped" not in desk.provider.questions[-1].prompt.split("Count on!")[-1]


def test_a_stopped_answer_stays_in_the_conversation_marked(desk: Desk) -> None:
    desk.provider.enqueue(HANGS)
    interrupted(desk, "%%qwen\nCount for me!", "two")
    desk.lab.run("%%qwen\nHow far did you come?")
    messages = desk.provider.questions[-1].body["messages"]
    assert messages[-2] == {"role": "assistant", "content": "one two \n\n[stopped here]"}


def test_the_countdown_to_the_next_attempt_can_be_interrupted(desk: Desk) -> None:
    desk.provider.enqueue(refuse(503, "ModelUnavailable", "overloaded", headers={"Retry-After": "50"}))
    ran = interrupted(desk, "%%qwen --context none\nAre you there?", "again in")
    assert (ran.status, ran.answer, ran.receipt["status"]) == ("error", "", "stopped")
    assert "before the answer began" in ran.error
    assert not desk.ledger.in_flight()


def test_thinking_can_be_interrupted(desk: Desk) -> None:
    desk.provider.enqueue(Answer(thinking=("Let me see. ", "Hm. ", "And then"), text=(), hang_after=2))
    ran = interrupted(desk, "%%qwen --context none --think\nWhy?", "Thinking")
    assert (ran.status, ran.answer, ran.receipt["status"]) == ("error", "", "stopped")
    assert "Let me see. " in ran.of("thinking")[0].data["text/html"]


def test_two_interrupts_at_once_are_one(desk: Desk) -> None:
    """The second one comes while the first is being settled, or when the cell has ended."""

    def twice() -> None:
        desk.lab.interrupt()
        desk.lab.interrupt()

    for _ in range(5):
        desk.provider.enqueue(HANGS)
        ran = interrupted(desk, "%%qwen --context none\nCount twice!", "two", twice)
        assert ran.status != "ok"
        assert (ran.answer, ran.receipt["status"]) == ("one two ", "stopped")
        assert {row.receipt.id: row.receipt.status for row in desk.ledger.rows()}[ran.receipt["id"]] == "stopped"
        assert not desk.ledger.in_flight()


def test_a_cell_with_await_can_be_interrupted_too(desk: Desk) -> None:
    desk.provider.enqueue(HANGS)
    source = "import asyncio\nx = %qwen --context none count slowly\nawait asyncio.sleep(0)\nprint('went on')"
    ran = interrupted(desk, source, "two")
    assert (ran.status, ran.receipt["status"]) == ("error", "stopped")
    assert "went on" not in ran.text


def test_an_interrupt_ends_a_loop_of_questions(desk: Desk) -> None:
    desk.provider.enqueue(Answer(text=("first",)), HANGS)
    before = len(desk.provider.questions)
    ran = interrupted(desk, "for n in range(9):\n    %qwen --context none count", "two")
    assert ran.status == "error"
    assert len(desk.provider.questions) == before + 2
    assert ran.receipt["status"] == "stopped"


def test_other_cells_are_interrupted_as_ever(desk: Desk) -> None:
    """The turn before gave the signal back."""
    desk.lab.run("%%qwen --context none\nHello")
    ran = interrupted(desk, "import time\nprint('sleeps', flush=True)\ntime.sleep(50)", "sleeps")
    assert ran.status == "error"
    assert "KeyboardInterrupt" in ran.error


class Gone(Exception):
    """The kernel is no more."""


def test_a_kernel_that_dies_with_a_request_out_leaves_a_lost_turn(desk: Desk) -> None:
    """Its row says so, and what it had shown by then is a stopped answer to who reads the notebook."""
    desk.provider.enqueue(HANGS)

    def die() -> None:
        desk.lab.kill()
        raise Gone

    with pytest.raises(Gone):
        interrupted(desk, "%%qwen\nCount to the end!", "two", die)
    desk.lab.save()
    desk.lab.restart()
    desk.lab.run_cell(0)
    desk.lab.run("%%qwen\nWhat became of it?")
    statuses = [row.receipt.status for row in desk.ledger.rows()]
    assert statuses.count("lost") == 1
    assert not desk.ledger.in_flight()
    messages = desk.provider.questions[-1].body["messages"]
    assert messages[-2] == {"role": "assistant", "content": "one two \n\n[stopped here]"}
    assert messages[-3]["content"].endswith("Count to the end!")


def test_ctrl_c_in_a_terminal(tmp_path: Path) -> None:
    with FakeProvider() as provider:
        provider.enqueue(HANGS, Answer(text=("Yes.",)))
        with Terminal(tmp_path, environment(tmp_path, provider)) as shell:
            shell.run("%load_ext qwen_magics")
            shell.send("%%qwen\nCount here!")
            shell.child.expect("one two ")
            shown = shell.interrupt()
            assert "You interrupted the answer" in shown
            assert "· stopped" in shown
            assert "Traceback" not in shown
            shell.run("%%qwen\nStill there?")
        assert {"role": "assistant", "content": "one two \n\n[stopped here]"} in provider.questions[-1].body["messages"]

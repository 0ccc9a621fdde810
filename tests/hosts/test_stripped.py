"""A notebook after `jupyter qwen strip`: the conversation goes on, and this machine's answers replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from fakes.provider import Answer

from qwen_magics.app import main

if TYPE_CHECKING:
    from desk import Desk


def test_a_stripped_notebook_replays_from_the_ledger_and_its_turns_are_still_known(desk: Desk) -> None:
    desk.provider.enqueue(Answer(text=("Gentoo is heavier.",)))
    desk.lab.run("%%qwen\nWhich is heavier?")
    desk.lab.save()
    assert main(["strip", str(desk.lab.path)]) == 0
    text = desk.lab.path.read_text()
    assert "Gentoo is heavier." in text
    assert "request_hash" not in text
    assert '"asked"' not in text
    assert "qwen-magics.receipt" not in text
    desk.lab.notebook = nbformat.read(desk.lab.path, as_version=4)
    desk.lab.restart()
    desk.lab.run_cell(0)
    asked = len(desk.provider.questions)
    again = desk.lab.run_cell(1)
    assert again.status == "ok", again.error
    assert (again.answer, again.receipt["status"]) == ("Gentoo is heavier.", "replayed")
    assert len(desk.provider.questions) == asked

    assert main(["strip", str(desk.lab.path)]) == 0
    desk.lab.notebook = nbformat.read(desk.lab.path, as_version=4)
    desk.lab.restart()
    desk.lab.run_cell(0)
    later = desk.lab.run("%%qwen\nBy how much?")
    assert later.status == "ok", later.error
    prompt = desk.provider.questions[-1].prompt
    assert "Which is heavier?" in prompt
    assert "Gentoo is heavier." in prompt

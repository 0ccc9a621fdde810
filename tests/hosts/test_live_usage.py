"""`%qwen_usage --live` in a real kernel: figures go to the widget, the notebook keeps a plain line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import nbformat
from desk import Desk
from fakes.provider import Answer, FakeProvider
from fakes.receipts import make
from headless import Headless
from nbformat.v4 import new_code_cell, new_notebook

from qwen_magics.ledger import Where

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 20
VIEW = "application/vnd.jupyter.widget-view+json"


def figures(desk: Desk) -> list[str]:
    """What the view was told to show, in order: comm messages, as a front end hears them."""
    told = []
    for message in desk.lab.heard:
        content: dict[str, Any] = message["content"]
        state = content.get("data", {}).get("state", {}) if message["msg_type"] in ("comm_open", "comm_msg") else {}
        if "<table" in str(state.get("value", "")):
            told.append(str(state["value"]))
    return told


def listen(desk: Desk, until: Callable[[], bool]) -> None:
    """Hear what the kernel says by itself."""
    began = time.monotonic()
    while not until():
        assert time.monotonic() - began < PATIENCE
        for message in desk.lab._messages(0.05):
            desk.lab._take(message)


def send(desk: Desk, comm: str, data: dict[str, Any]) -> None:
    """What a front end sends when something is done to its widgets."""
    message = desk.lab.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    desk.lab.client.shell_channel.send(message)


def opened(desk: Desk, model: str) -> str:
    """The newest widget of a kind."""
    found = [
        message["content"]["comm_id"]
        for message in desk.lab.heard
        if message["msg_type"] == "comm_open" and message["content"]["data"]["state"].get("_model_name") == model
    ]
    return str(found[-1])


def followers_left(desk: Desk) -> str:
    """How many threads still follow, after those that were told to end have had their time."""
    return desk.lab.run(
        "import threading",
        "followers = [thread for thread in threading.enumerate() if thread.name == 'qwen-usage-live']",
        "for thread in followers: thread.join(10)",
        "sum(thread.is_alive() for thread in followers)",
    ).text


def saved(desk: Desk, index: int) -> dict[str, Any]:
    """What the notebook's file keeps of a cell."""
    desk.lab.save()
    (output,) = nbformat.read(desk.lab.path, as_version=4).cells[index].outputs
    return dict(output.data)


def test_the_view_follows_the_ledger_also_while_a_cell_runs_and_stops(desk: Desk) -> None:
    ran = desk.lab.run("%qwen_usage --live")
    assert ran.status == "ok", ran.error
    index = len(desk.lab.notebook.cells) - 1
    assert "Nothing was asked today" in figures(desk)[-1]
    desk.provider.enqueue(Answer(usage={"prompt_tokens": 2048, "completion_tokens": 512}))
    desk.lab.run("%%qwen\nwhy?")
    listen(desk, lambda: "Nothing is in flight" in figures(desk)[-1] and "qwen3-max" in figures(desk)[-1])
    before = len(figures(desk))
    desk.lab.add("input()")  # a cell that runs for as long as nobody answers
    request = desk.lab._send(len(desk.lab.notebook.cells) - 1)
    desk.ledger.settle(make("0.123"), Where("elsewhere.ipynb", "a", "s"))  # another kernel's turn
    listen(desk, lambda: len(figures(desk)) > before)
    assert "$0.12" in figures(desk)[-1]
    desk.lab._end(request, time.monotonic(), typed=iter(["done"]))
    kept = saved(desk, index)
    assert set(kept) == {VIEW, "text/plain"}
    assert "$" not in json.dumps(kept)

    send(desk, opened(desk, "VBoxModel"), {"method": "update", "state": {"_view_count": 1}, "buffer_paths": []})
    send(desk, opened(desk, "ButtonModel"), {"method": "custom", "content": {"event": "click"}})
    listen(desk, lambda: VIEW not in saved(desk, index))
    assert saved(desk, index)["text/plain"].startswith("Followed the ledger from")
    assert any(message["msg_type"] == "comm_close" for message in desk.lab.heard)
    assert followers_left(desk) == "0"


def test_one_view_takes_anothers_place_and_unloading_ends_it(desk: Desk) -> None:
    first, second = (len(desk.lab.notebook.cells) + n for n in range(2))
    desk.lab.run("%qwen_usage --live", "%qwen_usage --live")
    assert [VIEW in saved(desk, n) for n in (first, second)] == [False, True]
    desk.lab.run("%unload_ext qwen_magics")
    listen(desk, lambda: VIEW not in saved(desk, second))
    assert followers_left(desk) == "0"
    desk.lab.run("%load_ext qwen_magics")


def test_what_nobody_looks_at_is_never_filled(tmp_path: Path) -> None:
    """nbclient saves the state of widgets into the notebook: there must be no figures in it."""
    from desk import environment

    with FakeProvider() as provider:
        provider.enqueue(Answer(usage={"prompt_tokens": 2048, "completion_tokens": 512}))
        sources = ("%load_ext qwen_magics", "%%qwen\nwhy?", "%qwen_usage --live")
        notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
        ran = Headless(notebook, tmp_path / "headless.ipynb", environment(tmp_path, provider)).run()
    state = json.dumps(ran.metadata.get("widgets", {}))
    assert "HTMLModel" in state
    assert "<table" not in state
    assert "$" not in state
    assert "$" not in json.dumps(ran.cells[2].outputs)

"""What a question would cost, before it is asked: steps of the price, what is lost, what is left, what forbids it."""

from __future__ import annotations

import asyncio
import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from fakes.typing_browser import NOTEBOOK, WORD, asked, code, held

from qwen_magics.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fakes.browser import Browser
    from fakes.provider import FakeProvider
    from fakes.typing_browser import Post

    from qwen_magics.server.desk import Desk
    from qwen_magics.settings import Settings

LONG = code(f"x ={WORD * 33_000}")  # past the first step of qwen3-max's price, and no output that could be cut


async def test_a_segment_for_each_step_of_the_price(post: Post) -> None:
    _, said = await asked(post, await held(post, LONG), NOTEBOOK)
    assert [(one["over"], one["up_to"]) for one in said["segments"]] == [
        (0, 32_000), (32_000, 128_000), (128_000, 258_048),
    ]  # fmt: skip
    past = said["tokens"] - 32_000
    assert [one["fill"] for one in said["segments"]] == [1, round(past / 96_000, 4), 0]
    assert said["warn"] == {"past": past, "bound": 32_000, "times": "2", "trimmed": None}


async def test_one_segment_where_there_is_no_price(post: Post) -> None:
    _, said = await asked(post, "", provider="local", model="qwen2.5-coder-0.5b")
    (one,) = said["segments"]
    assert (one["over"], one["up_to"]) == (0, said["room"])
    assert said["price"]["basis"] == "free"
    assert said["warn"] is None


async def test_it_tells_what_trimming_would_make_of_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the drawing: some tokens past 32,000, and the price for which trimming would do."""
    name = await held(post, *(code("log()", WORD * 550) for _ in range(60)))
    _, trimmed = await asked(post, name, NOTEBOOK)
    assert trimmed["tokens"] <= 32_000
    assert trimmed["warn"] is None
    assert any("trimmed" in note for note in trimmed["notes"])
    monkeypatch.setenv("QWEN_MAGICS_TRIM", "off")
    _, said = await asked(post, name, NOTEBOOK)
    assert said["warn"]["past"] == said["tokens"] - 32_000 > 0
    assert said["warn"]["trimmed"] == trimmed["price"]["expected"]
    assert Decimal(said["warn"]["trimmed"]) < Decimal(said["price"]["expected"])
    assert said["chips"][0]["jump"] is True


async def test_a_question_may_be_trimmed_otherwise_than_the_server_is_set(
    post: Post, monkeypatch: pytest.MonkeyPatch, jp_root_dir: Path
) -> None:
    name = await held(post, *(code("log()", WORD * 550) for _ in range(60)))
    _, trimmed = await asked(post, name, NOTEBOOK)
    assert trimmed["trim"] == "window"
    _, whole = await asked(post, name, NOTEBOOK, trim="window")
    assert whole["tokens"] > 32_000
    assert not any("trimmed" in note for note in whole["notes"])
    assert whole["trim"] == "tier"
    assert whole["warn"]["trimmed"] == trimmed["price"]["expected"]
    _, small = await asked(post, "")
    assert small["trim"] == ""


async def test_what_costs_nothing_leaves_budgets_alone(post: Post, desk: Desk) -> None:
    desk.ledger.set_budget("day", "USD", Decimal(2))
    _, said = await asked(post, "", provider="local", model="qwen2.5-coder-0.5b")
    assert said["budgets"] == []
    assert said["blocked"] is None or said["blocked"]["kind"] != "Unbounded"


async def test_what_no_budget_bounds_goes_by_a_word_of_its_own(post: Post, desk: Desk) -> None:
    desk.ledger.set_budget("day", "CNY", Decimal(9))
    _, said = await asked(post, "", yes=True)
    assert said["blocked"]["kind"] == "Unbounded"
    assert "--" not in said["blocked"]["remedy"]
    assert (await asked(post, "", unpriced=True))[1]["blocked"] is None


async def test_it_says_what_is_left_of_the_budgets(post: Post, desk: Desk) -> None:
    desk.ledger.set_budget("month", "USD", Decimal(3))
    desk.ledger.set_budget("month", "CNY", Decimal(1))
    _, said = await asked(post, "")
    assert said["budgets"] == [
        {"scope": "month", "currency": "USD", "amount": "3", "left": "3"},
        {"scope": "day", "currency": "USD", "amount": "5", "left": "5"},
    ]


async def test_a_budget_that_cuts_the_answer_says_so_and_one_that_forbids_it_blocks(post: Post, desk: Desk) -> None:
    desk.ledger.set_budget("day", "USD", Decimal("0.02"))
    _, said = await asked(post, "")
    assert said["blocked"] is None
    assert any("answer limit" in note and "today's budget" in note for note in said["notes"])
    desk.ledger.set_budget("day", "USD", Decimal("0.0001"))
    _, said = await asked(post, "")
    assert said["blocked"]["kind"] == "OverCeiling"


async def test_it_says_what_keeps_it_from_being_sent(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await asked(post, await held(post, code("x"))))[1]["blocked"] is None
    private = await held(post, code("x"), qwen_magics={"send": False})
    assert (await asked(post, private, NOTEBOOK))[1]["blocked"]["kind"] == "SendingForbidden"
    monkeypatch.setenv("QWEN_MAGICS_GUARD_TURN", "0.0001 USD")
    assert (await asked(post, ""))[1]["blocked"]["kind"] == "GuardError"
    assert (await asked(post, "", yes=True))[1]["blocked"] is None
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    assert (await asked(post, "", yes=True))[1]["blocked"]["kind"] == "NoKey"


async def test_it_says_where_a_notebook_goes_until_it_went(post: Post, jp_fetch: Callable[..., Any]) -> None:
    name = await held(post, code("x = 1", "1"))
    bare = await held(post, *(code("x = 1") for _ in range(1_200)))
    assert "1,200 cells → Alibaba Cloud" in " ".join((await asked(post, bare, NOTEBOOK))[1]["notes"])
    first = "1 cell and 1 output → Alibaba Cloud, Singapore (through 127.0.0.1)"
    assert first in (await asked(post, name, NOTEBOOK))[1]["notes"]
    body = json.dumps({"text": "Why?", "notebook": name, "chips": [NOTEBOOK]})
    await jp_fetch("qwen", "api", "chat", method="POST", body=body)
    assert first not in (await asked(post, name, NOTEBOOK))[1]["notes"]


async def test_what_is_shown_is_what_is_sent(
    post: Post, jp_fetch: Callable[..., Any], provider: FakeProvider, jp_root_dir: Path
) -> None:
    (jp_root_dir / "a.txt").write_text("a file", "utf-8")
    name = await held(post, code("x = 1", "1"), code("y"))
    chips = [
        NOTEBOOK,
        {"kind": "cell", "name": "c1"},
        {"kind": "file", "name": "a.txt"},
        {"kind": "file", "name": "gone.txt"},
        {"kind": "var", "name": "df", "text": "a table"},
    ]
    body: dict[str, Any] = {"text": "Why?", "notebook": name, "chips": chips, "think": "low", "search": True}
    shown = await post("request", **body)
    response = await jp_fetch("qwen", "api", "chat", method="POST", body=json.dumps(body))
    assert json.loads(shown["body"]) == provider.questions[-1].body
    receipt = json.loads(response.body.rstrip().rpartition(b"data: ")[2])["receipt"]
    assert receipt["left_out"] == ["gone.txt (not found)"]
    words = [item["text"] for item in shown["items"] if item["kind"] != "instructions"]
    assert "\n\n".join(words) == provider.questions[-1].body["messages"][-1]["content"]


async def test_the_turns_of_its_thread_go_along_when_that_chip_is_on(
    post: Post, jp_fetch: Callable[..., Any], provider: FakeProvider
) -> None:
    name = await held(post, code("x = 1"))
    body = json.dumps({"text": "First?", "notebook": name, "chips": []})
    events = (await jp_fetch("qwen", "api", "chat", method="POST", body=body)).body.split(b"data: ")
    begun = json.loads(events[1].partition(b"\n")[0])
    more = {"thread": begun["thread"], "parent": begun["turn"]}
    sent = await post("request", text="Why?", notebook=name, chips=[{"kind": "thread"}, NOTEBOOK], **more)
    roles = [(said["role"], said["content"]) for said in json.loads(sent["body"])["messages"][1:]]
    answer = provider.always.text if not callable(provider.always) and hasattr(provider.always, "text") else ()
    assert roles == [
        ("user", '<cell n="1">\nx = 1\n</cell>\n\nFirst?'),
        ("assistant", "".join(answer)),
        ("user", "Why?"),
    ]
    _, said = await asked(post, name, {"kind": "thread"}, NOTEBOOK, **more)
    _, without = await asked(post, name, {"kind": "thread", "on": False}, NOTEBOOK, **more)
    assert said["chips"][0]["tokens"] == said["tokens"] - without["tokens"] > 0
    assert without["chips"][0]["tokens"] == 0


async def test_an_estimate_that_nobody_waits_for_is_not_made(desk: Desk, browser: Browser) -> None:
    """The next key aborts the request before it: one that stands in the queue is dropped there."""
    busy, happened = threading.Event(), asyncio.Queue[str]()
    count, settings = desk.count, desk.settings

    async def noted(do: Any, *args: Any) -> Any:
        happened.put_nowait("queued")
        try:
            return await count(do, *args)
        except asyncio.CancelledError:
            happened.put_nowait("dropped")
            raise

    def chosen(**options: Any) -> Settings:
        made.append(options.get("model"))
        return settings(**options)

    made: list[object] = []
    desk.count, desk.settings = noted, chosen  # type: ignore[method-assign]
    desk._counting.submit(busy.wait)
    try:
        stale = asyncio.create_task(browser.call("POST", "estimate", {"text": "W", "model": "qwen-plus"}))
        assert await happened.get() == "queued"
        stale.cancel()
        assert await happened.get() == "dropped"
    finally:
        busy.set()
    answer = await browser.call("POST", "estimate", {"text": "Wh", "model": "qwen3-max"})
    assert answer.status_code == 200
    assert "qwen3-max" in made
    assert "qwen-plus" not in made


@pytest.mark.parametrize("scope", ["notebook", "day"])
async def test_what_a_cell_spent_counts_in_the_sidebar(post: Post, desk: Desk, scope: Any) -> None:
    """One ledger: what the sidebar shows as left is what the magics leave."""
    name = await held(post, code("x"))
    desk.ledger.set_budget(scope, "USD", Decimal(1), desk.place("a.ipynb") if scope == "notebook" else "")
    same = Ledger(desk.ledger.path).budgets(desk.place("a.ipynb"))
    _, said = await asked(post, name)
    left = {one["scope"]: Decimal(one["left"]) for one in said["budgets"]}
    assert left[scope] == same[0].left

"""What was spent and budgets, as a browser gets them: the same digits as `%qwen_usage` and `%qwen_budget` show."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from fakes import receipts
from fakes.routes import got, refused, sent
from fakes.script import Answer
from fakes.shells import run
from fakes.turns import PLACE
from IPython.core.interactiveshell import InteractiveShell
from msgspec.structs import replace
from traitlets.config import Config

from qwen_magics import settings
from qwen_magics.display import figures
from qwen_magics.ledger import Ledger, Where
from qwen_magics.values import Cost, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes.provider import FakeProvider
    from fakes.routes import Fetch


@pytest.fixture
def shell(jp_environ: None, provider: FakeProvider) -> Iterator[InteractiveShell]:
    """A kernel's shell on the server's machine."""
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "qwen_magics")
    yield made
    made.run_line_magic("unload_ext", "qwen_magics")
    made.history_manager.outputs.clear()


@pytest.fixture
def ledger(jp_environ: None) -> Ledger:
    """The machine's."""
    return Ledger(settings.load().with_options().data_dir / "ledger.sqlite")


def fill(ledger: Ledger, notebook: str) -> None:
    """Turns of many kinds, days, models and currencies, their amounts with as many digits as there can be."""
    now = dt.datetime.now(dt.UTC)
    for n in range(120):
        usage = Usage(input=1_000 + n, cached=n, output=100 + n, thinking=n % 7)
        cost = [
            Cost(amount=Decimal(n + 1) / 7, basis="computed", prices_as_of="2026-11-01"),
            Cost(amount=Decimal(n + 1) * Decimal("0.00000048"), basis="estimated", bound="at_least"),
            Cost(amount=Decimal("0.1"), currency="CNY", basis="reported", derived=True, cache_saved=Decimal("0.03")),
            Cost(basis="unpriced"),
            Cost(basis="free"),
        ][n % 5]
        receipt = receipts.make(
            cost=cost, model=f"model-{n % 3}", usage=usage, time=(now - dt.timedelta(hours=9 * n)).isoformat()
        )
        ledger.settle(receipt, Where(notebook if n % 2 else "elsewhere.ipynb", "c", "s"))


def summed(rows: list[dict[str, Any]]) -> dict[str, tuple[Decimal | None, int, int, int]]:
    """Amount, turns and tokens by currency, added here."""
    found: dict[str, tuple[Decimal | None, int, int, int]] = {}
    for row in rows:
        priced = row["cost_basis"] not in ("unpriced", "free")
        currency = row["currency"] if priced else ""
        amount, turns, input_, output = found.get(currency, (Decimal(0) if priced else None, 0, 0, 0))
        if priced and amount is not None:
            amount += Decimal(row["amount"])
        found[currency] = amount, turns + 1, input_ + row["input"], output + row["output"]
    return found


def told(sums: list[dict[str, Any]]) -> dict[str, tuple[Decimal | None, int, int, int]]:
    """The same of what the route says."""
    return {
        one["currency"]: (
            None if one["amount"] is None else Decimal(one["amount"]), one["turns"], one["input"], one["output"],
        )
        for one in sums
    }  # fmt: skip


async def test_every_sum_agrees_with_the_turns_that_the_magic_exports(
    jp_fetch: Fetch, shell: InteractiveShell, ledger: Ledger, jp_root_dir: Path
) -> None:
    notebook = str(jp_root_dir / "deep" / "a.ipynb")
    fill(ledger, notebook)
    said = await got(jp_fetch, "usage", notebook="deep/a.ipynb")
    shell.run_cell("turns = %qwen_usage -o json")
    magic = json.loads(shell.user_ns["turns"])
    rows = magic["turns"]

    def local(row: dict[str, Any]) -> str:
        return dt.datetime.fromisoformat(row["time"]).astimezone().date().isoformat()

    today = dt.date.today()
    assert told(said["all"]) == summed(rows)
    assert told(said["today"]) == summed([row for row in rows if local(row) == today.isoformat()])
    assert told(said["month"]) == summed([row for row in rows if local(row)[:7] == today.isoformat()[:7]])
    assert told(said["notebook"]) == summed([row for row in rows if row["notebook"] == notebook])
    chart = {(one["day"], one["model"]) for one in said["days"]}
    assert len({day for day, _ in chart}) == 31
    for day, model in chart:
        its = [one for one in said["days"] if (one["day"], one["model"]) == (day, model)]
        assert told(its) == summed([row for row in rows if (local(row), row["model"]) == (day, model)])
    brief = await got(jp_fetch, "usage", notebook="deep/a.ipynb", brief="1")
    assert (brief["today"], brief["notebook"], brief["budgets"]) == (said["today"], said["notebook"], said["budgets"])
    assert brief["turns"] == []


async def test_marks_and_kinds_are_the_magics_own(jp_fetch: Fetch, shell: InteractiveShell, ledger: Ledger) -> None:
    fill(ledger, "a.ipynb")
    shell.run_cell("found = %qwen_usage --by day -o json")
    names = ("turns", "input", "output", "cached", "thinking", "estimated", "at_least", "free", "unpriced", "lost")
    totals = json.loads(shell.user_ns["found"])["totals"]
    said = (await got(jp_fetch, "usage"))["days"]
    for day, currency in {(one["day"], one["currency"]) for one in said}:
        (magic,) = [one for one in totals if (one["group"], one["currency"]) == (day, currency)]
        its = [one for one in said if (one["day"], one["currency"]) == (day, currency)]
        for name in names:
            assert sum(one[name] for one in its) == magic[name]
        assert any(one["bound"] == "at_least" for one in its) == bool(magic["at_least"])
        assert sum(Decimal(one["saved"]) for one in its) == Decimal(magic["saved"])


async def test_what_a_cell_and_the_chat_spend_adds_up_in_one_place(
    jp_fetch: Fetch, shell: InteractiveShell, provider: FakeProvider
) -> None:
    run(shell, "%%qwen\nWhy?")
    await jp_fetch("qwen", "api", "chat", method="POST", body='{"text": "Why not?"}')
    said = await got(jp_fetch, "usage")
    (total,) = said["today"]
    assert total["turns"] == 2
    assert f"{figures.money(Decimal(total['amount']), 'USD')}" in run(shell, "%qwen_usage")
    chat, cell = said["turns"]
    assert (chat["source"], chat["cell"], chat["notebook"]) == ("sidebar", "", "")
    assert cell["source"] == "cell"
    assert Decimal(chat["receipt"]["cost"]["amount"]) + Decimal(cell["receipt"]["cost"]["amount"]) == Decimal(
        total["amount"]
    )
    assert said["foot"] in run(shell, "%qwen_usage").replace("\n", " ")


async def test_a_notebooks_kernel_and_the_chat_beside_it_spend_under_one_name(
    jp_fetch: Fetch, jp_serverapp: Any, jp_root_dir: Path, provider: FakeProvider
) -> None:
    """A real kernel, as JupyterLab starts it for a notebook in a folder."""
    cells = [nbformat.v4.new_code_cell("%%qwen\nWhy?", id="why")]
    (jp_root_dir / "deep").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), jp_root_dir / "deep" / "a.ipynb")
    started = {"path": "deep/a.ipynb", "type": "notebook", "name": "a.ipynb", "kernel": {"name": "python3"}}
    session = json.loads((await jp_fetch("api", "sessions", method="POST", body=json.dumps(started))).body)
    client = jp_serverapp.kernel_manager.get_kernel(session["kernel"]["id"]).client()
    client.start_channels()
    await client.wait_for_ready()
    for source in ("%load_ext qwen_magics", "%%qwen\nWhy?"):
        asked = client.session.msg("execute_request", {"code": source, "silent": False, "store_history": True})
        asked["metadata"]["cellId"] = "why"
        client.shell_channel.send(asked)
        assert (await client.get_shell_msg(timeout=60))["content"]["status"] == "ok"
    client.stop_channels()
    live = {"path": "deep/a.ipynb", "cells": ["k"], "fresh": {"k": {"kind": "code", "source": "x = 1"}}}
    held = await sent(jp_fetch, "POST", "notebook", **live)
    await jp_fetch(
        "qwen", "api", "chat", method="POST",
        body=json.dumps({"text": "And?", "notebook": held["notebook"], "chips": [{"kind": "notebook"}]}),
    )  # fmt: skip
    said = await got(jp_fetch, "usage", notebook="deep/a.ipynb")
    assert [(one["source"], one["notebook"]) for one in said["turns"]] == [
        ("sidebar", "deep/a.ipynb"),
        ("cell", "deep/a.ipynb"),
    ]
    assert said["notebook"] == said["all"]
    assert said["notebook"][0]["turns"] == 2
    await jp_fetch("api", "sessions", session["id"], method="DELETE")


async def test_an_answer_in_the_chat_overwrites_no_cells(
    jp_fetch: Fetch, shell: InteractiveShell, ledger: Ledger
) -> None:
    """`%qwen_usage --last` shows what reruns of cells overwrote; a second question in the chat is no rerun."""
    run(shell, "%%qwen\nWhy?")
    name = ledger.rows()[0].place.notebook
    for text in ("one", "two"):
        ledger.settle(receipts.make("0.1"), Where(name, "sidebar", "s"), text=text)
    assert "No answer of this notebook was overwritten." in run(shell, "%qwen_usage --last")


async def test_turns_are_named_as_the_server_names_their_notebooks(
    jp_fetch: Fetch, ledger: Ledger, jp_root_dir: Path
) -> None:
    for name in (str(jp_root_dir / "deep" / "a.ipynb"), "/elsewhere/b.ipynb"):
        ledger.settle(receipts.make("0.1"), Where(name, "c", "s"))
    turns = (await got(jp_fetch, "usage"))["turns"]
    assert [one["notebook"] for one in turns] == ["/elsewhere/b.ipynb", "deep/a.ipynb"]


async def test_asking_what_was_spent_makes_no_ledger(jp_fetch: Fetch, ledger: Ledger) -> None:
    said = await got(jp_fetch, "usage")
    assert (said["today"], said["all"], said["turns"]) == ([], [], [])
    assert [one["by"] for one in said["budgets"]] == ["Qwen.guard_day"] * 2
    assert not ledger.path.exists()


# --- budgets --------------------------------------------------------------------------------------------------------


async def test_a_budget_set_here_holds_for_kernels_and_chat_and_can_be_taken_away(
    jp_fetch: Fetch, shell: InteractiveShell, provider: FakeProvider
) -> None:
    said = await sent(jp_fetch, "PUT", "budgets", scope="day", currency="USD", amount="0.000001")
    (mine,) = [one for one in said["budgets"] if one["editable"]]
    assert (mine["scope"], mine["amount"], mine["left"], mine["holds"]) == ("day", "0.000001", "0.000001", True)
    assert "at most 0.000001 are allowed for today" in run(shell, "%%qwen\nWhy?", fails=True)
    answer = await jp_fetch("qwen", "api", "chat", method="POST", body='{"text": "Why?"}')
    assert b"at most 0.000001 are allowed for today" in answer.body
    assert provider.requests == []
    said = await sent(jp_fetch, "PUT", "budgets", scope="day", currency="USD", amount=None)
    assert not any(one["editable"] for one in said["budgets"])
    provider.enqueue(Answer(text=("Because.",)))
    run(shell, "%%qwen\nWhy?")


async def test_a_notebooks_budget_is_that_notebooks(jp_fetch: Fetch, ledger: Ledger, jp_root_dir: Path) -> None:
    ledger.settle(receipts.make("0.25"), replace(PLACE, notebook=str(jp_root_dir / "a.ipynb")))
    body = {"scope": "notebook", "currency": "USD", "amount": "1.5", "notebook": "a.ipynb"}
    (mine,) = [one for one in (await sent(jp_fetch, "PUT", "budgets", **body))["budgets"] if one["editable"]]
    assert (mine["amount"], mine["spent"], mine["left"]) == ("1.5", "0.25", "1.25")
    others = (await got(jp_fetch, "usage", notebook="b.ipynb"))["budgets"]
    assert not any(one["editable"] for one in others)


async def test_of_two_budgets_the_smaller_holds_and_a_settings_file_s_is_not_edited(
    jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_MAGICS_BUDGET_MONTH", "20 USD")
    said = await sent(jp_fetch, "PUT", "budgets", scope="month", currency="USD", amount="30")
    month = [one for one in said["budgets"] if one["scope"] == "month"]
    assert [(one["amount"], one["by"], one["editable"], one["holds"]) for one in month] == [
        ("20", "Qwen.budget_month", False, True),
        ("30", "%qwen_budget", True, False),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": "week", "currency": "USD", "amount": "1"},
        {"scope": "day", "currency": "EUR", "amount": "1"},
        {"scope": "day", "currency": "USD", "amount": "-1"},
        {"scope": "day", "currency": "USD", "amount": "NaN"},
        {"scope": "day", "currency": "USD", "amount": "1e999999"},
        {"scope": "day", "currency": "USD", "amount": "1e-999999"},
        {"scope": "day", "currency": "USD", "amount": "much"},
        {"scope": "day", "currency": "USD"},
        {"scope": "notebook", "currency": "USD", "amount": "1"},
    ],
)
async def test_a_budget_that_can_not_be_changes_nothing(jp_fetch: Fetch, ledger: Ledger, wrong: dict[str, Any]) -> None:
    status, error = await refused(sent(jp_fetch, "PUT", "budgets", **wrong))
    assert status == 400
    assert error["message"]
    assert not ledger.path.exists()


# --- export ---------------------------------------------------------------------------------------------------------


async def test_an_export_is_the_magics_own(
    jp_fetch: Fetch, shell: InteractiveShell, ledger: Ledger, jp_root_dir: Path
) -> None:
    fill(ledger, str(jp_root_dir / "a.ipynb"))
    shell.run_cell("as_csv = %qwen_usage -o csv\nas_json = %qwen_usage -o json")
    for form, kind in (("csv", "text/csv; charset=utf-8"), ("json", "application/json")):
        response = await jp_fetch("qwen", "api", "usage", "export", params={"format": form})
        assert response.body.decode() == shell.user_ns[f"as_{form}"]
        assert response.headers["Content-Disposition"] == f'attachment; filename="qwen-usage.{form}"'
        assert response.headers["Content-Type"] == kind
    one = await jp_fetch("qwen", "api", "usage", "export", params={"format": "csv", "notebook": "a.ipynb"})
    assert {row["notebook"] for row in csv.DictReader(io.StringIO(one.body.decode()))} == {str(jp_root_dir / "a.ipynb")}


async def test_another_form_of_export_is_refused(jp_fetch: Fetch) -> None:
    status, error = await refused(got(jp_fetch, "usage", "export", format="xlsx"))
    assert status == 400
    assert "csv" in error["message"]

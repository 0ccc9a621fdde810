"""Threads through a real Jupyter Server: what a browser lists, renames, deletes and gets back."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from fakes.script import Answer
from tornado.httpclient import HTTPClientError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from fakes.provider import FakeProvider

    Fetch = Callable[..., Awaitable[Any]]


@pytest.fixture
def api(jp_fetch: Callable[..., Any]) -> Fetch:
    """A request to a route of ours, and its answer read."""

    async def fetch(method: str, *path: str, body: Any = None, **query: str) -> Any:
        asked = {"body": json.dumps(body)} if method in ("POST", "PATCH", "PUT") else {}
        response = await jp_fetch("qwen", "api", *path, method=method, params=query or None, **asked)
        return json.loads(response.body) if response.body else None

    return fetch


@pytest.fixture
def ask(jp_fetch: Callable[..., Any], provider: FakeProvider) -> Fetch:
    """Asks a question, which is answered; gives the ids of its turn and thread."""

    async def asked(text: str, **more: Any) -> Any:
        provider.enqueue(Answer(text=("Be", "cause.")))
        response = await jp_fetch("qwen", "api", "chat", method="POST", body=json.dumps({"text": text, **more}))
        first = json.loads(response.body.split(b"data: ")[1].split(b"\n")[0])
        return {"id": first["turn"], "thread": first["thread"]}

    return asked


async def test_what_was_asked_stands_in_a_thread_that_is_named_after_it(api: Fetch, ask: Fetch) -> None:
    turn = await ask("What is a monad?\nIn short.")
    (listed,) = (await api("GET", "threads"))["threads"]
    assert (listed["title"], listed["turns"], listed["running"]) == ("What is a monad?", 1, "")
    assert listed["cost"][0]["currency"] == "USD"
    thread = await api("GET", "threads", listed["id"])
    (kept,) = thread["turns_list"]
    assert thread["head"] == kept["id"] == turn["id"]
    assert (kept["question"], kept["answer"], kept["status"]) == ("What is a monad?\nIn short.", "Because.", "complete")
    assert kept["receipt"]["cost"]["amount"] == listed["cost"][0]["amount"]
    assert "asked" not in kept


async def test_asking_again_with_the_same_parent_keeps_both_branches(api: Fetch, ask: Fetch) -> None:
    first = await ask("One?")
    second = await ask("Two?", thread=first["thread"], parent=first["id"])
    other = await ask("Two, otherwise?", thread=first["thread"], parent=first["id"])
    thread = await api("GET", "threads", first["thread"])
    assert [turn["parent"] for turn in thread["turns_list"]] == ["", first["id"], first["id"]]
    assert thread["head"] == other["id"]
    changed = await api("PATCH", "threads", first["thread"], body={"head": second["id"]})
    assert changed["revision"] > thread["revision"]
    assert (await api("GET", "threads", first["thread"]))["head"] == second["id"]


async def test_a_deleted_thread_comes_back(api: Fetch) -> None:
    made = await api("POST", "threads", body={"title": "  Plans\nof mine ", "notebook": "a/b.ipynb"})
    assert (made["title"], made["notebook"], made["turns_list"]) == ("Plans of mine", "a/b.ipynb", [])
    assert await api("DELETE", "threads", made["id"]) is None
    assert (await api("GET", "threads"))["threads"] == []
    with pytest.raises(HTTPClientError, match="404"):
        await api("GET", "threads", made["id"])
    back = await api("POST", "threads", made["id"], "restore", body={})
    assert back["title"] == "Plans of mine"
    assert [thread["id"] for thread in (await api("GET", "threads"))["threads"]] == [made["id"]]


async def test_threads_are_those_of_a_notebook_or_free(api: Fetch) -> None:
    for title, notebook in (("one", "a.ipynb"), ("two", "b.ipynb"), ("three", "")):
        await api("POST", "threads", body={"title": title, "notebook": notebook})

    async def titles(**query: str) -> list[str]:
        return [thread["title"] for thread in (await api("GET", "threads", **query))["threads"]]

    assert await titles() == ["three", "two", "one"]
    assert await titles(notebook="a.ipynb") == ["one"]
    assert await titles(notebook="") == ["three"]
    assert await titles(query="TW") == ["two"]
    assert await titles(notebook="a.ipynb", query="two") == []


async def test_a_question_in_a_thread_that_is_gone_is_refused_before_anything_leaves(
    api: Fetch, ask: Fetch, provider: FakeProvider
) -> None:
    with pytest.raises(HTTPClientError, match="404"):
        await ask("Why?", thread="0" * 32)
    assert provider.requests == []
    assert (await api("GET", "threads"))["threads"] == []


@pytest.mark.parametrize(("form", "kind"), [("ipynb", "application/x-ipynb+json"), ("json", "application/json")])
async def test_a_thread_goes_out_as_a_file_and_comes_back(
    api: Fetch, ask: Fetch, jp_fetch: Fetch, form: str, kind: str
) -> None:
    turn = await ask("What is a monad?")
    out = await jp_fetch("qwen", "api", "threads", turn["thread"], "export", params={"format": form})
    assert out.headers["Content-Type"].startswith(kind)
    assert f'filename="What-is-a-monad.{form}"' in out.headers["Content-Disposition"]
    body = {"name": f"a.{form}", "content": out.body.decode(), "notebook": "b.ipynb"}
    back = await api("POST", "threads", "import", body=body)
    assert back["id"] != turn["thread"]
    assert (back["title"], back["notebook"]) == ("What is a monad?", "b.ipynb")
    (first,) = (await api("GET", "threads", turn["thread"]))["turns_list"]
    (second,) = back["turns_list"]
    assert second == first | {"id": second["id"]}
    assert back["head"] == second["id"] != first["id"]


async def test_markdown_goes_out_and_other_forms_are_refused(api: Fetch, ask: Fetch, jp_fetch: Fetch) -> None:
    turn = await ask("Was heißt „größer“?")
    out = await jp_fetch("qwen", "api", "threads", turn["thread"], "export", params={"format": "md"})
    assert out.headers["Content-Type"].startswith("text/markdown")
    assert "filename*=UTF-8''Was-hei%C3%9Ft-gr%C3%B6%C3%9Fer.md" in out.headers["Content-Disposition"]
    assert "Because." in out.body.decode()
    with pytest.raises(HTTPClientError, match="400"):
        await jp_fetch("qwen", "api", "threads", turn["thread"], "export", params={"format": "exe"})
    with pytest.raises(HTTPClientError, match="400"):
        await api("POST", "threads", "import", body={"name": "x.json", "content": "{}"})
    with pytest.raises(HTTPClientError, match="404"):
        await jp_fetch("qwen", "api", "threads", "0" * 32, "export")


async def test_threads_go_along_when_their_notebook_gets_another_name(
    api: Fetch, ask: Fetch, jp_fetch: Fetch, jp_root_dir: Path
) -> None:
    """Everybody begins in Untitled.ipynb. And the ledger goes on under the notebook's name of then."""
    (jp_root_dir / "Untitled.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    live = {"path": "Untitled.ipynb", "cells": [], "fresh": {}, "metadata": {}}
    held = await api("POST", "notebook", body=live)
    await ask("Why?", notebook=held["notebook"])
    assert [thread["notebook"] for thread in (await api("GET", "threads"))["threads"]] == ["Untitled.ipynb"]
    named = json.dumps({"path": "Prime numbers.ipynb"})
    await jp_fetch("api", "contents", "Untitled.ipynb", method="PATCH", body=named)
    for _ in range(100):
        (thread,) = (await api("GET", "threads"))["threads"]
        if thread["notebook"] != "Untitled.ipynb":
            break
    assert thread["notebook"] == "Prime numbers.ipynb"


@pytest.mark.parametrize("form", ["md", "ipynb", "json"])
async def test_no_secret_that_is_known_here_goes_out_in_a_file(
    api: Fetch, ask: Fetch, jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """What people typed and selected is kept as it was, for them; a file may go to others."""
    shaped, named = f"sk-{secrets.token_hex(16)}", secrets.token_urlsafe(24)
    monkeypatch.setenv("PAYMENTS_PASSWORD", named)
    chips = [{"kind": "selection", "name": "c", "text": f"login({named!r})"}]
    turn = await ask(f"Is {shaped} a good key?", chips=chips)
    kept = (await api("GET", "threads", turn["thread"]))["turns_list"][0]
    assert (shaped in kept["question"], named in kept["chips"][0]["text"]) == (True, True)
    out = (await jp_fetch("qwen", "api", "threads", turn["thread"], "export", params={"format": form})).body.decode()
    assert "a good key?" in out
    assert shaped not in out
    assert named not in out

"""All routes, walked over: who may come, what a body must be, what is never said. New ones are held to it as well."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest
from fakes.browser import Browser
from fakes.provider import refuse
from jupyter_server.auth.authorizer import Authorizer

from qwen_magics import settings
from qwen_magics.ledger import Ledger
from qwen_magics.server.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from fakes.browser import HandClock
    from fakes.provider import FakeProvider

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WALK = [
    (method, re.sub(r"\(\?P<\w+>[^)]*\)", "0" * 32, path))
    for path, handler in ROUTES
    for method in METHODS
    if getattr(handler, method.lower()).__qualname__ != "RequestHandler._unimplemented_method"
]
CHANGING = [(method, path) for method, path in WALK if method != "GET"]
FITTING = {"text": "Why?", "name": "x.md", "content": "# x", "scope": "day", "currency": "USD", "amount": "5"}
GARBLED = (
    b"", b"{", b"null", b"[]", b'"x"', b"1e999", b"\xff\xfe", b'{"text": 5, "name": [], "scope": {}, "cells": 0}',
    b'{"metadata": {"a": ' + b"[" * 100_000, b"[" * 100_000, b'{"text": "\xed\xa0\xbd"}',
)  # fmt: skip


def problem(response: Any) -> dict[str, Any]:
    said: dict[str, Any] = response.json()
    assert said["version"] == 1
    assert set(said["error"]) == {"kind", "message", "remedy", "request_id"}
    assert said["error"]["message"]
    error: dict[str, Any] = said["error"]
    return error


def test_every_route_is_walked() -> None:
    assert len(WALK) >= len(ROUTES) > 0
    assert ("POST", "chat") in WALK


@pytest.mark.parametrize(("method", "path"), WALK)
async def test_strangers_are_turned_away(server_url: str, provider: FakeProvider, method: str, path: str) -> None:
    for token in ("", "wrong"):
        response = await Browser(server_url, token).call(method, path, {"text": "Why?"})
        assert response.status_code == 403
        problem(response)
    assert not provider.requests


@pytest.mark.parametrize(("method", "path"), WALK)
async def test_who_may_not_use_qwen_is_turned_away(
    browser: Browser, jp_serverapp: Any, provider: FakeProvider, method: str, path: str
) -> None:
    class NotThis(Authorizer):
        def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
            return resource != "qwen"

    jp_serverapp.web_app.settings["authorizer"] = NotThis(parent=jp_serverapp)
    response = await browser.call(method, path, {"text": "Why?"})
    assert response.status_code == 403
    problem(response)
    assert not provider.requests


async def logged_in(url: str, token: str) -> Browser:
    """A browser with the cookies that a page of the server sets, and no token of its own."""
    found = Browser(url)
    await found.client.get(f"tree?token={token}", follow_redirects=False)
    await found.client.get("login", follow_redirects=False)  # sets the XSRF cookie
    assert "_xsrf" in found.client.cookies
    return found


@pytest.mark.parametrize(("method", "path"), CHANGING)
async def test_a_page_of_another_site_can_change_nothing(
    jp_serverapp: Any, server_url: str, provider: FakeProvider, clock: HandClock, method: str, path: str
) -> None:
    foreign = await logged_in(server_url, jp_serverapp.identity_provider.token)
    blind = await foreign.call(method, path, {"text": "Why?"})
    assert (blind.status_code, "_xsrf" in problem(blind)["message"]) == (403, True)
    proof = {"X-XSRFToken": foreign.client.cookies["_xsrf"]}
    elsewhere = await foreign.call(method, path, {"text": "Why?"}, headers={**proof, "Origin": "https://evil.example"})
    assert elsewhere.status_code in (403, 404)
    assert not provider.requests
    own = await foreign.call(method, path, {"text": "Why?"}, headers=proof)
    assert own.status_code != 403


@pytest.mark.parametrize(("method", "path"), [way for way in WALK if way[0] == "GET"])
async def test_a_page_of_another_site_can_read_nothing(
    jp_serverapp: Any, server_url: str, method: str, path: str
) -> None:
    foreign = await logged_in(server_url, jp_serverapp.identity_provider.token)
    for headers in ({"Origin": "https://evil.example"}, {"Referer": "https://evil.example/page"}, {}):
        assert (await foreign.call(method, path, headers=headers)).status_code in (403, 404), headers
    own = await foreign.call(method, path, headers={"Referer": server_url + "lab"})
    assert own.status_code != 403


@pytest.mark.parametrize(("method", "path"), [way for way in WALK if way[0] in ("POST", "PUT", "PATCH")])
async def test_a_body_that_cannot_be_is_refused_in_words(browser: Browser, method: str, path: str) -> None:
    for body in GARBLED:
        response = await browser.client.request(method, f"qwen/api/{path}", content=body)
        assert response.status_code < 500, (body[:40], response.text)
        if response.status_code >= 400:
            problem(response)


@pytest.mark.parametrize(("method", "path"), WALK)
async def test_no_file_of_ours_is_opened_on_the_event_loop(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    """Another process may hold it for seconds, or its disk be far away."""
    Ledger(settings.load().with_options().data_dir / "ledger.sqlite").clear_up()
    there: list[object] = []

    def elsewhere(what: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **given: Any) -> Any:
            if threading.current_thread() is threading.main_thread() and not str(args[:1]).count(":memory:"):
                there.append((what, args))
            return what(*args, **given)

        return noted

    monkeypatch.setattr(sqlite3, "connect", elsewhere(sqlite3.connect))
    monkeypatch.setattr(settings, "load", elsewhere(settings.load))
    assert (await browser.call(method, path, FITTING)).status_code < 500
    assert not there


async def test_half_a_character_is_no_fault(browser: Browser) -> None:
    body = b'{"text": "an emoji cut in two: \\ud83d"}'
    assert (await browser.client.post("qwen/api/estimate", content=body)).status_code == 200


async def test_what_is_not_there_is_said_in_the_same_form(browser: Browser) -> None:
    assert problem(await browser.call("PUT", "chat"))["message"]
    assert (await browser.call("GET", f"chat/{'0' * 32}")).status_code == 404
    after = await browser.call("GET", f"chat/{'0' * 32}?after=-1")
    assert after.status_code in (400, 404)


async def test_no_answer_holds_a_key_or_an_address(
    browser: Browser, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-" + "b" * 32
    monkeypatch.setenv("DASHSCOPE_API_KEY", key)
    provider.enqueue(refuse(401, "invalid_api_key", f"Incorrect API key provided: {key}"))
    heard = ""
    for method, path in WALK:
        async with browser.client.stream(method, f"qwen/api/{path}", json=FITTING) as response:
            heard += str(response.headers) + (await response.aread()).decode()
    provider.__exit__(None)
    async with browser.ask(text="Why?") as stream:
        heard += json.dumps(await stream.until("retrying"))
    assert '"settled"' in heard
    assert key not in heard
    assert key[:12] not in heard
    assert provider.base_url not in heard
    assert "/v1" not in heard

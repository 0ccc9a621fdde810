"""What all routes share: who may come, bodies that are checked, errors as JSON, work off the event loop."""

from __future__ import annotations

import functools
import inspect
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from qwen_magics.errors import QwenError, UnknownThread
from qwen_magics.server.bodies import VERSION, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_magics.server.desk import Desk

T = TypeVar("T")
_METHODS = ("get", "post", "put", "patch", "delete")


class Refused(Exception):
    """The request can't be: an HTTP status from 400 and what to tell."""

    def __init__(self, status: HTTPStatus, message: str, remedy: str = "", **more: Any) -> None:
        super().__init__(message)
        self.status, self.more = status, more
        self.problem = Problem(kind="BadRequest", message=message, remedy=remedy)


class Handler(APIHandler):
    """One route. Each of its methods needs an authenticated, authorised user and (Jupyter Server sees to it) no foreign
    site; a QwenError it raises is answered as JSON with 422, nothing else is said of what went wrong within.
    """

    auth_resource = "qwen"

    def __init_subclass__(cls) -> None:
        for name in _METHODS:
            if name in cls.__dict__:
                setattr(cls, name, _guarded(cls.__dict__[name]))

    @property
    def desk(self) -> Desk:
        """What all routes share."""
        from qwen_magics.server.extension import DESK

        desk: Desk = self.settings[DESK]
        return desk

    def body(self, kind: type[T]) -> T:
        """The request's JSON as a checked value; unknown fields are ignored. Raises Refused."""
        try:
            try:
                return msgspec.json.decode(self.request.body, type=kind)
            except msgspec.ValidationError:
                raise
            except msgspec.DecodeError:
                return msgspec.json.decode(_without_halves(self.request.body), type=kind)
        except (ValueError, RecursionError) as problem:  # msgspec's are ValueErrors and say which field
            raise Refused(HTTPStatus.BAD_REQUEST, f"The request's body can't be: {problem}.") from None

    def answer(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        """Answer with a value as JSON; money stays a string of digits."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(value))

    async def work(self, do: Callable[..., T], *args: Any) -> T:
        """Run what blocks (counting, SQLite, files) off the event loop."""
        return await self.desk.work(do, *args)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors of the server itself, in the same form."""
        problem = kwargs.get("exc_info", (None, None))[1]
        said = problem.log_message if isinstance(problem, web.HTTPError) and problem.log_message else ""
        text = said or HTTPStatus(status_code).phrase
        self.answer({"version": VERSION, "error": Problem(kind="Refused", message=text)}, HTTPStatus(status_code))


def _without_halves(body: bytes) -> bytes:
    """JSON with `?` where half a character stands: a browser may cut an emoji in two, which no UTF-8 can say."""
    return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    @web.authenticated
    @authorized
    @functools.wraps(method)
    async def guarded(self: Handler, *args: Any, **kwargs: Any) -> None:
        self.check_xsrf_cookie()  # the server itself does so only where something may change
        try:
            done = method(self, *args, **kwargs)
            if inspect.isawaitable(done):
                await done
        except Refused as refused:
            self.answer({"version": VERSION, "error": refused.problem, **refused.more}, refused.status)
        except QwenError as error:
            there = not isinstance(error, UnknownThread)
            status = HTTPStatus.UNPROCESSABLE_ENTITY if there else HTTPStatus.NOT_FOUND
            self.answer({"version": VERSION, "error": Problem.of(error)}, status)

    return guarded

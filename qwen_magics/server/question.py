"""From what a browser asks to a plan: chips become items, the thread its turns, the notebook its cells. Sends nothing.

The estimate, "what is sent" and the chat share `prepare`, so that what is shown is what is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.asking import sending, trimming
from qwen_magics.asking.attachments import Shortener
from qwen_magics.context import compose
from qwen_magics.context.layout import layout
from qwen_magics.context.maker import Maker, Memory
from qwen_magics.notebook.cells import Notebook
from qwen_magics.server.chips import Chooser
from qwen_magics.server.earlier import earlier
from qwen_magics.turn import Ask, Place, plan, route
from qwen_magics.turn.ask import SIDEBAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qwen_magics.context.compose import Context, Rules
    from qwen_magics.server.bodies import Question
    from qwen_magics.server.chips import Chosen
    from qwen_magics.server.desk import Desk
    from qwen_magics.server.earlier import Earlier
    from qwen_magics.server.files import File
    from qwen_magics.turn import Plan, Route


class Prepared(Struct, frozen=True, kw_only=True):
    """What would be sent, and what it is made of."""

    plan: Plan
    context: Context
    notebook: Notebook
    chosen: Chosen
    said: Earlier


def prepare(desk: Desk, asked: Question, files: Mapping[str, File], *, trim: str = "") -> Prepared:
    """Decide route, context and request. Blocks. Raises a QwenError, or Refused for a notebook that is not held.

    `files` are those that its chips name, by path; `trim`: instead of its own.
    """
    where = route(
        desk.settings(
            provider=asked.provider,
            model=asked.model,
            think=asked.think,
            max_tokens=asked.max_tokens,
            temperature=asked.temperature,
            trim=trim or asked.trim,
        )
    )
    held = desk.notebooks.get(asked.notebook) if asked.notebook else None
    notebook, memory = (held.notebook, held.memory) if held else (Notebook(), Memory())
    secrets = [*(held.secrets if held else ()), *(secret for file in files.values() for secret in file.secrets)]
    knows, rules = sending.redactor(where.settings, _names(desk, notebook.path, secrets)), _rules(where)
    maker, shortener = Maker(rules, knows), Shortener(knows, where.room, where.vocabulary)
    chosen = Chooser(notebook, files, where.endpoint, maker, shortener).choose(asked.chips)
    turns = desk.threads.path(asked.thread, asked.parent) if asked.parent and chosen.has("thread") else []
    said = earlier(turns, where.room, where.vocabulary)
    context = compose.compose(
        notebook,
        compose.Question(
            text=asked.text.strip(),
            thread=said.items,
            attachments=chosen.attached,
            names=chosen.names,
            pointed=chosen.pointed,
        ),
        replace(rules, only=chosen.only, without=chosen.without if chosen.only is None else frozenset()),
        knows,
        memory,
    )
    place = Place(notebook=desk.place(notebook.path), cell_id=SIDEBAR, session=asked.thread)
    ask = Ask(
        messages=context.messages(),
        options=where.settings.options(search=asked.search),
        asked=context.asked,
        sent=context.sent,
        left_out=(*context.left_out, *said.left_out, *chosen.missing),
        trimmed=context.trimmed,
        redacted=context.redacted,
        place=place,
        yes=asked.yes,
        unpriced=asked.unpriced,
        layout=layout(context.items),
        before=sending.before(desk.ledger, place.notebook),
    )
    return Prepared(plan=plan(ask, where, desk.ledger), context=context, notebook=notebook, chosen=chosen, said=said)


def _names(desk: Desk, path: str, secrets: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Secrets that the notebook's kernel would know by its `.env` and its variables, as far as they can be seen from
    here: what a cell sets, another's output may show.
    """
    set_: dict[str, list[str]] = {}
    for kind, value in secrets:
        set_.setdefault(kind, []).append(value)
    return {"env": desk.dotenv(path), "cells": set_}


def _rules(where: Route) -> Rules:
    return compose.Rules(
        select="all",
        outputs=where.settings.outputs,
        instructions=where.settings.instructions,
        room=where.room,
        vocabulary=where.vocabulary,
        trim=where.settings.trim,
        bounds=trimming.bounds(where),
    )


def allowed(prepared: Prepared) -> None:
    """Raises what keeps it from being sent: NoKey, SendingForbidden, GuardError. Nothing has left then."""
    sending.allowed(prepared.notebook.metadata, prepared.plan.endpoint)
    if prepared.plan.route.refusal is not None:
        raise prepared.plan.route.refusal
    prepared.plan.allowed()

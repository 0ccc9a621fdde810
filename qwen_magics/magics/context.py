"""`%qwen_context`, `--dry-run`, `--full`, `--diff`, `--what-if`: what a question would send and cost. Sends nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec import structs

from qwen_magics.asking import remarks, trimming
from qwen_magics.display import body, context
from qwen_magics.display import changes as differences
from qwen_magics.magics import hint, report
from qwen_magics.magics.options import parse
from qwen_magics.magics.prepare import Prepared, prepare
from qwen_magics.turn import plan
from qwen_magics.turn.budget import foreseen, outlook
from qwen_magics.turn.changes import changes
from qwen_magics.turn.preview import exact, preview

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.magics.options import Given
    from qwen_magics.magics.session import Session
    from qwen_magics.turn import Plan


def show(session: Session, line: str) -> None:
    """The context of a question that would be asked in this cell."""
    given, text = parse(line)
    show_prepared(session, prepare(session, given, text or "…"), given)


def show_prepared(session: Session, prepared: Prepared, given: Given) -> None:
    """What is to be seen of one prepared question: the table, unless it is something else."""
    planned = exact(plan(prepared.ask, prepared.route, session.ledger))
    if given.what_if:
        _what_if(session, prepared, planned, given)
        return
    seen, where = preview(planned, prepared.context), f"{planned.endpoint.label}, {planned.route.title}"
    if given.diff:
        found = differences.table(changes(planned), seen, where=where, now=dt.datetime.now(dt.UTC))
        report.show(session.shell, found)
    if given.full:
        leaves = foreseen(planned)
        report.show(session.shell, body.body(leaves.endpoint.chat_url, leaves.request.body, outlook(planned)))
    if given.dry_run or not given.looks:
        notes = (*_replay(session, planned, given), *_notes(prepared, planned), *hint.marks(session, planned.route))
        report.show(
            session.shell,
            context.table(seen, where=where, notes=notes, trimming=_trimming(session, prepared, planned, given)),
        )


def _what_if(session: Session, prepared: Prepared, planned: Plan, given: Given) -> None:
    """The same question, elsewhere and otherwise."""
    from qwen_magics import credentials
    from qwen_magics.display import whatif as shown
    from qwen_magics.turn import whatif

    other = _by_trimming(session, prepared, given)
    trimmed = other.context.trimmed if other is not None else None
    found = whatif.what_if(whatif.asked(planned, prepared.context, trimmed))
    keys = frozenset(credentials.found(planned.route.settings))
    report.show(session.shell, shown.table(found, keys, full=given.full))


def _replay(session: Session, planned: Plan, given: Given) -> Iterator[str]:
    """That asking would cost nothing, where it would."""
    if planned.route.settings.replay == "on" and not given.fresh and session.replays.due(planned):
        yield "A saved answer to this very question would be shown again, at no cost; `--fresh` asks."


def _by_trimming(session: Session, prepared: Prepared, given: Given) -> Prepared | None:
    """The same question with `--trim tier`, where something else was chosen."""
    if prepared.route.settings.trim == "tier":
        return None
    return prepare(session, structs.replace(given, trim="tier"), "", question=prepared.words)


def _trimming(session: Session, prepared: Prepared, planned: Plan, given: Given) -> str:
    """What was trimmed and what that saves; else, past a step of the price, what trimming would."""
    if said := trimming.notes(planned):
        return f"{said[0][:1].upper()}{said[0][1:]}; `--trim off` sends it whole."
    tier = planned.expected.tier
    other = _by_trimming(session, prepared, given) if tier is not None and not tier.first else None
    said = trimming.notes(exact(plan(other.ask, other.route, session.ledger))) if other is not None else ()
    return f"With `--trim tier`: {said[0]}." if said else ""


def _notes(prepared: Prepared, planned: Plan) -> Iterator[str]:
    """What a reader of the table should know besides."""
    if said := outlook(planned):
        yield said
    yield from remarks.of_context(prepared.context)
    if prepared.context.redacted:
        yield "What was redacted stands as `[redacted: …]`; `--unredacted #N` sends a cell as it is."
    yield from remarks.of_model(prepared.route)
    if prepared.notebook.note:
        yield f"{prepared.notebook.note}."

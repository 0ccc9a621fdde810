"""`%qwen_context` and `--dry-run`: what a question would send and cost, item by item. Sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics import catalog
from qwen_magics.display import reports
from qwen_magics.magics import report
from qwen_magics.magics.options import parse
from qwen_magics.magics.prepare import Prepared, prepare
from qwen_magics.turn import plan
from qwen_magics.turn.preview import preview

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
    """The table of one prepared question."""
    planned = plan(prepared.ask, prepared.route, session.ledger)
    if given.what_if:
        _what_if(session, prepared, planned, full=given.full)
        return
    table = reports.context(
        preview(planned, prepared.context),
        where=f"{prepared.route.endpoint.label}, {prepared.route.title}",
        left_out=prepared.context.left_out,
        broken=prepared.context.broken,
        notes=tuple(_notes(prepared)),
    )
    report.show(session.shell, table)


def _what_if(session: Session, prepared: Prepared, planned: Plan, *, full: bool) -> None:
    """The same question, elsewhere and otherwise."""
    from qwen_magics import credentials
    from qwen_magics.display import whatif as shown
    from qwen_magics.turn import whatif

    found = whatif.what_if(whatif.asked(planned, prepared.context))
    report.show(session.shell, shown.table(found, frozenset(credentials.found(planned.route.settings)), full=full))


def _notes(prepared: Prepared) -> Iterator[str]:
    """What a reader of the table should know besides."""
    context, route = prepared.context, prepared.route
    if context.skipped:
        yield f"Skipped by their marks or tags: {', '.join(f'#{number}' for number in context.skipped)}."
    if route.model is None and route.endpoint.provider == "alibaba":
        hint = catalog.suggest(route.name)
        yield f"The catalogue doesn't know {route.name}: no price, and its window is a guess. {hint}".strip()
    if prepared.notebook.note:
        yield f"{prepared.notebook.note}."

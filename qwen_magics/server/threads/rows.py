"""The threads' rows, read: summaries, turns, paths, what a search finds. Changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from qwen_magics.server.bodies import Chip, Problem
from qwen_magics.server.threads.shapes import Bound, Said, Spend, Summary, Turn
from qwen_magics.values import Receipt

_SAID = "id, parent, question, asked, answer, status"
_DEEPEST = 100_000  # turns that follow one another
_COLUMNS = "id, parent, time, question, asked, chips, answer, thinking, status, receipt, error"


def summaries(connection: sqlite3.Connection, where: str, values: Iterable[object], most: int) -> list[Summary]:
    """The threads that a condition holds for, the last changed first; `notebook` as it is kept."""
    columns = "id, title, notebook, created, updated, revision"
    query = f"select {columns} from threads where {where} order by updated desc, n desc limit ?"
    found = connection.execute(query, (*values, most)).fetchall()
    return [_summary(connection, row) for row in found]


def _summary(connection: sqlite3.Connection, row: tuple[str, str, str, str, str, int]) -> Summary:
    thread, title, notebook, created, updated, revision = row
    query = "select id, status, currency, amount, bound from turns where thread = ? order by n"
    turns = connection.execute(query, (thread,)).fetchall()
    spent: dict[str, Spend] = {}
    for _, _, currency, amount, bound in turns:
        if amount is not None:
            before = spent.get(currency, Spend(currency, Decimal(0)))
            worse: Bound = "at_least" if "at_least" in (bound, before.bound) else "exact"
            spent[currency] = Spend(currency, before.amount + Decimal(amount), worse)
    return Summary(
        id=thread,
        title=title,
        notebook=notebook,
        created=created,
        updated=updated,
        revision=revision,
        turns=len(turns),
        running=next((turn for turn, status, *_ in reversed(turns) if status == "running"), ""),
        cost=list(spent.values()),
    )


def turns(connection: sqlite3.Connection, thread: str) -> list[Turn]:
    """All turns of a thread, oldest first."""
    found = connection.execute(f"select {_COLUMNS} from turns where thread = ? order by n", (thread,))
    return [_turn(row) for row in found]


def path(connection: sqlite3.Connection, thread: str, turn: str) -> list[Said]:
    """The turns from the thread's beginning to `turn`."""
    query = (
        "with recursive up (at, id, next) as ("
        " select 0, id, parent from turns where id = ?2 and thread = ?1"
        " union all select at + 1, turns.id, turns.parent from up join turns on turns.id = up.next and thread = ?1"
        f" where at < {_DEEPEST}) select {_SAID} from up join turns using (id) order by at desc"
    )
    names = _SAID.split(", ")
    return [Said(**dict(zip(names, row, strict=True))) for row in connection.execute(query, (thread, turn))]


def _turn(row: tuple[Any, ...]) -> Turn:
    turn, parent, time, question, asked, chips, answer, thinking, status, receipt, error = row
    return Turn(
        id=turn,
        parent=parent,
        time=time,
        question=question,
        asked=asked,
        chips=msgspec.json.decode(chips, type=list[Chip]),
        answer=answer,
        thinking=thinking,
        status=status,
        receipt=msgspec.json.decode(receipt, type=Receipt) if receipt else None,
        error=msgspec.json.decode(error, type=Problem) if error else None,
    )


def holding(connection: sqlite3.Connection, query: str) -> str:
    """A further condition: threads that hold every word of a query, in their titles, questions or answers, in small
    letters or capitals of any script.
    """
    found: set[str] | None = None
    connection.create_function("folded", 1, str.casefold, deterministic=True)
    connection.create_function("found", 1, lambda thread: found is not None and thread in found)
    for word in query.casefold().split():
        rows = connection.execute(
            "select id from threads where instr(folded(title), ?1) union select thread from turns"
            " where instr(folded(question), ?1) or instr(folded(answer), ?1)",
            (word,),
        )
        these = {thread for (thread,) in rows}
        found = these if found is None else found & these
    return "" if found is None else " and found(id)"

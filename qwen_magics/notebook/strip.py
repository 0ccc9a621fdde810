"""Takes out of a notebook's file what our turns left there besides their answers. Text in, text out; no I/O.

Nothing is written anew: pieces are cut out of the text, so that what stays keeps its bytes, whatever its indentation,
its order of keys, its way of writing numbers and signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from json.decoder import JSONDecoder
from typing import Any, Literal

from msgspec import Struct

from qwen_magics.notebook.receipts import MIME

What = Literal["receipts", "thinking", "reports", "asked", "threads", "answers"]

_ROLES: dict[str, What] = {"receipt": "receipts", "thinking": "thinking", "report": "reports", "answer": "answers"}
# What joins an answer's parts and says how it ended. The rest tells of the question: words, fingerprints, hashes, time.
_STAYS = {"version", "turn", "role", "part", "continues", "begun", "status"}
_BLANK = re.compile(r"[ \t\n\r]*")
_read = JSONDecoder().raw_decode


class NotANotebookError(ValueError):
    """The text is no notebook of nbformat 4; says why."""


class Stripped(Struct, frozen=True):
    """The text that stays, what was taken out by kind (outputs; of `asked` the turns), and how many answers stay."""

    text: str
    removed: dict[What, int]
    answers: int


class _Span(Struct, frozen=True):
    """A value in the text, of an object's member with its key."""

    start: int
    end: int
    value: Any
    key: str = ""
    begins: int = 0  # the value, where `start` is its key's


def strip(text: str, keep: Iterable[What] = ("answers",)) -> Stripped:
    """The notebook without receipts, thinking, reports and what was asked, but for what is to be kept.

    Raises NotANotebookError. Stripping again changes nothing.
    """
    try:
        return _strip(text, frozenset(keep))
    except (ValueError, RecursionError) as error:
        if isinstance(error, NotANotebookError):
            raise
        raise NotANotebookError("it is no JSON that can be read") from error


def _strip(text: str, keep: frozenset[What]) -> Stripped:
    top = _blank(text, 1 if text.startswith("\ufeff") else 0)
    notebook, end = _read(text, top)
    if _blank(text, end) != len(text):
        raise ValueError("more than one value")
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list) or "nbformat" not in notebook:
        older = isinstance(notebook, dict) and "worksheets" in notebook
        raise NotANotebookError("it is a notebook of an older format than 4" if older else "it is no notebook")
    if notebook["nbformat"] != 4:
        raise NotANotebookError(f"it has nbformat {notebook['nbformat']}, not 4")
    cuts: list[tuple[int, int]] = []
    answered: set[str] = set()
    asked: set[str] = set()
    removed: dict[What, int] = {}
    for outputs in _outputs(text, top):
        spans = list(_elements(text, outputs))
        gone: set[int] = set()
        for n, span in enumerate(spans):
            kind = _kind(span.value)
            if kind is not None and kind not in keep:
                gone.add(n)
                removed[kind] = removed.get(kind, 0) + 1
            elif kind == "answers":
                turn = str(span.value["metadata"]["qwen_magics"].get("turn", ""))
                answered.add(turn)
                told = [] if "asked" in keep else list(_told(text, span.start))
                cuts += told
                if told:
                    asked.add(turn)
        cuts += _cut(text, outputs, spans, gone)
    if asked:
        removed["asked"] = len(asked)
    threads = [] if "threads" in keep else list(_threads(text, top))
    if threads:
        cuts += threads
        removed["threads"] = 1
    return Stripped(_without(text, cuts), removed, len(answered))


def _kind(output: Any) -> What | None:
    """What an output of ours is; None: it is not ours. What a later version adds is taken for a report."""
    if not isinstance(output, dict):
        return None
    metadata, data = output.get("metadata"), output.get("data")
    mark = metadata.get("qwen_magics") if isinstance(metadata, dict) else None
    if isinstance(mark, dict) and isinstance(mark.get("role"), str):
        return _ROLES.get(mark["role"], "reports")
    return "receipts" if isinstance(data, dict) and MIME in data else None


def _outputs(text: str, top: int) -> Iterator[int]:
    """Where the lists of outputs begin."""
    for cells in _named(text, top, "cells"):
        for cell in _elements(text, cells.begins):
            if isinstance(cell.value, dict):
                for outputs in _named(text, cell.start, "outputs"):
                    if isinstance(outputs.value, list):
                        yield outputs.begins


def _threads(text: str, top: int) -> Iterator[tuple[int, int]]:
    """What to cut out of the notebook's metadata where it is a thread of the sidebar that was exported."""
    for metadata in _named(text, top, "metadata"):
        for mark in _named(text, metadata.begins, "qwen_magics") if isinstance(metadata.value, dict) else ():
            if isinstance(mark.value, dict):
                members = list(_members(text, mark.begins))
                gone = {n for n, member in enumerate(members) if member.key == "thread"}
                yield from _cut(text, mark.begins, members, gone)


def _told(text: str, output: int) -> Iterator[tuple[int, int]]:
    """What to cut out of an answer's metadata."""
    for metadata in _named(text, output, "metadata"):
        for mark in _named(text, metadata.begins, "qwen_magics"):
            members = list(_members(text, mark.begins))
            gone = {n for n, member in enumerate(members) if member.key not in _STAYS}
            yield from _cut(text, mark.begins, members, gone)


# --- the text ---------------------------------------------------------------------------------------------------------


def _cut(text: str, opens: int, spans: list[_Span], gone: set[int]) -> Iterator[tuple[int, int]]:
    """What to cut out so that the list or object at `opens` loses some of its parts, with their commas."""
    if gone and len(gone) == len(spans):
        yield opens + 1, _blank(text, spans[-1].end)
        return
    first = min(set(range(len(spans))) - gone, default=0)
    for n in sorted(gone):
        yield (spans[n].start, spans[n + 1].start) if n < first else (spans[n - 1].end, spans[n].end)


def _without(text: str, cuts: list[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, end in sorted(cuts):
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def _named(text: str, at: int, key: str) -> Iterator[_Span]:
    return (member for member in _members(text, at) if member.key == key)


def _members(text: str, at: int) -> Iterator[_Span]:
    """The members of the object that begins at `at`."""
    at = _blank(text, at + 1)
    while text[at] != "}":
        key, end = _read(text, at)
        begins = _blank(text, _blank(text, end) + 1)  # behind the colon
        value, end = _read(text, begins)
        yield _Span(at, end, value, key, begins)
        at = _next(text, end)


def _elements(text: str, at: int) -> Iterator[_Span]:
    """The elements of the list that begins at `at`."""
    at = _blank(text, at + 1)
    while text[at] != "]":
        value, end = _read(text, at)
        yield _Span(at, end, value)
        at = _next(text, end)


def _next(text: str, end: int) -> int:
    """Where the next part begins, or the bracket that closes. The text was read as a whole, so it is well formed."""
    at = _blank(text, end)
    return _blank(text, at + 1) if text[at] == "," else at


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at

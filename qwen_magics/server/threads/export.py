"""A thread as a file: Markdown to read, a notebook to go on with, JSON to keep. Reads nothing, writes nothing.

Markdown and notebook show the path that is on screen. Notebook and JSON also hold the thread whole, branches and all,
so that both can be taken back in. Model text is made safe, as in cells.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from qwen_magics.context import expressions
from qwen_magics.context.turns import fingerprint
from qwen_magics.display import receipt as receipts
from qwen_magics.display.figures import counted
from qwen_magics.display.markdown import safe
from qwen_magics.errors import ExpressionError
from qwen_magics.server.threads.shapes import Portable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qwen_magics.server.threads.shapes import Thread, Turn

VERSION = 1
TYPES = {"md": "text/markdown", "ipynb": "application/x-ipynb+json", "json": "application/json"}


def portable(thread: Thread, turns: Sequence[Turn], clean: Callable[[str], str] = str) -> Portable:
    """The thread as files keep it. `clean` takes secrets out of what people typed, selected or were told, which stands
    here as it was before it was sent.
    """
    notebook = "" if Path(thread.notebook).is_absolute() else thread.notebook  # nobody else's business
    return Portable(
        title=clean(thread.title),
        notebook=notebook,
        created=thread.created,
        head=thread.head,
        turns=[_cleaned(turn, clean) for turn in turns],
    )


def _cleaned(turn: Turn, clean: Callable[[str], str]) -> Turn:
    error = turn.error and replace(turn.error, message=clean(turn.error.message), remedy=clean(turn.error.remedy))
    chips = [replace(chip, text=clean(chip.text)) for chip in turn.chips]
    texts = {name: clean(getattr(turn, name)) for name in ("question", "asked", "answer", "thinking")}
    return replace(turn, chips=chips, error=error, **texts)


def on_screen(thread: Portable) -> list[Turn]:
    """The turns from the beginning to the head (to the last one, where no head is known)."""
    turns = {turn.id: turn for turn in thread.turns}
    at = turns.get(thread.head) or next(reversed(thread.turns), None)
    found: list[Turn] = []
    while at is not None and len(found) < len(turns):
        found.append(at)
        at = turns.get(at.parent)
    return found[::-1]


def filename(title: str, form: str) -> str:
    """`What-is-a-monad.md`, for any title."""
    words = re.findall(r"\w+", title)
    return f"{'-'.join(words)[:60].strip('-_') or 'thread'}.{form}"


def as_json(thread: Portable) -> str:
    """The thread whole."""
    return json.dumps(_mark(thread), ensure_ascii=False, indent=1)


def as_markdown(thread: Portable) -> str:
    """Questions and answers, one after the other."""
    shown = on_screen(thread)
    about = [thread.notebook, thread.created[:10], counted(len(shown), "turn")]
    if more := len(thread.turns) - len(shown):
        about.append(f"{counted(more, 'turn')} of other branches not shown")
    parts = [f"# {thread.title or 'A thread'}", _code(" · ".join(word for word in about if word))]
    for turn in shown:
        parts += ["---", f"**You** · {turn.time[:16].replace('T', ' ')} UTC", safe(turn.question)]
        if turn.answer:
            parts += [f"**{turn.receipt.model if turn.receipt else 'Answer'}**", safe(turn.answer)]
        if turn.error is not None:
            parts.append(_code(f"{turn.error.kind}: {turn.error.message}"))
        parts.append(_code(receipts.line(turn.receipt) if turn.receipt else turn.status))
    return "\n\n".join([safe(parts[0]), *parts[1:]]) + "\n"


def as_notebook(thread: Portable) -> str:
    """Questions as `%%qwen` cells with their answers; run again, each asks again, and sees the cells above."""
    cells = [
        _cell("markdown", "title", safe(f"# {thread.title or 'A thread'}")),
        _cell("code", "load", "%load_ext qwen_magics", outputs=[]),
        *(_asked(turn) for turn in on_screen(thread)),
    ]
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            **_mark(thread),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _mark(thread: Portable) -> dict[str, Any]:
    return {"qwen_magics": {"version": VERSION, "thread": msgspec.to_builtins(thread)}}


def _asked(turn: Turn) -> dict[str, Any]:
    source = f"%%qwen\n{_literal(turn.question)}"
    return _cell("code", turn.id, source, outputs=_outputs(turn, fingerprint(source)))


def _literal(question: str) -> str:
    """In the sidebar braces are plain text; in a cell an expression between two of them would be evaluated."""
    try:
        plain = all(isinstance(part, str) for part in expressions.parse(question))
    except ExpressionError:
        plain = False
    return question if plain else question.replace("{{", "{ {").replace("}}", "} }")


def _outputs(turn: Turn, question: str) -> list[dict[str, Any]]:
    """As a cell's turn leaves them."""
    receipt, found = turn.receipt, []
    name = receipt.id if receipt is not None else turn.id
    if turn.thinking:
        found.append(_shown(receipts.folded("Thought", turn.thinking), receipts.marked("thinking", name)))
    if turn.answer:
        data = {"text/markdown": safe(turn.answer), "text/plain": turn.answer}
        said = {
            "part": 0,
            "asked": turn.asked or turn.question,
            "question": question,
            "request_hash": receipt.request_hash if receipt is not None else "",
            "time": turn.time,
            "status": receipt.status if receipt is not None else "stopped",
        }
        found.append(_shown(data, receipts.marked("answer", name, **said)))
    if receipt is not None:
        found.append(_shown(*receipts.bundle(receipt)))
    if turn.error is not None:
        lines = [f"{turn.error.kind}: {turn.error.message}", turn.error.remedy]
        traceback = [line for line in lines if line]
        found.append(
            {"output_type": "error", "ename": turn.error.kind, "evalue": turn.error.message, "traceback": traceback}
        )
    return found


def _shown(data: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def _cell(kind: str, name: str, source: str, **more: Any) -> dict[str, Any]:
    code = {"execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": {}, "source": source, **code, **more}


def _code(text: str) -> str:
    """One line that stands as it is: amounts would be taken for formulas."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{plain}`"

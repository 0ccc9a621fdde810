"""The answers that stand in a cell's outputs, as the model gave them. Display writes them; context reads them.

Each part of an answer has `metadata.qwen_magics = {"version": 1, "turn", "role": "answer", "part"}`; the first part
also has `asked`, `question`, `request_hash`, `time` and `begun`, the last one `status`. `text/plain` is the model's own
text, `text/markdown` the same made safe for display.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.notebook.cells import joined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qwen_magics.notebook.cells import Output

_FOLDED = re.compile(r"<pre[^>]*>(.*)</pre>", re.DOTALL)


class SavedAnswer(Struct, frozen=True):
    """One turn's answer. `asked` is the question as it was sent, `question` the fingerprint of the cell's source then.

    `status` is a receipt's; `stopped` too where the last part is missing because the kernel died. `request_hash` and
    `time` are those of the request that it came from, also where it was replayed. `begun`: so many characters of the
    text stood there before, and the turn went on from them.
    """

    turn: str
    text: str
    asked: str = ""
    question: str = ""
    status: str = "stopped"
    request_hash: str = ""
    time: str = ""
    begun: int = 0
    thinking: str = ""

    @property
    def whole(self) -> bool:
        """Whether the answer came to its end."""
        return self.status in ("complete", "replayed")


def read(outputs: Iterable[Output]) -> SavedAnswer | None:
    """The last turn's answer in a cell's outputs; None where there is none."""
    found = read_all(outputs)
    return found[-1] if found else None


def read_all(outputs: Iterable[Output]) -> list[SavedAnswer]:
    """Every turn's answer, in order. Unknown keys are ignored, wrong types are as good as missing."""
    turns: dict[str, list[tuple[dict[str, Any], str]]] = {}
    thoughts: dict[str, str] = {}
    for output in outputs:
        mark = output.metadata.get("qwen_magics")
        if not isinstance(mark, dict):
            continue
        if mark.get("role") == "answer":
            turns.setdefault(_word(mark, "turn"), []).append((mark, _own_text(output)))
        elif mark.get("role") == "thinking":
            thoughts[_word(mark, "turn")] = _unfolded(output)
    found = [_joined(turn, parts) for turn, parts in turns.items()]
    return [replace(answer, thinking=thoughts[answer.turn]) if answer.turn in thoughts else answer for answer in found]


def _joined(turn: str, parts: list[tuple[dict[str, Any], str]]) -> SavedAnswer:
    marks, text = [mark for mark, _ in parts], "".join(text for _, text in parts)
    begun = marks[0].get("begun")
    return SavedAnswer(
        turn=turn,
        text=text,
        asked=_word(marks[0], "asked"),
        question=_word(marks[0], "question"),
        status=_word(marks[-1], "status") or "stopped",
        request_hash=_word(marks[0], "request_hash"),
        time=_word(marks[0], "time"),
        begun=begun if isinstance(begun, int) and 0 <= begun <= len(text) else 0,
    )


def _unfolded(output: Output) -> str:
    """The text behind a line of thinking."""
    found = _FOLDED.search(_text(output, "text/html"))
    return unescape(found[1]) if found else ""


def _own_text(output: Output) -> str:
    return _text(output, "text/plain") or _text(output, "text/markdown")


def _text(output: Output, mime: str) -> str:
    text = output.data.get(mime)
    if isinstance(text, str) or (isinstance(text, list) and all(isinstance(line, str) for line in text)):
        return joined(text)
    return ""


def _word(mark: dict[str, Any], name: str) -> str:
    value = mark.get(name)
    return value if isinstance(value, str) else ""

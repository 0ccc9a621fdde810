"""What most of an item is, in a word: a log, a table, a traceback, source. A guess by looks, for telling people."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qwen_magics.context.items import Item

_LINES = 200  # are looked at
_LOG = re.compile(
    r"\W*(?:\d{4}[-/]\d\d[-/]\d\d\b|\d\d:\d\d:\d\d\b)"
    r"|.{0,60}\b(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b"
    r"|\W*(?:epoch|step|iter(?:ation)?|batch)\b\W*\d",
    re.IGNORECASE,
)
_TRACEBACK = re.compile(
    r"^(?:Traceback \(most recent|Cell\S*,? line \d|\s*File .+(?:line |:)\d+|-+> \d+ )", re.MULTILINE
)
_COLUMNS = re.compile(r"\S(?: \| |\t| {2,})\S.*(?: \| |\t| {2,})\S")


def nature(item: Item) -> tuple[str, str]:
    """The word, and the part of the item that it names: the longest one."""
    if item.kind in ("instructions", "mark", "question", "attachment"):
        return ("summary" if item.kind == "attachment" else "", item.text)
    if item.kind == "turn":
        return ("answer", item.answer) if len(item.answer) >= len(item.text) else ("question", item.text)
    longest = max(item.outputs, key=len, default="")
    if len(longest) <= len(item.text):
        return ("source" if item.tag == "cell" else "text"), item.text
    return _looks(longest), longest


def _looks(output: str) -> str:
    if output.startswith("(answer) "):
        return "answer"
    if _TRACEBACK.search(output[:5_000]) and re.search(
        r"^\w*(?:Error|Exception|Interrupt|Exit)\b", output, re.MULTILINE
    ):
        return "traceback"
    lines = list(islice(filter(None, output.split("\n")), _LINES))
    if 2 * sum(bool(_LOG.match(line)) for line in lines) > len(lines):
        return "log"
    return "table" if 2 * sum(bool(_COLUMNS.search(line)) for line in lines) > len(lines) else "output"

"""What goes along beside cells, put into the words in which the model gets it: values, files, what is selected."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeAlias

from qwen_magics import tokens
from qwen_magics.context.items import Item

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_magics.context.redact import Redactor

Make: TypeAlias = "Callable[[str], Item]"
MOST = 8_000  # tokens of one attachment: a quarter of the first price step; of a small model half its room


def value(name: str, description: str, title: str = "") -> Item:
    """A variable, as `describe` puts its value into words; `title`: its type."""
    return _item(f"@{name}", title, f'<value name="{escape(name)}">\n{description}\n</value>')


def file(path: str, text: str) -> Item:
    """A file's text."""
    return _item(path.rpartition("/")[2], path, f'<file name="{escape(path)}">\n{text}\n</file>')


def selection(number: int, text: str) -> Item:
    """Text that is selected in a cell."""
    return _item(f"selection in #{number}", "", f'<selected cell="{number}">\n{text}\n</selected>')


def pointer(number: int, what: str) -> Item:
    """Says which cell the user means: `selected`, or the `error`."""
    return _item(f"{what} #{number}", "", f'<{what} cell="{number}"/>')


class Shortener:
    """Cuts what is attached to a size, after its secrets became marks: half a secret would not be known as one."""

    def __init__(self, redactor: Redactor, room: int, vocabulary: str) -> None:
        self._redactor, self._most, self._vocabulary = redactor, min(MOST, room // 2), vocabulary

    def short(self, text: str) -> tuple[str, int, int]:
        """The text with a mark in place of what went, how many tokens went, and how many secrets became marks."""
        clean = self._redactor.redact(text)
        cut = tokens.cut(clean.text, self._most, self._vocabulary)
        return cut.text, cut.dropped, sum(found.count for found in clean.found)


def _item(label: str, title: str, text: str) -> Item:
    return Item(kind="attachment", label=label, title=title, text=text)

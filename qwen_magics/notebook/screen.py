r"""What is left to see of a stream: `\r`, backspace and ANSI sequences carried out, as a terminal would.

Fed piece by piece it gives the same as fed at once, so the kernel's record can shorten a stream while it grows.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"(\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erase
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]"  # two-character sequences
    r"|\x1b"
    r"|[\x00-\x08\x0b-\x1f\x7f\x80-\x9f])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_FARTHEST = 512  # columns that a sequence may move the cursor past a line's end


def resolved(text: str) -> str:
    r"""`text` as it looks in the end: without control characters but for `\n` and `\t`."""
    if text.replace("\n", "").isprintable() or not _CONTROL.search(text):
        return text  # nearly every text, so this is to be quick
    screen = Screen()
    screen.feed(text)
    return screen.text


class Screen:
    """Lines of text with a cursor. The line under the cursor is a list of characters, the others are strings."""

    def __init__(self) -> None:
        self._rows: list[str] = [""]
        self._row = 0
        self._line: list[str] = []
        self._column = 0

    @property
    def text(self) -> str:
        """What is on the screen."""
        self._rows[self._row] = "".join(self._line)
        return "\n".join(self._rows)

    def feed(self, text: str) -> None:
        """Write text with its control sequences; a sequence must not be split between two calls."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self._new_line()
            if not _CONTROL.search(line):
                self._write(line)
                continue
            for token in _TOKEN.split(line):
                if token and (token[0] < " " or "\x7f" <= token[0] <= "\x9f") and token[0] != "\t":
                    self._control(token)
                else:
                    self._write(token)

    def shorten(self, head: int, tail: int) -> None:
        """Drop what lies between the first `head` and the last `tail` characters (a little more of both is kept)."""
        self._rows[self._row] = "".join(self._line)
        rows = [row if len(row) <= head + tail else row[:head] + row[-tail:] for row in self._rows]
        first, size = 0, 0
        while first < len(rows) and size <= head:
            size += len(rows[first]) + 1
            first += 1
        last, size = len(rows), 0
        while last > first and size <= tail:
            last -= 1
            size += len(rows[last]) + 1
        if self._row >= last:
            self._row -= last - first
        self._rows = rows[:first] + rows[last:]
        self._row = min(self._row, len(self._rows) - 1)
        self._line = list(self._rows[self._row])
        self._column = min(self._column, len(self._line))

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._column > len(self._line):
            self._line.extend(" " * (self._column - len(self._line)))
        self._line[self._column : self._column + len(text)] = text
        self._column += len(text)

    def _new_line(self) -> None:
        if self._row == len(self._rows) - 1:
            self._rows.append("")
        self._go_to(self._row + 1)
        self._column = 0

    def _go_to(self, row: int) -> None:
        row = max(0, min(row, len(self._rows) - 1))
        if row == self._row:
            return
        self._rows[self._row] = "".join(self._line)
        self._row = row
        self._line = list(self._rows[self._row])

    def _control(self, code: str) -> None:
        if code == "\r":
            self._column = 0
        elif code == "\b":
            self._column = max(0, self._column - 1)
        elif code[:2] == "\x1b[":
            digits = code[2:-1].split(";")[0]
            number = min(int(digits), 100_000) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
            self._sequence(code[-1], number)

    def _sequence(self, code: str, number: int | None) -> None:
        count = number or 1
        if code in "AF":
            self._go_to(self._row - count)
        elif code in "BE":
            self._go_to(self._row + count)
        elif code in "CDG":
            column = {"C": self._column + count, "D": self._column - count, "G": count - 1}[code]
            self._column = max(0, min(column, len(self._line) + _FARTHEST))
        elif code == "K":
            self._erase_line(number or 0)
        elif code == "J":
            self._erase_screen(number or 0)
        if code in "EF":
            self._column = 0

    def _erase_line(self, what: int) -> None:
        if what == 0:
            del self._line[self._column :]
        else:
            end = self._column + 1 if what == 1 else len(self._line)
            self._line[:end] = " " * min(end, len(self._line))
        if what == 2:
            self._line.clear()

    def _erase_screen(self, what: int) -> None:
        if what == 0:
            del self._line[self._column :]
            del self._rows[self._row + 1 :]
        elif what in (2, 3):
            self._rows, self._row, self._line, self._column = [""], 0, [], 0

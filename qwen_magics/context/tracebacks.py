"""An error output to the few lines that say what went wrong: the user's frames, where it was raised, the message. Pure.

Frames inside libraries are one line each, without the folders of this machine; execution counts are left out, because
the next run of the same cell has another.
"""

from __future__ import annotations

import re

_CELL = re.compile(
    r"^\s*(?:(?:Cell|Input) In ?\[[^\]]*\]|Cell In|<ipython-input-[^>]*>|File \"?<ipython-input-[^>]*>\"?)"
    r"(?=,? (?:line|in) )"
)
_FILE = re.compile(r"^(?:File .+?:\d+.*|\s*File \".*\", line \d+.*)$")
_LIBRARY = re.compile(
    r"^\s*File \"?(?:.*[/\\](?:site|dist)-packages[/\\]|.*[/\\][Ll]ib[/\\](?:python3[^/\\]*[/\\])?(?=\w))"
)
_TITLE = re.compile(r"^(?:-{20,}|\S+ +Traceback \(most recent call last\):?)$")
_NO_SOURCE = "Could not get source"
_CODE_FILE = re.compile(r" ?\((?:\d+\.py|<[^>]*>|<unknown>), (line \d+)\)$")  # the name is a hash, or counts executions
_MOST_FRAMES = 12
_MOST_LINES = 60


def short_traceback(ename: str, evalue: str, lines: list[str]) -> str:
    """`ename: evalue` at the end of the frames that matter. `lines` hold no ANSI sequences."""
    evalue = _CODE_FILE.sub("", evalue)
    last = f"{ename}: {evalue}" if evalue else ename
    parts = _parts([line.rstrip() for text in lines for line in text.split("\n")])
    body = [line for part in parts for line in part]
    if len(body) > _MOST_LINES:
        body = [*body[: _MOST_LINES // 3], "…", *body[-(_MOST_LINES - _MOST_LINES // 3) :]]
    text = "\n".join(body)
    if last.strip() not in text:
        text = f"{text}\n{last}" if text else last
    return text


def _parts(lines: list[str]) -> list[list[str]]:
    """Frames and what stands between them, each as its lines. Of too many frames those in the middle are left out."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if not line or _TITLE.match(line):
            continue
        ends_frame = _is_frame(parts[-1]) and not line.startswith((" ", "-", ">", "\t"))
        if _CELL.match(line) or _FILE.match(line):
            parts.append([_CELL.sub("Cell", line)])
        elif ends_frame:
            parts.append([line])  # the message, or what joins two exceptions
        else:
            parts[-1].append(line)
    frames = [number for number, part in enumerate(parts) if _is_frame(part)]
    middle = set(frames[3 : -(_MOST_FRAMES - 3)] if len(frames) > _MOST_FRAMES else [])
    kept = [number for number, part in enumerate(parts) if part and number not in middle]
    calls = {number - 1 for number in frames}  # whatever stands before a frame did not raise
    return [_frame(parts[number], raised=number not in calls) for number in kept]


def _is_frame(part: list[str]) -> bool:
    return bool(part) and (part[0].startswith("Cell, ") or part[0].startswith("Cell in ") or bool(_FILE.match(part[0])))


def _frame(part: list[str], raised: bool) -> list[str]:
    """A library's frame is its header, and the line that raised if none follows; the user's own are whole."""
    if not _is_frame(part):
        return part
    if any(_NO_SOURCE in line for line in part):  # compiled code
        return part[:1]
    library = _LIBRARY.match(part[0])
    if not library:
        return part
    arrow = [line for line in part[1:] if line.startswith("-")]
    return ["File " + part[0][library.end() :], *(arrow[:1] if raised else [])]

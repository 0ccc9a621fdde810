"""An error output to the few lines that say what went wrong: the user's frames, where it was raised, the message. Pure.

Frames inside libraries are one line each, without the folders of this machine; execution counts are left out, because
the next run of the same cell has another.
"""

from __future__ import annotations

import re

_HEADER = re.compile(
    r"^(?:(?:Cell|Input) In ?\[?[^\]\n]*\]?,? (?:line \d+|in .*)"
    r"|File .+?:\d+.*|File \"[^\"]*\", line \d+.*|<ipython-input-.*)$"
)
_CELL = re.compile(r"^(?:(?:Cell|Input) In ?\[[^\]]*\]|<ipython-input-[^>]*>|File \"<ipython-input-[^\"]*\")")
_LIBRARY = re.compile(
    r"^File \"?(?:.*[/\\](?:site|dist)-packages[/\\]|.*[/\\]lib[/\\]python3[^/\\]*[/\\]|.*[/\\]Lib[/\\](?=\w))"
)
_RULE = re.compile(r"^-{20,}$")
_TITLE = re.compile(r"^(\S+) +Traceback \(most recent call last\):?$")
_MOST_FRAMES = 12
_MOST_LINES = 60


def short_traceback(ename: str, evalue: str, lines: list[str]) -> str:
    """`ename: evalue` at the end of the frames that matter. `lines` hold no ANSI sequences."""
    last = f"{ename}: {evalue}" if evalue else ename
    parts = _parts([line for text in lines for line in text.split("\n")])
    body = [line for part in parts for line in part]
    if len(body) > _MOST_LINES:
        body = [*body[: _MOST_LINES // 3], "…", *body[-(_MOST_LINES - _MOST_LINES // 3) :]]
    text = "\n".join(body).strip("\n")
    if last.strip() and last.strip() not in text:
        text = f"{text}\n{last}" if text else last
    return text


def _parts(lines: list[str]) -> list[list[str]]:
    """Each frame as its lines, library frames as their header only but for the one that raised."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if _RULE.match(line) or _TITLE.match(line):
            continue
        if _HEADER.match(line):
            parts.append([line])
        elif line.strip():
            if parts[-1] and not line.startswith((" ", "-", ">")) and _is_frame(parts[-1]):
                parts.append([])  # the message, or what joins two exceptions
            parts[-1].append(line.rstrip())
    frames = [part for part in parts if part and _is_frame(part)]
    left_out = {id(part) for part in frames[3 : -(_MOST_FRAMES - 3)]} if len(frames) > _MOST_FRAMES else set()
    return [_frame(part) for part in parts if part and id(part) not in left_out]


def _is_frame(part: list[str]) -> bool:
    return _HEADER.match(part[0]) is not None


def _frame(part: list[str]) -> list[str]:
    if not _is_frame(part):
        return part
    header = _CELL.sub("Cell", part[0])
    library = _LIBRARY.match(header)
    if not library:
        return [header, *part[1:]]
    arrow = [line for line in part[1:] if line.lstrip().startswith("-")]
    return ["File " + header[library.end() :].strip('"'), *arrow[:1]]

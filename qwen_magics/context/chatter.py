"""What a text output says besides its content: addresses, timings, progress bars, installers. The same text comes out
of every run of the same cell, so that the prompt's prefix stays the same. Pure.

Each shape is narrow, because numbers are data. `3.2 s` alone stays; it becomes `… s` only behind words that speak of
how long the run took. `%timeit`'s result stays: who measures wants to show it. `0x7f…` goes only behind ` at `, as
Python's own reprs have it. What a training loop appends to its bar (`loss=0.1`) stays, the bar goes.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{4,16}\b")
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_TIME = rf"{_NUMBER} ?(?:ns|[µμu]s|ms|s|secs?|seconds?|min|mins|minutes?|h|hours?)\b(?: {_NUMBER} ?(?:ms|s|min)\b)*"
_TOOK = re.compile(
    r"(?i)\b(took|elapsed|(?:done|finished|completed|executed|built|fetched|passed|failed|loaded) in"
    r"|(?:wall|execution|elapsed|running|run|training|total) ?time|time (?:taken|elapsed))"
    rf"((?: time)?(?: is| was)?\s{{0,2}}[:=]?\s{{0,2}}(?:about |≈ ?)?){_TIME}"
)
_TIME_SIGNS = ("took", "Took", "lapsed", " in ", "ime")
_KERAS = re.compile(rf" ?(?:━{{3,}}|\[[=>.]{{5,}}\])(?: -)? {_NUMBER}m?s(?: {_NUMBER}(?:[mµu]?s)/\w+)?")
_TQDM = re.compile(
    r"(?:\d{1,3}%\|[^|\n]{0,400}\| {0,9}\S{1,40}|\b\d{1,12}\w{0,20}) \[[\d:?]{1,12}(?:<[\d:? ]{1,12})?"
    r",? {0,9}(?:\?|[\d.?]{1,20}[kMG]?\S{0,20}/s|[\d.]{1,20}s/\S{1,20}?)(?:, (?P<postfix>[^\]\n]*))?\]"
)
_BAR = re.compile(r"^.*[━╸╺─█▏▎▍▌▋▊▉#=]{8,}.*(?:\b\d+:\d\d(?::\d\d)?|-:--:--).*$")

_BAR_SIGNS = ("%|", "━━━", "████", "####", "====", "[>...")
_LONGEST_LINE = 1_000  # characters; no bar is longer

_PIP_SIGNS = ("Requirement", "Collecting", "Success", "Looking in", "restart the kernel", "package")
_PIP_SURE = re.compile(
    r"^(?:Requirement already satisfied: |Collecting \S|Successfully installed |Looking in indexes: "
    r"|Note: you may need to restart the kernel|(?:Audited|Resolved) [\d,]+ packages? in )",
    re.MULTILINE,
)
_PIP = re.compile(
    r"^(?:Requirement already satisfied: |Collecting |Obtaining |Downloading |Using cached "
    r"|Looking in (?:indexes|links): |Installing (?:collected packages|build dependencies|backend dependencies)"
    r"|Successfully (?:installed|uninstalled|built) "
    r"|Attempting uninstall: |Found existing installation: |Uninstalling |Preparing (?:metadata|editable metadata) "
    r"|Building (?:wheels?|editable) |Created (?:wheel|editable) |Stored in directory: |Getting requirements to build "
    r"|Checking if build backend |Running command |Defaulting to user installation |\[notice\]"
    r"|Note: you may need to restart the kernel|WARNING: (?:Running pip as the 'root' user|Cache entry deserialization)"
    r"|Using Python \S+ environment"
    r"|(?:Resolved|Prepared|Installed|Uninstalled|Audited|Checked|Built) [\d,]+ packages? in "
    r"| ?[+~-] [\w.-]+==\S+$)"
)

_LOADED = re.compile(r"^The \S+ extension is already loaded\. To reload it, use:\n  %reload_ext \S+\n?", re.MULTILINE)


def quiet(text: str) -> str:
    """`text` without progress bars, installers' and extensions' lines, memory addresses and timings.

    Most texts have none of them, and a plain search for a few words tells so a hundred times faster than an expression.
    """
    if any(sign in text for sign in _BAR_SIGNS) or ("[" in text and ("/s" in text or "s/" in text)):
        text = _without_progress(text)
    ends = text if len(text) < 1_200 else f"{text[:800]}\n{text[-400:]}"
    if any(sign in ends for sign in _PIP_SIGNS) and _PIP_SURE.search(ends):
        text = "\n".join(line for line in text.split("\n") if not _PIP.match(line.strip()))
    if "already loaded" in text:
        text = _LOADED.sub("", text)
    if " at 0x" in text:
        text = _ADDRESS.sub("0x…", text)
    if any(sign in text for sign in _TIME_SIGNS):
        text = "\n".join(map(_without_times, text.split("\n")))
    return text


def _without_times(line: str) -> str:
    if len(line) > _LONGEST_LINE or not any(sign in line for sign in _TIME_SIGNS):
        return line
    return "CPU times: … s" if line.startswith("CPU times: ") else _TOOK.sub(r"\1\2… s", line)


def _without_progress(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        if len(line) > _LONGEST_LINE:
            lines.append(line)
        elif "[" in line and "]" in line and (match := _TQDM.search(line)):
            label, postfix = line[: match.start()].strip(" :"), (match["postfix"] or "").strip()
            left = f"{label} {postfix}".strip() if postfix else ""
            rest = line[match.end() :].strip()
            lines += [" ".join(part for part in (left, rest) if part)] if left or rest else []
        elif not (":" in line and _BAR.match(line)):
            lines.append(_KERAS.sub("", line) if "/" in line else line)
    return "\n".join(lines)

"""Makes prose safe, which is what stands outside of fences: no HTML, no fetched image, no link but to the web.

What is replaced is replaced by character references, which no renderer takes for anything but text. JupyterLab puts
`$…$` back into a link's attributes when Markdown is done, quotes and all: so links hold no `$`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from urllib.parse import quote, urlsplit

_RISKY = re.compile(r"<[A-Za-z/!?]|!\[|\](?:\(|:)|`{3}|(?:://|www\.)[^\s<]*[$\\]", re.IGNORECASE)
_RISKY_CODE = re.compile(r"<[A-Za-z/!?]|!\[|\](?:\(|:)|\$\$|\\begin|\\\\[\[(]|`{3}")
_GUARD = re.compile(r"\$\$|\\\\\[|\\begin\{|`{3}|~{3}|\[[^\]]*\Z|\\\]")
_PUNCTUATION = re.compile(r"[!-,/:-@\[-`{-~]")

_TOKEN = re.compile(
    r"""(?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<ticks>`+)
    | (?P<auto><(?i:https?|ftp|mailto):[^\s<>]*>)
    | (?P<plain><br[ ]?/?>|<code>[^<>`\[\]$\\\n]*</code>|<pre><code>[^<>`\[\]$\\\n]*</code></pre>)
    | (?P<tag><(?=[A-Za-z/!?]))
    | (?P<image>!\[)
    | (?P<target>\](?:\(|:))""",
    re.VERBOSE,
)
_ALT = r"!\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]"
_GOAL = r"""(?:<([^<>\n]*)>|((?:[^\s()<>\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))"""
_TITLE = r"""(?:[ \t\n]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?"""
_LINK = re.compile(rf"\]\([ \t]*\n?[ \t]*{_GOAL}({_TITLE})\s*\)")
_IMAGE = re.compile(rf"{_ALT}\([ \t]*\n?[ \t]*{_GOAL}({_TITLE})\s*\)", re.DOTALL)
_IMAGE_BY_NAME = re.compile(rf"{_ALT}(?:\[([^\[\]]*)\])?", re.DOTALL)
_DEFINED = re.compile(r"^[ >]*\[([^\[\]\n]+)\]:[ \t]*<?([^\s<>]+)", re.MULTILINE)
_DEFINITION = re.compile(r"\]:[ \t]*\n?[ \t]*(?:<([^<>\n]*)>|(\S+))(?=\s|$)")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]+")
_SCHEME = re.compile(r"[^/?#]*?:")
_NO_SCHEME = re.compile(r"\s*[^\s:&\\<]*(?:\s|$)")
_WEB = re.compile(r"(?:https?|ftp|mailto|tel):", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:(?:https?|ftp)://|www\.)[^\s<]*", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MATH = re.compile(r"(?<!\\)\$\$.*?(?<!\\)\$\$|\\\\\[.*?\\\\\]|\\begin\{([a-z]*\*?)\}.*?\\end\{\1\}", re.DOTALL)
_FORMULA = re.compile(r"(?<!\\)\$\$[^$]+\$\$|(?<![\\$])\$(?![\s$])[^$\n]*[^$\n\s\\]\$(?!\d)")
_LABEL_BEGINS = re.compile(r"^([ \t>*+\d.)-]*)\[(?=(?:[^\[\]\\]|\\.)*\Z)", re.MULTILINE | re.DOTALL)
_MATH_BEGINS = re.compile(r"(?<!\\)\$\$|\\\\\[|\\begin\{")


def safe(text: str, whole: str, *, guarded: bool = False) -> str:
    """Safe prose. `whole` may define its links; `guarded`: there is a fence that must be seen as one."""
    if not _RISKY.search(text) and not (guarded and _GUARD.search(text)):
        return text
    pieces = re.split(r"(\n[ \t]*\n)", text)
    pieces[::2] = [_paragraph(piece, whole, guarded) for piece in pieces[::2]]
    return "".join(pieces)


def reaches(text: str) -> bool:
    """Whether the text, taken for prose, could begin something that ends in what follows it."""
    return _GUARD.search(text) is not None


def plain(text: str) -> str:
    """The text with every sign that means something to a renderer as a character reference."""
    return _PUNCTUATION.sub(lambda sign: f"&#{ord(sign[0])};", text)


def escaped_block(code: str) -> str:
    """Code as one line of HTML in which nothing can be taken for Markdown or HTML."""
    return f"<pre><code>{plain(code.expandtabs(4)).replace(chr(10), '&#10;')}</code></pre>"


def _paragraph(text: str, whole: str, guarded: bool) -> str:
    if not _RISKY.search(text) and not (guarded and _GUARD.search(text)):
        return text
    safe = _Paragraph(text, whole).safe()
    return _balanced(safe) if guarded else safe


class _Paragraph:
    """One pass over a paragraph's signs, in order."""

    def __init__(self, text: str, whole: str) -> None:
        self._text, self._whole = text, whole
        self._kept: list[str] = []  # code spans that stay as they are; a NUL stands for each until the end
        self._out: list[str] = []
        self._at = 0
        self._table = re.search(r"^[ \t>]*\|?[ \t]*:?-+:?[ \t]*\|", text, re.MULTILINE) is not None
        self._formulas = [found.span() for found in _FORMULA.finditer(text)]
        self._runs: dict[int, list[int]] = {}  # where runs of backticks begin, by their length
        for run in re.finditer("`+", text):
            self._runs.setdefault(len(run[0]), []).append(run.start())

    def safe(self) -> str:
        steps: dict[str, Callable[[re.Match[str]], tuple[str, int]]] = {
            "escape": self._escape,
            "ticks": self._code,
            "auto": self._auto,
            "plain": lambda found: (found[0], found.end()),
            "tag": self._tag,
            "image": self._image,
            "target": self._target,
        }
        while (found := _TOKEN.search(self._text, self._at)) is not None:
            self._out.append(self._text[self._at : found.start()])
            said, self._at = steps[found.lastgroup or "escape"](found)
            if said.startswith("[") and self._out[-1].endswith("!"):  # together they would be an image
                self._out[-1] = self._out[-1][:-1] + "&#33;"
            self._out.append(said)
        self._out.append(self._text[self._at :])
        text = _ADDRESS.sub(lambda found: re.sub(r"\$|\\(?=\\|begin)", _percent, found[0]), "".join(self._out))
        kept = iter(self._kept)
        return re.sub("\0", lambda _: next(kept), text)

    def _tag(self, found: re.Match[str]) -> tuple[str, int]:
        """A `<` that could begin a tag; in a formula a blank after it says the same and is no reference."""
        letter = self._text[found.end()].isalpha()
        formula = letter and any(start < found.start() < end for start, end in self._formulas)
        return ("< " if formula else "&lt;"), found.end()

    def _escape(self, found: re.Match[str]) -> tuple[str, int]:
        sign = {"\\<": "&lt;", "\\!": "&#33;"}.get(found[0], found[0])
        return sign, found.end()

    def _code(self, found: re.Match[str]) -> tuple[str, int]:
        ticks = found[0]
        runs = self._runs.get(len(ticks), [])
        end = bisect_left(runs, found.end())
        if end == len(runs):
            return (plain(ticks) if len(ticks) > 2 else ticks), found.end()
        code, after = self._text[found.end() : runs[end]], runs[end] + len(ticks)
        unsure = "\n" in code and _RISKY.search(code)  # a block that begins in a later line would end it
        if not (_RISKY_CODE.search(code) or unsure) and len(ticks) < 3:
            self._kept.append(self._text[found.start() : after])
            return "\0", after
        code = re.sub(r"\s*\n[\s>]*", " ", code)
        if code.strip() and code[0] == code[-1] == " ":
            code = code[1:-1]
        return f"<code>{plain(code.replace(chr(92) + '|', '|') if self._table else code)}</code>", after

    def _auto(self, found: re.Match[str]) -> tuple[str, int]:
        return _link(plain(found[0][1:-1]), found[0][1:-1]), found.end()

    def _target(self, found: re.Match[str]) -> tuple[str, int]:
        """What follows a `]`: a link's or a definition's goal."""
        inline = found[0] == "]("
        whole = (_LINK if inline else _DEFINITION).match(self._text, found.start())
        if whole is None:
            harmless = not inline and _NO_SCHEME.match(self._text, found.end())
            return (found[0] if harmless else f"]{plain(found[0][1])}"), found.end()
        goal = _decoded(whole[1] or whole[2] or "")
        if not _is_web(goal):
            return f"]{plain(found[0][1])}", found.end()
        if inline:
            kept = _encoded(goal) == whole[2] and not re.search(r"[$\\<&]|@@", whole[3])
            return (whole[0] if kept else f"]({_encoded(goal)})"), whole.end()
        kept = _encoded(goal) == whole[2] and not re.search(r"[$\\]", self._text[whole.end() :])
        return (whole[0], whole.end()) if kept else ("]&#58;", found.end())

    def _image(self, found: re.Match[str]) -> tuple[str, int]:
        whole = _IMAGE.match(self._text, found.start())
        if whole is None:
            return self._image_by_name(found)
        goal = _decoded(whole[2] or whole[3] or "")
        if _PICTURE.fullmatch(goal):
            words = re.sub(r"[^\w .,-]", "", whole[1])
            return f"![{words}]({goal})", whole.end()
        return self._shown(whole, goal)

    def _image_by_name(self, found: re.Match[str]) -> tuple[str, int]:
        whole = _IMAGE_BY_NAME.match(self._text, found.start())
        if whole is not None:
            goal = _definitions(self._whole).get((whole[2] or whole[1]).strip().lower())
            if goal is not None:
                return self._shown(whole, _decoded(goal))
        return "&#33;[", found.end()

    def _shown(self, whole: re.Match[str], goal: str) -> tuple[str, int]:
        """An image as a link that shows its host; as bare words within a link, or where the goal isn't the web."""
        label = f"{plain(_decoded(whole[1]))} (image on {plain(_host(goal))})".strip()
        within = self._text[: whole.start()].endswith("[") and self._text.startswith("](", whole.end())
        return (label if within or not _is_web(goal) else _link(label, goal)), whole.end()


@lru_cache(maxsize=2)
def _definitions(text: str) -> dict[str, str]:
    return {label.strip().lower(): goal for label, goal in _DEFINED.findall(text)}


def _link(label: str, goal: str) -> str:
    return f"[{label}]({_encoded(_decoded(goal))})"


def _host(goal: str) -> str:
    try:
        return urlsplit(goal).hostname or goal[:60]
    except ValueError:
        return goal[:60]


def _decoded(goal: str) -> str:
    """What a browser will see: without escapes, character references, controls and blanks at the ends."""
    text = _REFERENCE.sub(lambda found: unescape(found[0]), re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", goal))
    return re.sub(r"[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]", "", text).strip()


def _encoded(goal: str) -> str:
    return re.sub(r"&(?=#?\w+;)", "&amp;", quote(goal, safe="-._~:/?#@!*+,;=%&", errors="replace"))


def _is_web(goal: str) -> bool:
    """Whether the goal names no scheme at all, or one of the web."""
    return _SCHEME.match(goal) is None or _WEB.match(goal) is not None


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _balanced(text: str) -> str:
    """Nothing that some renderer would end in a later fence: formulas end in their line, labels in their block."""
    text = _LABEL_BEGINS.sub(r"\1&#91;", text)
    joined = _MATH.sub(lambda found: re.sub(r"\s*\n[\s>]*", " ", found[0]), text)
    lines = joined.split("\n")
    for number, line in enumerate(lines):
        if _MATH_BEGINS.search(_MATH.sub("", line)):
            line = line.replace("$$", "&#36;&#36;").replace("\\\\[", "&#92;&#92;[").replace("\\begin{", "&#92;begin{")
        lines[number] = re.sub(r"~{3,}", lambda run: plain(run[0]), line)
    return "\n".join(lines)

"""One output → the text that a model gets of it: the same bytes from the kernel's record and from the saved file.

Streams and tracebacks without control sequences, of a mime bundle the representation that says most in words, pictures
and widgets as a note. What is ours (answers, receipts, thinking, reports, errors), progress bars and installers give
nothing. Not cut to size here, beyond what `notebook.bounds` keeps at all, and not redacted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from qwen_magics import errors
from qwen_magics.context.chatter import quiet
from qwen_magics.context.tables import html_to_text
from qwen_magics.context.tracebacks import short_traceback
from qwen_magics.notebook.bounds import LARGEST_RICH, cut
from qwen_magics.notebook.cells import Output, joined
from qwen_magics.notebook.images import image_size
from qwen_magics.notebook.screen import resolved

_OPAQUE = re.compile(r"\s*<[^\n]*>\s*$|\s*$")  # a repr that only names a class: <Figure size …>, <… object at 0x…>
_HANDLE = "<DisplayHandle display_id="  # says nothing, and by default another each time
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_SCRIPTS = frozenset(("application/javascript", "text/javascript", "application/vnd.jupyter.es6-rich-output"))
_remembered: WeakKeyDictionary[Output, str] = WeakKeyDictionary()


def role_of(output: Output) -> str:
    """What a part of our own turn an output is (`answer`, `thinking`, `receipt`, …); `""` for the user's."""
    ours = output.metadata.get("qwen_magics")
    role = ours.get("role") if isinstance(ours, Mapping) else None
    return role if isinstance(role, str) else ""


def is_ours(output: Output) -> bool:
    """Parts of our turns, reports, and the one line that an error of ours shows instead of a traceback."""
    if output.output_type == "error":
        return len(output.traceback) == 1 and _is_error(output.ename)
    return bool(role_of(output))


def _is_error(name: str) -> bool:
    return isinstance(kind := getattr(errors, name, None), type) and issubclass(kind, errors.QwenError)


def canonical(output: Output) -> str:
    """The output's text; `""` where nothing of it is worth sending. Remembered for as long as the output lives."""
    text = _remembered.get(output)
    if text is None:
        text = _remembered[output] = _encodable(_canonical(output))
    return text


def render(outputs: Iterable[Output]) -> list[tuple[str, bool]]:
    """A cell's outputs as texts, and for each whether it is an error. Empty ones are left out."""
    texts = ((canonical(output), output.output_type == "error") for output in outputs)
    return [(text, is_error) for text, is_error in texts if text]


def schema(outputs: Iterable[Output]) -> list[tuple[str, bool]]:
    """What kind of outputs a cell has, and no data of them: a table's columns, how many lines, an error's class."""
    return [(_shape(output, text), output.output_type == "error") for output in outputs if (text := canonical(output))]


def _canonical(output: Output) -> str:
    if is_ours(output):
        return ""
    if output.output_type == "stream":
        return _quiet(cut(resolved(joined(output.text))))
    if output.output_type == "error":
        ename, evalue, *lines = (resolved(cut(text)) for text in (output.ename, output.evalue, *output.traceback))
        return _quiet(cut(short_traceback(ename, evalue, lines)))
    return _bundle(output.data)


def _plain(text: str) -> str:
    """A representation's text, cut before it is resolved, as the record does with it."""
    return _quiet(resolved(cut(text)))


def _quiet(text: str) -> str:
    """Without chatter, white space at line ends, and empty lines around it."""
    text = quiet(text)
    if " \n" in text or ("\t" in text and "\t\n" in text) or text.endswith((" ", "\t")):
        text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    return text.strip("\n")


def _encodable(text: str) -> str:
    """Lone surrogates can't be sent."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def _bundle(data: Mapping[str, Any]) -> str:
    """The words of a mime bundle, then a note for each picture in it."""
    notes = [_picture(mime, data[mime]) for mime in sorted(data) if mime.startswith("image/")]
    return "\n".join(part for part in (_words(data, bool(notes)), *notes) if part)


def _words(data: Mapping[str, Any], pictured: bool) -> str:
    plain, html = _text(data, "text/plain"), _text(data, "text/html", LARGEST_RICH)
    if plain.startswith(_HANDLE):
        return ""
    if _WIDGET in data:
        name = re.match(r"\s*(\w+)\(", plain)
        return f"[widget {name[1]}]" if name else "" if plain and not _plain(plain) else "[widget]"
    says_nothing = _OPAQUE.match(plain) is not None
    if html and "<table" in html and (says_nothing or 'class="dataframe"' in html):
        return _plain(html_to_text(html))
    if not says_nothing:
        return _plain(plain)
    for mime in ("text/markdown", "text/latex"):
        if text := _text(data, mime, LARGEST_RICH):
            return _plain(text)
    if html and (words := _plain(html_to_text(html))):
        return words
    for mime in sorted(mime for mime in data if mime.endswith("json")):
        return _json(mime, data[mime])
    if pictured:
        return ""
    others = [mime for mime in sorted(data) if mime not in _SCRIPTS and mime != "text/plain"]
    if others:
        return f"[{others[0]}]"
    return "" if _SCRIPTS & data.keys() else _plain(plain)


def _text(data: Mapping[str, Any], mime: str, largest: int | None = None) -> str:
    """A representation's text; `""` where there is none, or one larger than `largest`."""
    value = data.get(mime, "")
    text = value if isinstance(value, str) else joined(value) if _is_lines(value) else ""
    if largest is None:
        return cut(text)
    return text if len(text) <= largest else ""


def _is_lines(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


def _picture(mime: str, value: Any) -> str:
    data = value if isinstance(value, str) else joined(value) if _is_lines(value) else ""
    size = image_size(mime, data)
    return f"[{mime} {size[0]}×{size[1]}]" if size else f"[{mime}]"


def _json(mime: str, value: Any) -> str:
    """`application/json` as JSON with sorted keys, as it is saved; of charts and the like only their name."""
    if mime != "application/json":
        return f"[{mime}]"
    text = json.dumps(_whole(value), ensure_ascii=False, sort_keys=True, separators=(", ", ": "), default=str)
    return cut(text) if len(text) <= LARGEST_RICH else f"[{mime}]"


def _whole(value: Any) -> Any:
    """1.0 → 1: JavaScript knows no difference when it saves."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _whole(item) for key, item in value.items()}
    return value


def _shape(output: Output, text: str) -> str:
    if output.output_type == "error":
        return _encodable(f"[error {resolved(output.ename)}]")
    lines = text.split("\n")
    if "text/html" in output.data and " | " in lines[0]:
        return f"[table with the columns {lines[0].strip(' |')}; {len(lines) - 1} row{'s' * (len(lines) > 2)}]"
    if len(lines) == 1 and re.fullmatch(r"\[(?:widget|image/|application/)[^\]]*\]", text):
        return text
    return f"[{len(lines)} line{'s' * (len(lines) > 1)} of text]"

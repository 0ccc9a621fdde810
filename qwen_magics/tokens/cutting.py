"""Cuts a text to a number of tokens: its beginning and end stay, a mark says what went. Same text, same cut."""

from __future__ import annotations

import unicodedata

from msgspec import Struct

from qwen_magics.tokens.counting import Recent, count, encoding_of, ids, plain, upper_bound

_WHOLE = 65_536  # characters that are counted exactly


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


_cuts: Recent[Cut] = Recent(8_192)


def cut(text: str, limit: int, vocabulary: str = "qwen3") -> Cut:
    """`text` in at most `limit` tokens: its beginning, a mark (`… [1,234 tokens left out] …`), its end.

    Whole lines where lines are not too long for that, else whole words, else whole characters. The same text and limit
    give the same cut, and cutting the result again changes nothing. Only `limit` tokens' worth of characters at both
    ends of a very long text are looked at.
    """
    if upper_bound(text) <= limit:
        return Cut(text, vocabulary=vocabulary)
    key = (vocabulary, limit, len(text), hash(text))
    found = _cuts.get(key)
    if found is None:
        found = _cut(text, limit, vocabulary)
        _cuts.put(key, found)
    return found if found.dropped else Cut(text, vocabulary=vocabulary)


def _cut(text: str, limit: int, vocabulary: str) -> Cut:
    """What `cut` gives where the bound can't tell; an empty text that dropped nothing where it fits as it is."""
    encoding = encoding_of(vocabulary)
    reach = 12 * limit + 256  # more characters than `limit` tokens of ordinary text hold
    about = len(text) > max(_WHOLE, 2 * reach)
    ends = [plain(end) for end in ((text[:reach], text[-reach:]) if about else (text,))]
    first, *rest = (ids(end, vocabulary) for end in ends)
    last = rest[0] if rest else first
    if not about and len(first) <= limit:
        return Cut("", vocabulary=vocabulary)
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

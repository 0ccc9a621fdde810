"""Takes secrets out of every text that leaves: each becomes `[redacted: kind]`, the same secret always the same mark.

What is a secret: the values of this session's variables and of `.env` whose names say so, our own keys, the well-known
shapes (`secret_shapes`), and what its place betrays (`secret_places`). A text's result depends on that text and the
known secrets alone, never on what was redacted before. Which texts go, and which are let through as they are, is the
composer's matter.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import string
import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from qwen_magics.context.secret_names import SHORTEST, is_mixed, is_secret, looks_random, says
from qwen_magics.context.secret_places import FINDERS, Place
from qwen_magics.context.secret_shapes import BEGINNINGS, HALVES, LOOSE, OTHERS, beginning
from qwen_magics.context.secret_values import dotenv, secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

OWN = "our own key"
_NEAR = 240  # characters between the two halves of a secret
_RUN = 16  # no shape has fewer of its characters in a row
_REMEMBERED = 32_000_000  # characters
_IN_A_RUN = bytes(120 if chr(i) in string.ascii_letters + string.digits + "_-" else 32 for i in range(256))


class Found(Struct, frozen=True):
    """How many secrets of a kind became marks."""

    kind: str
    count: int


class Redacted(Struct, frozen=True):
    """A text that may leave, and what was taken out of it."""

    text: str
    found: tuple[Found, ...] = ()


class Redactor:
    """Redacts with what is known now: make a new one for each turn, it is cheap and results are remembered across.

    `names` are the variables of the user's namespace; None for none. `environ` is this process's environment with the
    `.env` of its folder unless given.
    """

    def __init__(
        self,
        names: Mapping[str, object] | None = None,
        own_keys: Iterable[str] = (),
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        known = dict.fromkeys((key for key in own_keys if len(key) >= SHORTEST), OWN)
        if environ is None:
            environ = {**{name: os.environ[name] for name in os.environ if says(name)}, **dotenv()}
        for source in (dict(names or {}), environ):
            for name, value in sorted(secrets_in(source), key=lambda pair: (not pair[0].isupper(), pair[0])):
                if is_secret(value) and (says(name) != "perhaps" or looks_random(value)):
                    known[value] = name if known.get(value, OWN) == OWN else known[value]
        spelled = {way: name for value, name in known.items() for way in _spellings(value)}
        self._known = sorted(spelled.items(), key=lambda pair: (-len(pair[0]), pair))
        self.id = hashlib.blake2b(repr(self._known).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def redact(self, text: str) -> Redacted:
        """`text` with every secret marked. Remembered by the whole text."""
        if len(text) < SHORTEST:
            return Redacted(text)
        key = (self.id, text)
        found = _recent.get(key)
        if found is None:
            found = _redact(text, self._known)
            _recent.put(key, found)
        return found


def betrayed(text: str) -> tuple[tuple[str, str], ...]:
    """The secrets that their places in this text betray, each with its kind: what other texts may show as well, which
    a `Redactor` knows only if told so.
    """
    plain = text.encode("ascii", "replace")
    folded = plain.lower()
    places = (place for finder in FINDERS for place in finder(text, folded))
    return tuple(dict.fromkeys((place.kind, text[place.start : place.end]) for place in places))


def _redact(text: str, known: list[tuple[str, str]]) -> Redacted:
    counts: Counter[str] = Counter()
    text = _marked(text, (place for value, kind in known for place in _occurrences(text, value, kind)), counts)
    plain = text.encode("ascii", "replace")
    if (shown := _marked(text, _shapes(text, plain), counts)) is not text:
        text, plain = shown, shown.encode("ascii", "replace")
    folded = plain.lower()
    places = [place for finder in FINDERS for place in finder(text, folded)]
    if places:
        # A secret known by its place is one wherever else it stands in this text.
        values = {text[place.start : place.end]: place.kind for place in reversed(places)}
        places += (
            other
            for value, kind in values.items()
            if kind != "private key" and is_secret(value)
            for other in _occurrences(text, value, kind)
        )
        text = _marked(text, places, counts)
    return Redacted(text, tuple(Found(kind, counts[kind]) for kind in sorted(counts)))


def _marked(text: str, places: Iterable[Place], counts: Counter[str]) -> str:
    """Each place replaced by its mark; of places that overlap, the one that begins first, then the longer, wins and
    covers the others."""
    parts: list[str] = []
    end, covered = 0, 0
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if place.start >= covered:
            parts += [text[max(end, covered) : place.start], f"[redacted: {place.kind}]"]
            counts[place.kind] += 1
            end = place.end
        covered = max(covered, place.end)
    return "".join([*parts, text[max(end, covered) :]]) if parts else text


# --- known values -----------------------------------------------------------------------------------------------------

_WORD_BEFORE = re.compile(r"(?<!\\[nrtbfv])(?<!%[0-9A-Fa-f]{2})(?<=\w)", re.ASCII)


def _occurrences(text: str, value: str, kind: str) -> Iterator[Place]:
    """Where a known value stands as a whole token; of a long random one also a beginning (a table that shortens its
    cells) or a place within a longer word."""
    long = len(value) >= 24 and looks_random(value[:16])
    probe = value[:16] if long else value
    at = text.find(probe)
    while at >= 0:
        end = at + len(probe)
        if long:
            limit = min(len(text) - at, len(value))
            while end - at < limit and text[end] == value[end - at]:
                end += 1
            yield Place(at, end, kind)
        elif not _within_word(text, at, end):
            yield Place(at, end, kind)
        at = text.find(probe, end)


def _within_word(text: str, start: int, end: int) -> bool:
    joined_before = _is_word(text[start]) and _WORD_BEFORE.match(text, start) is not None
    return joined_before or (end < len(text) and _is_word(text[end - 1]) and _is_word(text[end]))


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _spellings(value: str) -> set[str]:
    """A value as it is, and as reprs, JSON, HTML and URLs spell it."""
    ways = {value, value.strip(), repr(value)[1:-1], json.dumps(value)[1:-1], quote(value, safe="")}
    ways |= {html.escape(value), html.escape(value, quote=False)}
    return {way for way in ways if len(way) >= SHORTEST}


# --- shapes -----------------------------------------------------------------------------------------------------------


def _shapes(text: str, plain: bytes) -> Iterator[Place]:
    """Where a well-known shape stands. Only shapes whose sign shows at a long run of their characters are tried."""
    for sign, kind, pattern in LOOSE:
        yield from _around(text, sign, pattern, kind)
    candidates = _runs(text, plain)
    for sign, kind, rest in BEGINNINGS if candidates else ():
        if sign in candidates:
            at, pattern = text.find(sign), beginning(sign, rest)
            while at >= 0:
                match = pattern.match(text, at)
                if match:
                    yield Place(*match.span(), kind)
                at = text.find(sign, match.end() if match else at + 1)
    for kind, quick, pattern in OTHERS:
        if quick.search(candidates):
            for sign in {match[0] for match in quick.finditer(text)}:
                yield from _around(text, sign, pattern, kind)
    for sign, kind, pattern in HALVES:
        if sign in candidates:
            yield from (place for place in _around(text, sign, pattern, kind) if _mixed(text[place.start : place.end]))


def _around(text: str, sign: str, pattern: re.Pattern[str], kind: str) -> Iterator[Place]:
    """What the pattern finds near a sign; where signs stand close together, their surroundings are one stretch."""
    stretches: list[tuple[int, int]] = []
    at = text.find(sign)
    while at >= 0:
        start = max(0, at - _NEAR)
        if stretches and start <= stretches[-1][1]:
            start = stretches.pop()[0]
        stretches.append((start, at + _NEAR))
        at = text.find(sign, at + len(sign))
    for start, end in stretches:
        yield from (Place(*match.span(), kind) for match in pattern.finditer(text, start, end))


def _mixed(word: str) -> bool:
    """Capitals and small letters, as no hash has them, in no order that words have."""
    return not word.islower() and not word.isupper() and is_mixed(word)


def _runs(text: str, plain: bytes) -> str:
    """The runs of at least `_RUN` letters, digits, `_` and `-`, each with a few characters around it, but for names and
    rules in lower case: a secret of that length has a digit or a capital.

    `plain` has one byte a character; finding in bytes is many times faster than a pattern over the text.
    """
    runs = plain.translate(_IN_A_RUN)
    found, end, long = [], 0, b"x" * _RUN
    while (start := runs.find(long, end)) >= 0:
        end = runs.find(b" ", start + _RUN)
        end = len(runs) if end < 0 else end
        letters = plain[start:end].translate(None, b"_-")
        if letters and not (letters.isalpha() and letters.islower()):
            found.append(text[max(0, start - 12) : end + 12])
    return "\n".join(found)


# --- memory -----------------------------------------------------------------------------------------------------------


class _Recent:
    """The last results by their exact text, bounded by characters; most results are the text itself, unchanged."""

    def __init__(self, characters: int) -> None:
        self.characters, self._held, self._lock = characters, 0, threading.Lock()
        self._kept: OrderedDict[tuple[bytes, str], Redacted] = OrderedDict()

    def get(self, key: tuple[bytes, str]) -> Redacted | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[bytes, str], value: Redacted) -> None:
        with self._lock:
            if key not in self._kept:
                self._held += len(key[1])
            self._kept[key] = value
            while self._held > self.characters and self._kept:
                (_, text), _ = self._kept.popitem(last=False)
                self._held -= len(text)


_recent = _Recent(_REMEMBERED)

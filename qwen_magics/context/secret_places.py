"""Secrets that their place betrays: a private key's block, a password in a URL or connection string, an authorization
header, a value beside a name that says secret.

Each finder gives the places in one text, fast on text that has none: it looks for a sign first (in lower-case ASCII
with the text's own positions) and tries its pattern only there.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from qwen_magics.context.secret_names import is_secret, looks_random, says

if TYPE_CHECKING:
    from collections.abc import Iterator


class Place(NamedTuple):
    """Where a secret stands, and what kind it is."""

    start: int
    end: int
    kind: str


def positions(signs: tuple[bytes, ...], folded: bytes) -> Iterator[int]:
    """Where any of the signs begins."""
    for sign in signs:
        at = folded.find(sign)
        while at >= 0:
            yield at
            at = folded.find(sign, at + 1)


# --- private keys -----------------------------------------------------------------------------------------------------

_EDGE = re.compile(r"-{2,5} ?(BEGIN|END) (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{0,5}")
_HEADERS = re.compile(r"(?:(?:\s|\\[nrt])*(?:Proc-Type|DEK-Info|Version|Comment): ?[^\n\\]{0,100})*")
_BODY = re.compile(r"(?:[\s\\\"'>|,]{0,80}+[A-Za-z0-9+/=]{16,}+)+(?:[\s\\\"'>|,]{1,80}+[A-Za-z0-9+/=]{1,15}+)?")
_BODY_BACKWARDS = re.compile(
    r"(?:[\s\\\"'>|,]{0,80}+[A-Za-z0-9+/=]{1,15}+)?(?:[\s\\\"'>|,]{1,80}+[A-Za-z0-9+/=]{16,}+)+"
)
_LONG = re.compile(r"[A-Za-z0-9+/]{24}")
_LARGEST = 20_000


def private_keys(text: str, folded: bytes) -> Iterator[Place]:
    """Blocks from BEGIN to END; where one of them was cut away, the lines of the key that are left."""
    found = (_EDGE.search(text, max(0, at - 45), at + 30) for at in positions((b"private key",), folded))
    edges = [edge for edge in found if edge]
    for i, edge in enumerate(edges):
        if edge[1] == "BEGIN":
            after = edges[i + 1] if i + 1 < len(edges) else None
            if after and after[1] == "END" and after.start() - edge.end() <= _LARGEST:
                if _LONG.search(text, edge.end(), after.start()):
                    yield Place(edge.start(), after.end(), "private key")
                continue
            headers = _HEADERS.match(text, edge.end())
            if body := _BODY.match(text, headers.end() if headers else edge.end()):
                yield Place(edge.start(), body.end(), "private key")
        elif i == 0 or edges[i - 1][1] == "END" or edge.start() - edges[i - 1].end() > _LARGEST:
            before = text[max(0, edge.start() - _LARGEST) : edge.start()][::-1]
            if body := _BODY_BACKWARDS.match(before):
                yield Place(edge.start() - body.end(), edge.end(), "private key")


# --- URLs, connection strings, headers --------------------------------------------------------------------------------

_IN_URL = re.compile(r"://(?P<user>[^\s/:@\"'<>`]{0,100}+)(?::(?P<password>[^\s/@\"'<>`]{1,300}+))?@(?=[\w.\[-])")
_HOOK = re.compile(
    r"://(?:hooks\.slack\.com/(?P<slack>[a-z]{5,12}/[\w/+-]{20,})"
    r"|(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(?P<discord>\d+/[\w-]{40,}))",
    re.ASCII,
)
_HARMLESS_PASSWORD = re.compile(r"[{$%<*]|\[redacted:|x+$|\.\.\.|…")
_BEARER = re.compile(r"bearer(?:\s|%20|\\?[\"':=])+([A-Za-z0-9._~+/=-]{16,})", re.IGNORECASE | re.ASCII)
_BASIC = re.compile(r"basic\s+([A-Za-z0-9+/_-]{8,}={0,2})", re.IGNORECASE | re.ASCII)
_CURL = re.compile(r"-u(?:ser)? ?['\"]?[^\s:'\"]{1,100}:([^\s'\"`]{1,200})")
_SIGNED = re.compile(r"(?:sig|signature)=([\w%+/=-]{16,})", re.IGNORECASE)


def urls(text: str, folded: bytes) -> Iterator[Place]:
    """`scheme://user:PASSWORD@host`, a token in the user's place, and the hooks that let in whoever knows them."""
    for at in positions((b"://",), folded):
        if match := _HOOK.match(text, at):
            yield Place(*match.span(match.lastgroup or 0), "webhook")
        if match := _IN_URL.match(text, at):
            group = "password" if match["password"] is not None else "user"
            value = match[group]
            if not _HARMLESS_PASSWORD.match(value) and (group == "password" or looks_random(value)):
                yield Place(*match.span(group), "password")


def signatures(text: str, folded: bytes) -> Iterator[Place]:
    """What signs a URL that lets in whoever has it (`&sig=…`, `&X-Amz-Signature=…`)."""
    for at in positions((b"sig=", b"signature="), folded):
        before = text[max(0, at - 12) : at]
        if re.search(r"[?&;](?:[Xx]-\w{2,6}-)?$", before) and (match := _SIGNED.match(text, at)):
            yield Place(*match.span(1), "signature")


def headers(text: str, folded: bytes) -> Iterator[Place]:
    """`Authorization: Bearer …` and `Basic …`, and curl's `-u user:password`."""
    for at in positions((b"bearer",), folded):
        match = _BEARER.match(text, at)
        if match and (looks_random(match[1]) or len(match[1]) >= 40):
            yield Place(*match.span(1), "bearer token")
    for at in positions((b"basic ",), folded):
        if (match := _BASIC.match(text, at)) and _is_basic(match[1]):
            yield Place(*match.span(1), "password")
    for at in positions((b"-u ", b"-user "), folded) if b"curl " in folded else ():
        if (match := _CURL.match(text, at)) and not _HARMLESS_PASSWORD.match(match[1]):
            yield Place(*match.span(1), "password")


def _is_basic(word: str) -> bool:
    """Whether a word is `user:password` in base64; `Basic understanding` isn't."""
    try:
        plain = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_" if "-" in word or "_" in word else None)
        return ":" in (said := plain.decode()) and said.isprintable()
    except (binascii.Error, ValueError):
        return False


# --- a value beside a name that says secret ---------------------------------------------------------------------------

_NAMES = (b"pass", b"pwd", b"secret", b"token", b"key", b"cred", b"authorization")
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_PAIR = re.compile(r"(?:password|passwd|pwd)=([^\s;&\"'`,(){}]{3,300})(?=(;|&|\s+\w+=)?)", re.IGNORECASE)
_BEFORE_PAIR = re.compile(r".*(?:;|&|\?|\w=[^\s,;&]+ )$", re.DOTALL)
_BACK = re.compile(r"[A-Za-z0-9_-]{0,48}", re.ASCII)
_BESIDE = re.compile(
    r"""(?P<name>[A-Za-z_-][\w-]{1,80}+)
    (?: (?P<assigned> (?:\\*["'])? [ ]? \]? (?::[ ]?[\w\[\]., |]{1,40}?(?==))? [ \t]* (?:=>|:=|={1,3}|!=|:) [ \t]*
          (?:(?:Secret)?(?:Str|Bytes|str|bytes)\()? )
      | (?P<listed> \\*["'] [ \t]* , [ \t]* )
      | (?P<tabled> [ \t]*[|│][ \t|│]* | [ \t]+ ) )
    (?: (?P<prefix>[rbufRBUF]{0,2}) (?P<quote>\\*["']) (?P<quoted> (?:(?!(?P=quote)|\n).){8,500} ) (?P=quote)
      | (?(listed)(?!)) (?P<bare> [^\s"'`,;(){}\[\]<>|│\\]{8,500}+ ) (?![(\[]) )""",
    re.ASCII | re.VERBOSE,
)


def named(text: str, folded: bytes) -> Iterator[Place]:
    """`db_password = "…"`, `"apiKey": "…"`, `API_KEY=…`, `--token …`, a row of a table, `Server=…;Password=…;`.

    A literal in quotes after a name that says secret counts as one as a variable's value does; without quotes, or where
    the name only perhaps says secret, the value must look random: `token = response.json` is code.
    """
    for at in positions(_NAMES, folded):
        if place := _in_connection(text, at) or _beside_name(text, at):
            yield place


def _in_connection(text: str, at: int) -> Place | None:
    """`Server=…;Password=…;` or `host=… password=… dbname=…`: any password there is one, however short."""
    match = _PAIR.match(text, at)
    if not match or _HARMLESS_PASSWORD.match(match[1]):
        return None
    if match[2] or _BEFORE_PAIR.match(text[max(0, at - 80) : at]):
        return Place(*match.span(1), "password")
    return None


def _beside_name(text: str, at: int) -> Place | None:
    before = _BACK.match(text[max(0, at - 48) : at][::-1])
    match = _BESIDE.match(text, at - (before.end() if before else 0))
    if not match or not (kind := says(match["name"].strip("-"))):
        return None
    group = "quoted" if match["quoted"] is not None else "bare"
    value = match[group]
    if group == "bare":
        if _ATTRIBUTE.fullmatch(value) or (match["tabled"] and (len(value) < 12 or match["name"] == "pass")):
            return None
        in_shell = match["name"].isupper() and match["assigned"] == "=" and any(map(str.isdigit, value))
        likely = looks_random(value) or (in_shell and is_secret(value))
    else:
        if match["prefix"] and re.search(r"[{\\(]", value):  # a template or a pattern
            return None
        literal = match["assigned"] is not None and kind != "perhaps" and " " not in value
        likely = (looks_random(value) and not (match["listed"] and kind == "perhaps")) or (literal and is_secret(value))
    return Place(*match.span(group), "password" if kind == "password" else "secret") if likely else None


FINDERS = (private_keys, headers, urls, signatures, named)

"""Which names say that their value is a secret, and which values can be one. Finds nothing in a text by itself.

`redact` asks it about variables and `.env` entries, `secret_places` about names that stand beside a value in a text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Says = Literal["password", "secret", "perhaps", ""]

SHORTEST = 8
_PASSWORDS = {"password", "passwords", "passwd", "pwd", "passphrase", "passcode", "pass", "pw"}
_SECRETS = {"secret", "secrets", "token", "jwt", "bearer", "credential", "credentials", "creds", "authorization"}
_JOINED = re.compile(r"(?:api|auth|access|secret|private|account|client|service|shared|signing)(?:key|token|secret)s?$")
_OF_KEYS = {
    *("api", "access", "secret", "private", "auth", "account", "encryption", "encrypt", "signing", "master", "shared"),
    *(
        "client",
        "service",
        "storage",
        "admin",
        "license",
        "deploy",
        "ssh",
        "subscription",
        "webhook",
        "app",
        "consumer",
    ),
    *(
        "application",
        "security",
        "hmac",
        "aes",
        "rsa",
        "fernet",
        "session",
        "root",
        "host",
        "function",
        "write",
        "read",
    ),
}
_OF_TOKENS = {"access", "auth", "api", "refresh", "bearer", "oauth", "id", "session", "bot", "secret"}
# A name that ends so speaks about a secret and isn't one.
_ABOUT = {
    *("name", "names", "field", "fields", "column", "columns", "col", "url", "uri", "path", "file", "filename", "dir"),
    *("type", "types", "count", "counts", "limit", "limits", "length", "len", "size", "id", "ids", "idx", "index"),
    *("policy", "label", "labels", "prompt", "hint", "expires", "expiry", "ttl", "env", "var", "header", "min", "max"),
    *(
        "num",
        "number",
        "usage",
        "cost",
        "price",
        "class",
        "cls",
        "format",
        "pattern",
        "regex",
        "mask",
        "prefix",
        "kind",
    ),
    *("embedding", "embeddings", "prob", "score", "manager", "provider", "store", "error", "required", "enabled"),
    *(
        "valid",
        "status",
        "date",
        "time",
        "version",
        "region",
        "scope",
        "scopes",
        "alias",
        "endpoint",
        "help",
        "message",
    ),
}
# A token or key of these is a word of a text, a column or a shortcut.
_HARMLESS = {
    *("max", "min", "num", "n", "total", "eos", "bos", "pad", "unk", "sep", "cls", "mask", "stop", "start", "end"),
    *("special", "next", "prev", "previous", "first", "last", "current", "input", "output", "primary", "foreign"),
    *(
        "sort",
        "partition",
        "public",
        "cache",
        "index",
        "group",
        "dict",
        "hot",
        "natural",
        "continuation",
        "page",
        "join",
    ),
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_NUMBER = re.compile(r"[\d\s.,:;/+\-_eExXTZ%$€¥]+|0[xX][0-9a-fA-F]+")
_IDENTIFIER = re.compile(r"(?=.{8,32}$)[A-Za-z_]+\d?[A-Za-z_]+")
_CONSTANT = re.compile(r"_*[A-Z]+(?:_[A-Z]+)+|[A-Z][a-z]+(?:-[A-Z][a-z]+)+|__\w+__")  # a variable's, a header's name
_PATH = re.compile(
    r"[A-Za-z][\w+.-]*://|arn:|~/|\.{1,2}[/\\]|[A-Za-z]:[/\\]|/[A-Za-z]?[a-z]+(?:/[\w.@ -]*)*$"  # begins like one
    r"|[a-z_][a-z_-]*(?:[./][a-z_][a-z_-]*)+/?$"  # a module, or folders
)
_PLACEHOLDER = re.compile(
    r"(.)\1*$|(?i:your|insert|todo)[ _-]|.{0,12}(?:\.{3}|…)"
    r"|\$[A-Z_]+$|\$?\{.*\}$|\$\(|<.*>$|\[.*\]$|%\(?\w+\)?s?$"
)
_SIGN = re.compile(r"[^\w.,:;'\"()\[\]{}<>/-]")
_SEGMENT = re.compile(r"[A-Za-z0-9]{5,}")


@lru_cache(maxsize=8192)
def says(name: str) -> Says:
    """What a name says of its value: a `password`, a `secret`, `perhaps` one (then the value must look the part), or
    nothing.

    >>> says("DB_PASSWORD"), says("openaiApiKey"), says("token"), says("TOKEN_LIMIT"), says("sort_key")
    ('password', 'secret', 'perhaps', '', '')
    """
    words = [word.lower() for word in _WORD.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words or words[-1] in _ABOUT or "public" in words:
        return ""
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _PASSWORDS:
        return "password"
    if last in ("token", "key") and before in _HARMLESS:
        return ""
    if last in ("key", "keys"):
        if before in _OF_KEYS:
            return "secret"
        return "perhaps" if name.isupper() and before else ""
    if last == "tokens":
        return "secret" if before in _OF_TOKENS else ""
    if last == "token" and not before:
        return "perhaps"
    return "secret" if last in _SECRETS or _JOINED.match(last) else ""


def is_secret(value: str) -> bool:
    """Whether the value of a name that says secret can be one: eight characters at least, and no common word, number,
    path, boolean, placeholder or other name.
    """
    if not SHORTEST <= len(value) <= 20_000 or value.startswith("[redacted:"):
        return False
    if _NUMBER.fullmatch(value) or _is_word(value) or _PATH.match(value) or _PLACEHOLDER.match(value):
        return False
    if _CONSTANT.fullmatch(value):
        return False
    words = _WORD.findall(value) if _IDENTIFIER.fullmatch(value) else []
    named = len(value) > 3.4 * len(words)  # words of a name; random letters fall into shorter pieces
    return not (named and any(len(word) > 2 and (says(word) or word.lower() == "key") for word in words))


def looks_random(value: str) -> bool:
    """Whether a value looks made by a machine: digits among letters, capitals where no word has them, or letters,
    digits and signs together.
    """
    if not is_secret(value) or any(char.isspace() for char in value):
        return False
    if any(is_mixed(segment) for segment in _SEGMENT.findall(value)):
        return True
    signs = _SIGN.search(value) is not None
    return signs and any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def is_mixed(segment: str) -> bool:
    """Letters and digits that are no word, name or number. Hex counts where it has both."""
    digits = sum(map(str.isdigit, segment))
    if digits:
        enough = digits > 1 or len(segment) >= 12 or not segment.islower()
        return len(segment) >= 6 and digits < len(segment) and enough
    return (4.6 if len(segment) >= 16 else 2.5) * len(_WORD.findall(segment)) > len(segment)


def _is_word(value: str) -> bool:
    """A word, or two or three written together (`BearerToken`); a long run of letters is more than a word."""
    return value.isalpha() and (
        (len(value) < 16 and (value.islower() or value.isupper() or value.istitle()))
        or (len(value) < 24 and re.fullmatch(r"(?:[A-Z]?[a-z]{2,}){2,4}", value) is not None and not value.islower())
    )

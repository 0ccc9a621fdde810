"""The options of `%%qwen` and `%qwen`, one table: what each takes, what it means. Parses; decides nothing else.

Options end at the first plain word, so the text of `%qwen what's $x {y}?` needs no quoting and is never changed.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct

from qwen_magics.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

N = TypeVar("N", int, float)
Takes = Literal["flag", "value", "list", "maybe"]  # maybe: `--think` or `--think=low`


class Option(Struct, frozen=True):
    """One option: its names, what it takes, how its value is called on help pages, and what it means."""

    names: tuple[str, ...]
    takes: Takes
    value: str
    help: str

    @property
    def key(self) -> str:
        """What `parse` keeps its value under."""
        return self.names[-1].lstrip("-").replace("-", "_")


OPTIONS = (
    Option(("-m", "--model"), "value", "NAME", "the model; %qwen_models lists them"),
    Option(("-p", "--provider"), "value", "NAME", "alibaba, openrouter, huggingface, modelscope, openai or local"),
    Option(("--think",), "maybe", "low|medium|high|N", "let it think first, up to N tokens (billed as output)"),
    Option(("--context",), "value", "above|all|none|code|N..M", "which cells go along"),
    Option(("--with",), "list", "NAME", "attach a variable's summary; may be given more than once"),
    Option(("--without",), "list", "#N", "leave cell #N out"),
    Option(("--unredacted",), "list", "#N", "send cell #N as it is, what looks like a secret too"),
    Option(("--trim",), "value", "N|32k|tier|window|off", "what is shortened before it goes"),
    Option(("--as",), "value", "markdown|text|code|json", "the answer's form; code also goes into a new next cell"),
    Option(("-o", "--out"), "value", "NAME", "put the answer into a variable (parsed, with --as json)"),
    Option(("--system",), "value", '"TEXT"', "instead of the built-in instructions"),
    Option(("--max-tokens",), "value", "N", "the longest answer"),
    Option(("--temperature",), "value", "X", "0 to below 2"),
    Option(("--top-p",), "value", "X", "above 0 to 1"),
    Option(("--seed",), "value", "N", "for answers that can be repeated"),
    Option(("--search",), "flag", "", "let the model search the web (Alibaba Cloud; costs a fee per call)"),
    Option(("--continue",), "flag", "", "go on where this cell's answer broke off"),
    Option(("--fresh",), "flag", "", "ask, though a saved answer to the same question is at hand"),
    Option(("--replay-only",), "flag", "", "fail rather than pay where no saved answer is at hand"),
    Option(("--dry-run",), "flag", "", "show what would be sent and cost; send nothing"),
    Option(("--full",), "flag", "", "show the request itself, redacted, byte for byte; send nothing"),
    Option(("--diff",), "flag", "", "show what changed since the last question; send nothing"),
    Option(("--what-if",), "flag", "", "show what it would cost elsewhere and otherwise; send nothing"),
    Option(("--yes",), "flag", "", "go, though it is expected to cost more than Qwen.guard_turn"),
    Option(("--budget",), "value", "AMOUNT", "at most this much for this turn, such as 0.05 or 0.30CNY"),
    Option(("--unpriced",), "flag", "", "go without a price, though a budget is set"),
    Option(("--no-receipt",), "flag", "", "no line under the answer (the ledger keeps it)"),
)
_BY_NAME = {name: option for option in OPTIONS for name in option.names}
_MOST = 100_000  # cells
_WORDS = ("model", "provider", "think", "context", "trim", "budget", "out", "system")
_FLAGS = ("search", "fresh", "replay_only", "dry_run", "full", "diff", "what_if", "yes", "unpriced")
_FORMS = ("markdown", "text", "code", "json")
_OPTION = re.compile(r"\s*(--?[A-Za-z][\w-]*)(=)?")
_CURRENCY = re.compile(r"\s+(USD|CNY)(?!\S)", re.IGNORECASE)
_VALUE = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+))""")


class Given(Struct, frozen=True, kw_only=True):
    """What was given, in its final types; None where nothing was."""

    model: str | None = None
    provider: str | None = None
    think: str | None = None
    context: str | None = None
    attach: tuple[str, ...] = ()
    without: frozenset[int] = frozenset()
    unredacted: frozenset[int] = frozenset()
    form: Literal["markdown", "text", "code", "json"] = "markdown"
    out: str | None = None
    system: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    search: bool = False
    go_on: bool = False
    trim: str | None = None
    fresh: bool = False
    replay_only: bool = False
    dry_run: bool = False
    full: bool = False
    diff: bool = False
    what_if: bool = False
    yes: bool = False
    budget: str | None = None
    unpriced: bool = False
    receipt: bool = True

    def settings(self) -> dict[str, Any]:
        """Those that are settings too, by trait name."""
        names = ("model", "provider", "think", "context", "trim", "max_tokens", "temperature", "top_p", "seed")
        return {name: getattr(self, name) for name in names}

    @property
    def looks(self) -> bool:
        """Whether it is only to be shown what would be sent."""
        return self.dry_run or self.full or self.diff or self.what_if


def parse(line: str) -> tuple[Given, str]:
    """The options at the line's beginning, and the text after them. Raises OptionError, naming the option."""
    raw: dict[str, Any] = {}
    at = 0
    while match := _OPTION.match(line, at):
        option = _known(match[1])
        value, at = _value(option, match, line)
        if option.takes == "list":
            raw.setdefault(option.key, []).extend(part for part in re.split(r"[,\s]+", value) if part)
        else:
            raw[option.key] = value
    return _given(raw), line[at:].strip()


def read(line: str, cell: str, *, whole_cell: bool) -> tuple[Given, str]:
    """What `%%qwen` (with its cell's text) or `%qwen` (with its line's) is to ask, and how. Raises OptionError."""
    given, rest = parse(line)
    text = f"{rest}\n{cell}".strip() if whole_cell else rest
    if not text and not given.go_on:
        raise OptionError("There is no question. Nothing was sent.", remedy="%qwen what does this cell do?")
    return given, text


def _known(name: str) -> Option:
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = get_close_matches(name, _BY_NAME, 1, 0.7)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise OptionError(f"There is no option {name}.{hint}", remedy="%%qwen? lists all options.")


def _value(option: Option, match: re.Match[str], line: str) -> tuple[str, int]:
    """The option's value and where the rest begins."""
    joined = match[2] is not None
    if option.takes == "flag" or (option.takes == "maybe" and not joined):
        if joined:
            raise OptionError(f"{match[1]} takes no value.", remedy=match[1])
        return "on", match.end()
    value = _VALUE.match(line, match.end())
    if value is None or (not joined and value[3] and value[3].startswith("--")):
        raise OptionError(f"{match[1]} needs a value.", remedy=f"{match[1]} {option.value}")
    quoted = value[1] if value[1] is not None else value[2]
    text, at = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else value[3], value.end()
    if option.key == "budget" and quoted is None and (named := _CURRENCY.match(line, at)):  # `5 CNY` is not 5 dollars
        return f"{text} {named[1]}", named.end()
    return text, at


def _given(raw: dict[str, Any]) -> Given:
    form = raw.get("as", "markdown")
    if form not in _FORMS:
        raise OptionError(f"--as {form} is not a form.", remedy=f"Choose one of {', '.join(_FORMS)}.")
    out = raw.get("out")
    if out is not None and not out.isidentifier():
        raise OptionError(f"-o {out}: that can't be a variable's name.", remedy="-o answer")
    given: dict[str, Any] = {name: raw.get(name) for name in _WORDS} | {name: name in raw for name in _FLAGS}
    return Given(
        **given,
        max_tokens=_number("--max-tokens", raw.get("max_tokens"), int),
        temperature=_number("--temperature", raw.get("temperature"), float),
        top_p=_number("--top-p", raw.get("top_p"), float),
        seed=_number("--seed", raw.get("seed"), int),
        attach=tuple(raw.get("with", ())),
        without=_numbers("--without", raw.get("without", ())),
        unredacted=_numbers("--unredacted", raw.get("unredacted", ())),
        form=form,
        go_on="continue" in raw,
        receipt="no_receipt" not in raw,
    )


def _number(name: str, text: str | None, kind: Callable[[str], N]) -> N | None:
    try:
        return None if text is None else kind(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise OptionError(f"{name} {text}: that is no number.", remedy=f"{name} {kind('1')}") from None


def _numbers(name: str, words: list[str]) -> frozenset[int]:
    numbers: set[int] = set()
    for word in words:
        match = re.fullmatch(r"#?(\d+)(?:\.\.#?(\d+))?", word)
        if match is None:
            raise OptionError(f"{name} {word}: cells are named by their number.", remedy=f"{name} #3")
        first, last = int(match[1]), int(match[2] or match[1])
        if last - first > _MOST:
            raise OptionError(f"{name} {word}: that is more cells than a notebook has.", remedy=f"{name} #3..7")
        numbers |= set(range(first, last + 1))
    return frozenset(numbers)

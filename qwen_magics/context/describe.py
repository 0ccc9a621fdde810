"""A Python value → what a model needs to know of it: its type, its shape and as much of it as fits.

Bounded in characters and in time whatever the value does: nothing lazy is collected, no iterator is consumed, a repr
that is huge, broken or endless costs at most a second. Strings and numbers go as they are. Tables and arrays are
`describe_tables`' matter, code, errors and figures that of `describe_objects`.
"""

from __future__ import annotations

import ctypes
import dataclasses
import re
import reprlib
import threading
from collections import deque
from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

from qwen_magics.context import describe_objects, describe_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT = 12_000  # characters, about 3,000 tokens
ENTRIES = 20  # of a dict, list or object
PATIENCE = 1.0  # seconds for code of others
_SCALARS = frozenset(("str", "int", "float", "bool", "complex", "bytes", "NoneType"))
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")


def describe(value: object, *, limit: int = LIMIT) -> str:
    """`value` in at most `limit` characters and a mark; one line where that says it all. Never raises."""
    if isinstance(value, str) and type(value) is str:
        return shortened(value, limit)
    try:
        text = within(PATIENCE * 5, lambda: _described(value))
    except Exception as error:
        text = f"{kind(value)} (it can't be shown: {type(error).__name__})"
    return shortened(_ADDRESS.sub("0x…", text), limit)


def shortened(text: str, limit: int) -> str:
    """Beginning and end of a text that is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… [{len(text) - 2 * half:,} characters left out] …\n{text[len(text) - half :]}"


def kind(value: object) -> str:
    """The name of a value's type, with its module where that says something."""
    cls = type(value)
    module = str(getattr(cls, "__module__", "")).partition(".")[0]
    return cls.__name__ if module in ("builtins", "__main__", "") else f"{cls.__name__} ({module})"


def within(seconds: float, work: Callable[[], str]) -> str:
    """What `work` gives, unless it takes longer: then TimeoutError, and the thread that it runs in is ended."""
    done: list[str | BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # handed over to the caller's thread
            done.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
        raise TimeoutError
    if isinstance(done[0], BaseException):
        raise done[0]
    return done[0]


def _described(value: object) -> str:
    for family in (describe_tables.describe, describe_objects.describe):
        text = family(value)
        if text is not None:
            return text
    if (fields := _fields(value)) is not None:
        return _entries(f"{kind(value)}:", fields, len(fields))
    if isinstance(value, Mapping | list | tuple | Set | deque):
        return _container(value)
    line = brief(value, 600)
    return _attributes(value, line) if line.startswith("<") else line


def _container(value: Any) -> str:
    size = len(value)
    plain = brief(value, 300)
    if size <= ENTRIES and "…" not in plain and len(plain) <= 200:
        return plain
    what = "keys" if isinstance(value, Mapping) else "elements"
    title = f"{kind(value)} with {size:,} {what}"
    if isinstance(value, Mapping):
        return _entries(f"{title}:", ((brief(key, 60), value[key]) for key in _first(value)), size)
    kinds = sorted({kind(element) for element in _first(value, 1_000)})
    title += f" of {', '.join(kinds[:5])}{', …' if len(kinds) > 5 else ''}:"
    if not set(kinds) - _SCALARS:
        return f"{title} {plain}"
    shown = sorted(_first(value), key=brief) if isinstance(value, Set) else _first(value)
    return _entries(title, ((str(i), element) for i, element in enumerate(shown)), size)


def _first(value: Iterable[Any], most: int = ENTRIES) -> list[Any]:
    return [element for element, _ in zip(value, range(most), strict=False)]


def _entries(title: str, pairs: Iterable[tuple[str, object]], size: int) -> str:
    lines = [f"  {name}: {brief(element)}" for (name, element), _ in zip(pairs, range(ENTRIES), strict=False)]
    more = [f"  … and {size - len(lines):,} more"] if size > len(lines) else []
    return "\n".join([title, *lines, *more])


def _fields(value: object) -> list[tuple[str, object]] | None:
    """Names and values of a record or model: dataclasses, pydantic, attrs, scikit-learn; None for anything else."""
    cls = type(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if field.repr]
    elif isinstance(model := getattr(cls, "model_fields", None), dict) and hasattr(cls, "model_dump"):
        names = list(model)
    elif isinstance(attrs := getattr(cls, "__attrs_attrs__", None), tuple):
        names = [field.name for field in attrs if field.repr]
    elif callable(getattr(value, "get_params", None)) and hasattr(cls, "fit"):
        learned = [name for name in vars(value) if name.endswith("_") and not name.startswith("_")]
        return [*value.get_params(deep=False).items(), *((name, getattr(value, name)) for name in learned)]  # type: ignore[attr-defined]
    else:
        return None
    return [(name, getattr(value, name, "(missing)")) for name in names]


def _attributes(value: object, line: str) -> str:
    """A plain object by what it holds."""
    inside = getattr(value, "__dict__", None)
    public = {name: inner for name, inner in (inside or {}).items() if isinstance(name, str) and name[:1] != "_"}
    return _entries(f"{kind(value)} {line}:", public.items(), len(public)) if public else line


# --- one line ---------------------------------------------------------------------------------------------------------


class _Brief(reprlib.Repr):
    """Bounded reprs that name tables and arrays by their size and survive what raises."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.maxlevel, self.fillvalue = 3, "…"
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = ENTRIES
        self.maxstring = self.maxlong = self.maxother = most

    def repr1(self, x: Any, level: int) -> str:
        """Tables and arrays by their size, others as `reprlib` does."""
        return describe_tables.size(x) or super().repr1(x, level)

    def repr_int(self, x: int, level: int) -> str:
        """Python refuses to spell integers of thousands of digits."""
        digits = int(x.bit_length() * 0.30103)
        return super().repr_int(x, level) if digits < 4_000 else f"<int of about {digits:,} digits>"

    def repr_instance(self, x: Any, level: int) -> str:
        """The object's own repr, bounded; what went wrong if it has none."""
        try:
            said = repr(x)
        except Exception as error:
            return f"<{kind(x)}, whose repr raises {type(error).__name__}>"
        return said if len(said) <= self.maxother else f"{said[: self.maxother - 1]}…"


def brief(value: object, most: int = 160) -> str:
    """`value` in one line of about `most` characters at the most."""
    if isinstance(value, str) and type(value) is not str:
        value = str.__str__(value)
    value = describe_tables.plain_number(value)
    try:
        said = within(PATIENCE, lambda: _Brief(most).repr(value))
    except TimeoutError:
        return f"<{kind(value)}, whose repr takes too long>"
    return said if len(said) <= 4 * most else f"{said[: 4 * most]}…"

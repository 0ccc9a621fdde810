"""Looks at a value without running its code, for `describe`: its type, its stored attributes, its declared fields.

`isinstance`, `hasattr` and `getattr` ask the value itself, which may raise, fetch, or answer anything (proxies, mocks).
Here only types and stored things are asked; `attempt` guards what must be.
"""

from __future__ import annotations

import enum
import re
import sys
import time
import types
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from qwen_magics.context.describe.bounds import clip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

T = TypeVar("T")

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
_RUN_WHEN_SHOWN = frozenset(("duckdb", "ibis", "pyspark", "sqlframe"))
_LONGEST_REPR = 20_000
_until: ContextVar[float] = ContextVar("until", default=float("inf"))
_MRO = type.__dict__["__mro__"]
_NAMES = {name: type.__dict__[name] for name in ("__name__", "__qualname__", "__module__")}


def attempt(action: Callable[[], T], otherwise: T | None = None) -> T | None:
    """What `action` gives, or `otherwise` where it raises whatever it may: other people's code runs in it."""
    try:
        return action()
    except KeyboardInterrupt:
        raise
    except BaseException:  # polars' panics are no `Exception`, neither is a `sys.exit()` in a repr
        return otherwise


class _TooLong(BaseException):
    """Not an `Exception`, so that code that catches those ends too."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """All that the value's own words take, inside of this, is together at most `seconds`."""
    before = _until.set(min(time.monotonic() + seconds, _until.get()))
    try:
        yield
    finally:
        _until.reset(before)


def in_time(action: Callable[[], T]) -> T:
    """What `action` gives, ended at its next step where patience is at an end.

    In this thread, because objects may belong to one; by a trace function, because signals are not ours.
    """
    until = _until.get()

    def watch(frame: FrameType, event: str, arg: object) -> Any:
        frame.f_trace_opcodes = True  # before Python 3.12 a loop on a single line has no other events
        if time.monotonic() > until:
            raise _TooLong
        return watch

    def apart() -> Iterator[T]:
        # A generator has an exception state of its own: an end in the middle of somebody's `except` would leave ours
        # as if that exception were still being handled, and the user's next error would tell of it.
        yield action()

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        return next(apart())
    finally:
        sys.settrace(before)


def bases(kind: type) -> tuple[type, ...]:
    """The type and what it inherits from, in order, whatever its metaclass says."""
    mro: tuple[type, ...] = _MRO.__get__(kind)
    return mro


def name_of(kind: type, which: str = "__name__") -> str:
    """A type's own name, whatever its metaclass says."""
    name = attempt(lambda: _NAMES[which].__get__(kind), "")
    return str.__str__(name) if issubclass(type(name), str) else "?"


def full_name(kind: type) -> str:
    """`package.module.Class`; without the module for builtins and what the user wrote in a cell."""
    module, name = name_of(kind, "__module__"), name_of(kind, "__qualname__").rpartition("<locals>.")[2]
    return name if module in ("builtins", "__main__", "?", "") else f"{module}.{name}"


def roots(kind: type) -> frozenset[str]:
    """The top-level packages that the type and its bases come from."""
    return frozenset(name_of(base, "__module__").partition(".")[0] for base in bases(kind))


def is_enum(kind: type) -> bool:
    """Whether its values are an enumeration's members, even if they are strings or numbers too."""
    return enum.Enum in bases(kind)


def is_numpy_scalar(kind: type) -> bool:
    """Whether its values are single numbers (dates, …) of NumPy's."""
    return any(full_name(base) == "numpy.generic" for base in bases(kind))


def has(kind: type, *names: str) -> bool:
    """Whether the type itself has all these attributes."""
    return all(any(name in type.__dict__["__dict__"].__get__(base) for base in bases(kind)) for name in names)


def class_attribute(kind: type, name: str) -> Any:
    """An attribute as the class stores it, not bound; None where there is none."""
    for base in bases(kind):
        stored = type.__dict__["__dict__"].__get__(base)
        if name in stored:
            return stored[name]
    return None


def attributes(value: object) -> dict[str, Any]:
    """The attributes that the value itself stores, slots too; no property is computed."""
    found: dict[str, Any] = {}
    for base in reversed(bases(type(value))):
        for name, member in type.__dict__["__dict__"].__get__(base).items():
            if type(member).__name__ == "member_descriptor" and name not in ("__dict__", "__weakref__"):
                with suppress(AttributeError):  # a slot that nothing was put into
                    found[name] = member.__get__(value)
    stored = attempt(lambda: object.__getattribute__(value, "__dict__"))
    if issubclass(type(stored), dict):
        found.update({name: item for name, item in dict.items(stored) if type(name) is str})  # type: ignore[arg-type]
    return found


def public(value: object) -> dict[str, Any]:
    """The stored attributes whose names don't begin with an underscore."""
    return {name: item for name, item in attributes(value).items() if not name.startswith("_")}


def fields(value: object) -> dict[str, Any] | None:
    """The declared fields that a repr shows: dataclasses, named tuples, attrs, pydantic, msgspec. None for others."""
    kind = type(value)
    names = attempt(lambda: _field_names(kind))
    if names is None:
        return None
    if issubclass(kind, tuple):
        return dict(zip(names, tuple.__iter__(value), strict=False))  # type: ignore[arg-type]
    stored = attributes(value)
    return {name: stored[name] for name in names if name in stored}


def _field_names(kind: type) -> list[str] | None:
    if declared := class_attribute(kind, "__dataclass_fields__"):
        return [name for name, field in declared.items() if field.repr and field._field_type.name == "_FIELD"]
    if declared := class_attribute(kind, "__attrs_attrs__"):
        return [field.name for field in declared if field.repr]
    if declared := class_attribute(kind, "__pydantic_fields__"):
        return [name for name, field in declared.items() if field.repr]
    if declared := class_attribute(kind, "__struct_fields__"):
        return list(declared)
    if issubclass(kind, tuple) and (declared := class_attribute(kind, "_fields")):
        return list(declared)
    return None


def repr_is_own(kind: type) -> bool:
    """Whether somebody wrote a repr for this type."""
    return class_attribute(kind, "__repr__") is not object.__repr__


def is_method(member: object) -> bool:
    """Whether a class's stored member is a function of its own."""
    return issubclass(type(member), types.FunctionType | staticmethod | classmethod)


def runs_when_shown(kind: type) -> bool:
    """Whether a repr of this type may run a query."""
    names = {full_name(base) for base in bases(kind)}
    return bool(roots(kind) & _RUN_WHEN_SHOWN) or "django.db.models.query.QuerySet" in names


def own_repr(value: object) -> str:
    """The value's repr with `0x…` for addresses, or that it raised."""
    try:
        text = in_time(lambda: repr(value))
    except KeyboardInterrupt:
        raise
    except _TooLong:
        return f"<{name_of(type(value))}, whose repr takes too long>"
    except BaseException as problem:
        return f"<{name_of(type(value))}, whose repr raised {name_of(type(problem))}>"
    return stable(clip(str.__str__(text), _LONGEST_REPR))


def stable(text: str) -> str:
    """`text` with `0x…` for addresses, so that the same value gives the same text."""
    return _ADDRESS.sub("0x…", text)


def doc_line(kind: type) -> str:
    """The first line of a class's own docstring, unless it is but the signature that a dataclass gets for one."""
    doc = first_line(type.__dict__["__dict__"].__get__(kind).get("__doc__"))
    return "" if doc.startswith(f"{name_of(kind)}(") else doc


def first_line(doc: object) -> str:
    """A docstring's first line."""
    if not issubclass(type(doc), str):
        return ""
    lines = str.__str__(doc).strip().split("\n", 1)
    return clip(lines[0].strip(), 200)

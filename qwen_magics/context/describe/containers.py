"""Dicts, lists and sets, for `describe`: in one line where they are short, else what they hold and item by item.

Also what must not be consumed (generators, iterators), strings and bytes by themselves.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import fractions
import itertools
import pathlib
import types
import uuid
from typing import Any

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, clip_lines, number
from qwen_magics.context.describe.short import flow, in_order, short

_INLINE = 200  # characters that are said as they are
_LOOKED_AT = 10_000  # items, for their types and range
_ITEMS, _OF_MORE = 30, 12  # lines: so many items are all shown, of more than that so few
_FLAT, _OF_MANY = 100, 400  # numbers and words: so many are all shown, of more so many characters
_LEAST, _MOST = 60, 1_000  # characters of an item's line

_SAYS_ITSELF = (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction, uuid.UUID,
                pathlib.PurePath)  # fmt: skip
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()), collections.deque, array.array)


def scalar(value: object, limit: int) -> str | None:
    """Strings and numbers as they are, so that they can stand within a sentence; None for others."""
    kind = type(value)
    if issubclass(kind, str) and not peek.is_enum(kind):
        return clip(str.__str__(value), limit)
    if issubclass(kind, float) and not peek.is_enum(kind):
        return float.__repr__(value)
    if kind in (bool, types.NoneType, int, complex) or peek.is_numpy_scalar(kind):
        return short(value, limit)
    if issubclass(kind, bytes | bytearray):
        return short(value, min(limit, 4 * _INLINE))
    if issubclass(kind, _SAYS_ITSELF):
        return clip(peek.in_time(lambda: str(value)), limit)
    return None


def container(value: object, limit: int) -> str | None:
    """A container of a builtin kind; None for others."""
    kind = type(value)
    if issubclass(kind, collections.UserDict | collections.UserList):
        inside = container(peek.attributes(value).get("data"), limit)
        return inside and f"{peek.name_of(kind)} of a {inside}" if "\n" in (inside or "") else short(value, limit)
    if issubclass(kind, tuple) and peek.fields(value) is not None:
        return None
    if not issubclass(kind, (dict, list, tuple, set, frozenset, types.MappingProxyType, *_VIEWS)):
        return None
    whole = short(value, limit)
    if len(whole) <= _INLINE and "… " not in whole:
        return whole
    if issubclass(kind, dict | types.MappingProxyType):
        return _mapping(value, limit)
    return _sequence(value, limit)


def iterator(value: object, limit: int) -> str | None:
    """What would be used up by looking into it."""
    kind = type(value)
    if not peek.has(kind, "__next__", "__iter__") and not issubclass(kind, types.CoroutineType):
        return None
    said = short(value, limit - 40)
    return said if "not run" in said else f"{said}, an iterator, not consumed"


def _mapping(value: Any, limit: int) -> str:
    items = dict.items(value) if issubclass(type(value), dict) else value.items()
    count = len(items)
    some = list(itertools.islice(items, _LOOKED_AT))
    title = f"{_of(value, count, [key for key, _ in some])} to {_types([item for _, item in some])}"
    room = min(max((limit - len(title)) // min(count, _ITEMS) - 1, _LEAST), _MOST)
    shown = _ITEMS if count <= _ITEMS else _OF_MORE
    lines = [f"{short(key, room // 2)}: " for key, _ in some[:shown]]
    lines = [line + short(item, max(room - len(line), 8)) for line, (_, item) in zip(lines, some, strict=False)]
    others = max(limit // 6, 1) if count > len(lines) else 0
    text = clip_lines("\n".join([title, *lines]), limit - others)
    if count > shown:
        rest = itertools.islice((key for key, _ in some), shown, None)
        text += "\nand the keys " + flow(rest, count - shown, others - 16, short)
    return text


def _sequence(value: Any, limit: int) -> str:
    kind = type(value)
    is_set = issubclass(kind, set | frozenset)
    listed = in_order(value) if is_set else None
    source = listed if listed is not None else value
    count = len(value)
    some = list(itertools.islice(source, _LOOKED_AT))
    title = _of(value, count, some) + _range(some, count)
    if is_set and listed is None:
        return title
    flat = all(type(item) in (int, float, bool, types.NoneType, complex) for item in some[:_ITEMS])
    flat = flat or all(issubclass(type(item), str) and len(item) <= 40 for item in some[:_ITEMS])
    if flat:
        body = flow(some, count, limit - len(title) - 80 if count <= _FLAT else _OF_MANY, short)
        last = list(value[-3:]) if issubclass(kind, list | tuple) and count > _FLAT else []
        return f"{title}\n{body}" + (f", the last {flow(last, 3, 70, short)}" if last else "")
    room = min(max((limit - len(title) - 40) // min(count, _ITEMS) - 8, _LEAST), _MOST)
    shown = some[: _ITEMS if count <= _ITEMS else _OF_MORE]
    lines = [f"{'' if is_set else f'[{at}] '}{short(item, room)}" for at, item in enumerate(shown)]
    more = [f"… {count - len(lines):,} more"] if count > len(lines) else []
    return clip_lines("\n".join([title, *lines, *more]), limit)


def _of(value: object, count: int, some: list[Any]) -> str:
    return f"{peek.name_of(type(value))} of {count:,} {_types(some)}"


def _types(items: list[Any]) -> str:
    """`int`, or `int, str, Foo and 2 more types`."""
    names = list(dict.fromkeys(peek.name_of(type(item)) for item in items))
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more types" if len(names) > 4 else "")


def _range(items: list[Any], count: int) -> str:
    if len(items) < count or not items or any(type(item) not in (int, float) for item in items):
        return ""
    numbers = [item for item in items if item == item and abs(item) < 1e300]
    return f", {number(min(numbers))} to {number(max(numbers))}" if numbers else ""

"""Any value in one line: what stands for it inside a container, an object or a table. Nested, and never consumed.

Builtin types are read through their own methods, so that a subclass's code isn't run. Time is bounded by `room`:
no more values are looked at than it has characters.
"""

from __future__ import annotations

import array
import collections
import functools
import types
from itertools import islice
from typing import TYPE_CHECKING, Any

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, one_line
from qwen_magics.context.describe.leaves import LEAVES, frame, numeric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_SORTED = 100_000  # elements of a set: of larger ones none is shown
_MOST_COMPARED = 2_000  # elements of a set that have no order but that of their texts
_DEEPEST = 12
_SHARE = 3  # an item takes at most a third of the room that is left …
_LEAST = 24  # … but isn't cut below this


def short(value: object, room: int = 80) -> str:
    """`value` in one line of at most `room` characters. Never raises."""
    text = peek.attempt(lambda: _Line(room).write(value, room))
    return clip(one_line(named(value) if text is None else text), room, "…")


def named(value: object) -> str:
    """All that is certain of any value."""
    return f"<{peek.full_name(type(value))}>"


def flow(items: Iterable[Any], count: int, room: int, write: Callable[[Any, int], str]) -> str:
    """As many of `count` items as `room` has characters for, with `… 990 more` where not all have."""
    said: list[str] = []
    left = room
    for item in items:
        if left <= 0:
            break
        share = left // min(max(count - len(said), 1), _SHARE)
        text = write(item, min(left, max(share, _LEAST)))
        said.append(text)
        left -= len(text) + 2
    if len(said) == count:
        return ", ".join(said)
    while said and left < len(f"… {count:,} more"):
        left += len(said.pop()) + 2
    return ", ".join([*said, f"… {count - len(said):,} more"])


def in_order(value: set[Any] | frozenset[Any]) -> list[Any] | None:
    """A set's elements in an order that doesn't depend on hashes; None where that would take long."""
    plain = set if issubclass(type(value), set) else frozenset
    items = list(islice(plain.__iter__(value), MOST_SORTED))  # type: ignore[arg-type]
    kinds = {type(item) for item in items}
    if len(items) == MOST_SORTED:
        return None
    if kinds <= {int, bool, float}:
        return sorted(items, key=lambda item: (item != item, item))
    if kinds <= {str}:
        return sorted(items)
    if len(items) > _MOST_COMPARED:
        return None
    return sorted(items, key=lambda item: (peek.full_name(type(item)), short(item, 120)))


class _Line:
    """Writes one line; knows what it is inside of, and how many more values may be looked at."""

    def __init__(self, nodes: int) -> None:
        self._inside: list[int] = []
        self._nodes = max(nodes, 1)

    def write(self, value: object, room: int) -> str:
        """`value` in at most `room` characters."""
        self._nodes -= 1
        if self._nodes < 0 or id(value) in self._inside or len(self._inside) >= _DEEPEST:
            return "…"
        self._inside.append(id(value))
        try:
            text = self._text(value, room)
        finally:
            self._inside.pop()
        return clip(text, room, "…")

    def _text(self, value: object, room: int) -> str:
        kind = type(value)
        if peek.is_enum(kind):
            return peek.own_repr(value)
        declared = peek.fields(value)
        if declared is not None:
            return self._pairs(declared, room, f"{peek.name_of(kind)}(", "{}={}", ")")
        for base in peek.bases(kind):
            if base in _CONTAINERS:
                return _CONTAINERS[base](self, value, room)
            if base in LEAVES:
                return LEAVES[base](value, room)
        known = frame(value) or numeric(value)
        if known:
            return known
        if not peek.repr_is_own(kind) or peek.runs_when_shown(kind):
            return named(value)
        return one_line(peek.own_repr(value))

    def _pairs(self, pairs: dict[Any, Any], room: int, opening: str, pair: str, closing: str) -> str:
        def write(item: tuple[Any, Any], share: int) -> str:
            key = item[0] if pair.startswith("{}=") else self.write(item[0], share // 2)
            start = pair.format(key, "")
            return start + self.write(item[1], max(share - len(start), 1))

        body = flow(_items(pairs), dict.__len__(pairs), room - len(opening) - len(closing), write)
        return f"{opening}{body}{closing}"

    def mapping(self, value: dict[Any, Any], room: int) -> str:
        """`{key: value, …}`."""
        opening, closing = _around(value, dict, "{", "}")
        return self._pairs(value, room, opening, "{}: {}", closing)

    def proxy(self, value: types.MappingProxyType[Any, Any], room: int) -> str:
        """`mappingproxy({key: value, …})`."""
        return f"mappingproxy({self.mapping(dict(islice(value.items(), room)), room - 14)})"

    def sequence(self, value: Any, room: int) -> str:
        """`[item, …]` of whatever has a length and stores its items."""
        kind = type(value)
        if issubclass(kind, tuple):
            opening, closing = _around(value, tuple, "(", ",)" if tuple.__len__(value) == 1 else ")")
            items, count = tuple.__iter__(value), tuple.__len__(value)
        elif issubclass(kind, list):
            opening, closing = _around(value, list, "[", "]")
            items, count = list.__iter__(value), list.__len__(value)
        else:
            opening, closing = _around(value, list, "[", "]")
            items, count = iter(value), len(value)
        body = flow(items, count, room - len(opening) - len(closing), self.write)
        return f"{opening}{body}{closing}"

    def elements(self, value: Any, room: int) -> str:
        """`{element, …}`, in order."""
        opening, closing = _around(value, set, "{", "}")
        items = in_order(value)
        count = set.__len__(value) if issubclass(type(value), set) else frozenset.__len__(value)
        if not count:
            return f"{peek.name_of(type(value))}()"
        body = flow(items or [], count, room - len(opening) - len(closing), self.write)
        return f"{opening}{body}{closing}"

    def wrapper(self, value: Any, room: int) -> str:
        """`UserDict(…)`, `UserList(…)` and the like: what they hold."""
        name = peek.name_of(type(value))
        return f"{name}({self.write(peek.attributes(value).get('data'), room - len(name) - 2)})"

    def partial(self, value: functools.partial[Any], room: int) -> str:
        """`partial(function, arguments)`."""
        of = [value.func, *value.args, *value.keywords.values()]
        return f"partial({flow(of, len(of), room - 9, self.write)})"


def _items(pairs: dict[Any, Any]) -> Iterable[tuple[Any, Any]]:
    if issubclass(type(pairs), collections.OrderedDict):
        return collections.OrderedDict.items(pairs)  # type: ignore[arg-type]
    return dict.items(pairs)


def _around(value: object, plain: type, opening: str, closing: str) -> tuple[str, str]:
    """The brackets, with the type's name where it isn't the plain one."""
    kind = type(value)
    return (opening, closing) if kind is plain else (f"{peek.name_of(kind)}({opening}", f"{closing})")


_CONTAINERS: dict[type, Callable[[_Line, Any, int], str]] = {
    dict: _Line.mapping,
    list: _Line.sequence,
    tuple: _Line.sequence,
    set: _Line.elements,
    frozenset: _Line.elements,
    collections.deque: _Line.sequence,
    array.array: _Line.sequence,
    type({}.keys()): _Line.sequence,
    type({}.values()): _Line.sequence,
    type({}.items()): _Line.sequence,
    types.MappingProxyType: _Line.proxy,
    collections.UserDict: _Line.wrapper,
    collections.UserList: _Line.wrapper,
    functools.partial: _Line.partial,
}

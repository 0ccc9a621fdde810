"""The secrets that a session holds: in its variables and in `.env`, under names that say so. Takes out nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING

from qwen_magics.context.secret_names import says

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEPTH, _NODES = 3, 2_000  # how far into a value is looked, and at how many of its parts


def secrets_in(source: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Names that say secret, with their texts; also within dicts, lists and plain objects; runs no user's code."""
    looked_at: set[int] = set()
    for name, value in list(source.items()):
        if type(value) in _BARE or not isinstance(name, str) or name.startswith("_i"):  # IPython's history of inputs
            continue
        if type(value) is str:
            if says(name):
                yield name, value
        elif says(name) or id(value) not in looked_at:  # what IPython keeps as an output has other names too
            looked_at.add(id(value))
            yield from _walk(name, value, _DEPTH, [_NODES])


_BARE = frozenset(
    (bool, int, float, complex, type(None), type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)
)


def _walk(name: str, value: object, depth: int, left: list[int]) -> Iterator[tuple[str, str]]:
    left[0] -= 1
    if left[0] < 0 or value is None:
        return
    kind = type(value)  # a value may answer `isinstance` with code of its own
    if issubclass(kind, str):
        if says(name):
            yield name, str.__str__(value)
    elif issubclass(kind, bytes):
        if says(name):
            yield name, bytes.decode(value, "utf-8", "replace")  # type: ignore[arg-type]
    elif depth <= 0:
        return
    elif issubclass(kind, dict) and kind.__module__ in ("builtins", "collections"):
        items: list[tuple[object, object]] = list(dict.items(value))  # type: ignore[arg-type]
        for key, inner in items[:_NODES]:
            label = key if isinstance(key, str) and (says(key) or not says(name)) else name
            yield from _walk(label, inner, depth - 1, left)
    elif issubclass(kind, list | tuple | set | frozenset):
        if says(name):
            for inner in list(value)[:_NODES]:  # type: ignore[call-overload]
                yield from _walk(name, inner, depth - 1, left)
    elif kind.__name__ in ("SecretStr", "SecretBytes"):
        yield from _walk(name, getattr(value, "_secret_value", None), depth - 1, left)
    else:
        yield from _walk_object(name, value, depth, left)


def _walk_object(name: str, value: object, depth: int, left: list[int]) -> Iterator[tuple[str, str]]:
    """What a plain object holds under names that say secret (settings, clients); modules and classes are no values."""
    if issubclass(type(value), type | ModuleType):
        return
    try:
        inside = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return
    for key, inner in list(inside.items())[:200]:
        if isinstance(key, str) and says(key):
            yield from _walk(key, inner, depth - 1, left)


_ENTRY = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|'([^']*)'|(.*?))\s*(?:#.*)?$")


def dotenv(folder: Path | None = None) -> dict[str, str]:
    """The entries of the nearest `.env` at or above `folder` (this process's, unless given)."""
    here = folder or Path.cwd()
    for place in (here, *here.parents):
        if not os.path.exists(file := os.path.join(place, ".env")):  # noqa: PTH110, PTH118  at every turn: in no time
            continue
        try:
            lines = Path(file).read_text("utf-8", "replace")[:100_000].splitlines()
        except OSError:
            continue
        entries = (match for line in lines if (match := _ENTRY.match(line)))
        return {entry[1]: next((value for value in entry.groups()[1:] if value is not None), "") for entry in entries}
    return {}

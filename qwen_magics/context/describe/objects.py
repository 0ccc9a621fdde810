"""Every other object, for `describe`: its type and first words, its fields or stored attributes, its methods' names.

No property is computed. Where somebody wrote a repr, that says what may be read: of the other attributes only the
types are told, because a repr may have left something out on purpose.
"""

from __future__ import annotations

import sys

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, clip_lines
from qwen_magics.context.describe.code import is_library
from qwen_magics.context.describe.short import flow, named, short

_ATTRIBUTES = 30
_VALUE = 200  # characters of an attribute's value


def instance(value: object, limit: int) -> str:
    """Any object."""
    kind = type(value)
    declared = peek.fields(value)
    if declared is not None:
        whole = short(value, limit)
        if len(whole) <= _VALUE and "… " not in whole:
            return whole
        return clip_lines("\n".join([_title(kind), *_lines(declared, limit)]), limit)
    stored = peek.public(value)
    if peek.is_enum(kind):
        return short(value, limit)
    if not peek.repr_is_own(kind):
        return clip_lines("\n".join([_title(kind), *_lines(stored, limit), *_methods(kind, limit)]), limit)
    said = short(value, limit) if peek.runs_when_shown(kind) else peek.own_repr(value)
    if _is_builtin(kind):
        return clip_lines(said, limit)
    more = [*_fitted(stored), *_told(stored, limit), *_parameters(value, kind)]
    names = (peek.name_of(kind), f"<{peek.name_of(kind)}", named(value))
    title = [] if said.startswith(names) and not more else [_title(kind)]
    rest = "\n".join(more)
    return "\n".join([*title, clip_lines(said, max(limit - len(rest) - sum(map(len, title)) - 2, limit // 2)), *more])


def _is_builtin(kind: type) -> bool:
    return peek.name_of(kind, "__module__") in ("builtins", "re", "_io", "pathlib")


def _title(kind: type) -> str:
    doc = "" if _is_builtin(kind) else peek.doc_line(kind)
    return f"{peek.full_name(kind)}: {doc}" if doc else peek.full_name(kind)


def _lines(values: dict[str, object], limit: int) -> list[str]:
    """`name: value`, each in its line."""
    room = min(max(limit // max(min(len(values), _ATTRIBUTES), 1) - 2, 60), limit // 2)
    lines = [f"  {name}: {short(value, room)}" for name, value in list(values.items())[:_ATTRIBUTES]]
    return [*lines, *([f"  … {len(values) - _ATTRIBUTES:,} more"] if len(values) > _ATTRIBUTES else [])]


def _fitted(stored: dict[str, object]) -> list[str]:
    """What a scikit-learn estimator learned: by its rule the attributes that end in an underscore."""
    return [f"  {name}: {short(value, _VALUE)}" for name, value in stored.items() if name.endswith("_")][:_ATTRIBUTES]


def _told(stored: dict[str, object], limit: int) -> list[str]:
    types = [f"{name} ({peek.name_of(type(value))})" for name, value in stored.items() if not name.endswith("_")]
    return [f"attributes: {flow(types, len(types), limit // 4, clip)}"] if types else []


def _parameters(value: object, kind: type) -> list[str]:
    """How many weights a PyTorch-like module has."""
    if not peek.has(kind, "parameters", "forward"):
        return []
    count = peek.attempt(lambda: sum(each.numel() for each in value.parameters()))  # type: ignore[attr-defined]
    return [f"{count:,} parameters"] if count is not None else []


def _methods(kind: type, limit: int) -> list[str]:
    """Of a class that the user wrote; those of a library are known, and many."""
    path = getattr(sys.modules.get(peek.name_of(kind, "__module__")), "__file__", None)
    if path and is_library(path):
        return []
    names = [
        name
        for base in reversed(peek.bases(kind)[:-1])
        for name, member in type.__dict__["__dict__"].__get__(base).items()
        if name[:1] != "_" and (peek.is_method(member) or issubclass(type(member), property))
    ]
    names = list(dict.fromkeys(names))
    return [f"  methods and properties: {flow(names, len(names), limit // 4, clip)}"] if names else []

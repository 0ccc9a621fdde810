"""Functions, classes and modules, for `describe`: the user's own as source, a library's as signature and summary."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import sys
import sysconfig
import textwrap
import types
from typing import Any

from qwen_magics.context.describe import peek
from qwen_magics.context.describe.bounds import clip, clip_lines, one_line
from qwen_magics.context.describe.short import flow, short

_LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_CALLABLES = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.MethodDescriptorType,
              types.WrapperDescriptorType, types.MethodWrapperType, functools.partial)  # fmt: skip
_OUTLINE = 2_400  # characters of what isn't source
_LARGEST_SOURCE = 200_000  # characters of a file that is parsed for a class


def code(value: object, limit: int) -> str | None:
    """A function, method, class or module; None for others."""
    kind = type(value)
    if issubclass(kind, functools.partial):
        of: Any = value
        return clip_lines(f"{short(of, 200)}\n{code(of.func, limit) or ''}".strip(), limit)
    if issubclass(kind, _CALLABLES) or peek.has(kind, "cache_info"):
        return _function(value, limit)
    if issubclass(kind, type):
        return _class(value, limit)  # type: ignore[arg-type]
    if issubclass(kind, types.ModuleType):
        return _module(value, limit)  # type: ignore[arg-type]
    return None


def is_library(path: str) -> bool:
    """Whether a file belongs to Python or an installed package."""
    return path.startswith((*_LIBRARIES, "<frozen")) or "site-packages" in path


def _function(value: Any, limit: int) -> str:
    path = peek.attempt(lambda: str(inspect.unwrap(value).__code__.co_filename), "<none>")
    source = None if is_library(path or "") else peek.attempt(lambda: inspect.getsource(value))
    if source:
        return clip_lines(textwrap.dedent(source).strip("\n"), limit)
    name = peek.attempt(lambda: str(value.__qualname__)) or peek.name_of(type(value))
    return _with_doc(f"{_kind(value)} {name}{_signature(value)}", value, limit)


def _kind(value: object) -> str:
    return "built-in function" if issubclass(type(value), types.BuiltinFunctionType) else "function"


def _signature(value: Any) -> str:
    """Names and defaults; without annotations, which are long and seldom ask for anything new."""
    text = peek.attempt(lambda: str(_bare(inspect.signature(value))))
    return clip(one_line(peek.stable(text)), 400) if text else "(…)"


def _bare(signature: inspect.Signature) -> inspect.Signature:
    bare = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)


def _with_doc(title: str, value: Any, limit: int) -> str:
    doc = peek.attempt(lambda: inspect.getdoc(value)) or ""
    return clip_lines("\n".join(part for part in (title, doc.partition("\n\n")[0]) if part), limit)


def _class(value: type, limit: int) -> str:
    """The source of a class that the user wrote; its outline where that is long or a library's."""
    source = peek.attempt(lambda: _class_source(value))
    if source and len(source) <= limit:
        return source
    limit = min(limit, _OUTLINE)
    parents = ", ".join(peek.full_name(base) for base in peek.bases(value)[1:3] if base is not object)
    title = f"class {peek.full_name(value)}" + (f"({parents})" if parents else "")
    members = {name: member for name, member in type.__dict__["__dict__"].__get__(value).items() if name[:1] != "_"}
    methods = [
        f"{name}{_signature(getattr(member, '__func__', member))}"
        for name, member in members.items()
        if peek.is_method(member)
    ]
    others = [name for name, member in members.items() if not peek.is_method(member)]
    said = [title, peek.doc_line(value), f"called as {peek.name_of(value)}{_signature(value)}"]
    said += [f"methods: {flow(methods, len(methods), limit // 2, clip)}"] if methods else []
    said += [f"other attributes: {flow(others, len(others), limit // 6, clip)}"] if others else []
    return clip_lines("\n".join(part for part in said if part), limit)


def _class_source(value: type) -> str | None:
    """Its source, unless it is a library's. Before Python 3.13 `inspect` can't find a class that is in a cell."""
    module = sys.modules.get(peek.name_of(value, "__module__"))
    path = getattr(module, "__file__", None)
    if path:
        return None if is_library(path) else textwrap.dedent(inspect.getsource(value)).strip("\n")
    name = peek.name_of(value)
    for file in reversed(list(linecache.cache)):
        source = "".join(linecache.cache[file][2]) if len(linecache.cache[file]) > 2 else ""  # type: ignore[misc]
        if is_library(file) or f"class {name}" not in source or len(source) > _LARGEST_SOURCE:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and node.name == name:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                return textwrap.dedent("\n".join(source.split("\n")[first - 1 : node.end_lineno]))
    return None


def _module(value: types.ModuleType, limit: int) -> str:
    stored = peek.attributes(value)
    version = stored.get("__version__")
    title = f"module {stored.get('__name__')}" + (f" {version}" if type(version) is str else "")
    names = sorted(name for name in stored.get("__all__") or stored if type(name) is str and name[:1] != "_")
    said = [clip(title, 200), peek.first_line(stored.get("__doc__"))]
    said += [f"names: {flow(names, len(names), min(limit // 2, 800), clip)}"] if names else []
    return clip_lines("\n".join(part for part in said if part), limit)

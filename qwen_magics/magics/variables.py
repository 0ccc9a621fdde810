"""What the sidebar asks a kernel about its variables: their names, and one's summary as a model would get it.

Asked as `user_expressions` of an empty, silent request, so nothing of it stands in the history, in `_` or in the user's
namespace, and `%load_ext` need not have run. What is said is redacted here, before it leaves the kernel.
"""

from __future__ import annotations

import types
from typing import Any

VERSION = 1
MOST = 500  # names
_OUTPUT = ("In", "Out", "exit", "quit", "get_ipython", "open")


class Said:
    """An answer as JSON, whatever the front end takes."""

    def __init__(self, **said: object) -> None:
        self._said = {"version": VERSION, **said}

    def _repr_json_(self) -> dict[str, object]:
        return self._said

    def __repr__(self) -> str:
        return "<what the sidebar asked>"  # the JSON says it; a second copy of a summary is of no use


def names() -> Said:
    """The user's variables with their types, the newest first. Modules, magics' and hidden names are none."""
    shown = []
    for name, value in reversed(list(_variables().items())):
        if not name.startswith("_") and not issubclass(type(value), types.ModuleType):
            shown.append({"name": name, "type": _type(value)})
    return Said(variables=shown[:MOST])


def summary(name: str) -> Said:
    """One variable's summary, redacted; null where there is no such variable."""
    variables = _variables()
    if name not in variables:
        return Said(summary=None)
    from qwen_magics import settings
    from qwen_magics.asking.sending import redactor
    from qwen_magics.context.describe import describe

    text = describe(variables[name])
    return Said(summary=redactor(settings.load().with_options(), variables).redact(text).text)


def _variables() -> dict[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return {}
    hidden = shell.user_ns_hidden
    return {
        name: value
        for name, value in list(shell.user_ns.items())
        if name not in _OUTPUT and not (name in hidden and hidden[name] is value)
    }


def _type(value: object) -> str:
    """A table with its size, else the type's name: what tells one variable from another in a list."""
    from qwen_magics.context.describe import peek
    from qwen_magics.context.describe.leaves import frame

    table = peek.attempt(lambda: frame(value), "") or ""
    return table.strip("<>") or peek.name_of(type(value))

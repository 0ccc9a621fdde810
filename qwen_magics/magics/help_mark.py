"""`%qwen what is this?` is a question, not a request for help.

IPython turns a line that ends in a question mark into `pinfo` of its last word before any magic sees it. This input
transformer comes first and hands such a line to the magic; `%qwen?` and `%%qwen?` stay help. It also lets a `%%qwen`
line stand alone in its cell (`%%qwen --continue`), which IPython refuses.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_ASKS = re.compile(
    r"^(?P<indent>\s*)(?:(?P<target>[\w.,\s\[\]*]+?)\s*=\s*)?%(?P<name>qwen(?:_\w+)?)[ \t]+(?P<rest>.*\S.*)$"
)


def install(shell: InteractiveShell) -> None:
    """Put the transformer before IPython's own."""
    if transform not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(transform)


def remove(shell: InteractiveShell) -> None:
    """Take it away."""
    if transform in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(transform)


def transform(lines: list[str]) -> list[str]:
    """Lines such as `%qwen … ?` as the call that IPython would have made without the question mark."""
    if len(lines) == 1 and re.match(r"%%qwen(?:\s|$)", lines[0]):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    if not any("%qwen" in line and line.rstrip().endswith("?") for line in lines):
        return lines
    if lines[0].lstrip().startswith("%%") or _is_python("".join(lines)):
        return lines
    return [_transformed(line) for line in lines]


def _is_python(code: str) -> bool:
    """A cell that is Python as it stands has no magic in it: what looks like one is inside a string."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def _transformed(line: str) -> str:
    match = _ASKS.match(line.rstrip("\n"))
    if match is None or not match["rest"].rstrip().endswith("?"):
        return line
    end = "\n" if line.endswith("\n") else ""
    target = f"{match['target']} = " if match["target"] else ""
    return f"{match['indent']}{target}get_ipython().run_line_magic({match['name']!r}, {match['rest']!r}){end}"

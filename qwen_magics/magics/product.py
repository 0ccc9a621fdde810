"""What an answer leads to in the kernel: a string, JSON, code in a new cell. Asks nothing and runs nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from qwen_magics.errors import WrongForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_magics.magics.prepare import Prepared
    from qwen_magics.magics.session import Session

PRODUCT = "# from %"  # first line of a cell that an answer's code was put into, and the magic that asked
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n(.*?)(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)


class Answer(str):
    """An answer as a string. The execution that asked has shown it; where that ends with it, it shows nothing more."""

    __slots__ = ("_shown",)
    _shown: Callable[[], bool]

    def __new__(cls, text: str, shown: Callable[[], bool]) -> Answer:
        """`shown` tells whether the execution that asked still runs."""
        answer = super().__new__(cls, text)
        answer._shown = shown
        return answer

    def _ipython_display_(self) -> None:
        if not self._shown():
            raise NotImplementedError  # as any other string

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def parsed(answer: str) -> Any:
    """The JSON of an answer, in a fence or not. Raises WrongForm."""
    text = code_of(answer) if "```" in answer else answer
    try:
        return json.loads(text)
    except ValueError as problem:
        raise WrongForm(
            f"The answer is not JSON ({problem}); it stands above as it came.",
            remedy="Ask again, or leave --as json out.",
        ) from None


def code_of(answer: str, *, whole: bool = True) -> str:
    """The code of an answer: its last fence's content; where there is none the `whole` answer, or nothing."""
    blocks = [match[2].rstrip() for match in _FENCE.finditer(answer)]
    if blocks:
        return blocks[-1]
    return answer.strip() if whole else ""


def put_below(session: Session, prepared: Prepared, code: str, magic: str) -> None:
    """Code into a new cell below, unless the next cell is already such a product. Never run."""
    notebook = prepared.notebook
    here = prepared.ask.place.cell_id or str(prepared.ask.place.number)
    below = notebook.cells[notebook.running + 1 :][:1] if notebook.running is not None else ()
    if not code or here in session.inserted or any(cell.source.startswith(PRODUCT) for cell in below):
        return
    session.inserted.add(here)
    session.shell.set_next_input(f"{PRODUCT}{magic.removeprefix('%')}\n{code}")

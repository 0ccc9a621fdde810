"""The notebook's nouns: `Notebook`, `Cell`, `Output`. Pure values; who fills them is `current`.

An `Output` has the fields of nbformat 4's four kinds of output wherever it comes from (kernel, file, front end), so
that whatever reads it need not ask. In a `Cell`'s outputs neighbouring streams of one name are joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

CellKind = Literal["code", "markdown", "raw"]


class Output(Struct, frozen=True, eq=False, weakref=True, omit_defaults=True):
    """One output with nbformat 4's fields; which of them are filled depends on `output_type`.

    `stream` has name and text; `display_data` and `execute_result` have data (a mime bundle) and metadata; `error` has
    ename, evalue and traceback. Text may be a string or a list of its lines. Compared by identity: it never changes,
    so what was worked out for it can be remembered for as long as it lives.
    """

    output_type: str
    name: str = ""
    text: str | list[str] = ""
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    execution_count: int | None = None
    ename: str = ""
    evalue: str = ""
    traceback: list[str] = []


class Cell(Struct, frozen=True, kw_only=True):
    """A cell as it is now. `number` counts all cells from 1; `id` is empty where nothing gives one.

    `ran` tells that it was executed in this kernel session: its source and outputs are then the kernel's own, and
    `edited` that the document has another source by now.
    """

    number: int
    kind: CellKind
    source: str
    id: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    outputs: tuple[Output, ...] = ()
    execution_count: int | None = None
    ran: bool = False
    edited: bool = False


class Notebook(Struct, frozen=True, kw_only=True):
    """All cells in document order.

    `running` is the index in `cells` of the cell that is being executed; that cell's `outputs` are empty, what it
    showed the last time is in `earlier` (for replay, never context). `origin` tells where order, Markdown and unrun
    cells come from; `note` says in one line why that is not the file, where one was expected.
    """

    cells: tuple[Cell, ...] = ()
    running: int | None = None
    origin: Literal["live", "file", "session"] = "session"
    path: str = ""
    metadata: dict[str, Any] = {}
    earlier: tuple[Output, ...] = ()
    note: str = ""


def joined(text: str | list[str]) -> str:
    """A multi-line string of nbformat as one string."""
    return text if isinstance(text, str) else "".join(text)


def tidy(source: str | list[str]) -> str:
    """A cell's source in the one form in which kernel, file and front end agree: LF, no white space at the end."""
    text = joined(source)
    return (text.replace("\r\n", "\n") if "\r" in text else text).rstrip()


def merged(outputs: Iterable[Output]) -> tuple[Output, ...]:
    """The outputs with every run of stream outputs as one `stdout` and one `stderr`.

    How stdout and stderr interleave within a run depends on when the kernel flushes them, so the next execution would
    differ; their order around displays, results and errors is fixed and kept.
    """
    result: list[Output] = []
    run: list[Output] = []
    for output in outputs:
        if output.output_type == "stream":
            run.append(output)
            continue
        result += _one_per_name(run)
        run = []
        result.append(output)
    return tuple(result + _one_per_name(run))


def _one_per_name(run: list[Output]) -> list[Output]:
    if len(run) < 2:
        return run
    names = sorted({output.name for output in run}, key=lambda name: (name != "stdout", name))
    by_name = {name: [output for output in run if output.name == name] for name in names}
    return [
        same[0] if len(same) == 1 else Output("stream", name=name, text="".join(joined(output.text) for output in same))
        for name, same in by_name.items()
    ]

"""Joins what the kernel knows with what the notebook's document says into the `Notebook` of now. Pure.

The document (the file, or a front end's live copy of the same shape) gives order, Markdown, tags, and the cells that
were not executed in this session. The kernel's record gives source and outputs of those that were, always.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from .align import Executed, align
from .cells import Cell, Notebook, Output
from .executions import Execution
from .file import Saved, SavedCell

NOT_HELD = "{} as it was last saved does not hold this cell: cells count in the order in which they ran"


def current(
    executions: Sequence[Execution],
    running: Execution | None = None,
    document: Saved | None = None,
    origin: Literal["live", "file"] = "file",
    note: str = "",
) -> Notebook:
    """The notebook as it is now. `executions` are the latest ones of each cell, in order of the first ones.

    A document counts only if it holds the running cell, or other cells of this session by their ids (then the running
    one is new and not saved yet). Where the front end gives no ids, at least half of the executions have to be in it.
    Else the cells are the executions; path and metadata are the document's all the same, for what they forbid.
    """
    if document is None:
        return _of_session(executions, running, note)
    places = _places(executions, document.cells)
    ids = {cell.id for cell in document.cells if cell.id}
    known = any(execution.key in ids for execution in places)
    if running is not None and running not in places:
        held = known and running.time > document.time
    else:
        held = known or len(places) * 2 >= len(executions)
    if not held:
        missing = note or NOT_HELD.format(document.path or "the notebook")
        cells = _of_session(executions, running, missing)
        return replace(cells, path=document.path, metadata=document.metadata)
    return _of_document(executions, running, document, origin, places, note)


def _places(executions: Sequence[Execution], cells: Sequence[SavedCell]) -> dict[Execution, int]:
    """The index of each execution's cell. By id where the front end's ids are the document's, else by source."""
    code = [index for index, cell in enumerate(cells) if cell.kind == "code"]
    by_id = {cells[index].id: index for index in reversed(code) if cells[index].id}
    places = {execution: by_id[execution.key] for execution in executions if execution.key in by_id}
    rest = [execution for execution in executions if not (places and execution.key)]
    rest = [execution for execution in rest if execution not in places]
    if not rest:
        return places
    taken = set(places.values())
    found = align(
        [Executed(execution.source, own=bool(execution.key)) for execution in rest],
        [cells[index].source for index in code],
        taken=[number for number, index in enumerate(code) if index in taken],
        edited=not places,
    )
    places.update(
        {execution: code[number] for execution, number in zip(rest, found, strict=True) if number is not None}
    )
    return places


def _of_document(
    executions: Sequence[Execution],
    running: Execution | None,
    document: Saved,
    origin: Literal["live", "file"],
    places: dict[Execution, int],
    note: str,
) -> Notebook:
    latest: dict[int, Execution] = {}
    before: tuple[Output, ...] | None = None
    for execution in sorted(places, key=lambda execution: execution.time):
        index = places[execution]
        if execution is running:
            before = latest[index].outputs if index in latest else document.cells[index].outputs
        latest[index] = execution
    if running in places:
        latest[places[running]] = running
    unsaved = _unsaved(executions, places, document.time)
    cells: list[Cell] = []
    at: int | None = None
    for index, saved in enumerate((None, *document.cells), start=-1):
        if saved is not None:
            if running is not None and places.get(running) == index:
                at = len(cells)
            cells.append(_cell(len(cells) + 1, saved, latest.get(index), running, document.time))
        for execution in unsaved.get(index, ()):
            if execution is running:
                at = len(cells)
            cells.append(_cell(len(cells) + 1, None, execution, running))
    if running and running.earlier is not None:
        before = running.earlier
    return Notebook(
        cells=tuple(cells),
        running=at,
        origin=origin,
        path=document.path,
        metadata=document.metadata,
        earlier=before or (),
        note=note,
    )


def _unsaved(executions: Sequence[Execution], places: dict[Execution, int], saved: float) -> dict[int, list[Execution]]:
    """Cells that were executed after the document was saved and are not in it: each behind the one executed before it.

    What is not in the document and was executed before it was saved has been deleted.
    """
    unsaved: dict[int, list[Execution]] = defaultdict(list)
    last = -1
    for execution in sorted(executions, key=lambda execution: execution.time):
        if execution in places:
            last = places[execution]
        elif execution.time > saved:
            unsaved[last].append(execution)
    return unsaved


def _of_session(executions: Sequence[Execution], running: Execution | None, note: str) -> Notebook:
    cells = [_cell(number, None, execution, running) for number, execution in enumerate(executions, start=1)]
    at = next((index for index, execution in enumerate(executions) if execution is running), None)
    earlier = running.earlier if running else None
    return Notebook(cells=tuple(cells), running=at, note=note, earlier=earlier or ())


_NEW = SavedCell(kind="code", source="")


def _cell(
    number: int, saved: SavedCell | None, execution: Execution | None, running: Execution | None, as_of: float = 0.0
) -> Cell:
    """`as_of` is when the document was saved."""
    saved = saved or _NEW
    if execution is None:
        source, outputs, count = saved.source, saved.outputs, saved.execution_count
    else:
        source, count = execution.source, execution.execution_count
        outputs = saved.outputs if execution.forgotten else execution.outputs
    return Cell(
        number=number,
        kind=saved.kind,
        source=source,
        id=saved.id or (execution.key if execution else ""),
        tags=saved.tags,
        metadata=saved.metadata,
        outputs=() if execution is not None and execution is running else outputs,
        execution_count=count,
        ran=execution is not None,
        edited=execution is not None and as_of > execution.time and saved.source != execution.source,
    )

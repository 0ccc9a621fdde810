"""The chips under the input: which cells go along for them, what they attach, and which items of the composed context
each of them stands for. Reads no files, prices nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.asking import attachments, sending
from qwen_magics.context.maker import OUTPUT_TOKENS, Draft, Maker, Memory, is_skipped
from qwen_magics.errors import SendingForbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qwen_magics.asking.attachments import Shortener
    from qwen_magics.context.items import Item
    from qwen_magics.notebook.cells import Cell, Notebook
    from qwen_magics.provider.endpoints import Endpoint
    from qwen_magics.server.bodies import Chip
    from qwen_magics.server.files import File

OF_CELLS = ("cell", "turn", "mark")
_POINTS = {"cell": "selected", "error": "error"}


class Taken(Struct, frozen=True, kw_only=True):
    """A chip: how people call it, the number of the cell that it names (0: none), what it attaches, and a `note`: why
    it adds nothing, or less than there is.
    """

    chip: Chip
    label: str
    number: int = 0
    item: Item | None = None
    note: str = ""

    @property
    def works(self) -> bool:
        """Whether it is on and adds something."""
        return self.chip.on and (self.item is not None or not self.note)


class Chosen(Struct, frozen=True, kw_only=True):
    """What all chips come to."""

    taken: tuple[Taken, ...]
    without: frozenset[int]

    def has(self, kind: str) -> bool:
        """Whether a chip of this kind is on."""
        return any(one.chip.kind == kind and one.chip.on for one in self.taken)

    @property
    def pointed(self) -> frozenset[int]:
        """The numbers of cells that the user points at."""
        return frozenset(one.number for one in self.taken if one.chip.kind in _POINTS and one.works)

    @property
    def only(self) -> frozenset[int] | None:
        """The only cells that go; None: all."""
        return None if self.has("notebook") else self.pointed

    @property
    def names(self) -> frozenset[str]:
        """Variables that the question is about."""
        return frozenset(one.chip.name for one in self.taken if one.chip.kind == "var" and one.works)

    @property
    def attached(self) -> tuple[Item, ...]:
        """What goes along beside cells, in the chips' order."""
        return tuple(one.item for one in self.taken if one.item is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is on and does not go, in words."""
        return tuple(f"{one.label} ({one.note})" for one in self.taken if one.chip.on and not one.works)

    def shares(self, items: Sequence[Item]) -> list[frozenset[int]]:
        """For each chip the places of the items that would not go without it."""
        places = iter([n for n, item in enumerate(items) if item.kind == "attachment"])
        own = [next(places, None) if one.item is not None else None for one in self.taken]
        return [self._share(n, items, own) if one.chip.on else frozenset() for n, one in enumerate(self.taken)]

    def _share(self, at: int, items: Sequence[Item], own: Sequence[int | None]) -> frozenset[int]:
        one = self.taken[at]
        number, kind = one.number, one.chip.kind
        if kind == "thread":
            return frozenset(n for n, item in enumerate(items) if item.kind == "said")
        if kind == "notebook":
            cells = {n for n, item in enumerate(items) if item.kind in OF_CELLS and item.number not in self.pointed}
            pointers = zip(self.taken, own, strict=True)  # a cell that goes by itself needs none
            return frozenset(cells | {n for other, n in pointers if n is not None and other.chip.kind == "cell"})
        if number and (kind == "cell" or (kind == "error" and not self._held(number))):
            # All that speaks of the cell goes with it.
            cell = {n for n, item in enumerate(items) if item.kind in OF_CELLS and item.number == number}
            beside = zip(self.taken, own, strict=True)
            return frozenset(cell | {n for other, n in beside if n is not None and other.number == number})
        place = own[at]
        return frozenset() if place is None else frozenset((place,))

    def _held(self, number: int) -> bool:
        return any(one.chip.kind == "cell" and one.chip.on and one.number == number for one in self.taken)


class Chooser:
    """Makes chips into what they come to: for one notebook, one endpoint and the files that were read for them."""

    def __init__(
        self, notebook: Notebook, files: Mapping[str, File], endpoint: Endpoint, maker: Maker, shortener: Shortener
    ) -> None:
        self._notebook, self._files, self._endpoint = notebook, files, endpoint
        self._maker, self._shortener = maker, shortener
        self._cells: dict[str, Cell] = {}
        for cell in notebook.cells:
            self._cells.setdefault(cell.id, cell)
        self._without: frozenset[int] = frozenset()
        self._whole = False

    def choose(self, chips: Iterable[Chip]) -> Chosen:
        """All of them."""
        every = list(chips)
        self._whole = any(chip.kind == "notebook" and chip.on for chip in every)
        kept = {chip.name for chip in every if chip.kind == "cell" and chip.on}
        off = {chip.name for chip in every if chip.kind == "cell" and not chip.on}
        off |= {chip.name for chip in every if chip.kind == "error" and not chip.on} - kept
        self._without = frozenset(self._cells[name].number for name in off if name and name in self._cells)
        return Chosen(taken=tuple(self._taken(chip) for chip in every), without=self._without)

    def _taken(self, chip: Chip) -> Taken:
        cell = self._cells.get(chip.name) if chip.kind in ("cell", "error", "selection") and chip.name else None
        bare = Taken(chip=chip, label=_label(chip, cell, self._notebook), number=cell.number if cell else 0)
        if not chip.on or chip.kind in ("thread", "notebook"):
            return bare
        if chip.kind == "var":
            return self._attached(bare, chip.text, lambda text: attachments.value(chip.name, text))
        if chip.kind == "file":
            return self._file(bare)
        return replace(bare, note="not found") if cell is None else self._of_cell(bare, cell)

    def _of_cell(self, bare: Taken, cell: Cell) -> Taken:
        chip, number = bare.chip, cell.number
        if number in self._without:
            return replace(bare, note="switched off")
        if is_skipped(cell):
            return replace(bare, note="skipped")
        if chip.kind == "selection":
            return self._attached(bare, chip.text, lambda text: attachments.selection(number, text))
        if not Draft(cell).speaks:
            return replace(bare, note="nothing to show")
        if chip.kind == "cell" and not self._whole:  # it goes by itself
            return bare
        return replace(bare, item=attachments.pointer(number, _POINTS[chip.kind]))

    def _file(self, bare: Taken) -> Taken:
        path = bare.chip.name.strip("/")
        found = self._files.get(path)
        if found is None or found.problem:
            return replace(bare, note=found.problem if found else "not found")
        text = found.text
        if found.notebook is not None:
            try:
                sending.allowed(found.notebook.metadata, self._endpoint)
            except SendingForbidden:
                return replace(bare, note="forbids sending")
            text = self._as_text(found.notebook, found.memory or Memory())
        return self._attached(bare, text, lambda text: attachments.file(path, text))

    def _attached(self, bare: Taken, text: str, make: attachments.Make) -> Taken:
        if not text.strip():
            return replace(bare, note="empty")
        short, dropped, redacted = self._shortener.short(text)
        item = replace(make(short), cut=dropped, redacted=redacted)
        return replace(bare, item=item, note="shortened" if dropped else "")

    def _as_text(self, notebook: Notebook, memory: Memory) -> str:
        drafts = (draft for draft in memory.drafts(notebook.cells, self._maker) if draft.speaks)
        made = (self._maker.made(draft, OUTPUT_TOKENS) for draft in drafts)
        return "\n\n".join(text for one in made if one for text in (one.item.user_text, one.item.answer) if text)


def _label(chip: Chip, cell: Cell | None, notebook: Notebook) -> str:
    which = f"#{cell.number}" if cell is not None else "cell"
    file = chip.name.rstrip("/").rpartition("/")[2]
    return {
        "thread": "this thread",
        "notebook": notebook.path.rpartition("/")[2] or "this notebook",
        "cell": f"cell {which}" if cell is not None else which,
        "selection": f"selection in {which}",
        "error": f"error in {which}",
        "var": f"@{chip.name}",
        "file": file,
    }[chip.kind]

"""One cell → its `Item`, redacted and cut, under one set of rules. Worked out when asked for, remembered while the cell
stays as it is. Which cells go, and how much of their outputs, is `fit`'s matter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from qwen_magics import tokens
from qwen_magics.context import canonical, turns
from qwen_magics.context.items import Item
from qwen_magics.context.relevance import is_error
from qwen_magics.notebook import answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qwen_magics.context.compose import Rules
    from qwen_magics.context.redact import Redactor
    from qwen_magics.notebook.cells import Cell, Output

OUTPUT_TOKENS = 600  # of each output
OUTPUT_TOKENS_NEAR = 3000  # the last cells', an error, and what the question names
SHORT = 100  # of each output where there is no room for more
PER_TOKEN = 4.5  # characters of plain text at the most: an estimate by it is too low rather than too high
AROUND = 10  # tokens that name a cell
STOPPED = "\n\n[stopped here]"
SKIP, PIN = "qwen-skip", "qwen-pin"
_MARK = re.compile(r"\s*(?:#|<!--)\s*qwen:\s*(skip|pin)\b", re.IGNORECASE)
_OWN_LINE = re.compile(r"\s*(?:%(?:load_ext|reload_ext)\s+qwen_magics\b|%qwen_\w+|%config\s+Qwen\b|%%?qwen\w*\?)")


class Draft:
    """A cell before it is known whether it goes along. `words` and `shown` are about the tokens of its own text and of
    each output, by their characters: they need no work. `failed`: one of the outputs is an error.
    """

    __slots__ = ("_speaks", "cell", "failed", "made", "number", "pinned", "shown", "skipped", "words")

    def __init__(self, cell: Cell) -> None:
        self.cell, self.number = cell, cell.number
        self.skipped = is_skipped(cell)
        self.pinned = PIN in cell.tags or _marked(cell) == "pin"
        self.failed = is_error(cell)
        shown = [int(_characters(output) / PER_TOKEN) for output in cell.outputs]
        is_turn = turns.is_question(cell)
        self.words = AROUND + int(len(cell.source) / PER_TOKEN) + (sum(shown) if is_turn else 0)
        self.shown = [] if is_turn else shown
        self.made: dict[int, Made | None] = {}  # by the tokens that an output keeps
        self._speaks: bool | None = None

    @property
    def speaks(self) -> bool:
        """Whether anything of it would go along at all."""
        if self._speaks is None:
            self._speaks = self._has_words()
        return self._speaks

    def _has_words(self) -> bool:
        if turns.is_question(self.cell):
            return turns.read(self.cell) is not None
        return bool(_without_own_lines(self.cell.source).strip() or (self.shown and not self.cell.source.strip()))

    def estimate(self, limit: int) -> int:
        """About how many tokens it takes if its outputs keep `limit` each; too few rather than too many."""
        return self.words + sum([min(limit, size) for size in self.shown]) if limit else self.words


def is_skipped(cell: Cell) -> bool:
    """Whether its first line, a tag or its kind leaves it out."""
    return SKIP in cell.tags or cell.kind == "raw" or _marked(cell) == "skip"


def _marked(cell: Cell) -> str:
    mark = _MARK.match(cell.source)
    return mark[1].lower() if mark else ""


class Made:
    """What goes along of a cell, and its size; `broken` are the control tokens that were broken in it, `longer` how
    many tokens more it takes while it is one of the last, at most.
    """

    __slots__ = ("_tokens", "bound", "broken", "item", "longer")

    def __init__(self, item: Item, broken: Iterable[str] = (), longer: int = 0) -> None:
        self.item, self.broken, self.longer = item, tuple(broken), longer
        self.bound = item.bound() + 16  # 16: what frames it
        self._tokens: int | None = None

    def count(self, vocabulary: str) -> int:
        """The tokens that it adds to a prompt."""
        if self._tokens is None:
            self._tokens = self.item.count(vocabulary)
        return self._tokens


class Memory:
    """The drafts of the last composition, for the next one: what didn't change needn't be worked out again."""

    def __init__(self) -> None:
        self._drafts: dict[tuple[Any, ...], Draft] = {}
        self._maker: tuple[Any, ...] = ()

    def drafts(self, cells: Iterable[Cell], maker: Maker) -> list[Draft]:
        """The cells' drafts, without those that are marked to be skipped."""
        before = self._drafts if self._maker == maker.key else {}
        self._maker, self._drafts = maker.key, {}
        for cell in cells:
            key = (cell.number, cell.kind, cell.source, cell.outputs, cell.tags, cell.edited)
            self._drafts[key] = before.get(key) or Draft(cell)
        return [draft for draft in self._drafts.values() if not draft.skipped]


class Maker:
    """Makes items under one set of rules. Everything that leaves passes `clean` or `_text`."""

    def __init__(self, rules: Rules, redactor: Redactor) -> None:
        self.rules, self.redactor = rules, redactor
        self.key = (rules.outputs, rules.unredacted, rules.vocabulary, redactor.id)
        self._broken: list[str] = []
        self._longer = 0

    def made(self, draft: Draft, limit: int) -> Made | None:
        """What goes along of a cell if its outputs keep `limit` tokens each; None where nothing does."""
        limit = limit if draft.shown else 0
        if limit not in draft.made:
            draft.made[limit] = _uncut(draft, limit) or self._made(draft, limit)
        return draft.made[limit]

    def _made(self, draft: Draft, limit: int) -> Made | None:
        self._broken.clear()
        self._longer = 0
        item = self._item(draft, limit)
        return Made(item, self._broken, self._longer) if item is not None else None

    def clean(self, item: Item) -> Made:
        """An item made elsewhere (attachment, question, instructions), redacted and without control tokens."""
        self._broken.clear()
        text, found = self._text(item.text, item.number)
        answer, hits = self._text(item.answer, item.number)
        return Made(replace(item, text=text, answer=answer, redacted=item.redacted + found + hits), self._broken)

    def _item(self, draft: Draft, limit: int) -> Item | None:
        cell = draft.cell
        if turns.is_question(cell):
            return self._turn(draft)
        source = _without_own_lines(cell.source)
        outputs = self._outputs(cell) if limit and self.rules.outputs != "none" else []
        if not source.strip() and (not outputs or cell.source.strip()):
            return None  # nothing, or only lines of ours, whose outputs are not the user's own either
        text, found = self._text(source, cell.number)
        kept, cut = [], 0
        for output, failed in outputs:
            clean, hits = self._text(output, cell.number)
            found += hits
            most = OUTPUT_TOKENS_NEAR if failed and limit == OUTPUT_TOKENS else limit
            short = tokens.cut(clean, most, self.rules.vocabulary)
            kept.append(short.text)
            cut += short.dropped
            self._longer += min(short.dropped, OUTPUT_TOKENS_NEAR - most)
        return Item(
            kind="cell",
            label=f"#{cell.number}",
            title=_title(text),
            tag="cell" if cell.kind == "code" else "text",
            text=text,
            outputs=tuple(kept),
            number=cell.number,
            pinned=draft.pinned,
            cut=cut,
            redacted=found,
            note="edited since it ran" if cell.edited else "",
        )

    def _turn(self, draft: Draft) -> Item | None:
        turn, number = turns.read(draft.cell), draft.number
        if turn is None:
            return None
        asked, found = self._text(turn.asked, number)
        answer, hits = self._text(turn.answer, number)
        if turn.stopped:
            answer += STOPPED
        return Item(
            kind="turn",
            label=f"#{number}",
            title="question, answer",
            text=asked,
            answer=answer,
            number=number,
            pinned=draft.pinned,
            redacted=found + hits,
            note="question edited since" if turn.edited else "",
        )

    def _outputs(self, cell: Cell) -> list[tuple[str, bool]]:
        if self.rules.outputs == "schema":
            return canonical.schema(cell.outputs)
        # What `%qwen` answered in this cell is something that the user was shown; it is no turn.
        told = [
            (f"(answer) {answer.text}{STOPPED if answer.status == 'stopped' else ''}", False)
            for answer in answers.read_all(cell.outputs)
            if answer.status != "failed"
        ]
        return [*canonical.render(cell.outputs), *told]

    def _text(self, text: str, number: int) -> tuple[str, int]:
        text, broken = tokens.break_control(text)
        self._broken += broken
        if not text or number in self.rules.unredacted:
            return text, 0
        result = self.redactor.redact(text)
        return result.text, sum(found.count for found in result.found)


def _uncut(draft: Draft, limit: int) -> Made | None:
    """What was made of a cell with a smaller limit, where that has cut nothing: with a larger one it is the same."""
    made = (made for smaller, made in draft.made.items() if 0 < smaller < limit and made is not None)
    return next((one for one in made if not one.item.cut), None)


def _characters(output: Output) -> int:
    """About how long an output is in words, without reading it."""
    text = output.text or output.data.get("text/plain") or output.evalue
    return len(text) if isinstance(text, str) else sum(map(len, text))


def _without_own_lines(source: str) -> str:
    """Our own line magics mean nothing to the model, and `%qwen_context` must not change what it shows."""
    if "%" not in source:
        return source
    return "\n".join(line for line in source.split("\n") if not _OWN_LINE.match(line))


def _title(source: str) -> str:
    """A few words for tables: the first line that says something."""
    said = (line.strip() for line in source.splitlines() if not _MARK.match(line))
    first = next(filter(None, said), "output")
    return first if len(first) <= 32 else first[:31] + "…"

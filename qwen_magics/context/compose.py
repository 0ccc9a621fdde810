"""Notebook + question → `Context`: which cells go along, in which form, and what was left out or redacted.

The same notebook gives the same bytes, on every host and on every run. Sends nothing, prices nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import tokens
from qwen_magics.context import canonical, fit, turns
from qwen_magics.context.items import Item, messages
from qwen_magics.errors import OptionError
from qwen_magics.notebook import answers
from qwen_magics.values import Message, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.context.redact import Redactor
    from qwen_magics.notebook.cells import Cell, Notebook

INSTRUCTIONS = (
    "You are a helpful assistant in a Jupyter notebook. The user shows you cells of the notebook with their outputs, "
    "then asks. Answer what is asked, briefly, in the language of the question, in Markdown. "
    "Code that is meant to run in the notebook goes into ```python fences."
)
OUTPUT_TOKENS = 600
OUTPUT_TOKENS_NEAR = 3000  # the last cells', an error, and what the question names
NEAR = 3
SKIP, PIN = "qwen-skip", "qwen-pin"
_MARK = re.compile(r"\s*(?:#|<!--)\s*qwen:\s*(skip|pin)\b", re.IGNORECASE)
_OWN_LINE = re.compile(r"\s*(?:%(?:load_ext|reload_ext)\s+qwen_magics\b|%qwen_\w+|%config\s+Qwen\b)")
_RANGE = re.compile(r"#?(\d+)\s*\.\.\s*#?(\d+)$")


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: its text (expressions already expanded), what is attached, and the names it speaks of.

    `begun` is the unfinished answer that is to go on.
    """

    text: str
    begun: str = ""
    attachments: tuple[Item, ...] = ()
    names: frozenset[str] = frozenset()


class Rules(Struct, frozen=True, kw_only=True):
    """How to compose. `room` is the largest input in tokens; `select` is `--context`'s word."""

    select: str = "above"
    outputs: Literal["short", "schema", "none"] = "short"
    instructions: str = ""
    system: str | None = None
    without: frozenset[int] = frozenset()
    unredacted: frozenset[int] = frozenset()
    room: int = 258_048
    vocabulary: str = "qwen3"


class Context(Struct, frozen=True):
    """What goes along, item by item, the question last."""

    items: list[Item]
    left_out: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()  # literal control tokens that were broken by a space

    def messages(self) -> list[Message]:
        """The items as messages, ready for a request."""
        return messages(self.items)

    @property
    def asked(self) -> str:
        """The question as it was sent: what later turns will see of this one."""
        return "\n\n".join(item.text for item in self.items if item.kind in ("attachment", "question"))

    @property
    def redacted(self) -> int:
        """How many secrets became marks."""
        return sum(item.redacted for item in self.items)

    @property
    def sent(self) -> Sent:
        """How much of the notebook goes along, for the receipt."""
        cells = [item for item in self.items if item.kind in ("cell", "turn")]
        return Sent(
            cells=len(cells),
            outputs=sum(len(item.outputs) for item in cells),
            attachments=sum(item.kind == "attachment" for item in self.items),
        )


def compose(notebook: Notebook, question: Question, rules: Rules, redactor: Redactor) -> Context:
    """Raises OptionError for a `--context` that can't be, InputTooLong where nothing more can be left out."""
    cells = [cell for cell in select(notebook, rules.select) if cell.number not in rules.without and not _skipped(cell)]
    near = _near(cells, question)
    maker = _Maker(rules, redactor)
    items = [maker.clean(_instructions(rules))]
    items += [item for cell in cells if (item := maker.item(cell, near=cell.number in near)) is not None]
    items += [maker.clean(item) for item in _asked(notebook, question)]
    fitted = fit.fit(items, rules.room, rules.vocabulary)
    skipped = tuple(f"#{number}" for number in sorted(rules.without))
    return Context(fitted.items, (*fitted.left_out, *skipped), tuple(dict.fromkeys(maker.broken)))


def select(notebook: Notebook, word: str) -> Sequence[Cell]:
    """The cells that `--context` names, the running one never among them."""
    cells, running = notebook.cells, notebook.running
    others = [cell for i, cell in enumerate(cells) if i != running]
    above = cells[:running] if running is not None else cells
    if word == "none":
        return []
    if word == "above":
        return above
    if word == "all":
        return others
    if word == "code":
        return [cell for cell in above if cell.kind == "code" and not turns.is_question(cell)]
    if match := _RANGE.match(word):
        first, last = int(match[1]), int(match[2])
        return [cell for cell in others if first <= cell.number <= last]
    raise OptionError(
        f"--context {word} is not a choice.", remedy="Choose above, all, none, code, or a range such as 3..7."
    )


class _Maker:
    """Cells → items under one set of rules. Everything that leaves passes `clean` or `_text`."""

    def __init__(self, rules: Rules, redactor: Redactor) -> None:
        self.rules, self.redactor = rules, redactor
        self.broken: list[str] = []

    def item(self, cell: Cell, *, near: bool) -> Item | None:
        """What goes along of a cell; None where nothing does."""
        if turns.is_question(cell):
            return self._turn(cell)
        source = _without_own_lines(cell.source)
        outputs = self._outputs(cell) if self.rules.outputs != "none" else []
        if not source.strip() and not outputs:
            return None
        redact = cell.number not in self.rules.unredacted
        text, found = self._text(source, redact)
        kept, cut = [], 0
        for output, is_error in outputs:
            clean, hits = self._text(output, redact)
            found += hits
            limit = OUTPUT_TOKENS_NEAR if near or is_error else OUTPUT_TOKENS
            short = tokens.cut(clean, limit, self.rules.vocabulary)
            kept.append(short.text)
            cut += short.dropped
        return Item(
            kind="cell",
            label=f"#{cell.number}",
            title=_title(cell, source),
            tag="cell" if cell.kind == "code" else "text",
            text=text,
            outputs=tuple(kept),
            number=cell.number,
            pinned=_pinned(cell),
            cut=cut,
            redacted=found,
            note="edited since it ran" if cell.edited else "",
        )

    def clean(self, item: Item) -> Item:
        """An item made elsewhere (attachment, question, instructions), redacted and without control tokens."""
        redact = item.number not in self.rules.unredacted
        text, found = self._text(item.text, redact)
        answer, hits = self._text(item.answer, redact)
        return replace(item, text=text, answer=answer, redacted=found + hits)

    def _turn(self, cell: Cell) -> Item | None:
        turn = turns.read(cell)
        if turn is None:
            return None
        redact = cell.number not in self.rules.unredacted
        asked, found = self._text(turn.asked, redact)
        answer, hits = self._text(turn.answer, redact)
        if turn.stopped:
            answer += "\n\n[stopped here]"
        return Item(
            kind="turn",
            label=f"#{cell.number}",
            title="question, answer",
            text=asked,
            answer=answer,
            number=cell.number,
            pinned=_pinned(cell),
            redacted=found + hits,
            note="question edited since" if turn.edited else "",
        )

    def _outputs(self, cell: Cell) -> list[tuple[str, bool]]:
        if self.rules.outputs == "schema":
            return canonical.schema(cell.outputs)
        # What `%qwen` answered in this cell is something that the user was shown; it is no turn.
        told = [(f"(answer) {answer.text}", False) for answer in answers.read_all(cell.outputs)]
        return [*canonical.render(cell.outputs), *told]

    def _text(self, text: str, redact: bool) -> tuple[str, int]:
        text, broken = tokens.break_control(text)
        self.broken += broken
        if not redact:
            return text, 0
        result = self.redactor.redact(text)
        return result.text, sum(found.count for found in result.found)


def _instructions(rules: Rules) -> Item:
    text = INSTRUCTIONS if rules.system is None else rules.system
    if rules.system is None and rules.instructions:
        text = f"{text}\n\n{rules.instructions}"
    return Item(kind="instructions", label="instructions", text=text)


def _asked(notebook: Notebook, question: Question) -> list[Item]:
    """Attachments, then the question: byte for byte what later turns will show of this one."""
    number = notebook.cells[notebook.running].number if notebook.running is not None else 0
    items = [
        *question.attachments,
        Item(kind="question", label="the question", text=question.text, answer=question.begun),
    ]
    return [replace(item, number=number) for item in items]


def _near(cells: Sequence[Cell], question: Question) -> set[int]:
    """Numbers of the cells whose outputs may be long: the last three, and those that the question names."""
    numbers = {cell.number for cell in cells[-NEAR:]}
    numbers |= {int(n) for n in re.findall(r"#(\d+)\b", question.text)}
    if question.names:
        named = re.compile(rf"^(?:{'|'.join(map(re.escape, sorted(question.names)))})\b", re.MULTILINE)
        numbers |= {cell.number for cell in cells if cell.kind == "code" and named.search(cell.source)}
    return numbers


def _marked(cell: Cell) -> str:
    match = _MARK.match(cell.source)
    return match[1].lower() if match else ""


def _skipped(cell: Cell) -> bool:
    return SKIP in cell.tags or _marked(cell) == "skip" or cell.kind == "raw"


def _pinned(cell: Cell) -> bool:
    return PIN in cell.tags or _marked(cell) == "pin"


def _without_own_lines(source: str) -> str:
    """Our own line magics mean nothing to the model, and `%qwen_context` must not change what it shows."""
    if "%" not in source:
        return source
    return "\n".join(line for line in source.split("\n") if not _OWN_LINE.match(line))


def _title(cell: Cell, source: str) -> str:
    """A few words for tables: the first line that says something."""
    lines = [line.strip() for line in source.splitlines() if line.strip() and not _MARK.match(line)]
    first = lines[0] if lines else "output"
    if cell.kind == "markdown":
        first = first.lstrip("# ").replace("`", "")
    return first if len(first) <= 32 else first[:31] + "…"

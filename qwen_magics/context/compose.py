"""Notebook + question → `Context`: which cells go along, in which form, and what was left out or redacted.

The same notebook gives the same bytes, on every host and on every run. Sends nothing, prices nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.context import turns
from qwen_magics.context.fit import Offered, fit
from qwen_magics.context.items import Item, messages
from qwen_magics.context.maker import Maker, Memory
from qwen_magics.context.relevance import named
from qwen_magics.errors import OptionError
from qwen_magics.values import Message, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.context.redact import Redactor
    from qwen_magics.context.words import Trimmed
    from qwen_magics.notebook.cells import Cell, Notebook

INSTRUCTIONS = (
    "You are a helpful assistant in a Jupyter notebook. The user shows you cells of the notebook with their outputs, "
    "then asks. Answer what is asked, briefly, in the language of the question, in Markdown. "
    "Code that is meant to run in the notebook goes into ```python fences."
)
_RANGE = re.compile(r"#?(\d+)\s*\.\.\s*#?(\d+)$")


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: its text (expressions already expanded), what is attached, and the names it speaks of.

    `begun` is the unfinished answer that is to go on; `thread` are the sidebar's turns that it follows; `pointed` are
    the numbers of cells that the user points at.
    """

    text: str
    begun: str = ""
    thread: tuple[Item, ...] = ()
    attachments: tuple[Item, ...] = ()
    names: frozenset[str] = frozenset()
    pointed: frozenset[int] = frozenset()


class Rules(Struct, frozen=True, kw_only=True):
    """How to compose. `room` is the largest input in tokens; `select` is `--context`'s word, of which no cells go but
    `only` these numbers, if they are given, and none `without`.

    `trim` is `--trim`'s: `off`, `window`, a number of tokens, or `tier`, which heeds `bounds`: the sizes in tokens up
    to and including which a request has one price and beyond which it has a dearer one.
    """

    select: str = "above"
    outputs: Literal["short", "schema", "none"] = "short"
    instructions: str = ""
    system: str | None = None
    only: frozenset[int] | None = None
    without: frozenset[int] = frozenset()
    unredacted: frozenset[int] = frozenset()
    room: int = 258_048
    vocabulary: str = "qwen3"
    trim: str = "tier"
    bounds: tuple[int, ...] = ()


class Context(Struct, frozen=True):
    """What goes along, item by item, the question last.

    `left_out` says in words all that was shortened or left out. `trimmed` has the figures of what was cut for money's
    sake, cell by cell: of a prompt that the model would have taken as it was.
    """

    items: list[Item]
    left_out: tuple[str, ...] = ()
    trimmed: Trimmed | None = None
    skipped: tuple[int, ...] = ()  # cells that are marked or tagged so
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


def compose(
    notebook: Notebook, question: Question, rules: Rules, redactor: Redactor, memory: Memory | None = None
) -> Context:
    """Raises OptionError for a `--context` that can't be, InputTooLong where nothing more can be left out.

    `memory` is the session's: with it only what has changed since the last composition is worked out.
    """
    cells = [cell for cell in select(notebook, rules.select) if _goes(cell.number, rules)]
    maker = Maker(rules, redactor)
    drafts = (memory or Memory()).drafts(cells, maker)
    offered = Offered(
        head=[maker.clean(_instructions(rules))],
        drafts=drafts,
        tail=[maker.clean(item) for item in _asked(notebook, question)],
        named=named([draft.cell for draft in drafts], question.text, question.names) | question.pointed,
    )
    fitted = fit(offered, maker)
    skipped = tuple(f"#{number}" for number in sorted(rules.without))
    kept = {draft.number for draft in drafts}
    return Context(
        items=[made.item for made in fitted.made],
        left_out=(*fitted.left_out, *skipped),
        trimmed=fitted.trimmed,
        skipped=tuple(cell.number for cell in cells if cell.number not in kept and cell.kind != "raw"),
        broken=tuple(dict.fromkeys(token for made in fitted.made for token in made.broken)),
    )


def _goes(number: int, rules: Rules) -> bool:
    return number not in rules.without and (rules.only is None or number in rules.only)


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


def _instructions(rules: Rules) -> Item:
    text = INSTRUCTIONS if rules.system is None else rules.system
    if rules.system is None and rules.instructions:
        text = f"{text}\n\n{rules.instructions}"
    return Item(kind="instructions", label="instructions", text=text)


def _asked(notebook: Notebook, question: Question) -> list[Item]:
    """The thread, then attachments and question: these two byte for byte what later turns will show of this one."""
    number = notebook.cells[notebook.running].number if notebook.running is not None else 0
    items = [
        *question.attachments,
        Item(kind="question", label="the question", text=question.text, answer=question.begun),
    ]
    return [*question.thread, *(replace(item, number=number) for item in items)]

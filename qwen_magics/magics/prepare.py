"""From a magic's options and text to what would be sent: route, context and the host's wish. Sends nothing.

`%%qwen`, its `--dry-run` and `%qwen_context` share `prepare`, so that what is shown is what is sent. It needs neither
a key nor anybody's word; `ready` does, and only what is about to leave comes there.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics.asking import attachments, sending, trimming
from qwen_magics.context import compose, expressions, turns
from qwen_magics.context.compose import Context, Question, Rules
from qwen_magics.context.items import Item
from qwen_magics.context.layout import layout
from qwen_magics.errors import OptionError, PromptError
from qwen_magics.settings.kinds import amount
from qwen_magics.turn import Ask, Place, Route, route

if TYPE_CHECKING:
    from decimal import Decimal

    from qwen_magics.magics.host import Host
    from qwen_magics.magics.options import Given
    from qwen_magics.notebook.answers import SavedAnswer
    from qwen_magics.notebook.cells import Notebook
    from qwen_magics.turn import Plan
    from qwen_magics.turn.replays import Replays
    from qwen_magics.turn.saved import Saved

UNSAVED = "not saved with this cell yet: no Markdown went along"
ASKED_BYTES = 20_000  # of a question are kept with its answer
_FORMS = {
    "markdown": "",
    "text": "Answer in plain text, without Markdown.",
    "code": "Answer with one ```python block and nothing else.",
    "json": "Answer with one json value and nothing else.",
}


class Prepared(Struct, frozen=True, kw_only=True):
    """All that is decided before a turn is planned. `before`: the unfinished answer that `--continue` goes on with;
    `words`: the question in its final words, for preparing it once more in another way.
    """

    route: Route
    notebook: Notebook
    context: Context
    ask: Ask
    words: Question
    question: str  # fingerprint of the cell's source
    before: str = ""

    @property
    def asked(self) -> str:
        """The question as it is sent, at most 20 kB of it: kept with the answer, so that the past never changes."""
        data = self.context.asked.encode("utf-8", "surrogatepass")
        return self.context.asked if len(data) <= ASKED_BYTES else data[:ASKED_BYTES].decode("utf-8", "ignore") + " …"


def prepare(host: Host, given: Given, text: str, *, lead: str = "", question: Question | None = None) -> Prepared:
    """Decide route, question and context. Raises what any of them raises; nothing has left then.

    In `text`, the user's own, expressions are evaluated; `lead` comes before it as it is. Where the `question` is at
    hand in its final words nothing is evaluated.
    """
    where = route(host.settings(**given.settings()))
    notebook = host.notebook()
    host.replays.see(notebook)
    _check_numbers(notebook, given)
    begun = _begun(host.replays) if given.go_on else None
    if question is None:
        question = _question(host.namespace, given, lead, text, begun)
    knows = sending.redactor(where.settings, host.namespace)
    context = compose.compose(notebook, question, _rules(given, where), knows, host.memory)
    return Prepared(
        route=where,
        notebook=notebook,
        context=context,
        ask=Ask(
            messages=context.messages(),
            options=where.settings.options(search=given.search, json=given.form == "json", continued=given.go_on),
            asked=context.asked,
            sent=context.sent,
            left_out=context.left_out,
            trimmed=context.trimmed,
            redacted=context.redacted,
            notes=(UNSAVED,) if notebook.note else (),
            place=(here := place(host, notebook)),
            yes=given.yes,
            budget=_budget(given),
            unpriced=given.unpriced,
            layout=layout(context.items),
            before=sending.before(host.ledger, here.notebook),
        ),
        words=question,
        question=turns.fingerprint(text if notebook.running is None else notebook.cells[notebook.running].source),
        before=question.begun,
    )


def saved_answer(host: Host, given: Given, planned: Plan) -> Saved | None:
    """The saved answer that comes next instead of asking, if one does."""
    only = given.replay_only
    fresh = not only and (given.fresh or planned.route.settings.replay == "off")
    return host.replays.take(planned, fresh=fresh, only=only)


def allowed(prepared: Prepared) -> None:
    """Raises SendingForbidden where the notebook says that nothing of it may leave this machine."""
    sending.allowed(prepared.notebook.metadata, prepared.route.endpoint)


def place(host: Host, notebook: Notebook) -> Place:
    """Where this is asked, for the ledger."""
    number = notebook.cells[notebook.running].number if notebook.running is not None else 0
    cell_id = notebook.cells[notebook.running].id if notebook.running is not None else ""
    name = notebook.path or f"session {host.id[:8]}"
    return Place(
        notebook=name, cell_id=cell_id or host.cell_key, number=number, session=host.id, execution=host.execution
    )


def _question(namespace: dict[str, Any], given: Given, lead: str, text: str, begun: SavedAnswer | None) -> Question:
    expanded = expressions.expand(text.strip(), namespace)
    if begun is not None and not expanded.text:  # asked as it was, its form included
        return Question(text=begun.asked, begun=begun.text)
    return Question(
        text=formed("\n".join(part for part in (lead, expanded.text) if part), given),
        begun=begun.text if begun is not None else "",
        attachments=tuple(_attachment(namespace, name) for name in given.attach),
        names=frozenset(expanded.names) | frozenset(given.attach),
    )


def formed(said: str, given: Given) -> str:
    """The question with the words that ask for the answer's form."""
    form = _FORMS[given.form]
    return f"{said}\n\n{form}" if form else said


def _budget(given: Given) -> tuple[Decimal, str] | None:
    """What `--budget` allows, and its currency if it names one."""
    if given.budget is None:
        return None
    try:
        return amount(given.budget)
    except (ValueError, ArithmeticError):
        said = f"--budget {given.budget}: that is no amount of money. Nothing was sent."
        raise OptionError(said, remedy="--budget 0.05, or --budget 0.30CNY") from None


def _check_numbers(notebook: Notebook, given: Given) -> None:
    """A cell that isn't there is a typing error: what was meant to stay would go."""
    last = len(notebook.cells)
    for name, numbers in (("--without", given.without), ("--unredacted", given.unredacted)):
        beyond = sorted(number for number in numbers if not 1 <= number <= last)
        if beyond:
            raise OptionError(
                f"{name} #{beyond[0]}: this notebook has {last:,} cells. Nothing was sent.",
                remedy="%qwen_context shows their numbers.",
            )


def _attachment(namespace: dict[str, Any], name: str) -> Item:
    from qwen_magics.context import describe  # takes a while

    if name not in namespace:
        near = get_close_matches(name, [key for key in namespace if not key.startswith("_")], 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise PromptError(
            f"--with {name}: there is no such variable.{hint} Nothing was sent.", remedy="%who lists them."
        )
    return attachments.value(name, describe.describe(namespace[name]), type(namespace[name]).__name__)


def _rules(given: Given, where: Route) -> Rules:
    settings = where.settings
    return Rules(
        select=settings.context,
        outputs=settings.outputs,
        instructions=settings.instructions,
        system=given.system,
        without=given.without,
        unredacted=given.unredacted,
        room=where.room,
        vocabulary=where.vocabulary,
        trim=settings.trim,
        bounds=trimming.bounds(where),
    )


def _begun(replays: Replays) -> SavedAnswer:
    """The answer to go on from. One of another session that went on itself does so again, from where it began."""
    earlier = replays.stood[-1].answer if replays.stood else None
    if earlier is None or not earlier.text.strip():
        raise OptionError(
            "--continue: this cell has no answer to go on from. Nothing was sent.", remedy="Leave --continue out."
        )
    if earlier.begun and earlier.whole and not replays.mine(replays.stood[-1]):
        return replace(earlier, text=earlier.text[: earlier.begun])
    return earlier

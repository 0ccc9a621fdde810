"""Run All played through, cell by cell, without running anything: what each question would send and cost.

Every cell is prepared and planned as if it were the running one, so what is counted is what will be sent. What the
cells above will show is taken as saved; what a question will be answered is its saved answer, or a text as long as
answers usually are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from traitlets.config import Config

from qwen_magics import tokens
from qwen_magics.context import expressions, turns
from qwen_magics.context.compose import Question
from qwen_magics.context.items import Item
from qwen_magics.context.maker import OUTPUT_TOKENS_NEAR, Memory
from qwen_magics.display.figures import clipped
from qwen_magics.errors import GuardError, NotSaved, QwenError
from qwen_magics.ledger import Ledger, Prompt
from qwen_magics.ledger.prompts import KEPT
from qwen_magics.magics import options, reading
from qwen_magics.magics.prepare import ASKED_BYTES, Prepared, allowed, formed, prepare
from qwen_magics.notebook import answers
from qwen_magics.notebook.cells import Notebook, Output
from qwen_magics.turn import plan
from qwen_magics.turn.estimate import Estimate, Line, between
from qwen_magics.turn.plan import count
from qwen_magics.turn.replays import Replays

if TYPE_CHECKING:
    from qwen_magics.magics.options import Given
    from qwen_magics.notebook.answers import SavedAnswer
    from qwen_magics.notebook.cells import Cell
    from qwen_magics.settings import Qwen, Settings
    from qwen_magics.turn import Plan
    from qwen_magics.turn.saved import Saved

_TITLE = 40  # characters of a question in the table
_END_OF_VALUE = "\n</value>\n\n"


class _Told(Ledger):
    """The ledger, and the prompts that this run will have sent: what a cache will hold by then."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger.path)
        self._file, self.sent = ledger._file, list[Prompt]()

    def prompts(self, notebook: str, *args: Any, **chosen: Any) -> list[Prompt]:
        """The newest first; of this run, those of any model."""
        return [*reversed(self.sent[-KEPT:]), *super().prompts(notebook, *args, **chosen)][:KEPT]


class RunAll:
    """A notebook on its way from top to bottom: a `Host` whose running cell is the next one that asks.

    `saved` has the cells as they stand now; `cells` as they will be when the running one is reached.
    """

    id = "estimate"

    def __init__(self, notebook: Notebook, qwen: Qwen, ledger: Ledger, namespace: dict[str, Any] | None = None) -> None:
        self.qwen, self.ledger, self.namespace = qwen, _Told(ledger), namespace or {}
        self.memory, self.replays, self._notebook, self.at = Memory(), Replays(self.id), notebook, 0
        self.saved = notebook.cells
        self.cells = [replace(cell, edited=False) for cell in notebook.cells]
        self.vague: set[int] = set()  # cells of which what they will show isn't known
        self.unsaved: set[int] = set()  # those of them whose outputs are needed and not saved
        self.new: dict[int, int] = {}  # cells that get a new answer → how many tokens longer than assumed it may be
        self.lines: list[Line] = []
        self.notes: list[tuple[int, str]] = []

        self.replays.see(notebook)

    # --- the host that `prepare` asks ---------------------------------------------------------------------------------

    @property
    def cell_key(self) -> str:
        """Its place, where the notebook gives cells no names."""
        return f"#{self.at + 1}"

    @property
    def execution(self) -> str:
        """Each cell runs once."""
        return f"{self.id} {self.at}"

    def settings(self, **given: object) -> Settings:
        """As the `%config` lines above leave them."""
        return self.qwen.with_options(**given)

    def notebook(self) -> Notebook:
        """The notebook at the moment at which the running cell asks."""
        here = list(self.cells)
        here[self.at] = replace(here[self.at], outputs=())
        earlier = self.saved[self.at].outputs
        return replace(self._notebook, cells=tuple(here), running=self.at, earlier=earlier, note="")

    # --- the way down -------------------------------------------------------------------------------------------------

    def estimate(self) -> Estimate:
        """Every question of the notebook, in the order in which Run All asks them."""
        for at, cell in enumerate(self.saved):
            self.at = at
            self._cell(cell)
        return Estimate(lines=tuple(self.lines), notes=tuple(self.notes), unsaved=tuple(sorted(self.unsaved)))

    def _cell(self, cell: Cell) -> None:
        shown: list[Output] = []
        for step in reading.steps(cell):
            try:
                match step:
                    case reading.Setting():
                        self.qwen.update_config(Config(Qwen={step.name: step.value}))
                    case reading.Unread():
                        self.notes.append((cell.number, step.what))
                        self.vague.add(cell.number)
                    case reading.Question():
                        shown += self._ask(cell, step, nth=len(shown))
            except QwenError as problem:
                self._fails(cell, str(problem))
        if shown:
            own = [output for output in cell.outputs if not _is_answer(output)]
            self.cells[self.at] = replace(self.cells[self.at], outputs=(*own, *shown))
        if _outputs_unknown(cell):
            self.vague.add(cell.number)

    def _ask(self, cell: Cell, step: reading.Question, nth: int) -> list[Output]:
        """Add the question's line; what its answer will be for the cells below."""
        given, text = options.read(step.line, step.text, whole_cell=step.whole_cell)
        if given.looks:
            return []
        known = _known(cell, nth)
        question, unknown = _question(given, text, cell, known)
        prepared = prepare(self, given, text, question=question)
        planned = plan(prepared.ask, prepared.route, self.ledger)
        planned = planned.repriced(count(planned))
        above = {item.number for item in prepared.context.items if item.kind in ("cell", "turn")}
        vague, fresh = above & self.vague, above & self.new.keys()
        self.unsaved |= {number for number in vague if _outputs_unknown(self.saved[number - 1])}
        saved = None if fresh or vague or unknown else self._saved(planned, prepared, given)
        refused = self._sends(prepared, planned, given) if saved is None else ""
        if unknown:
            self.vague.add(cell.number)
        unknown += ["asked in a loop or a function; counted once"] if step.repeated else []
        longest = planned.counted + sum(self.new[number] for number in fresh)
        cost = between(planned, min(longest, max(planned.route.room, planned.counted)))
        self.lines.append(
            Line(
                number=cell.number,
                title=_title(text),
                where=prepared.route.endpoint.label,
                model=prepared.route.title,
                tokens=planned.counted,
                sure="at_least" if unknown or vague else "about" if fresh else "exact",
                cost=cost,
                saves=None if saved is None else saved.receipt.cost if saved.receipt else cost.likely,
                basis=planned.size.of,
                again=self._again(planned, prepared, given) if saved is None and known is not None else "",
                unknown=tuple(dict.fromkeys(unknown)),
                above=tuple(sorted(vague)),
                fails=refused,
            )
        )
        text = self._assumed(cell, planned, known) if saved is None else saved.answer.text
        return [_answer(prepared, text)]

    def _sends(self, prepared: Prepared, planned: Plan, given: Given) -> str:
        """From here on a cache may hold this prompt. Returns why it needs somebody's word first, if it does.

        Raises SendingForbidden or NotSaved where it will not be sent at all.
        """
        if given.replay_only:
            raise NotSaved("--replay-only, and no saved answer to this very request is at hand.")
        allowed(prepared)
        ask, receipt = planned.ask, planned.receipt
        sent = Prompt(receipt.id, receipt.time, ask.layout, receipt.provider, receipt.region, receipt.model)
        self.ledger.sent.append(sent)
        try:
            planned.allowed()
        except GuardError as problem:
            return str(problem)
        return ""

    def _saved(self, planned: Plan, prepared: Prepared, given: Given) -> Saved | None:
        """The saved answer that will be shown instead of asking."""
        only = given.replay_only
        fresh = not only and (given.fresh or prepared.route.settings.replay == "off")
        return self.replays.take(planned, fresh=fresh, only=only)

    def _again(self, planned: Plan, prepared: Prepared, given: Given) -> str:
        """Why the answer that is there does not come back, in words."""
        if given.fresh:
            return "--fresh asks anew"
        if prepared.route.settings.replay == "off":
            return "Qwen.replay is off"
        return self.replays.missing(planned, prepared.question)

    def _assumed(self, cell: Cell, planned: Plan, known: SavedAnswer | None) -> str:
        """A new answer: the one that it had before, else a text as long as answers usually are."""
        limit, vocabulary = planned.request.limits.answer, planned.route.vocabulary
        size = planned.size.typical - planned.size.thinking
        text = known.text if known is not None else "a" + " a" * (size - 1)
        slack = max(0, limit - tokens.count(text, vocabulary))
        if not turns.is_question(cell):
            slack = min(slack, OUTPUT_TOKENS_NEAR)  # an output is cut
        self.new[cell.number] = self.new.get(cell.number, 0) + slack
        return text

    def _fails(self, cell: Cell, why: str) -> None:
        self.lines.append(Line(number=cell.number, title=_title(cell.source), fails=why))


def _known(cell: Cell, nth: int) -> SavedAnswer | None:
    """The answer that the cell's question has in the notebook as it is."""
    saved = [answer for answer in answers.read_all(cell.outputs) if answer.status != "failed" and answer.text.strip()]
    if turns.is_question(cell):
        return saved[-1] if saved else None
    return saved[nth] if nth < len(saved) else None


def _question(given: Given, text: str, cell: Cell, known: SavedAnswer | None) -> tuple[Question | None, list[str]]:
    """The question in its final words where they can't be had without running the user's code, and what isn't known.

    What an expression's value looked like stands with the saved answer, if the cell hasn't changed since.
    """
    names = expressions.names(text)
    if names is None and not given.attach:
        return None, []
    named = frozenset(names or ()) | frozenset(given.attach)
    if known is not None and known.asked and known.question == turns.fingerprint(cell.source) and not _is_cut(known):
        before, parted, after = known.asked.rpartition(_END_OF_VALUE) if given.attach else ("", "", known.asked)
        attached = (Item(kind="attachment", label=f"@{given.attach[0]}", text=f"{before}\n</value>"),) if parted else ()
        return Question(text=after, attachments=attached, names=named), []
    unknown = ["what {{ }} holds"] if names is not None else []
    unknown += [f"what {name} is (--with)" for name in given.attach]
    return Question(text=formed(text.strip(), given), names=named), unknown


def _is_cut(known: SavedAnswer) -> bool:
    return len(known.asked.encode("utf-8", "surrogatepass")) >= ASKED_BYTES


def _answer(prepared: Prepared, text: str) -> Output:
    """An answer as display will write it."""
    mark = {"version": 1, "turn": "", "role": "answer", "asked": prepared.asked, "question": prepared.question}
    mark["status"] = "complete"
    return Output("display_data", data={"text/plain": prepared.before + text}, metadata={"qwen_magics": mark})


def _is_answer(output: Output) -> bool:
    mark = output.metadata.get("qwen_magics")
    return isinstance(mark, dict) and mark.get("role") == "answer"


def _outputs_unknown(cell: Cell) -> bool:
    """A code cell that never ran as far as the file tells, and that may show something of its own."""
    if turns.is_question(cell):
        return False
    never = cell.kind == "code" and cell.execution_count is None and not cell.outputs and not cell.ran
    return never and bool(cell.source.strip()) and not reading.silent(cell.source)


def _title(text: str) -> str:
    return clipped(" ".join(text.split()), _TITLE)

"""Run All played through, cell by cell, without running anything: what each question would send and cost.

Every cell is prepared and planned as if it were the running one, so what is counted is what will be sent. What the
cells above will show is taken as saved; what a question will be answered is its saved answer, or a text as long as
answers usually are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from traitlets.config import Config

from qwen_magics import catalog, tokens
from qwen_magics.context import turns
from qwen_magics.context.maker import OUTPUT_TOKENS_NEAR, Memory
from qwen_magics.errors import GuardError, NotSaved, QwenError
from qwen_magics.ledger import Ledger, Prompt
from qwen_magics.ledger.prompts import KEPT
from qwen_magics.magics import as_saved, options, reading
from qwen_magics.magics.prepare import Prepared, allowed, prepare, saved_answer
from qwen_magics.notebook.cells import Notebook, Output
from qwen_magics.turn import plan
from qwen_magics.turn.budget import by_itself
from qwen_magics.turn.estimate import Estimate, Line, between
from qwen_magics.turn.plan import count
from qwen_magics.turn.replays import Replays

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from qwen_magics.magics.options import Given
    from qwen_magics.notebook.answers import SavedAnswer
    from qwen_magics.notebook.cells import Cell
    from qwen_magics.settings import Qwen, Settings
    from qwen_magics.turn import Plan


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

    def __init__(
        self,
        notebook: Notebook,
        qwen: Qwen,
        ledger: Ledger,
        namespace: dict[str, Any] | None = None,
        given: dict[str, Any] | None = None,
    ) -> None:
        self.qwen, self.ledger, self.namespace = qwen, _Told(ledger), namespace or {}
        self.memory, self.replays, self._notebook, self.at = Memory(), Replays(self.id), notebook, 0
        self.saved = notebook.cells
        self.cells = [replace(cell, edited=False) for cell in notebook.cells]
        self.vague: set[int] = set()  # cells of which what they will show isn't known
        self.unsaved: set[int] = set()  # those of them whose outputs are needed and not saved
        self.new: dict[int, int] = {}  # cells that get a new answer → how many tokens longer than assumed it may be
        self.lines: list[Line] = []
        self.given = given or {}  # what the command's own options chose
        self.overrides: list[str] = []
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
        return Estimate(
            lines=tuple(self.lines),
            notes=tuple(self.notes),
            unsaved=tuple(sorted(self.unsaved)),
            overrides=tuple(self.overrides),
        )

    def _cell(self, cell: Cell) -> None:
        shown: list[Output] = []
        for step in reading.steps(cell):
            try:
                match step:
                    case reading.Setting():
                        self._set(cell, step)
                    case reading.Unread():
                        self.notes.append((cell.number, step.what))
                        self.vague.add(cell.number)
                    case reading.Question():
                        for _ in range(as_saved.times(cell, step)):
                            shown += self._ask(cell, step, nth=len(shown))
            except QwenError as problem:
                self._fails(cell, str(problem))
        if shown:
            own = [output for output in cell.outputs if not as_saved.is_answer(output)]
            self.cells[self.at] = replace(self.cells[self.at], outputs=(*own, *shown))
        if as_saved.outputs_unknown(cell):
            self.vague.add(cell.number)

    def _set(self, cell: Cell, step: reading.Setting) -> None:
        self.qwen.update_config(Config(Qwen={step.name: step.value}))
        if step.name in self.given and step.value != self.given[step.name]:
            held = f"--{step.name} {self.given[step.name]}"
            self.overrides.append(f"#{cell.number} sets Qwen.{step.name} to {step.value}: that holds over {held}.")
        if step.name == "data_dir":
            self.notes.append((cell.number, "sets another data folder, whose answers and prices are not read"))

    def _ask(self, cell: Cell, step: reading.Question, nth: int) -> list[Output]:
        """Add the question's line; what its answer will be for the cells below."""
        given, text = options.read(step.line, step.text, whole_cell=step.whole_cell)
        if given.looks:
            return []
        known = as_saved.known(cell, nth)
        question, unknown = as_saved.question(given, text, cell, known)
        prepared = prepare(self, given, text, question=question)
        planned = plan(prepared.ask, prepared.route, self.ledger)
        planned = planned.repriced(count(planned))
        above = {item.number for item in prepared.context.items if item.kind in ("cell", "turn")}
        vague, fresh = above & self.vague, above & self.new.keys()
        self.unsaved |= {number for number in vague if as_saved.outputs_unknown(self.saved[number - 1])}
        saved = None if fresh or vague or unknown else saved_answer(self, given, planned)
        refused = ""
        if saved is None:
            planned, refused = self._sends(prepared, planned, given)
        if unknown:
            self.vague.add(cell.number)
        unknown += [as_saved.ONCE] if step.repeated and not as_saved.unchanged(cell, known) else []
        cost = between(planned, self._longest(prepared, planned, fresh))
        self.lines.append(
            Line(
                number=cell.number,
                title=as_saved.title(text),
                where=prepared.route.endpoint.label,
                model=prepared.route.title,
                tokens=planned.counted,
                sure="at_least" if unknown or vague else "about" if fresh else "exact",
                cost=cost,
                saves=None if saved is None else saved.receipt.cost if saved.receipt else cost.likely,
                basis=planned.size.of,
                again="" if saved or not known else self._again(planned, prepared, given, unknown, vague=bool(vague)),
                unknown=tuple(dict.fromkeys(unknown)),
                hint=self._hint(prepared),
                above=tuple(sorted(vague)),
                fails=refused,
            )
        )
        text = saved.answer.text[saved.answer.begun :] if saved else self._assumed(cell, planned, known)
        return [as_saved.answer(prepared, text, name=f"{cell.number} {nth}")]

    def _hint(self, prepared: Prepared) -> str:
        """What to ask for instead of a model that the catalogue doesn't know."""
        route = prepared.route
        return catalog.suggest(route.name) if route.model is None and route.endpoint.provider == "alibaba" else ""

    def _longest(self, prepared: Prepared, planned: Plan, fresh: AbstractSet[int]) -> int:
        """How many tokens the prompt has if new answers above it are as long as they may be, and nothing is trimmed."""
        if not fresh:
            return planned.counted
        uncut = planned.counted + (prepared.context.trimmed.tokens if prepared.context.trimmed else 0)
        return min(uncut + sum(self.new[number] for number in fresh), max(planned.route.room, planned.counted))

    def _sends(self, prepared: Prepared, planned: Plan, given: Given) -> tuple[Plan, str]:
        """From here on a cache may hold this prompt. Returns the plan with the limits that a turn's budget leaves, and
        why it needs somebody's word first, if it does.

        Raises SendingForbidden, NotSaved or OptionError where it will not be sent at all.
        """
        if given.replay_only:
            raise NotSaved("--replay-only, and no saved answer to this very request is at hand.")
        allowed(prepared)
        ask, receipt = planned.ask, planned.receipt
        sent = Prompt(receipt.id, receipt.time, ask.layout, receipt.provider, receipt.region, receipt.model)
        self.ledger.sent.append(sent)
        try:
            planned.allowed()
            return by_itself(planned), ""
        except GuardError as problem:
            return planned, str(problem)

    def _again(self, planned: Plan, prepared: Prepared, given: Given, unknown: list[str], *, vague: bool) -> str:
        """Why the answer that is there does not come back, in words."""
        if given.fresh:
            return "--fresh asks anew"
        if prepared.route.settings.replay == "off":
            return "Qwen.replay is off"
        if unknown:
            return f"{' and '.join(unknown)} isn't known: run it to see whether it replays"
        return "not all that goes along is known" if vague else self.replays.missing(planned, prepared.question)

    def _assumed(self, cell: Cell, planned: Plan, known: SavedAnswer | None) -> str:
        """A new answer: the one that it had before, else a text as long as answers usually are."""
        limit, vocabulary = planned.request.limits.answer, planned.route.vocabulary
        size = planned.size.typical - planned.size.thinking
        text = known.text[known.begun :] if known is not None else "a" + " a" * (size - 1)
        slack = max(0, limit - tokens.count(text, vocabulary))
        if not turns.is_question(cell):
            slack = min(slack, OUTPUT_TOKENS_NEAR)  # an output is cut
        self.new[cell.number] = self.new.get(cell.number, 0) + slack
        return text

    def _fails(self, cell: Cell, why: str) -> None:
        self.lines.append(Line(number=cell.number, title=as_saved.title(cell.source), fails=why))

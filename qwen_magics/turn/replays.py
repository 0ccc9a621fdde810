"""Which saved answer comes in place of a turn (contract "Replay rule"): what a session remembers to have asked.

Reads `saved`, sends nothing; `replay` shows what was chosen.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.errors import LedgerError
from qwen_magics.turn.saved import Run, Saved, in_ledger, in_outputs, load, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.notebook.cells import Cell, Notebook
    from qwen_magics.turn.ask import Place
    from qwen_magics.turn.plan import Plan


class _Course:
    """How far one execution has come with one request: the saved run that it replays, and how often it asked."""

    def __init__(self, run: Run | None) -> None:
        self.run, self.asked = run, 0


class Replays:
    """What one session knows of saved answers. Within it, what a cell asks again is asked again.

    What stands in the notebook is remembered as it was at first sight: a front end clears a cell's outputs before it
    runs, and may save in the middle of Run All.
    """

    def __init__(self, session: str) -> None:
        self.stood: list[Saved] = []  # in the running cell, before it ran
        self._session = session
        self._seen: dict[str, dict[str, list[Saved]]] = {}  # notebook → cell → its answers
        self._mine: set[str] = set()  # turns of this session
        self._asked: set[tuple[str, str]] = set()  # (cell, request) of this session
        self._taken: set[str] = set()  # runs of elsewhere, each replayed once
        self._execution = ""
        self._courses: dict[str, _Course] = {}  # of the running execution, by request

    def see(self, notebook: Notebook) -> None:
        """Take note of the answers in its outputs, before a cell that asks is composed."""
        if notebook.origin != "session" and notebook.path not in self._seen:
            cells = ((_name(cell), in_outputs(cell.outputs)) for cell in notebook.cells if not cell.ran)
            self._seen[notebook.path] = {name: found for name, found in cells if found}
        self.stood = in_outputs(notebook.earlier)
        cell = notebook.cells[notebook.running] if notebook.running is not None else None
        if cell is None:
            return
        there = self._seen.setdefault(notebook.path, {})
        if self.stood and not any(self.mine(saved) for saved in self.stood):
            there.setdefault(_name(cell), self.stood)
        elif not self.stood and not any(asked == cell.id for asked, _ in self._asked):
            self.stood = there.get(_name(cell), [])

    def mine(self, saved: Saved) -> bool:
        """Whether this session asked it, or replayed it."""
        return saved.answer.turn in self._mine

    # --- what comes next ---

    def take(self, plan: Plan, *, fresh: bool = False, only: bool = False) -> Saved | None:
        """The saved answer to the plan's request that comes next, None where it has to be asked.

        `only`: it will not be asked, so what this session asked counts too.
        """
        course = self._course(plan, fresh=fresh, only=only)
        self._mine.add(plan.receipt.id)
        nth, course.asked = course.asked, course.asked + 1
        if fresh or course.run is None or nth >= len(course.run.answers):
            return None
        return course.run.answer(nth, plan.ledger)

    def due(self, plan: Plan) -> bool:
        """Whether asking this now would show a saved answer instead. For looking: nothing is taken."""
        if self._again(plan.ask.place, plan.request.hash):
            return False
        taken = set(self._taken)
        found = self._choose(plan, only=False)
        self._taken = taken
        return found is not None

    def goes_on(self, plan: Plan) -> Plan:
        """The plan of a turn that is asked. After replayed ones (a loop that once broke off) it continues their run."""
        course = self._courses.get(plan.request.hash)
        if course is None or course.run is None or not course.run.execution:
            return plan
        place = replace(plan.ask.place, execution=course.run.execution)
        return replace(plan, ask=replace(plan.ask, place=place))

    def kept(self, plan: Plan, question: str = "") -> Saved | None:
        """What to show again where a turn failed before its first token, and None where there is nothing.

        The saved answer to the same request, else the one that stood in this cell if its `question` (fingerprint) is
        still the same.
        """
        request = plan.request.hash
        nth = max(self._courses[request].asked - 1, 0) if request in self._courses else 0
        stood = [saved for saved in self.stood if saved.answer.status != "failed" and saved.answer.text]
        same = [saved for saved in stood if saved.answer.request_hash == request and saved.answer.whole]
        if same:
            return same[min(nth, len(same) - 1)]
        run = self._choose(plan, only=True)
        if run is not None and (found := run.answer(min(nth, len(run.answers) - 1), plan.ledger)) is not None:
            return found
        return stood[-1] if stood and question and question == stood[-1].answer.question else None

    def missing(self, plan: Plan, question: str) -> str:
        """Why there is nothing to replay, for people."""
        course = self._courses.get(plan.request.hash)
        if course is not None and course.run is not None:
            count = len(course.run.answers)
            return f"{count} {'answer is' if count == 1 else 'answers are'} saved, and it is asked once more"
        if not self.stood:
            return "none is kept on this machine or in the notebook"
        stood = self.stood[-1].answer
        if not stood.whole:
            return f"the one that stands there is not whole ({stood.status})"
        if stood.question and stood.question != question:
            return "the cell was changed since it was answered"
        if self._another(plan):
            return "another model answered then"
        if not stood.question:  # a stripped notebook doesn't say
            return "the cell or what goes along was changed since it was answered"
        return "what goes along was changed since it was answered"

    def _another(self, plan: Plan) -> bool:
        """Whether somebody else gave the answer that stood here, as far as the notebook or the ledger tells."""
        last = self.stood[-1]
        kept = last.receipt or getattr(load(last.answer.turn, plan.ledger), "receipt", None)
        return kept is not None and (kept.provider, kept.model) != (plan.receipt.provider, plan.receipt.model)

    # --- which run ---

    def _course(self, plan: Plan, *, fresh: bool, only: bool) -> _Course:
        place, request = plan.ask.place, plan.request.hash
        execution = place.execution or plan.receipt.id
        if execution != self._execution:
            self._execution, self._courses = execution, {}
        if request not in self._courses:
            again = self._again(place, request) and not only
            self._courses[request] = _Course(None if fresh or again else self._choose(plan, only=only))
            self._asked.add((place.cell_id, request))
        return self._courses[request]

    def _again(self, place: Place, request: str) -> bool:
        """Whether this cell has asked it in this session already."""
        if place.cell_id:
            return (place.cell_id, request) in self._asked
        return any(self.mine(saved) and saved.answer.request_hash == request for saved in self.stood)

    def _choose(self, plan: Plan, *, only: bool) -> Run | None:
        """The latest run of the same cell; else of such a cell in another notebook; else one of elsewhere."""
        place, request = plan.ask.place, plan.request.hash
        runs = list(self._in_notebook(place, request, only=only))
        with suppress(LedgerError):  # what can't be read replays nothing
            runs += in_ledger(plan.ledger, request, without="" if only else self._session)
        runs.sort(key=lambda run: run.time)
        name = _asking(place)
        own = [run for run in runs if run.cell == name]
        here = [run for run in own if run.notebook == place.notebook]
        if here or own:
            return (here or own)[-1]
        return self._elsewhere(runs, only=only) if runs else None

    def _elsewhere(self, runs: list[Run], *, only: bool) -> Run | None:
        """Cells without names: the first that asks gets what the first one got in the latest session, and so on."""
        latest = {run.cell or run.key: run for run in runs if run.home == runs[-1].home}
        found = next((run for run in latest.values() if only or run.key not in self._taken), None)
        if found is not None:
            self._taken.add(found.key)
        return found

    def _in_notebook(self, place: Place, request: str, *, only: bool) -> Iterator[Run]:
        cells = dict(self._seen.get(place.notebook, {}))
        if only and self.stood:
            cells[_asking(place)] = self.stood
        for cell, all_ in cells.items():
            found = [saved for saved in all_ if saved.answer.whole and saved.answer.request_hash == request]
            if found:
                time = max(moment(saved.answer.time) for saved in found)
                yield Run(f"{place.notebook} {cell}", time, place.notebook, cell, "", tuple(found))


def _name(cell: Cell) -> str:
    return cell.id or f"#{cell.number}"


def _asking(place: Place) -> str:
    return place.cell_id or f"#{place.number}"

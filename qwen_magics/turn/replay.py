"""In place of a turn: a saved answer to the very same request, shown again. Sends nothing, needs no key, costs nothing.

Saved answers come from the ledger and from the notebook's own outputs. `Replays` knows what a session has asked and
finds the answer that comes next (contract "Replay rule"); `Replay` carries it out with a turn's events.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import errors
from qwen_magics.errors import LedgerError, QwenError
from qwen_magics.notebook import answers, receipts
from qwen_magics.notebook.answers import SavedAnswer
from qwen_magics.values import Cost, Receipt, Sent, Settled, Started, Text, Thinking, Timing, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qwen_magics.ledger import Ledger
    from qwen_magics.ledger.saved import Known
    from qwen_magics.notebook.cells import Cell, Notebook, Output
    from qwen_magics.turn.plan import Place, Plan
    from qwen_magics.values import Status, TurnEvent

ASKS = "--fresh asks anew"
KEPT = "kept, not asked again"
_WHY = {
    errors.Stopped: "interrupted",
    errors.NoKey: "no key",
    errors.WrongKey: "wrong key",
    errors.CredentialError: "no key that works",
    errors.NetworkDown: "no network",
    errors.TimedOut: "no answer in time",
    errors.RateLimited: "too many requests",
    errors.QuotaExhausted: "the quota is used up",
    errors.Moderated: "refused by the provider",
    errors.ProviderError: "an error of the provider",
    errors.SendingForbidden: "this notebook forbids sending",
    errors.OverCeiling: "over a budget",
    errors.GuardError: "too dear without --yes",
    errors.NotSaved: "--replay-only",
    errors.LocalModelError: "no local model",
    errors.LedgerError: "no ledger",
    KeyboardInterrupt: "interrupted",
}


class Saved(Struct, frozen=True):
    """A saved answer and, where that is known, its turn's receipt. `known`: the ledger has it."""

    answer: SavedAnswer
    receipt: Receipt | None = None
    known: bool = False


class Run(Struct, frozen=True):
    """The answers to one request in one execution of a cell, in order; by turn where the ledger has them.

    `execution` is the ledger's name for it, empty where only the notebook's outputs have it.
    """

    key: str
    time: dt.datetime
    notebook: str
    cell: str
    session: str
    answers: tuple[str | Saved, ...]
    execution: str = ""

    @property
    def home(self) -> tuple[str, str]:
        """The session and notebook that it was part of."""
        return self.session, self.notebook

    def answer(self, nth: int, ledger: Ledger) -> Saved | None:
        """One of its answers; None where it is forgotten."""
        found = self.answers[nth]
        return _load(found, ledger) if isinstance(found, str) else found


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
            cells = ((_name(cell), _answers(cell.outputs)) for cell in notebook.cells if not cell.ran)
            self._seen[notebook.path] = {name: found for name, found in cells if found}
        self.stood = _answers(notebook.earlier)
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
        stood = self.stood[-1].answer if self.stood else None
        if stood is None:
            return "none is kept on this machine or in the notebook"
        if not stood.whole:
            return f"the one that stands there is not whole ({stood.status})"
        if stood.question != question:
            return "the cell was changed since it was answered"
        return "what goes along was changed since it was answered"

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
            runs += _in_ledger(plan.ledger, request, without="" if only else self._session)
        runs.sort(key=lambda run: run.time)
        name = place.cell_id or f"#{place.number}"
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
            cells[place.cell_id or f"#{place.number}"] = self.stood
        for cell, all_ in cells.items():
            found = [saved for saved in all_ if saved.answer.whole and saved.answer.request_hash == request]
            if found:
                time = max(_time(saved.answer.time) for saved in found)
                yield Run(f"{place.notebook} {cell}", time, place.notebook, cell, "", tuple(found))


def _in_ledger(ledger: Ledger, request: str, *, without: str) -> Iterator[Run]:
    """Every execution that got whole answers to the request; not those of the session `without`."""
    rows: dict[str, list[Known]] = {}
    for row in ledger.known(request):
        rows.setdefault(row.place.execution or row.turn, []).append(row)
    for execution, found in rows.items():
        first = found[0].place
        if not without or all(row.place.session != without for row in found):
            time, turns = max(_time(row.time) for row in found), tuple(row.turn for row in found)
            yield Run(execution, time, first.notebook, first.cell_id, first.session, turns, execution)


def _load(turn: str, ledger: Ledger) -> Saved | None:
    with suppress(LedgerError):
        words = ledger.words(turn)
        if words is not None:
            answer = SavedAnswer(turn, words.text, status="complete", time=words.time, thinking=words.thinking)
            return Saved(answer, words.receipt, known=True)
    return None


def _answers(outputs: Iterable[Output]) -> list[Saved]:
    """The answers in a cell's outputs, with their receipts. Older ones have hash and time in their receipts only."""
    found = answers.read_all(outputs)
    if not found:
        return []
    alone = {saved.turns[0]: saved.receipt for saved in receipts.read(outputs) if len(saved.turns) == 1}
    return [_saved(answer, alone.get(answer.turn)) for answer in found]


def _saved(answer: SavedAnswer, receipt: Receipt | None) -> Saved:
    if receipt is not None and not answer.request_hash:
        answer = replace(answer, request_hash=receipt.request_hash, time=receipt.time)
    return Saved(answer, receipt)


def _name(cell: Cell) -> str:
    return cell.id or f"#{cell.number}"


def _time(text: str) -> dt.datetime:
    """A moment to compare; what has none is the oldest."""
    with suppress(ValueError):
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).replace(microsecond=0)
    return dt.datetime.min.replace(tzinfo=dt.UTC)


# --- the turn that is none ---


class Replay:
    """A saved answer as a turn: the same events, used like `Turn`."""

    def __init__(self, plan: Plan, saved: Saved) -> None:
        self.plan, self.saved = plan, saved

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[TurnEvent]:
        return self.events()

    def events(self) -> Iterator[TurnEvent]:
        """Started, Thinking, Text, Settled."""
        plan, answer = self.plan, self.saved.answer
        receipt, text = receipt_of(plan, self.saved), answer.text[answer.begun :]
        yield Started(receipt)
        if answer.thinking:
            yield Thinking(answer.thinking)
        if text:
            yield Text(text)
        try:
            new = {} if self.saved.known else {"text": text, "thinking": answer.thinking, "answered": answer.time}
            plan.ledger.replayed(receipt, plan.ask.place, asked=plan.ask.asked, **new)
        except LedgerError as problem:
            receipt = replace(receipt, notes=(*receipt.notes, f"not in the ledger: {problem.message}"))
        yield Settled(receipt, text, answer.thinking)


def receipt_of(plan: Plan, saved: Saved) -> Receipt:
    """The receipt of a replay: nothing was sent or used; what the answer cost when it was asked is saved."""
    then = saved.receipt
    where = {name: getattr(then, name) for name in ("provider", "region", "scope", "model")} if then else {}
    return replace(
        plan.receipt,
        **where,
        status="replayed",
        finish_reason=then.finish_reason if then else "stop",
        sent=Sent(),
        left_out=(),
        redacted=0,
        usage=Usage(),
        expected={},
        cost=_nothing(then.cost if then else plan.expected, then),
        timing=Timing(),
        notes=(ASKS,),
    )


def _nothing(cost: Cost, then: Receipt | None) -> Cost:
    worth = None if then is None else cost.replay_saved if then.status == "replayed" else cost.amount
    return Cost(amount=Decimal(0), currency=cost.currency, basis="replayed", replay_saved=worth)


# --- the answer that is kept ---


def why(problem: BaseException) -> str:
    """An error in two or three words."""
    return next((words for kind in type(problem).__mro__ if (words := _WHY.get(kind))), "it failed")


def failed(receipt: Receipt, problem: BaseException) -> Receipt:
    """The receipt of a turn that was refused before it left: it is in no ledger."""
    said = problem.message if isinstance(problem, QwenError) else ""
    status: Status = "failed" if said else "stopped"
    cost = Cost(amount=Decimal(0), currency=receipt.cost.currency, basis="unbilled")
    return replace(receipt, status=status, attempts=0, sent=Sent(), expected={}, cost=cost, notes=(), error=said)


def keeps(end: Settled, saved: Saved, problem: BaseException) -> Settled:
    """The end of a turn that failed before its first token, with the earlier answer in its place."""
    note = f"{KEPT}: {why(problem)}"
    receipt = replace(end.receipt, notes=(*end.receipt.notes, note))
    return Settled(receipt, saved.answer.text, saved.answer.thinking)

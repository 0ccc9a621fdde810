"""Ask and show: the loop that carries a turn's events to `display`. What an answer leads to is `product`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qwen_magics.asking import sending
from qwen_magics.display import live
from qwen_magics.errors import Moderated, NotSaved, QwenError
from qwen_magics.magics.accepted import remember, what_is_new
from qwen_magics.magics.options import Given, read
from qwen_magics.magics.prepare import Prepared, prepare, saved_answer
from qwen_magics.magics.product import Answer, code_of, parsed, put_below
from qwen_magics.turn import Turn, kept, plan
from qwen_magics.turn.replay import Replay
from qwen_magics.values import Settled, Started, Text

if TYPE_CHECKING:
    from qwen_magics.display.live import View
    from qwen_magics.display.tally import Tally
    from qwen_magics.magics.session import Session
    from qwen_magics.turn import Plan
    from qwen_magics.turn.saved import Saved
    from qwen_magics.values import Receipt


def ask(session: Session, line: str, cell: str, *, whole_cell: bool) -> Answer | None:
    """`%%qwen` (with the cell's text) or `%qwen` (with the line's). Raises a QwenError: the cell fails, in one line."""
    given, text = read(line, cell, whole_cell=whole_cell)
    if given.looks:
        from qwen_magics.magics.context import show_prepared

        show_prepared(session, prepare(session, given, text), given)
        return None
    answer = run(session, given, text, shared_receipt=not whole_cell)
    return None if whole_cell else answer


def run(
    session: Session,
    given: Given,
    text: str,
    *,
    lead: str = "",
    shared_receipt: bool = False,
    product: bool = False,
) -> Answer:
    """One turn from text to answer, shown as it comes.

    `lead` is said before the user's own text, with nothing in it evaluated. `product`: the answer's last block of code
    goes into a new cell.
    """
    starting = live.Starting(session.shell)
    prepared = prepare(session, given, text, lead=lead)
    planned = plan(prepared.ask, prepared.route, session.ledger)
    saved = saved_answer(session, given, planned)
    asking = _Asking(session, given, prepared, planned, starting, tally=session.tally() if shared_receipt else None)
    settled = asking.turn(saved)
    remember(session, prepared)
    here = session.execution
    answer = Answer(prepared.before + settled.text, lambda: session.execution == here)
    if given.out:
        session.shell.user_ns[given.out] = parsed(answer) if given.form == "json" else str(answer)
    if (given.form == "code" or product) and saved is None:
        put_below(session, prepared, code_of(answer, whole=not product), "%qwen_fix" if product else "%%qwen")
    return answer


class _Asking:
    """One turn and what shows it."""

    def __init__(
        self,
        session: Session,
        given: Given,
        prepared: Prepared,
        planned: Plan,
        starting: live.Starting,
        *,
        tally: Tally | None,
    ) -> None:
        self.session, self.given, self.prepared, self.planned = session, given, prepared, planned
        self.starting, self.tally = starting, tally

    def turn(self, saved: Saved | None) -> Settled:
        """Replay or ask, and show it. Raises what it fails with, an earlier answer kept in place."""
        if saved is not None:
            return self._carry_out(Replay(self.planned, saved), self._view(said(self.prepared, saved)))
        planned = self.session.replays.goes_on(self.planned)
        try:
            if self.given.replay_only:
                raise self._not_saved()
            able = sending.ready(planned, self.prepared.notebook.metadata, self.starting.show)
            turn = Turn(able, self.session.client)
        except (QwenError, KeyboardInterrupt) as problem:
            self._refused(problem)
            raise
        return self._carry_out(turn, self._view(said(self.prepared, None, planned.receipt)))

    def _view(self, about: dict[str, Any]) -> View:
        return live.view(
            self.session.shell,
            form=self.given.form,
            with_receipt=self.given.receipt and self.prepared.route.settings.receipt != "off",
            said=about,
            tally=self.tally,
            starting=self.starting,
            write=self.session.here.record.write,
        )

    def _carry_out(self, turn: Turn | Replay, view: View) -> Settled:
        """Show the turn's events; its end comes last, with an earlier answer where there is no new one."""
        end: Settled | None = None
        try:
            with turn:
                try:
                    for event in turn:
                        if isinstance(event, Settled):
                            end = event
                            continue
                        view.show(event)
                        if self.prepared.before and isinstance(event, Started):
                            view.show(Text(self.prepared.before))
                except QwenError as problem:
                    if end is not None and not end.text:
                        end = self._kept(view, end, problem)
                    raise
                finally:
                    if end is not None:
                        view.show(end)
        except Moderated as problem:
            problem.remedy = what_is_new(self.session, self.prepared) or problem.remedy
            raise
        finally:
            view.close()
        if end is None:
            raise QwenError("The turn ended without its end.")  # a fault of ours
        return end

    def _refused(self, problem: BaseException) -> None:
        """Nothing has left; an earlier answer stays in place."""
        end = Settled(kept.failed(self.planned.receipt, problem), "")
        if self._earlier() is not None:
            view = self._view({})
            try:
                view.show(self._kept(view, end, problem))
            finally:
                view.close()

    def _kept(self, view: View, end: Settled, problem: BaseException) -> Settled:
        saved = self._earlier()
        if saved is None:
            return end
        view.keep(said(self.prepared, saved), saved.answer.status)
        return kept.keeps(end, saved, problem)

    def _earlier(self) -> Saved | None:
        """What is shown again where no new answer came."""
        stood, question = self.session.replays.stood, self.prepared.question
        if self.prepared.before and stood:  # it was to go on from there
            return stood[-1]
        return self.session.replays.kept(self.planned, question if self.tally is None else "")

    def _not_saved(self) -> NotSaved:
        number, why = self.prepared.ask.place.number, self.session.replays.missing(self.planned, self.prepared.question)
        which = f"what cell #{number} asks" if number else "this question"
        return NotSaved(
            f"--replay-only: there is no saved answer to {which}: {why}. Nothing was sent.",
            remedy="Leave --replay-only out to ask.",
        )


def said(prepared: Prepared, saved: Saved | None, receipt: Receipt | None = None) -> dict[str, Any]:
    """An answer's metadata: a saved one keeps its own, so that nothing changes for the questions below."""
    answer = saved.answer if saved is not None else None
    about: dict[str, Any] = {
        "asked": (answer and answer.asked) or prepared.asked,
        "question": (answer and answer.question) or prepared.question,
        "request_hash": (answer and answer.request_hash) or (receipt.request_hash if receipt else ""),
        "time": answer.time if answer else receipt.time if receipt else "",
    }
    begun = answer.begun if answer is not None and answer.begun else len(prepared.before)
    return about | ({"begun": begun} if begun else {})

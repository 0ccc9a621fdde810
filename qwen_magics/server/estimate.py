"""What is open and being typed, priced: the routes `notebook` and `estimate`. They send nothing anywhere.

What they need is imported by whoever first types something: a server's start doesn't wait for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from qwen_magics.server.bodies import ChipPrice, Estimate, Left, Price, Problem, Question, Segment, Warn
from qwen_magics.server.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from qwen_magics.context.items import Item
    from qwen_magics.notebook.live import LiveNotebook
    from qwen_magics.server.bodies import Held
    from qwen_magics.server.chips import Taken
    from qwen_magics.server.desk import Desk
    from qwen_magics.server.files import File
    from qwen_magics.server.question import Prepared
    from qwen_magics.turn import Plan
    from qwen_magics.turn.bill import Bill
    from qwen_magics.turn.parts import Parts


def take(desk: Desk, live: LiveNotebook) -> Held:
    """Take the open notebook in. Blocks."""
    return desk.notebooks.put(live)


def estimate(desk: Desk, asked: Question, files: Mapping[str, File]) -> Estimate:
    """What it would take. Blocks."""
    from qwen_magics.errors import QwenError
    from qwen_magics.server.question import allowed, prepare
    from qwen_magics.turn.bill import Bill
    from qwen_magics.turn.budget import fitted
    from qwen_magics.turn.parts import Parts
    from qwen_magics.turn.preview import exact

    prepared = prepare(desk, asked, files)
    planned = exact(prepared.plan)
    parts = Parts(planned, prepared.context.items)
    bill = Bill(planned, planned.row, parts) if planned.row is not None and planned.unpriceable is None else None
    blocked, leaves = None, planned
    try:
        leaves = fitted(planned)
        allowed(replace(prepared, plan=leaves))
    except QwenError as problem:
        blocked = Problem.of(problem)
    model = planned.route.model
    warn = _warn(desk, asked, files, planned, bill)
    return Estimate(
        model=planned.receipt.model,
        provider=planned.receipt.provider,
        label=planned.endpoint.label,
        tokens=planned.counted,
        room=planned.route.room,
        sure=model is not None and model.vocabulary_proved,
        segments=list(segments(planned)),
        price=_price(planned, bill),
        warn=warn,
        chips=list(_chips(prepared, parts, bill)),
        budgets=_budgets(desk, planned),
        notes=list(_notes(desk, prepared, planned, leaves)),
        trim=_other_trim(planned, warn),
        blocked=blocked,
    )


def segments(planned: Plan) -> Iterator[Segment]:
    """The model's price steps as far as its window goes; one where it has none."""
    room, over = planned.route.room, 0
    row = planned.row if planned.unpriceable is None else None
    bounds = [tier.up_to for tier in row.tiers] if row is not None else [None]
    for bound in bounds:
        up_to = min(bound or room, room)
        if up_to <= over:
            return
        taken = (planned.counted - over) / (up_to - over)
        yield Segment(over=over, up_to=up_to, fill=round(min(max(taken, 0.0), 1.0), 4))
        over = up_to


def _price(planned: Plan, bill: Bill | None) -> Price:
    expected = planned.expected
    return Price(
        currency=expected.currency,
        basis=expected.basis,
        expected=expected.amount,
        worst=planned.worst.amount,
        low=bill.amount(planned.size.low) if bill else None,
        high=bill.amount(planned.size.high) if bill else None,
        derived=expected.derived,
    )


def _warn(desk: Desk, asked: Question, files: Mapping[str, File], planned: Plan, bill: Bill | None) -> Warn | None:
    """That the prompt is past a step of the price, and what it would cost trimmed to it."""
    tier = planned.expected.tier
    if bill is None or tier is None or tier.times is None or tier.times <= 1:
        return None
    return Warn(
        past=planned.counted - tier.over,
        bound=tier.over,
        times=tier.times,
        trimmed=_trimmed(desk, asked, files, planned),
    )


def _trimmed(desk: Desk, asked: Question, files: Mapping[str, File], planned: Plan) -> Decimal | None:
    """What it would be expected to cost with `trim = tier`; None where it is so or that wouldn't help."""
    from qwen_magics.errors import LockedSetting
    from qwen_magics.server.question import prepare
    from qwen_magics.turn.preview import exact

    if planned.route.settings.trim == "tier":
        return None
    try:
        other = exact(prepare(desk, asked, files, trim="tier").plan).expected.amount
    except LockedSetting:
        return None
    now = planned.expected.amount
    return other if other is not None and now is not None and other < now else None


def _other_trim(planned: Plan, warn: Warn | None) -> Literal["", "window", "tier"]:
    """How else it could be trimmed, where that makes a difference and nobody decided it for good."""
    if "trim" in planned.route.settings.locked:
        return ""
    if planned.ask.trimmed is not None:
        return "window"
    return "tier" if warn is not None and warn.trimmed is not None else ""


def _chips(prepared: Prepared, parts: Parts, bill: Bill | None) -> Iterator[ChipPrice]:
    items = prepared.context.items
    for one, share in zip(prepared.chosen.taken, prepared.chosen.shares(items), strict=True):
        row = bill.without(share) if bill is not None and share else None
        yield ChipPrice(
            kind=one.chip.kind,
            name=one.chip.name,
            label=one.label,
            tokens=sum(parts.sizes[n] for n in share),
            saves=row.saves if row else None,
            jump=row.jump if row else False,
            note=one.note or _note(prepared, one, [items[n] for n in share]),
        )


def _note(prepared: Prepared, one: Taken, items: list[Item]) -> str:
    """What became of the thread, or of a cell that a chip names."""
    if one.chip.kind == "thread":
        return "shortened" if one.chip.on and prepared.said.gone else ""
    if not one.works or not one.number:
        return ""
    cell = next((item for item in items if item.kind in ("cell", "turn")), None)
    if cell is None:
        return "" if one.chip.kind == "selection" else "no room"
    return "shortened" if cell.cut else ""


def _budgets(desk: Desk, planned: Plan) -> list[Left]:
    """What is left under the ceilings that bound this request, the tightest first; of each scope the one that holds.
    None bounds what costs nothing, or is paid by a plan.
    """
    from qwen_magics.errors import LedgerError
    from qwen_magics.turn.budget import ceilings

    if planned.expected.basis in ("free", "plan"):
        return []
    try:
        every = desk.ledger.budgets(planned.ask.place.notebook, ceilings(planned.route.settings))
    except LedgerError:
        return []
    found: dict[str, Left] = {}
    for one in sorted(every, key=lambda standing: standing.left):
        if one.ceiling.currency == planned.expected.currency:
            left = Left(
                scope=one.ceiling.scope, currency=one.ceiling.currency, amount=one.ceiling.amount, left=one.left
            )
            found.setdefault(left.scope, left)
    return list(found.values())


def _notes(desk: Desk, prepared: Prepared, planned: Plan, leaves: Plan) -> Iterator[str]:
    from qwen_magics.asking import remarks, sending, trimming
    from qwen_magics.context.words import sentences
    from qwen_magics.turn.budget import less

    context = prepared.context
    yield from sending.first_time(desk.ledger, planned.ask.place.notebook, planned.endpoint, context.sent)
    if said := less(planned, leaves):
        yield said
    yield from trimming.notes(planned)
    yield from remarks.of_context(context)
    yield from sentences(prepared.said.left_out)
    if context.redacted:
        yield "1 secret is redacted." if context.redacted == 1 else f"{context.redacted:,} secrets are redacted."
    yield from remarks.of_model(planned.route)


class NotebookHandler(Handler):
    """`POST notebook`: the browser hands over the notebook that is open."""

    async def post(self) -> None:
        """Takes a LiveNotebook, which may be large, answers a Held."""
        from qwen_magics.notebook.live import LiveNotebook

        self.answer(await self.work(lambda: take(self.desk, self.body(LiveNotebook))))


class EstimateHandler(Handler):
    """`POST estimate`."""

    _asked: asyncio.Task[Estimate] | None = None

    async def post(self) -> None:
        """Takes a Question, answers an Estimate; nothing where the browser doesn't wait for it any more."""
        asked = self.body(Question)
        files = await self.desk.files.read(self, asked.files)
        self._asked = asyncio.ensure_future(self.desk.count(estimate, self.desk, asked, files))
        try:
            self.answer(await self._asked)
        except asyncio.CancelledError:
            if not self._gone:
                raise

    def on_connection_close(self) -> None:
        """The next key was pressed: one that hasn't begun is dropped."""
        self._gone = True
        if self._asked is not None:
            self._asked.cancel()

    _gone = False

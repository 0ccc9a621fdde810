"""Before a turn leaves: where it goes, what it may cost, whether it may go. `steps` carries the `Plan` out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from qwen_magics import catalog, request, tokens
from qwen_magics.catalog import pricing
from qwen_magics.errors import GuardError
from qwen_magics.ledger.ceilings import about, enough
from qwen_magics.turn.ask import Ask
from qwen_magics.turn.budget import reserve
from qwen_magics.turn.cache import Hit, hit
from qwen_magics.turn.expect import Expectation, expect
from qwen_magics.turn.marks import marked, places, sent_there, unmarked, with_marks
from qwen_magics.turn.route import ready
from qwen_magics.values import Cost, Limits, Options, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from qwen_magics.catalog import Model, PriceRow
    from qwen_magics.ledger import Ledger
    from qwen_magics.provider.endpoints import Endpoint
    from qwen_magics.request import Request
    from qwen_magics.settings import Settings
    from qwen_magics.turn.route import Route
    from qwen_magics.values import Progress

FREE = frozenset({"local", "modelscope"})  # ModelScope counts requests, not money (facts 3.4)


class Plan(Struct, frozen=True, kw_only=True):
    """Everything decided before the first byte leaves. `counted` is an upper bound unless `exact`; `size` is about how
    long the answer will be, `hit` what is probably cached.
    """

    ask: Ask
    receipt: Receipt
    request: Request
    route: Route
    row: PriceRow | None
    counted: int
    exact: bool
    size: Expectation
    expected: Cost
    worst: Cost
    ledger: Ledger
    hit: Hit = Hit()

    @property
    def endpoint(self) -> Endpoint:
        """Where it goes."""
        return self.route.endpoint

    @property
    def unpriceable(self) -> Cost | None:
        """The cost that is none: free, paid by a plan, or without a price; None where a price row says it."""
        if self.endpoint.provider in FREE:
            return pricing.free()
        if self.endpoint.plan:
            return pricing.plan()
        return pricing.unpriced() if self.row is None else None

    @property
    def fees(self) -> dict[str, int]:
        """Calls that cost something by themselves."""
        return {"search": 1} if self.ask.options.search else {}

    @property
    def untrimmed(self) -> Cost | None:
        """What the same would be expected to cost with nothing cut, as long an answer and what the cache holds of it
        as it was; None where nothing was cut.
        """
        ask, cut = self.ask, self.ask.trimmed
        if cut is None:
            return None
        marks = any(part.marked for part in ask.layout)
        before = [prompt.layout for prompt in sent_there(ask.before, self.route)]
        layout = with_marks(cut.layout, places(cut.layout, before)) if marks else cut.layout
        whole = replace(self, ask=replace(ask, messages=[], layout=layout), counted=self.counted + cut.tokens)
        return _expected(whole, whole.counted, hit(whole))

    def repriced(self, counted: int) -> Plan:
        """The same plan with the prompt's exact number of tokens."""
        return _priced(self, counted, exact=True)

    def ready(self, on_progress: Callable[[Progress], None] | None = None) -> Plan:
        """The same plan, allowed and able to leave. Raises NoKey, LocalModelError or GuardError."""
        able = replace(self, route=ready(self.route, on_progress))
        able.allowed()
        return able

    def allowed(self) -> None:
        """Raises GuardError where the turn is expected to be too dear to go without somebody's word."""
        _guard(self, self.route.settings)

    def noted(self, *notes: str) -> Plan:
        """The same plan, with more to say on its line."""
        return replace(self, receipt=replace(self.receipt, notes=(*self.receipt.notes, *notes)))

    def wire(self) -> tuple[str, dict[str, str], bytes, float]:
        """URL, headers, body and silence limit in seconds. The key is read out here and nowhere else."""
        headers = self.endpoint.headers(self.route.key.reveal())
        return self.endpoint.chat_url, headers, self.request.body, self.route.silence

    def recounted(self) -> Plan:
        """The same plan with the prompt's tokens counted by the vocabulary."""
        return _worded(self.repriced(count(self)))

    def limited(self, limits: Limits) -> Plan:
        """The same question with other limits: its request built anew, its hash the same."""
        options = replace(self.ask.options, max_tokens=limits.answer, think=limits.thinking)
        route, receipt = self.route, replace(self.receipt, limits=limits)
        sending = request.build(
            self.ask.messages, route.name, options,
            model=route.model, dialect=self.endpoint.dialect, scope=receipt.scope,
        )  # fmt: skip
        size = expect(self.ledger, route.title, bool(limits.thinking), limits)
        return _worded(
            _priced(replace(self, request=sending, receipt=receipt, size=size), self.counted, exact=self.exact)
        )

    def reserve(self) -> Plan:
        """Put the worst case aside in the ledger. Returns the plan to carry out: its limits may have had to shrink.

        Raises GuardError where a guard rail or budget has no room for it.
        """
        return reserve(self)

    def leave(self) -> None:
        """Note that the request is about to leave: from now on it may cost."""
        self.ledger.left(self.receipt.id)


def plan(ask: Ask, route: Route, ledger: Ledger, *, now: datetime | None = None) -> Plan:
    """Decide all there is to decide, without a key and before any guard: `ready` comes next. Raises OptionError."""
    settings, endpoint, model = route.settings, route.endpoint, route.model
    moment = now or datetime.now(UTC)
    options = _thinking_always(ask.options, model, settings)
    scope, currency = catalog.price_list(settings, route.name)
    row = None if endpoint.plan else catalog.price(route.title, endpoint.provider, scope, currency)
    ask = marked(ask, route, row)
    sending = request.build(ask.messages, route.name, options, model=model, dialect=endpoint.dialect, scope=scope)
    receipt = Receipt(
        id=uuid.uuid4().hex,
        time=moment.isoformat(timespec="seconds"),
        provider=endpoint.provider,
        region=endpoint.region,
        scope=scope,
        model=route.title,
        request_hash=sending.hash,
        sent=ask.sent,
        left_out=ask.left_out,
        redacted=ask.redacted,
        limits=sending.limits,
        notes=(*ask.notes, *_age(row, moment), *unmarked(ask, route, row)),
    )
    draft = Plan(
        ask=ask, receipt=receipt, request=sending, route=route, row=row,
        counted=0, exact=False, expected=Cost(), worst=Cost(), ledger=ledger,
        size=expect(ledger, route.title, bool(sending.limits.thinking), sending.limits),
    )  # fmt: skip
    cheap = _priced(draft, sum(tokens.upper_bound(m.content) + 16 for m in ask.messages), exact=False)
    # A bound by bytes is three to four times too high; where it hurts, the vocabulary is worth loading.
    rough = row is None or (_harmless(cheap, settings) and ask.trimmed is None)
    return _worded(cheap if rough else draft.repriced(count(draft)))


def count(plan: Plan) -> int:
    """The prompt's tokens, exact for a proved vocabulary."""
    model = plan.route.model
    return tokens.count_messages(
        plan.ask.messages,
        vocabulary=plan.route.vocabulary,
        thinking=bool(plan.request.limits.thinking),
        thinking_model=model is not None and model.thinking == "hybrid",
        image_factor=(model.image_factor if model else 0) or 32,
    )


def _age(row: PriceRow | None, moment: datetime) -> tuple[str, ...]:
    """Prices that nobody looked up for 90 days say of which day they are, on the line itself."""
    return () if row is None or not row.stale(moment.date()) else (f"prices of {row.date}",)


def _thinking_always(options: Options, model: Model | None, settings: Settings) -> Options:
    if model is not None and model.thinking == "always" and not options.think:
        return replace(options, think=min(settings.think_tokens, model.max_thinking or settings.think_tokens))
    return options


def _priced(plan: Plan, counted: int, *, exact: bool) -> Plan:
    plan = replace(plan, counted=counted, exact=exact)
    cached = hit(plan)
    expected = worst = _expected(plan, counted, cached)
    if plan.unpriceable is None and plan.row is not None:
        limits, explicit = plan.request.limits, cached.kind == "explicit"
        worst = pricing.worst_case(plan.row, counted, limits, plan.route.model, explicit_cache=explicit, fees=plan.fees)
    return replace(plan, expected=expected, worst=worst, hit=cached)


def _expected(plan: Plan, counted: int, cached: Hit) -> Cost:
    if plan.unpriceable is not None or plan.row is None:
        return plan.unpriceable or pricing.unpriced()
    return pricing.expected(
        plan.row, counted, plan.size.typical - plan.size.thinking, thinking=plan.size.thinking, fees=plan.fees,
        cached=cached.tokens, written=cached.written, kind=cached.kind,
    )  # fmt: skip


def _harmless(plan: Plan, settings: Settings) -> bool:
    guard = settings.guard_turn.get(plan.worst.currency)
    return guard is None or plan.worst.amount is None or plan.worst.amount <= guard


def _guard(plan: Plan, settings: Settings) -> None:
    guard = settings.guard_turn.get(plan.expected.currency)
    hoped = plan.hit
    missed = Hit(written=hoped.tokens + hoped.written if hoped.kind == "explicit" else 0, kind=hoped.kind)
    amount = _expected(plan, plan.counted, missed).amount  # a guard counts on no hit
    if guard is None or amount is None or plan.ask.yes or amount <= guard:
        return
    raise GuardError(
        f"This turn is expected to cost about {about(amount)} {plan.expected.currency} ({plan.counted:,} tokens in); "
        f"from {guard} on you are asked first. Nothing was sent.",
        remedy=f'Add --yes, or: %config Qwen.guard_turn = "{enough(amount * 2)} {plan.expected.currency}"',
    )


def _worded(plan: Plan) -> Plan:
    """The plan with what its receipt says of it beforehand."""
    return replace(plan, receipt=replace(plan.receipt, expected=_expected_words(plan)))


def _expected_words(plan: Plan) -> dict[str, Any]:
    words = {"input": str(plan.counted), "basis": "counted" if plan.exact else "bound"}
    if plan.expected.amount is not None:
        words["cost"] = str(plan.expected.amount)
    if plan.worst.amount is not None:
        words["worst"] = str(plan.worst.amount)
    return words

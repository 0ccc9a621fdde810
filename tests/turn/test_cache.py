"""What the cache probably holds of a prompt, where it is marked, and the words where a hit did not come."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from fakes.cache import Cache, text_of
from fakes.provider import FakeProvider, refuse
from fakes.turns import PLACE
from msgspec.structs import replace

from qwen_magics import settings, tokens, turn
from qwen_magics.catalog import pricing
from qwen_magics.context.items import Item, messages
from qwen_magics.context.layout import layout
from qwen_magics.errors import GuardError, QwenError
from qwen_magics.ledger import Ledger, Prompt
from qwen_magics.provider.client import Client
from qwen_magics.turn import Ask, Plan, cache
from qwen_magics.turn.plan import count
from qwen_magics.values import Receipt, Settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
SYSTEM = Item(kind="instructions", label="instructions", text="Answer briefly.")


def cell(number: int, words: int = 800, word: str = "word") -> Item:
    """A cell of about two tokens a word."""
    return Item(kind="cell", label=f"#{number}", tag="cell", number=number, text=f"{word} = {number}\n" * words)


def past(number: int, asked: str, answer: str = "So.") -> Item:
    return Item(kind="turn", label=f"#{number}", number=number, text=asked, answer=answer)


def question(text: str = "Why?") -> Item:
    return Item(kind="question", label="the question", text=text)


class Desk:
    """A notebook whose prompts are planned one after the other, as if each were answered."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.before: list[Prompt] = []
        self.now = NOW

    def plan(self, *items: Item, minutes: float = 1, system: Item = SYSTEM, **chosen: Any) -> Plan:
        """The plan of the next question, some minutes after the last."""
        frozen = settings.load().with_options(**({"provider": "alibaba"} | chosen))
        self.now += dt.timedelta(minutes=minutes)
        route = turn.route(frozen)
        shown = [system, *items]
        ask = Ask(
            messages=messages(shown), options=route.settings.options(), place=PLACE,
            layout=layout(shown), before=tuple(self.before),
        )  # fmt: skip
        return turn.plan(ask, route, self.ledger, now=self.now)

    def ask(self, *items: Item, minutes: float = 1, **chosen: Any) -> Plan:
        """The same, and it was answered."""
        plan = self.plan(*items, minutes=minutes, **chosen)
        receipt = plan.receipt
        sent = Prompt(receipt.id, receipt.time, plan.ask.layout, receipt.provider, receipt.region, receipt.model)
        self.before.insert(0, sent)
        return plan


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- what is probably cached ------------------------------------------------------------------------------------------


def test_what_was_sent_before_is_counted_on_and_its_price_expected(desk: Desk):
    first = desk.ask(cell(1), question())
    assert (first.hit.tokens, first.hit.why) == (0, "first question here")
    second = desk.plan(cell(1), past(2, "Why?"), cell(3, 10), question("And now?"))
    exact = second.repriced(count(second))
    assert exact.hit.parts == 3  # instructions, the cell, and the question that was asked
    assert first.repriced(count(first)).counted - 10 < exact.hit.tokens < exact.counted - 40
    assert exact.hit.why == ""
    assert exact.row is not None
    plain = pricing.expected(exact.row, exact.counted, exact.size.typical - exact.size.thinking)
    # 20 % of $1.2 a million in place of all of it
    assert plain.amount is not None
    assert exact.expected.amount is not None
    assert plain.amount - exact.expected.amount == exact.hit.tokens * Decimal("0.96") / 1_000_000


def test_the_same_cells_with_another_question_are_no_loss(desk: Desk):
    desk.ask(cell(1), question())
    again = desk.plan(cell(1), question("Why not?"))
    assert (again.hit.parts, again.hit.why) == (2, "")


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        ([cell(1)], [cell(1, word="other")], "cell #1 changed"),
        ([cell(1), cell(2), cell(3)], [cell(1), cell(3)], "cell #2 is gone"),
        ([cell(1), cell(3)], [cell(1), cell(2), cell(3)], "cell #2 is new"),
        ([past(2, "Why?", "So. " * 900), cell(3)], [past(2, "Why?", "No."), cell(3)], "cell #2 changed"),
        ([cell(1, 10)], [cell(1, 10)], "under 1,024 tokens"),
        ([cell(1, 10)], [cell(1, 11)], "under 1,024 tokens"),
        ([cell(1)], [Item(kind="mark", label="…", text="[cells #1 left out]"), cell(2)], "other cells are left out"),
    ],
)  # fmt: skip
def test_a_hit_that_is_not_to_be_expected_has_its_reason(desk: Desk, then: list[Item], now: list[Item], why: str):
    desk.ask(*then, question())
    hit = desk.plan(*now, question()).hit
    assert hit.why == why
    assert (hit.lost >= 1_024) == (not why.startswith("under"))


def test_an_output_that_is_cut_otherwise_is_no_change_of_its_cell(desk: Desk):
    whole, short = cell(1), replace(cell(1, 300), cut=1_000)
    desk.ask(whole, cell(2), question())
    assert desk.ask(short, cell(2), question()).hit.why == "cell #1 is cut shorter now"
    desk.before.pop()
    assert desk.plan(whole, cell(2), question()).hit.why == "cell #1 is shown longer now"


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"model": "qwen3-max-preview"}, "model changed"),
        ({"region": "beijing"}, "region changed"),
        ({"provider": "openrouter", "cache": "explicit"}, "provider changed"),
    ],
)
def test_another_models_cache_is_no_help(desk: Desk, chosen: dict[str, Any], why: str):
    desk.ask(cell(1), question())
    hit = desk.plan(cell(1), question(), **chosen).hit
    assert (hit.tokens, hit.why) == (0, why)
    assert hit.lost >= 1_024


def test_after_five_minutes_nothing_is_counted_on(desk: Desk):
    desk.ask(cell(1), question())
    assert desk.plan(cell(1), question(), minutes=4.9).hit.tokens
    late = desk.plan(cell(1), question(), minutes=7.5).hit
    assert (late.tokens, late.why) == (0, "12 min passed")


def test_a_question_from_further_up_loses_nothing(desk: Desk):
    desk.ask(cell(1), past(2, "Why?"), cell(3), question())
    up = desk.plan(cell(1), question("Why?")).hit
    assert (up.parts, up.why) == (3, "")


def test_a_fork_finds_the_prompt_that_it_shares_most_with(desk: Desk):
    desk.ask(cell(1), cell(2), cell(3), question())
    desk.ask(cell(1), question("What is #1?"))
    assert desk.plan(cell(1), cell(2), cell(3), cell(4), question()).hit.parts == 4


def test_where_caching_is_off_or_unknown_nothing_is_counted_on(desk: Desk):
    for chosen in ({"cache": "off"}, {"provider": "modelscope", "model": "Qwen/Qwen3-32B"}):
        desk.ask(cell(1), question(), **chosen)
        assert desk.plan(cell(1), question(), **chosen).hit == cache.Hit()


def test_the_guard_of_a_turn_counts_on_no_hit(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "0" * 32)
    many = [cell(n, 2_000) for n in range(1, 20)]
    desk.ask(*many, question())
    plan = desk.plan(*many, question())
    assert plan.expected.amount is not None
    assert plan.expected.amount < Decimal("0.25")
    with pytest.raises(GuardError):
        plan.ready()


# --- marks ------------------------------------------------------------------------------------------------------------


def places(plan: Plan) -> list[str]:
    """Where a prompt is marked: the label of each part that a mark follows."""
    return [part.label for part in plan.ask.layout if part.marked]


def contents(plan: Plan) -> list[Any]:
    return [message["content"] for message in msgspec.json.decode(plan.request.body)["messages"]]


def test_marks_stand_after_the_question_before_it_and_where_the_last_prompt_ended(desk: Desk):
    first = desk.ask(cell(1), question(), cache="explicit")
    assert places(first) == ["#1", "the question"]
    second = desk.ask(cell(1), past(2, "Why?"), cell(3), question("And now?"), cache="explicit")
    assert places(second) == ["#2", "#3", "the question"]


def test_parts_joined_are_the_message_and_no_token_crosses_a_mark(desk: Desk):
    items = (cell(1), past(2, "Why?"), cell(3), question("Ünd 你好?"))
    desk.ask(cell(1), question(), cache="explicit")
    whole, parted = desk.plan(*items, cache="implicit"), desk.plan(*items, cache="explicit")
    assert all(isinstance(content, str) for content in contents(whole))
    joined = [text_of(content) for content in contents(parted)]
    assert joined == contents(whole)
    texts = [part["text"] for content in contents(parted) if isinstance(content, list) for part in content]
    assert sum(tokens.count(text) for text in texts) == sum(
        tokens.count(text) for text, content in zip(joined, contents(parted), strict=True) if isinstance(content, list)
    )


def test_a_mark_changes_neither_the_hash_nor_the_layouts_digests(desk: Desk):
    items = (cell(1), question())
    plain, parted = desk.plan(*items), desk.plan(*items, cache="explicit")
    assert plain.request.hash == parted.request.hash
    assert [part.digest for part in plain.ask.layout] == [part.digest for part in parted.ask.layout]


def test_at_most_four_marks_however_the_prompts_forked(desk: Desk):
    large = replace(SYSTEM, text="Answer briefly. " * 400)
    desk.ask(cell(1), cell(2), cell(3), cell(4), question(), cache="explicit", system=large)
    desk.ask(cell(1), cell(2), cell(3, word="x"), cell(4), question(), cache="explicit", system=large)
    plan = desk.plan(
        cell(1), cell(2), cell(3, word="x"), cell(4, word="x"), question("?"), cache="explicit", system=large
    )
    assert places(plan) == ["#2", "#3", "#4", "the question"]
    first = desk.plan(cell(1), question(), cache="explicit", system=large, region="beijing")
    assert places(first) == ["instructions", "#1", "the question"]


def test_a_short_prompt_is_sent_without_marks(desk: Desk):
    plan = desk.plan(cell(1, 10), question(), cache="explicit")
    assert (places(plan), plan.hit.why) == ([], "first question here")
    assert all(isinstance(content, str) for content in contents(plan))


@pytest.mark.parametrize(
    ("chosen", "note"),
    [
        ({"provider": "modelscope", "model": "Qwen/Qwen3-32B"}, "explicit cache: only at Alibaba Cloud and OpenRouter"),
        (
            {"provider": "openrouter", "model": "qwen3.8-max-0902"},
            "no known price for an explicit cache of qwen3.8-max-0902 at OpenRouter",
        ),
        ({"provider": "openrouter"}, ""),
        ({"model": "qwen3-vl-plus"}, "qwen3-vl-plus has no explicit cache"),
        ({"model": "qwen3-max"}, ""),
    ],
)
def test_where_marks_cannot_be_had_the_line_says_so(desk: Desk, chosen: dict[str, Any], note: str):
    plan = desk.plan(cell(1), question(), cache="explicit", **chosen)
    assert [said for said in plan.receipt.notes if "cache" in said] == ([note] if note else [])
    assert bool(places(plan)) == (not note)


def test_the_worst_case_of_a_marked_prompt_is_that_all_of_it_is_written(desk: Desk):
    worst = desk.plan(cell(1), question(), cache="explicit").worst
    assert (worst.lines[0].what, worst.lines[0].rate) == ("input, written to the cache", Decimal("1.5"))
    desk.ask(cell(1), question(), cache="explicit")  # that it may hit makes the worst no better
    assert desk.plan(cell(1), question(), cache="explicit").worst == worst


def test_a_marked_prompt_is_expected_to_hit_and_to_write_at_their_own_rates(desk: Desk):
    desk.ask(cell(1), question(), cache="explicit")
    plan = desk.plan(cell(1), past(2, "Why?"), cell(3), question(), cache="explicit")
    assert plan.hit.kind == "explicit"
    assert plan.hit.parts == 3
    rates = {line.what: line.rate for line in plan.expected.lines}
    assert rates["input, explicit cache hit"] == Decimal("0.12")
    assert rates["input, written to the cache"] == Decimal("1.5")


def test_one_kind_of_cache_does_not_help_the_other(desk: Desk):
    desk.ask(cell(1), question())
    hit = desk.plan(cell(1), question(), cache="explicit").hit
    assert (hit.tokens, hit.why) == (0, "Qwen.cache changed")


def test_a_changed_cell_leaves_what_was_marked_before_it(desk: Desk):
    desk.ask(cell(1), past(2, "Why?"), cell(3), question(), cache="explicit")
    desk.ask(cell(1), past(2, "Why?"), cell(3, word="x"), question(), cache="explicit")  # marks where the two part
    plan = desk.plan(cell(1), past(2, "Why?"), cell(3, word="y"), question(), cache="explicit")
    assert plan.ask.layout[plan.hit.parts - 1].label == "#2"
    assert plan.hit.why == "cell #3 changed"


# --- over the wire ----------------------------------------------------------------------------------------------------


@pytest.fixture
def wired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "0" * 32)
    with FakeProvider("alibaba", cache_from=256) as provider:
        yield Wired(tmp_path, provider)


class Wired(Desk):
    """The same, and each question is really sent; what was sent before is what the ledger says."""

    def __init__(self, folder: Path, provider: FakeProvider) -> None:
        super().__init__(folder)
        self.provider = provider

    def send(self, *items: Item, minutes: float = 1, **chosen: Any) -> Receipt:
        """Ask, some minutes after the last question."""
        self.before = self.ledger.prompts(PLACE.notebook)
        self.provider.cache.later += minutes * 60
        plan = self.plan(*items, minutes=minutes, base_url=self.provider.base_url, **chosen)
        settled = list(turn.Turn(plan.ready(), Client()))[-1]
        assert isinstance(settled, Settled)
        return settled.receipt


def test_a_growing_notebook_hits_at_every_question(wired: Wired):
    first = wired.send(cell(1), question())
    second = wired.send(cell(1), past(2, "Why?"), question("And?"))
    assert (first.usage.cached, first.notes) == (0, ())
    assert second.usage.cached >= 0.9 * first.usage.input
    assert second.notes == ()
    assert second.cost.cache_saved == second.usage.cached * Decimal("0.96") / 1_000_000


def test_a_cell_that_changed_is_named_where_its_hit_is_missed(wired: Wired):
    wired.send(cell(1), question())
    assert wired.send(cell(1, word="x"), question()).notes == ("no cache hit: cell #1 changed",)


def test_a_cell_further_down_loses_only_a_part(wired: Wired):
    wired.send(cell(1), cell(2), question())
    receipt = wired.send(cell(1), cell(2, word="x"), question())
    assert receipt.usage.cached > 1_024
    assert receipt.notes == ("part of the cache lost: cell #2 changed",)


def test_an_expected_hit_that_did_not_come_is_said(wired: Wired):
    wired.send(cell(1), question())
    wired.provider.cache = Cache()  # as when the provider sends it to another machine
    (note,) = wired.send(cell(1), past(2, "Why?"), question("And?")).notes
    assert note.startswith("no cache hit, though ≈ ")
    assert note.endswith(" tokens were sent before")


def test_a_hit_that_came_against_expectation_is_no_miss(wired: Wired):
    wired.send(cell(1), question())
    receipt = wired.send(cell(1), question(), minutes=30)  # an implicit cache's life nobody tells
    assert receipt.usage.cached > 1_024
    assert receipt.notes == ()


def test_marks_write_then_hit_and_the_receipt_says_what_was_saved_net_of_writes(wired: Wired):
    first = wired.send(cell(1), question(), cache="explicit")
    assert (first.usage.cache_kind, first.usage.cached) == ("explicit", 0)
    assert first.usage.cache_write > 1_024
    assert first.cost.cache_saved == -first.usage.cache_write * Decimal("0.3") / 1_000_000  # nothing but writes so far
    second = wired.send(cell(1), past(2, "Why?"), question("And?"), cache="explicit")
    assert second.usage.cached >= 0.99 * first.usage.cache_write
    assert second.cost.cache_saved is not None
    assert second.cost.cache_saved > 0
    assert second.notes == ()


def test_what_was_marked_is_gone_after_five_minutes(wired: Wired):
    wired.send(cell(1), question(), cache="explicit")
    receipt = wired.send(cell(1), question(), cache="explicit", minutes=6)
    assert receipt.usage.cached == 0
    assert receipt.notes == ("no cache hit: 6 min passed",)


def test_a_hit_renews_the_five_minutes(wired: Wired):
    for _ in range(4):
        receipt = wired.send(cell(1), question(), cache="explicit", minutes=4)
    assert receipt.usage.cached > 1_024


def test_openrouter_hands_the_marks_on_and_has_no_other_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-" + "0" * 32)
    with FakeProvider("openrouter") as provider:
        wired = Wired(tmp_path, provider)
        plain = [wired.send(cell(1), question(), provider="openrouter") for _ in range(2)]
        marked = [wired.send(cell(1), question(), provider="openrouter", cache="explicit") for _ in range(2)]
    assert not any("cache" in note for receipt in plain for note in receipt.notes)  # none was counted on
    first, second = marked
    assert first.usage.cache_write > 1_024
    assert (second.usage.cached, second.usage.cache_kind) == (first.usage.cache_write, "explicit")
    assert second.cost.cache_saved == second.usage.cached * Decimal("0.624") / 1_000_000
    (content,) = [one["content"] for one in provider.questions[-1].body["messages"] if one["role"] == "user"]
    assert [part for part in content if part.get("cache_control") == {"type": "ephemeral"}]


def test_the_guard_counts_a_marked_prompt_as_written_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-" + "0" * 32)
    many = [cell(n, 2_000) for n in range(1, 18)]
    written = desk.ask(*many, question(), cache="explicit").expected.amount or Decimal(0)
    plan = desk.plan(*many, question(), cache="explicit", guard_turn=f"{written * Decimal('0.99'):.6f} USD")
    assert (plan.expected.amount or 0) < written / 4
    with pytest.raises(GuardError):
        plan.ready()


def test_with_the_cache_off_nothing_is_marked_expected_or_missed(wired: Wired):
    for _ in range(2):
        receipt = wired.send(cell(1), question(), cache="off")
    assert receipt.notes == ()
    assert isinstance(wired.provider.questions[-1].body["messages"][-1]["content"], str)


def test_a_turn_that_no_one_answered_counts_for_nothing_later(wired: Wired):
    wired.provider.enqueue(refuse(400, "invalid_parameter_error", "no"))
    with pytest.raises(QwenError):
        wired.send(cell(1), question())
    assert wired.ledger.prompts(PLACE.notebook) == []

"""The context of a question as a table: what goes along, what it costs, what helps. Counts and prices nothing."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from qwen_magics.display import figures
from qwen_magics.display.figures import LOSS, counted, money
from qwen_magics.display.table import Column, Table
from qwen_magics.turn.parts import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qwen_magics.turn.preview import Preview

TEXT = 80  # columns of a terminal
TITLE = 40  # characters of a cell's own words
SHARE = Decimal("0.05")  # of the cost: from here on a remedy stands beside the item
REMEDIES = 3  # of them at most: a table full of advice gives none
MANY = 30  # rows; of more, small ones are put together,
LAST = 5  # but not the last cells, which a question is mostly about
_COLUMNS = (
    Column("what goes along", wraps=True), Column("tokens", "right"), Column("costs", "right"),
    Column("without it, save", "right"), Column("cache", quiet=True), Column("", quiet=True, wraps=True),
)  # fmt: skip
ELSEWHERE = ("provider changed", "region changed", "model changed")  # there is no last prompt to compare with
_CACHED = {"whole": "hit?", "part": "in part", "": "new"}
_DEARER = {Decimal(2): "costs double", Decimal(3): "costs three times as much"}


def table(preview: Preview, *, where: str, notes: Sequence[str] = (), trimming: str = "") -> Table:
    """What a question would send, item by item. `where`: provider and model; `notes`: what else there is to say.

    `trimming`: what was or would be trimmed, in a sentence.
    """
    advised = _advised(preview)
    shown = _folded(preview.rows)
    rows = [_item(row, preview, advised=row in advised) for row in shown]
    rows += [
        (fee.label, "", money(fee.cost or Decimal(0), preview.expected.currency), "", "", "") for fee in preview.fees
    ]
    matters, facts = " ".join(_matters(preview, trimming)), " · ".join(_facts(preview))
    said = (_capital(facts), *_cache_words(preview, shown), *notes, f"Nothing was sent. A question goes to {where}.")
    whole = Table(
        columns=_COLUMNS,
        rows=(*rows, _answer(preview)),
        foot=_foot(preview),
        sentences=(matters,) if matters else (),
        quiet=said,
        wide=TEXT,
    )
    return whole.slim()


# --- rows -------------------------------------------------------------------------------------------------------------


def _folded(rows: Sequence[Row]) -> list[Row]:
    """The rows; of too many the largest, the last and those with something to say, the others run by run as one row."""
    if len(rows) <= MANY:
        return list(rows)
    least = sorted((row.tokens for row in rows), reverse=True)[MANY // 2]
    last = [row for row in rows if row.label.startswith("#")][-LAST:]

    def stands_alone(row: Row) -> bool:
        return row in last or row.tokens > least or not row.label.startswith("#") or not all(map(_is_cut, row.notes))

    said: list[Row] = []
    for alone, run in groupby(rows, stands_alone):
        group = list(run)
        said += group if alone or len(group) == 1 else [_together(group)]
    return said


def _together(group: Sequence[Row]) -> Row:
    """A run of small cells as one row, which adds up as they did."""
    costs = [row.cost for row in group if row.cost is not None]
    cached = {row.cached for row in group}
    cut = sum(any(map(_is_cut, row.notes)) for row in group)
    return Row(
        label=f"{group[0].label} to {group[-1].label}",
        title=counted(len(group), "cell"),
        tokens=sum(row.tokens for row in group),
        cost=sum(costs, Decimal(0)) if costs else None,
        cached=cached.pop() if len(cached) == 1 else "part",
        notes=(f"outputs of {cut:,} cut",) if cut else (),
    )


def _is_cut(note: str) -> bool:
    return note.startswith("outputs cut by")


def _item(row: Row, preview: Preview, *, advised: bool) -> tuple[str, ...]:
    title = figures.clipped(row.title, TITLE)
    currency = preview.expected.currency
    cached = _CACHED[row.cached] if preview.hit.tokens else ""
    return (
        f"{row.label} {title}".strip(),
        f"{row.tokens:,}",
        "" if row.cost is None else money(row.cost, currency),
        "" if row.saves is None else f"{LOSS} {money(row.saves, currency)}" if row.jump else money(row.saves, currency),
        cached,
        ", ".join((*row.notes, *([row.remedy] if advised else []))),
    )


def _advised(preview: Preview) -> list[Row]:
    """The few items beside which their remedies stand: each a good part of the cost, or of the prompt without one."""
    whole = preview.expected.amount
    if preview.low is None or whole is None:
        return [row for row in preview.rows if row.remedy and 4 * row.tokens >= preview.tokens]
    worth = [row for row in preview.rows if row.remedy and row.saves is not None and row.saves >= SHARE * whole]
    return sorted(worth, key=lambda row: row.saves or 0, reverse=True)[:REMEDIES]


def _answer(preview: Preview) -> tuple[str, ...]:
    answer, size = preview.answer, preview.size
    cost = "" if answer.cost is None else money(answer.cost, preview.expected.currency)
    said = f"8 in 10 between {size.low:,} and {size.high:,} tokens" if size.low < size.high else ""
    return ("answer, expected", f"{answer.tokens:,}", cost, "", "", said if size.of else "a guess: no basis yet")


def _foot(preview: Preview) -> tuple[str, ...]:
    total, expected = f"{preview.tokens:,} of {preview.room:,}", preview.expected
    if preview.low is None:  # no money: one word instead
        return (total, "", "", "", "", figures.price(expected))
    worst = preview.worst  # a bound is not an estimate
    sign = "≥ " if worst.bound == "at_least" else "≈ " if worst.derived else ""
    most = f"worst case {sign}{money(worst.amount or Decimal(0), worst.currency)}"
    return (total, "", figures.price(expected), "", "", most)


# --- sentences --------------------------------------------------------------------------------------------------------


def _matters(preview: Preview, trimming: str) -> Iterator[str]:
    """What matters most, and what to do about it: a dearer tier, or the one item that most of it is."""
    tier = preview.expected.tier
    if tier is not None and tier.times is not None and tier.times > 1:
        over = counted(preview.tokens - tier.over, "token")
        yield f"**{LOSS} {over} past {tier.over:,}: the whole request {_dearer(tier.times)}.**"
        yield from _way_down(preview, trimming)
    elif trimming:
        yield trimming
    elif preview.beside is not None and preview.to_next is not None:
        left, bound = counted(preview.to_next, "token"), preview.tokens + preview.to_next
        past, now = (_money(preview, amount) for amount in (preview.beside, preview.expected.amount))
        yield f"**{LOSS} Only {left} below {bound:,}:** a service may add some, and it costs {past} instead of {now}."
    heaviest = preview.heaviest
    if 2 * heaviest.core > preview.tokens:
        yield f"{figures.percent(heaviest.core, preview.tokens)} of this is {heaviest.mostly}."
        if heaviest.remedy and heaviest is not preview.way_down:
            yield _without(heaviest, preview)


def _way_down(preview: Preview, trimming: str) -> Iterator[str]:
    """Out of a dearer tier: by trimming if that is enough, else without the smallest item that is."""
    if preview.beside is not None:
        yield f"Just below it: {_from_to(preview, preview.beside)}."
    if trimming:
        yield trimming
    if preview.way_down is not None and (not trimming or preview.way_down is preview.heaviest):
        yield _without(preview.way_down, preview)


def _without(row: Row, preview: Preview) -> str:
    """`--without #5`: $0.080 → $0.040."""
    remedy = _capital(row.remedy)
    if row.saves is None or preview.expected.amount is None or row.saves <= 0:
        return f"{remedy} leaves it out." if row.remedy.startswith("`") else f"{remedy}."
    return f"{remedy}: {_from_to(preview, preview.expected.amount - row.saves)}."


def _facts(preview: Preview) -> Iterator[str]:
    """The totals in words: range, window, tier."""
    yield from _range(preview)
    room = preview.room - preview.tokens
    more = f"room for {room:,} tokens more" if room >= 0 else f"{-room:,} tokens too many"
    share = "under 1 %" if 100 * preview.tokens < preview.room else figures.percent(preview.tokens, preview.room)
    yield f"{share} of the window, {more}"
    if preview.to_next is not None and preview.then is not None:
        bound = preview.tokens + preview.to_next
        if preview.to_next == 0:
            yield f"exactly at {bound:,}; one token more and all of it {_dearer(preview.then)}"
        else:
            yield f"{counted(preview.to_next, 'token')} below {bound:,}, past which all of it {_dearer(preview.then)}"


def _range(preview: Preview) -> Iterator[str]:
    low, high, size = preview.low, preview.high, preview.size
    if low is None or high is None:
        return
    if not size.of:
        yield "no basis yet for a range: too few answers of this model"
        return
    first, last = (money(amount, preview.expected.currency) for amount in (low, high))
    span = first if first == last else f"{first} to {last.lstrip('$¥')}"
    yield f"{span} for 8 answers in 10 of your last {size.of}"


def _cache_words(preview: Preview, shown: Sequence[Row]) -> Iterator[str]:
    hit, saved = preview.hit, preview.expected.cache_saved
    if hit.tokens:
        worth = f" and save {money(saved, preview.expected.currency)}" if saved and saved > 0 else ""
        yield f"About {hit.tokens:,} tokens probably come from the cache (`hit?`){worth}."
        if any(row.saves is not None and row.saves < 0 for row in shown):
            yield "A cell whose saving is negative makes it dearer by going: the hits below it would be lost."
    if hit.written:
        net = f", which costs {money(-saved, preview.expected.currency)} more this once" if saved and saved < 0 else ""
        yield f"About {hit.written:,} tokens are marked to be kept by it for 5 minutes{net}."
    if hit.lost:
        see = "" if hit.why in ELSEWHERE else " `--diff` shows what changed."
        yield f"About {hit.lost:,} tokens that were sent before are read anew: {hit.why}.{see}"


def _dearer(times: Decimal) -> str:
    return _DEARER.get(times, f"costs {times:f} times as much")


def _from_to(preview: Preview, to: Decimal) -> str:
    return f"{_money(preview, preview.expected.amount)} → {_money(preview, to)}"


def _money(preview: Preview, amount: Decimal | None) -> str:
    return money(amount or Decimal(0), preview.expected.currency)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

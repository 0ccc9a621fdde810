"""The price tag of Run All, as a table: a row for each question, their sums, what to know. Counts no money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.display import figures
from qwen_magics.display.figures import LOSS, counted
from qwen_magics.display.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from qwen_magics.turn.estimate import Estimate, Line, Range, Sum

_COLUMNS = (
    Column("question"), Column("tokens in", "right"), Column("tier", "right", quiet=True), Column("expected", "right"),
    Column("worst case", "right"), Column("", quiet=True, wraps=True),
)  # fmt: skip
_SURE = {"exact": "", "about": "≈ ", "at_least": "≥ "}
_MOST = 5  # things of a kind that are named one by one
_REASON = 300  # characters of why a cell fails


def table(found: Estimate) -> Table:
    """Every question with what it would cost, the sums below; in text 80 columns wide."""
    elsewhere = len({(line.where, line.model) for line in found.asked}) > 1
    rows = [_row(line, elsewhere=elsewhere) for line in found.lines]
    feet = [_foot(one, at_least=bool(found.unbounded)) for one in found.sums()] or [("", "", "", "")]
    asked = f"{len(found.asked):,} of {counted(len(found.lines), 'question')} asked"
    return Table(
        columns=_COLUMNS,
        rows=tuple(rows),
        feet=tuple((asked if n == 0 else "", *foot, "") for n, foot in enumerate(feet)),
        sentences=tuple(_sentences(found)),
        quiet=tuple(_small_print(found, elsewhere=elsewhere)),
        wide=80,
    ).slim()


def _row(line: Line, *, elsewhere: bool) -> tuple[str, ...]:
    title = f"#{line.number} {line.title}"
    if line.cost is None:
        return (title, "", "", "fails", "", "")
    tokens = f"{_SURE[line.sure]}{line.tokens:,}"
    if line.replays:
        return (title, tokens, "", "replays", "", "")
    tier = line.cost.likely.tier
    dearer = tier is not None and not tier.first
    return (
        title,
        f"{LOSS} {tokens}" if dearer else tokens,
        f"over {figures.bound(tier.over)}" if tier is not None and dearer else "",
        _range(line.cost, at_least=line.sure == "at_least"),
        _worst(line),
        "; ".join(_notes(line, elsewhere=elsewhere)),
    )


def _range(cost: Range, *, at_least: bool) -> str:
    """`$0.0041 to $0.0060`; ≈ where it is a plain guess, ≥ where something is unknown."""
    if cost.likely.amount is None or cost.likely.basis == "free":
        return figures.price(cost.likely)
    low, high = (figures.price(one).removeprefix("≈ ").removeprefix("≥ ") for one in (cost.low, cost.high))
    if at_least:
        return f"≥ {low}"
    return f"{low} to {high}" if low != high else f"≈ {low}"


def _worst(line: Line) -> str:
    """The worst case; none where something is unknown."""
    if line.cost is None or line.cost.worst.basis == "free" or line.cost.worst.amount is None:
        return ""
    amount = figures.money(line.cost.worst.amount, line.cost.worst.currency)
    return f"≥ {amount}" if line.sure == "at_least" or line.unknown or line.cost.worst.bound == "at_least" else amount


def _notes(line: Line, *, elsewhere: bool) -> Iterator[str]:
    if line.fails:
        yield f"{LOSS} stops here"
    if elsewhere:
        yield f"{line.model}, {line.where}"
    yield from line.unknown
    if line.above:
        yield f"what {_named(line.above)} {'shows' if len(line.above) == 1 else 'show'}"


def _foot(one: Sum, *, at_least: bool) -> tuple[str, ...]:
    """What it comes to in one currency."""
    low, high = figures.money(one.low, one.currency), figures.money(one.high, one.currency)
    more = "≥ " if at_least else ""
    expected = f"{more}{low}" if more else f"{low} to {high}" if low != high else f"≈ {low}" if one.low else low
    return ("", "", expected, f"{more}{_money(one.worst, one)}")


def _money(amount: Decimal, one: Sum) -> str:
    return f"{'≈ ' if one.derived else ''}{figures.money(amount, one.currency)}"


# --- in words ---------------------------------------------------------------------------------------------------------


def _sentences(found: Estimate) -> Iterator[str]:
    """What there is to know about this notebook."""
    if not found.lines:
        yield "This notebook asks nothing."
    yield from _kept(found)
    yield from _fails(found)
    yield from _broken(found)
    yield from _dearer(found)
    yield from found.overrides
    for model, hint in {line.model: line.hint for line in found.asked if line.hint}.items():
        yield f"The catalogue doesn't know {model}. {hint}"
    if found.unknown:
        shown = any(line.sure == "at_least" or _worst(line).startswith("≥") for line in found.asked)
        least = "≥ means at least. " if shown or (found.unbounded and found.sums()) else ""
        yield f"{least}Not known: {listed(found.unknown)}."


def _small_print(found: Estimate, *, elsewhere: bool) -> Iterator[str]:
    """What an estimate is, and what it takes for granted."""
    if found.lines:
        to = {f"{line.where}, {line.model}" for line in found.asked}
        goes = f" Questions go to {', '.join(to)}." if to and not elsewhere else ""
        yield f"Nothing was sent and nothing was run. This is for a restarted kernel and Run All Cells.{goes}"
    yield from _taken(found)
    yield from _basis(found)


def _kept(found: Estimate) -> Iterator[str]:
    """What comes back at no cost."""
    kept = [line for line in found.lines if line.replays]
    if not kept:
        return
    saved = " and ".join(_money(one.saved, one) for one in found.sums() if one.saved)
    worth = f", which saves {saved}" if saved else ""
    if len(kept) == len(found.lines):
        yield f"Every answer is at hand: Run All sends nothing and costs nothing{worth}."
    else:
        yield f"{counted(len(kept), 'answer')} {'comes' if len(kept) == 1 else 'come'} back as saved{worth}."


def _fails(found: Estimate) -> Iterator[str]:
    failing = [line for line in found.lines if line.fails]
    for line in failing[:_MOST]:
        why = figures.clipped(" ".join(line.fails.split()), _REASON)
        yield f"{LOSS} #{line.number} {'fails' if line.cost is None else 'stops'}: {why}"
    if failing:
        yield f"Run All stops at #{failing[0].number}; what stands below is counted as if it didn't."


def _broken(found: Estimate) -> Iterator[str]:
    line = found.breaks
    if line is None:
        return
    below = any(other.sure == "about" for other in found.asked)
    more = " Its answer will be new, and with it the prompts below that hold it." if below else ""
    breaks = "may break" if line.unknown or line.above else "breaks"
    yield f"#{line.number} {breaks} the chain of saved answers: {line.again}.{more}"


def _dearer(found: Estimate) -> Iterator[str]:
    """Which questions are past a bound, and what that does to their price."""
    past: dict[tuple[int, str], list[int]] = {}
    for line in found.asked:
        tier = line.cost.likely.tier if line.cost is not None else None
        if tier is not None and not tier.first:
            dearer = figures.times(tier.times) if tier.times is not None and tier.times > 1 else "a dearer tier"
            past.setdefault((tier.over, dearer), []).append(line.number)
    if past:
        said = "; ".join(f"over {figures.bound(over)} {dearer} ({_named(of)})" for (over, dearer), of in past.items())
        yield f"{LOSS} Past a bound every token of the question and its answer costs more: {said}."


def _taken(found: Estimate) -> Iterator[str]:
    taken = "Outputs of code cells and what {{ }} held are taken as saved"
    if any(line.sure == "about" for line in found.lines):
        taken += "; ≈ where answers above are new: as long as the old one, or as answers usually are"
    if found.lines:
        yield f"{taken}.{' Worst case: every answer as long as it may get, no cache hit.' if found.asked else ''}"


def _basis(found: Estimate) -> Iterator[str]:
    paid = [line for line in found.asked if line.cost is not None and line.cost.likely.amount]
    if any(line.basis for line in paid):
        most = max(line.basis for line in paid)
        yield f"Expected: eight answers in ten, by the last {most} of the model on this machine."
    if any(not line.basis and line.sure != "at_least" for line in paid):
        yield "Expected ≈: no basis yet, a plain guess of how long answers get."
    dates = sorted({line.cost.worst.prices_as_of for line in paid if line.cost and line.cost.worst.prices_as_of})
    if dates:
        yield f"List prices of {dates[0]}, likely cache hits counted; free quota, promotions and tax are not in them."


def listed(said: Mapping[str, Sequence[int]]) -> str:
    """The first few with their cells, and how many more."""
    named = [_for(words, cells) for words, cells in list(said.items())[:_MOST]]
    more = f"; and {len(said) - _MOST} more" if len(said) > _MOST else ""
    return "; ".join(named) + more


def _for(words: str, cells: Sequence[int]) -> str:
    return f"{words} ({_named(cells)})" if cells else words


def _named(cells: Sequence[int]) -> str:
    """`#3, #4, #5 and 6 more`."""
    more = f" and {len(cells) - _MOST} more" if len(cells) > _MOST else ""
    return ", ".join(f"#{number}" for number in cells[:_MOST]) + more

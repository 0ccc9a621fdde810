"""What was spent, as tables and bars. The sums are the ledger's; here only counts of several currencies are joined."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.display import chart, figures
from qwen_magics.display.chart import Bar
from qwen_magics.display.table import Column, Table, width
from qwen_magics.ledger.reports import together
from qwen_magics.ledger.spans import days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from qwen_magics.ledger import By, Total

    Named = Sequence[tuple[str, Total]]

MACHINE, FILES = "this machine's turns", "the receipts that stand in these files"
TERMINAL = 80  # columns
_WORDS = ("free", "plan", "unpriced", "replayed", "failed", "lost")
_LONGEST = 40  # signs of a name
_WHOLE_ID, _ID = 16, 8  # signs of a cell's id: the longest that stands whole, and what stands of a longer one
_BESIDES = 9  # columns beside the names
_NAME = 22  # of them stand in a terminal before a column is spared
_MOST_DAYS = 31  # bars
_SPARE = ("thinking", "out", "in", "cached", "replay saved", "cache saved")  # what goes first where room is short


# --- names ------------------------------------------------------------------------------------------------------------


def named(
    totals: Iterable[Total], by: By, *, cells: Mapping[tuple[str, str], str] | None = None, session: str = ""
) -> list[tuple[str, Total]]:
    """Totals under names that a person knows. `cells`: what cells are called, by notebook and id."""
    found = list(totals)
    call = _caller(found, by, cells or {}, session)
    return [(figures.clipped(call(total) or "(none)", _LONGEST), total) for total in found]


def _caller(
    totals: Sequence[Total], by: By, cells: Mapping[tuple[str, str], str], session: str
) -> Callable[[Total], str]:
    if by == "tier":
        several = len({total.within for total in totals}) > 1
        return lambda total: f"{total.within}, {_tier(total.group)}" if several else _tier(total.group)
    if by == "cell":
        notebooks = {total.within for total in totals}
        return lambda total: cells.get((total.within, total.group)) or _cell(total, notebooks)
    if by == "notebook":
        paths = {total.group for total in totals}
        return lambda total: _shortest(total.group, paths)
    if by == "session":
        return lambda total: f"{total.group[:8]}{', this one' if total.group and total.group == session else ''}"
    return lambda total: total.group


def _tier(group: str) -> str:
    """`32000..128000` → `32,000 to 128,000 ▲`."""
    if not group:
        return "no price step"
    over, up_to = (int(bound or 0) for bound in group.split(".."))
    if not over:
        return f"up to {up_to:,}" if up_to else "any length"
    return f"{over:,} to {up_to:,} {figures.LOSS}" if up_to else f"over {over:,} {figures.LOSS}"


def _cell(total: Total, notebooks: set[str]) -> str:
    """A cell that isn't at hand: its notebook's name and its own, of a long one as much as tells it from others."""
    own = total.group.rpartition("#")[2]
    own = own if len(own) <= _WHOLE_ID else own[:_ID]
    notebook, room = _shortest(total.within, notebooks), _LONGEST - 1 - len(own)
    return f"{notebook if len(notebook) <= room else '…' + notebook[1 - room :]} {own}".strip()


def file_name(notebook: str) -> str:
    """A notebook's name without its folders."""
    return PurePath(notebook).name or notebook


def _shortest(path: str, paths: set[str]) -> str:
    """As much of a path's end as tells it from the others."""
    parts = PurePath(path).parts
    for count in range(1, len(parts)):
        tail = parts[-count:]
        if sum(PurePath(other).parts[-count:] == tail for other in paths) == 1:
            return str(PurePath(*tail))
    return path


def cells(notebook: str, found: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What the cells of a notebook are called, `#6 why is Gentoo heavier?`. `found`: their ids and sources."""
    named = ((cell, f"#{number} {_title(source)}".strip()) for number, (cell, source) in enumerate(found, 1))
    return {(notebook, cell): name for cell, name in named if cell}


def _title(source: str) -> str:
    """The question of a cell that asks, else its first line."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("%%"):
        lines = lines[1:]
    return lines[0] if lines else ""


# --- the table --------------------------------------------------------------------------------------------------------


def table(
    groups: Named,
    heading: str,
    *,
    whole: Sequence[Total] = (),
    sentences: tuple[str, ...] = (),
    quiet: tuple[str, ...] = (),
) -> Table:
    """One row per group and currency; `whole` is what they come to, one total per currency."""
    columns = (
        Column(heading),
        Column("spent", "right"),
        Column("turns", "right"),
        Column("in", "right"),
        Column("cached", "right"),
        Column("out", "right"),
        Column("thinking", "right"),
        Column("cache saved", "right"),
        Column("replay saved", "right"),
        Column("", quiet=True, wraps=True),
    )
    feet = tuple(_row("in all", total) for total in whole) if len(groups) > 1 else ()
    return Table(columns=columns, rows=tuple(_rows(groups)), feet=feet, sentences=sentences, quiet=quiet).slim()


def _rows(groups: Named) -> Iterator[tuple[str, ...]]:
    """A row for each; the tiers of several models stand under their models' names."""
    model = ""
    for name, total in groups:
        tier = name.removeprefix(f"{total.within}, ") if total.within else name
        if tier != name and total.within != model:
            model = total.within
            yield (model, *[""] * _BESIDES)
        yield _row(tier, total)


def _row(name: str, total: Total) -> tuple[str, ...]:
    words = [f"{getattr(total, word):,} {word}" for word in _WORDS if getattr(total, word)]
    said = amount(total)
    return (
        name,
        said,
        f"{total.turns:,}",
        f"{total.input:,}",
        figures.percent(total.cached, total.input) if total.cached else "",
        f"{total.output:,}",
        f"{total.thinking:,}" if total.thinking else "",
        figures.money(total.saved, total.currency) if total.saved else "",
        figures.money(total.replay_saved, total.currency) if total.replay_saved else "",
        ", ".join(word for word in words if word.split()[1] != said),
    )


def amount(total: Total) -> str:
    """What was spent, marked where it may be more or is estimated; a word where there is no money."""
    if not total.currency:
        return next((word for word in _WORDS if getattr(total, word) == total.turns), "")
    if total.replayed == total.turns:
        return "replayed"
    return f"{total.sign} {figures.money(total.amount, total.currency)}".strip()


def _emptied(table: Table, name: str) -> Table:
    """The table with nothing in that column."""

    def without(line: tuple[str, ...]) -> tuple[str, ...]:
        return tuple("" if column.name == name else cell for column, cell in zip(table.columns, line, strict=True))

    return replace(table, rows=tuple(map(without, table.rows)), feet=tuple(map(without, table.feet)))


def plain(table: Table, room: int = TERMINAL) -> str:
    """The table as text that fits a terminal, if need be without the columns that can be spared."""
    for name in _SPARE:
        lines = [tuple(column.name for column in table.columns), *table.rows, *table.feet]
        first, *others = ([width(cell) for cell in cells] for cells in zip(*lines, strict=True))
        others = others[: -1 if table.columns[-1].wraps else None]
        if min(max(first), _NAME) + sum(2 + max(cells) for cells in others) <= room:
            break
        table = _emptied(table, name).slim()
    return replace(table, wide=room).plain()


def foot(totals: Iterable[Total], of: str = MACHINE) -> str:
    """What a total is and what is not in it, in one sentence. It stands under every total."""
    found = list(totals)
    count = together(found)
    dates = sorted(total.prices_as_of for total in found if total.prices_as_of)
    elsewhere = "other machines" if of == MACHINE else "turns without a receipt there"
    missing = ["free quota", "promotions", "tax", elsewhere]
    for name, word in (("unpriced", "unpriced turn"), ("plan", "turn paid by a plan")):
        if count[name]:
            missing.append(figures.counted(count[name], word, word.replace("turn", "turns", 1)))
    more = f"; {figures.counted(count['at_least'], 'turn')} may have cost more than is known (≥)"
    since = f" of {dates[0]}{' and later' if dates[-1] != dates[0] else ''}" if dates else ""
    return f"List prices{since}, {of} only; not in it: {', '.join(missing)}{more if count['at_least'] else ''}."


def statement(
    groups: Mapping[By, Named],
    whole: Sequence[Total],
    month: str,
    zone: str,
    room: int = TERMINAL,
) -> list[tuple[str, str]]:
    """A month's turns to lay beside a bill: a table for each grouping, bars of the days; as (HTML, text)."""
    shown: list[tuple[str, str]] = []
    for by, named_ in groups.items():
        made = table(named_, f"{by}, {zone}" if by == "day" else by, whole=whole)
        if by == list(groups)[-1]:
            made = replace(made, quiet=(f"{month}, {zone}. {foot(whole)}",))
        shown.append((made.html(), plain(made, room)))
    for by, named_ in groups.items():
        if by == "day":
            shown += charts(named_, f"Spent by day, {zone}", by)
    return shown


# --- bars -------------------------------------------------------------------------------------------------------------


def charts(groups: Named, title: str, by: By = "") -> list[tuple[str, str]]:
    """Bars of what was spent, one chart for each currency, of tokens where nothing was; as (HTML, text).

    Days stand in time order, the same in every chart, from the first that cost something to the last.
    """
    currencies = sorted({total.currency for _, total in groups if total.currency and total.amount}) or [""]
    names = [name for name, total in groups if any(_drawn(total, currency) for currency in currencies)]
    drawn = []
    for currency in currencies:
        bars = [Bar(name, _size(total), _said(total)) for name, total in groups if _drawn(total, currency)]
        if by == "day" and names:
            bars = _all_days(bars, min(names), max(names))
        if len(bars) > 1:
            whose = f"{title}, {currency}" if len(currencies) > 1 else title
            text = chart.plain(bars)
            drawn.append((chart.html(bars, whose), f"{currency}\n{text}" if len(currencies) > 1 else text))
    return drawn


def _all_days(bars: list[Bar], first: str, last: str) -> list[Bar]:
    drawn = {bar.name: bar for bar in bars}
    return [drawn.get(day) or Bar(day, Decimal(0), "") for day in days(first, last, _MOST_DAYS)]


def _said(total: Total) -> str:
    return amount(total) if total.currency else f"{total.input + total.output:,} tokens"


def _drawn(total: Total, currency: str) -> bool:
    return total.currency == currency and bool(total.amount or not currency)


def _size(total: Total) -> Decimal:
    return total.amount if total.currency else Decimal(total.input + total.output)

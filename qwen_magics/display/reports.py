"""What the reports say, as tables: the context of a question, what was spent, which models. Counts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from qwen_magics.display import figures
from qwen_magics.display.table import Column, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from qwen_magics.catalog import Model, PriceRow, Rates
    from qwen_magics.turn.preview import Preview, Row
    from qwen_magics.values import Cost


def context(
    preview: Preview, *, where: str, left_out: Sequence[str] = (), broken: Sequence[str] = (), notes: Sequence[str] = ()
) -> Table:
    """What a question would send, item by item. `where`: provider and model; `notes`: what else there is to say."""
    currency = preview.expected.currency
    rows = tuple(_item(row, currency) for row in (*preview.rows, preview.answer))
    expected, worst = preview.expected, preview.worst
    foot = (
        f"{preview.tokens:,} of {preview.room:,} tokens",
        "",
        figures.price(expected),
        f"worst case {figures.price(worst)}" if worst.amount is not None and worst.basis != "free" else "",
    )
    columns = (Column("what goes along"), Column("tokens", "right"), Column("costs", "right"), Column("", quiet=True))
    said = (*_context_words(preview, where, left_out, broken), *notes)
    return _slim(Table(columns=columns, rows=rows, foot=foot, sentences=said))


def _slim(table: Table) -> Table:
    """The table without columns that hold nothing."""
    lines = (*table.rows, table.foot) if table.foot else table.rows
    kept = [n for n in range(len(table.columns)) if n == 0 or any(line[n] for line in lines)]

    def slim(line: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line[n] for n in kept)

    return replace(
        table,
        columns=tuple(table.columns[n] for n in kept),
        rows=tuple(map(slim, table.rows)),
        foot=slim(table.foot) if table.foot else (),
    )


def _item(row: Row, currency: str) -> tuple[str, ...]:
    title = row.title if len(row.title) <= 40 else row.title[:39] + "…"
    cost = "" if row.cost is None else figures.money(row.cost, currency)
    return (f"{row.label} {title}".strip(), f"{row.tokens:,}", cost, ", ".join(row.notes))


def _context_words(preview: Preview, where: str, left_out: Sequence[str], broken: Sequence[str]) -> tuple[str, ...]:
    said = [f"Nothing was sent. A question goes to {where}."]
    tier = preview.expected.tier
    if tier is not None and not tier.first:
        over = preview.tokens - tier.over
        said.append(
            f"{figures.LOSS} {over:,} tokens past {tier.over:,}: "
            f"the whole request costs more, {_times(preview.expected)}."
        )
    biggest = max(preview.rows, key=lambda row: row.tokens)
    if biggest.tokens * 2 > preview.tokens:
        share = figures.percent(biggest.tokens, preview.tokens)
        own = biggest.label.startswith("#")
        remedy = f" `--without {biggest.label}` leaves it out." if own else ""
        said.append(f"{share} of this is {'cell ' if own else ''}{biggest.label}.{remedy}")
    if left_out:
        said.append(f"Left out: {', '.join(left_out)}.")
    if broken:
        said.append(f"Control tokens were broken by a space: {' '.join(f'`{token}`' for token in broken)}.")
    return tuple(said)


def _times(cost: Cost) -> str:
    times = cost.tier.times if cost.tier is not None else None
    return figures.times(times) if times is not None and times > 1 else "at a dearer tier"


def models(known: Sequence[Model], title: str) -> Table:
    """Which models there are and what they can do."""
    columns = (
        Column("model"), Column("largest input", "right"), Column("answer", "right"), Column("thinking", "right"),
        Column("can", quiet=True), Column("known since", quiet=True), Column("", quiet=True),
    )  # fmt: skip
    return _slim(Table(columns=columns, rows=tuple(_model(model) for model in known), sentences=(title,)))


def _model(model: Model) -> tuple[str, ...]:
    can = [
        word
        for word, able in (
            ("sees", model.vision), ("tools", model.tools), ("search", model.search), ("json", bool(model.json)),
            ("cache", bool(model.cache)),
        )
        if able
    ]  # fmt: skip
    thinking = "" if model.thinking == "none" else f"{model.max_thinking:,}" if model.max_thinking else "yes"
    gone = f"retired {model.retired}" if model.retired else ""
    after = f"then {model.successor}" if model.successor else ""
    return (
        model.id,
        f"{model.max_input:,}" if model.max_input else "",
        f"{model.max_output:,}" if model.max_output else "",
        f"{thinking}{', always' if model.thinking == 'always' else ''}",
        ", ".join(can),
        model.released,
        " ".join(part for part in (gone, after) if part),
    )


def prices(rows: Sequence[PriceRow], title: str, today: dt.date) -> Table:
    """What models cost per million tokens, tier by tier, with date and source."""
    columns = (
        Column("model"), Column("input up to", "right"), Column("input", "right"), Column("output", "right"),
        Column("thinking", "right"), Column("implicit hit", "right"), Column("write", "right"),
        Column("explicit hit", "right"), Column("", quiet=True), Column("as of", quiet=True),
    )  # fmt: skip
    derived = any(tier.derived for row in rows for tier in row.tiers)
    sources = dict.fromkeys(row.source for row in rows)
    sentences = (
        f"{title} All tokens of a request are billed at the tier that its whole input falls in.",
        *(["≈ follows from the price in another currency; nobody quotes it."] if derived else []),
        *(f"Source: {source}" for source in sources),
    )
    lines = tuple(line for row in rows for line in _price_lines(row, old=row.stale(today)))
    return _slim(Table(columns=columns, rows=lines, sentences=sentences))


def _price_lines(row: PriceRow, *, old: bool) -> list[tuple[str, ...]]:
    def line(tier: Rates, *, first: bool) -> tuple[str, ...]:
        rates = (
            tier.input,
            tier.output,
            tier.thinking_output,
            tier.implicit_hit,
            tier.explicit_write,
            tier.explicit_hit,
        )
        return (
            row.model if first else "",
            f"{tier.up_to:,}" if tier.up_to else "more" if len(row.tiers) > 1 else "any",
            *("" if rate is None else f"{rate:f}" for rate in rates),
            "≈" if tier.derived else "",
            f"{row.date}{' (old)' if old else ''}" if first else "",
        )

    return [line(tier, first=tier is row.tiers[0]) for tier in row.tiers]

"""Which models there are and what they cost, as tables. (A question's context: `context`; spending: `spending`.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.display.table import Column, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from qwen_magics.catalog import Model, PriceRow, Rates


def models(known: Sequence[Model], title: str) -> Table:
    """Which models there are and what they can do."""
    columns = (
        Column("model"), Column("largest input", "right"), Column("answer", "right"), Column("thinking", "right"),
        Column("can", quiet=True), Column("known since", quiet=True), Column("", quiet=True),
    )  # fmt: skip
    return Table(columns=columns, rows=tuple(_model(model) for model in known), sentences=(title,)).slim()


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
    return Table(columns=columns, rows=lines, sentences=sentences).slim()


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

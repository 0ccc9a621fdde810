"""A receipt in words: the one line under an answer, what stands behind it, and both as a MIME bundle. Adds nothing up
but the receipts of one execution; the figures themselves are the turn's.

`labextension/src/receipt/{line,details}.ts` say the same in the browser; `tests/fixtures/receipts.json` holds both.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from html import escape
from typing import Any

import msgspec
from msgspec import Struct

from qwen_magics.display import figures
from qwen_magics.display.figures import LOSS, counted, exact, money, price, tokens
from qwen_magics.display.table import NO_MATH
from qwen_magics.notebook.receipts import MIME
from qwen_magics.settings.names import PROVIDERS, REGIONS
from qwen_magics.values import Cost, Receipt, Usage

_HOW = {
    "reported": "reported by the provider",
    "computed": "computed from the provider's usage, list prices",
    "estimated": "estimated from counted tokens, list prices",
    "free": "no price per token",
    "plan": "paid by a plan, not by tokens",
    "replayed": "an earlier answer again, nothing was sent",
    "unpriced": "no price is known",
    "unbilled": "an error in place of an answer, which isn't billed",
}


class Details(Struct, frozen=True):
    """What stands behind the line: rows of (what, tokens, rate, amount), how the total was found, further facts."""

    rows: tuple[tuple[str, str, str, str], ...]
    total: tuple[str, str]
    facts: tuple[str, ...]


# --- the line ---------------------------------------------------------------------------------------------------------


def line(receipt: Receipt) -> str:
    """`$0.0052 · qwen3-max · 3,412 in (60 % cached) · 512 out (128 thinking) · 3.9 s`."""
    return " · ".join(pieces(receipt))


def pieces(receipt: Receipt) -> list[str]:
    """The line's pieces, the price first."""
    cost = receipt.cost
    said = [price(cost), model(receipt), *_usage(receipt.usage)]
    if cost.replay_saved:
        said.append(f"saved {money(cost.replay_saved, cost.currency)}")
    if receipt.timing.total_s > 0:
        said.append(figures.seconds(receipt.timing.total_s))
    return [*said, *_marks(receipt), *receipt.notes]


def so_far(receipt: Receipt) -> str:
    """The line while the answer streams: `≈ $0.0019 so far · 88 out · 0.9 s`."""
    cost = receipt.cost
    known = price(cost) if cost.amount is not None else ""
    output = figures.tokens(receipt.usage.output)
    said = [f"{known} so far" if known else price(cost), f"{output} out", figures.seconds(receipt.timing.total_s)]
    return " · ".join(said)


def model(receipt: Receipt) -> str:
    """The model, and where it runs if that is here."""
    return f"{receipt.model} on this machine" if receipt.provider == "local" else receipt.model


def _usage(usage: Usage) -> list[str]:
    if usage.input == 0 and usage.output == 0:
        return []
    cached = f" ({figures.percent(usage.cached, usage.input)} cached)" if usage.cached else ""
    thinking = f" ({_about(usage, 'thinking')} thinking)" if usage.thinking else ""
    return [f"{_about(usage, 'input')} in{cached}", f"{_about(usage, 'output')} out{thinking}"]


def _marks(receipt: Receipt) -> list[str]:
    """What the reader must know besides the figures: what hurts, how the turn ended, what did not go along."""
    tier, said = receipt.cost.tier, []
    if tier is not None and not tier.first and tier.times is not None and tier.times > 1:
        said.append(f"{LOSS} over {figures.bound(tier.over)}: {figures.times(tier.times)}")
    if receipt.status in ("stopped", "failed", "lost"):
        said.append(receipt.status)
    if receipt.finish_reason == "length":
        said.append("cut off at its token limit")
    if receipt.attempts > 1:
        said.append(f"{receipt.attempts} attempts")
    if receipt.left_out:
        said.append(f"{len(receipt.left_out):,} left out")
    if receipt.redacted:
        said.append(counted(receipt.redacted, "secret redacted", "secrets redacted"))
    return said


def _about(usage: Usage, field: str) -> str:
    return tokens(getattr(usage, field), estimated=usage.basis.get(field) == "estimated")


# --- the details ------------------------------------------------------------------------------------------------------


def details(receipt: Receipt) -> Details:
    """What stands behind the line, every digit of it."""
    cost = receipt.cost
    amounts = [entry.amount for entry in (*cost.lines, *cost.fees)]
    places = figures.places_needed([*amounts, cost.amount] if cost.amount is not None else amounts)

    def write(amount: Decimal, currency: str = cost.currency) -> str:
        return exact(amount, currency, places)

    bill = [
        (entry.what, tokens(entry.tokens), f"× {exact(entry.rate, cost.currency)} / M", write(entry.amount))
        for entry in cost.lines
    ]
    fees = [(fee.what, "", "", write(fee.amount)) for fee in cost.fees]
    return Details(
        rows=(*(bill or _usage_rows(receipt.usage)), *fees),
        total=(_HOW[cost.basis], price(cost, write)),
        facts=(*_money_facts(cost, receipt.usage), *_request_facts(receipt)),
    )


def _usage_rows(usage: Usage) -> list[tuple[str, str, str, str]]:
    """A bill without lines still has tokens."""
    if usage.input == 0 and usage.output == 0:
        return []
    cached = f", {_about(usage, 'cached')} of it cached" if usage.cached else ""
    thinking = f", {_about(usage, 'thinking')} of it thinking" if usage.thinking else ""
    return [
        (f"input{cached}", _about(usage, "input"), "", ""),
        (f"output{thinking}", _about(usage, "output"), "", ""),
    ]


def _money_facts(cost: Cost, usage: Usage) -> list[str]:
    facts = []
    if cost.cache_saved:
        saved = exact(abs(cost.cache_saved), cost.currency)
        if cost.cache_saved > 0:
            facts.append(f"The cache saved {saved}{', net of writing it' if usage.cache_write else ''}")
        else:
            more = " more than its hits saved" if usage.cached else ""
            facts.append(f"{LOSS} Writing the cache cost {saved}{more}")
    if cost.replay_saved:
        facts.append(f"The replay saved {exact(cost.replay_saved, cost.currency)}")
    if cost.bound == "at_least":
        facts.append("more may be billed than is known here")
    if cost.tier is not None:
        facts.append("highest tier" if cost.tier.up_to is None else f"tier ≤ {tokens(cost.tier.up_to)}")
    if cost.prices_as_of:
        facts.append(f"{cost.currency}, prices of {cost.prices_as_of}")
    if cost.derived:
        facts.append("derived from another currency's price")
    return facts


def _request_facts(receipt: Receipt) -> list[str]:
    sent, first = receipt.sent, receipt.timing.first_token_s
    kinds = ((sent.cells, "cell"), (sent.outputs, "output"), (sent.attachments, "attachment"))
    went = ", ".join(counted(count, kind) for count, kind in kinds if count)
    facts = [
        receipt.error,
        place(receipt) if receipt.provider != "local" else "",
        f"first token {figures.seconds(first)}" if first is not None else "",
        f"sent: {went}" if went else "",
        f"left out: {', '.join(receipt.left_out)}" if receipt.left_out else "",
        counted(receipt.redacted, "secret redacted", "secrets redacted") if receipt.redacted else "",
        f"{receipt.time[:10]} {receipt.time[11:16]} UTC" if receipt.time else "",
        f"request {receipt.request_id}" if receipt.request_id else "",
    ]
    return [fact for fact in facts if fact]


def place(receipt: Receipt) -> str:
    """Where the data went: `Alibaba Cloud, Singapore`."""
    names = [PROVIDERS.get(receipt.provider, receipt.provider)]
    if receipt.region:
        names.append(REGIONS.get(receipt.region, receipt.region))
    return ", ".join(names)


# --- the bundle -------------------------------------------------------------------------------------------------------

_QUIET = "color:var(--jp-ui-font-color2,inherit)"
_LINE = f"{_QUIET};font-size:11px;line-height:1.5;font-variant-numeric:tabular-nums"
_STRONG = "color:var(--jp-ui-font-color1,inherit);font-weight:600"
_RULE = "1px solid var(--jp-border-color2,rgba(128,128,128,.4))"
_BOX = (
    f"border:{_RULE};border-radius:4px;padding:8px 12px;margin:4px 0 0;width:fit-content;max-width:100%;"
    "box-sizing:border-box;overflow-x:auto;font-size:12px;color:var(--jp-ui-font-color1,inherit)"
)
_CELL = "border:0;padding:1px 0 1px 12px;text-align:right;white-space:nowrap"
_FIRST = "border:0;padding:1px 0;text-align:left;white-space:normal"


def bundle(receipt: Receipt, **said: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The receipt as (data, metadata) of an output: JSON for the extension, static HTML and text elsewhere."""
    data = {MIME: msgspec.to_builtins(receipt), "text/html": html(receipt), "text/plain": line(receipt)}
    return data, marked("receipt", receipt.id, **said)


def marked(role: str, turn: str, **said: Any) -> dict[str, Any]:
    """An output's metadata: by this every output of ours is known again."""
    return {"qwen_magics": {"version": 1, "turn": turn, "role": role, **said}}


def live(text: str) -> Mapping[str, str]:
    """One line while the turn runs, in the look of the receipt that will stand there."""
    return {"text/html": f'<div style="{_LINE}">{escape(text)}</div>', "text/plain": text}


def folded(text: str, behind: str) -> dict[str, str]:
    """A line that unfolds to a longer text, and the line alone where nothing unfolds."""
    body = f'<pre style="white-space:pre-wrap;margin:4px 0 0;font-size:12px">{escape(behind)}</pre>'
    head = f'<summary style="cursor:pointer">{escape(text)}</summary>'
    return {"text/html": f'<details style="{_LINE}">{head}{body}</details>', "text/plain": text}


def html(receipt: Receipt) -> str:
    """The line, and the details folded under it. Static and escaped; readable too where styles are stripped."""
    head, *rest = pieces(receipt)
    said = " · ".join([f'<b style="{_STRONG}">{escape(head)}</b>', *map(escape, rest)])
    said = said.replace(LOSS, f'<span style="color:var(--jp-warn-color1,#f57c00)">{LOSS}</span>')
    behind = details(receipt)
    rows = "".join(_row(row) for row in behind.rows)
    how, amount = behind.total
    total = _row((how, amount), f";border-top:{_RULE};font-weight:600", 3)
    facts = escape(" · ".join(behind.facts))
    return (
        f'<details class="{NO_MATH}" style="{_LINE}"><summary style="cursor:pointer">{said}</summary>'
        f'<div style="{_BOX}">'
        f'<table style="border-collapse:collapse;margin:0">{rows}{total}</table>'
        f'<p style="{_QUIET};margin:5px 0 0">{facts}</p></div></details>'
    )


def _row(cells: tuple[str, ...], style: str = "", span: int = 1) -> str:
    first, *rest = map(escape, cells)
    tail = "".join(f'<td style="{_CELL}{style}">{cell}</td>' for cell in rest)
    return f'<tr style="background:none"><td colspan="{span}" style="{_FIRST}{style}">{first}</td>{tail}</tr>'

"""What changed since the last question from this notebook to the same model at the same place: `--diff`. Sends nothing.

Prompts are compared part by part and by digest (context.layout): what was sent before is not kept in words.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from qwen_magics.catalog import pricing
from qwen_magics.context.layout import alike
from qwen_magics.turn.cache import QUESTION

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from qwen_magics.context.layout import Part
    from qwen_magics.ledger import Prompt
    from qwen_magics.turn.cache import Hit
    from qwen_magics.turn.plan import Plan

What = Literal["changed", "new", "gone", "answered", "moved"]


class Change(Struct, frozen=True):
    """One item: how it is called now, what became of it, how it was called then if otherwise."""

    label: str
    what: What
    before: str = ""


class Changes(Struct, frozen=True, kw_only=True):
    """What changed since `since` (ISO 8601, UTC), in the order of the prompt. `after` is the last item that is the same
    from the beginning on ('': not even the first).

    `hit` is what the cache probably holds and why no more; `extra` is what its lost tokens cost more for that (None: no
    price).
    """

    since: str
    changes: tuple[Change, ...]
    after: str
    hit: Hit
    extra: Decimal | None = None
    currency: str = "USD"


def changes(plan: Plan) -> Changes | None:
    """None where nothing was asked there from this notebook, as far as the ledger remembers."""
    last = next((prompt for prompt in plan.ask.before if _same_place(prompt, plan)), None)
    if last is None:
        return None
    now = plan.ask.layout
    same = alike(last.layout, now)
    return Changes(
        since=last.time,
        changes=tuple(_compared(last.layout, now)),
        after=now[same - 1].label if same else "",
        hit=plan.hit,
        extra=_extra(plan),
        currency=plan.expected.currency,
    )


def _same_place(prompt: Prompt, plan: Plan) -> bool:
    receipt = plan.receipt
    return (prompt.provider, prompt.region, prompt.model) == (receipt.provider, receipt.region, receipt.model)


def _extra(plan: Plan) -> Decimal | None:
    """What lost hits cost, at the tier of the whole."""
    if plan.row is None or plan.unpriceable is not None:
        return None
    rates, lost, kind = pricing.tier(plan.row, plan.counted), plan.hit.lost, plan.hit.kind
    return pricing.plain(pricing.share(rates, lost) - pricing.share(rates, lost, cached=lost, kind=kind))


def _compared(before: Sequence[Part], now: Sequence[Part]) -> Iterator[Change]:
    same = _blocks([part.digest for part in before], [part.digest for part in now])
    kept = {part.label for equal, _, new in same if equal for part in now[new]}
    for equal, old, new in same:
        if equal:
            yield from _moved(before[old], now[new])
        else:
            yield from _differing(before[old], now[new], kept)


def _differing(old: Sequence[Part], new: Sequence[Part], kept: set[str]) -> Iterator[Change]:
    """Between what is the same. A cell's text holds its number, so one that only moved is known by its size."""
    if [part.label for part in old] == [part.label for part in new]:
        yield from (Change(label, "changed") for label in _labels(new))
        return
    for equal, then, here in _blocks([part.size for part in old], [part.size for part in new]):
        gone, came = _labels(old[then]), _labels(new[here])
        if equal:
            yield from _moved(old[then], new[here])
            yield from (Change(one, "changed") for one, two in zip(came, gone, strict=False) if one == two)
        elif len(gone) == len(came):
            yield from (Change(one, "changed", two if one != two else "") for one, two in zip(came, gone, strict=True))
        else:
            yield from (Change(label, "gone") for label in gone if label not in came)
            yield from (_arrived(label, gone, kept) for label in came)


def _moved(old: Sequence[Part], new: Sequence[Part]) -> Iterator[Change]:
    pairs = {now.label: then.label for then, now in zip(old, new, strict=True) if then.label != now.label}
    yield from (Change(label, "moved", then) for label, then in pairs.items() if then != QUESTION)


def _arrived(label: str, gone: Sequence[str], kept: set[str]) -> Change:
    """A part that wasn't there: of an item that was there, of one that is new, or an answer to what was asked last."""
    return Change(label, "changed" if label in gone else "answered" if label in kept else "new")


def _labels(parts: Sequence[Part]) -> list[str]:
    return [*dict.fromkeys(part.label for part in parts)]


def _blocks(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[bool, slice, slice]]:
    """Where the two are alike and where not, in order."""
    from difflib import SequenceMatcher

    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(what == "equal", slice(a, b), slice(c, d)) for what, a, b, c, d in codes]

"""What the provider's context cache probably holds of a prompt, and why a hit did not come.

A cache knows prefixes: whatever follows the first byte that changed is read anew. Facts: shared facts, section 1.8.
Nobody promises an implicit hit, so what is counted on is always an estimate; what came is in the receipt's usage.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from qwen_magics import tokens
from qwen_magics.context.layout import alike
from qwen_magics.turn.marks import BYTES_PER_TOKEN, held_from, part_ends, reach, sent_there
from qwen_magics.turn.marks import SMALLEST as SMALLEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwen_magics.context.layout import Part
    from qwen_magics.ledger import Prompt
    from qwen_magics.turn.plan import Plan
    from qwen_magics.turn.route import Route
    from qwen_magics.values import Usage

LIFE = dt.timedelta(minutes=5)  # of what was marked, from its last hit on; an implicit cache's life nobody tells
SMALLEST_LOCAL = 256  # tokens: fewer are read in a second or two
QUESTION = "the question"  # its part's label


class Hit(Struct, frozen=True, kw_only=True):
    """How many `tokens` of a prompt, the first `parts` of its layout, are probably cached. Estimates, all of it.

    `why` there are none, or fewer than there could be: `lost` tokens were sent before and are read anew (0: too few to
    be worth a word). `written` tokens more will be in the cache by this prompt's marks.
    """

    tokens: int = 0
    parts: int = 0
    why: str = ""
    lost: int = 0
    written: int = 0
    kind: Literal["implicit", "explicit"] = "implicit"


def hit(plan: Plan, now: dt.datetime | None = None) -> Hit:
    """What the cache probably holds of this plan's prompt, `now` or when it was planned."""
    layout, route = plan.ask.layout, plan.route
    marked = [place for place, part in enumerate(layout, 1) if part.marked]
    if not layout or not _counts(route, explicit=bool(marked)):
        return Hit()
    moment = now or dt.datetime.fromisoformat(plan.receipt.time)
    smallest, life = _smallest(route), None if _local(route) else LIFE
    measure = _Measure(plan)
    own = sent_there(plan.ask.before, route)
    alive = [prompt for prompt in own if life is None or moment - _time(prompt) < life]
    parts = max((held_from(prompt.layout, layout, explicit=bool(marked)) for prompt in alive), default=0)
    held = measure.tokens(parts)
    if held < smallest:
        parts = held = 0
    why, lost_tokens = _why(plan, measure, own, alive, parts, moment)
    if not held and lost_tokens < smallest:
        why = why if not own else f"under {smallest:,} tokens"
    return Hit(
        tokens=held,
        parts=parts,
        why=why,
        lost=lost_tokens if why and lost_tokens >= smallest else 0,
        written=max(measure.tokens(marked[-1]) - held, 0) if marked else 0,
        kind="explicit" if marked else "implicit",
    )


def missed(plan: Plan, usage: Usage) -> tuple[str, ...]:
    """What the receipt's line says where the cache gave less than it could have, and that is worth a word."""
    found, worth = plan.hit, _smallest(plan.route)
    if not usage.input or "input" in usage.basis:  # the provider told nothing
        return ()
    if found.why and found.lost and usage.cached < found.tokens + found.lost // 2:
        lost = "most of the cache lost" if usage.cached < found.lost else "part of the cache lost"
        return (f"{lost if usage.cached else 'no cache hit'}: {found.why}",)
    if found.tokens >= worth and not usage.cached:
        return (f"no cache hit, though ≈ {found.tokens:,} tokens were sent before",)
    return ()


# --- prompts that were sent before ------------------------------------------------------------------------------------


def _counts(route: Route, *, explicit: bool) -> bool:
    """Whether a cache can be counted on at all: OpenRouter has Alibaba's explicit one only."""
    if route.settings.cache == "off":
        return False
    if route.endpoint.provider == "alibaba":
        return route.model is None or bool(route.model.cache)
    return _local(route) or (route.endpoint.provider == "openrouter" and explicit)


def _local(route: Route) -> bool:
    return route.endpoint.provider == "local"


def _smallest(route: Route) -> int:
    return SMALLEST_LOCAL if _local(route) else SMALLEST


def _time(prompt: Prompt) -> dt.datetime:
    return dt.datetime.fromisoformat(prompt.time)


def _why(
    plan: Plan, measure: _Measure, own: Sequence[Prompt], alive: Sequence[Prompt], parts: int, moment: dt.datetime
) -> tuple[str, int]:
    """Why the cache holds no more than `parts`, and about how many tokens are read anew for it."""
    before, layout = plan.ask.before, plan.ask.layout
    if not before:
        return "first question here", 0
    if not own:
        return _elsewhere(before[0], plan.route), measure.tokens(alike(before[0].layout, layout))
    nearest = max(own, key=lambda prompt: alike(prompt.layout, layout))
    shared = alike(nearest.layout, layout)
    if shared > parts and all(prompt is not nearest for prompt in alive):
        minutes = int((moment - _time(nearest)).total_seconds() // 60)
        return f"{minutes} min passed", measure.tokens(shared) - measure.tokens(parts)
    old, new = nearest.layout[shared:], layout[shared:]
    if old and new and QUESTION not in (old[0].label, new[0].label):
        return _changed(old[0], new[0]), measure.rough(min(_bytes(old), _bytes(new)))
    if shared > parts and any(part.marked for part in nearest.layout) != any(part.marked for part in layout):
        return "Qwen.cache changed", measure.tokens(shared)
    return "", 0


def _elsewhere(last: Prompt, route: Route) -> str:
    if last.provider != route.endpoint.provider:
        return "provider changed"
    return "region changed" if last.region != route.endpoint.region else "model changed"


def _changed(was: Part, now: Part) -> str:
    """What differs first, as people call it. An output is cut shorter when its cell is no longer one of the last."""
    old, new = was.label, now.label
    if old == new and (now.cut - was.cut) * (was.size - now.size) > 0:
        return f"cell {new} is {'cut shorter' if now.cut > was.cut else 'shown longer'} now"
    if new == "…" or old == "…":
        return "other cells are left out"
    if old.startswith("#") and new.startswith("#") and old != new:
        return f"cell {new} is new" if int(old[1:]) > int(new[1:]) else f"cell {old} is gone"
    return f"cell {old} changed" if old.startswith("#") else f"{old} changed"


# --- sizes ------------------------------------------------------------------------------------------------------------


class _Measure:
    """Bytes of a layout in tokens: by what was counted, else about."""

    def __init__(self, plan: Plan) -> None:
        self._layout, self._messages = plan.ask.layout, plan.ask.messages
        self._counted, self._vocabulary = plan.counted if plan.exact else 0, plan.route.vocabulary
        self._whole = max(_bytes(self._layout), 1)
        self._ends = part_ends(self._messages, self._layout) if self._counted else []

    def rough(self, size: int) -> int:
        """Tokens of so many bytes."""
        return size * self._counted // self._whole if self._counted else size // BYTES_PER_TOKEN

    def tokens(self, parts: int) -> int:
        """Tokens of the first parts: whole messages as they were counted, the last one up to where its part ends."""
        if not parts or not self._ends:
            return self.rough(_bytes(self._layout[:parts]))
        at, end = self._ends[parts - 1]
        before = sum(
            tokens.MESSAGE + tokens.count(message.content, self._vocabulary) for message in self._messages[:at]
        )
        begun = self._messages[at].content[: reach(self._messages[at].content, end)]
        return min(before + tokens.MESSAGE + tokens.count(begun, self._vocabulary), self._counted)


def _bytes(parts: Sequence[Part]) -> int:
    return sum(part.size for part in parts)

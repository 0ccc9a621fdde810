"""What the provider has accepted before, so that a refusal can say what is new since. Sends nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from qwen_magics.context.items import Item

if TYPE_CHECKING:
    from qwen_magics.magics.prepare import Prepared
    from qwen_magics.magics.session import Session

_KNOWN = 200  # characters of an output that tell it from others


def remember(session: Session, prepared: Prepared) -> None:
    """Note what went along with a question that was answered."""
    context = prepared.context
    accepted = {*map(_name, context.items), _name(Item(kind="turn", label="", text=context.asked))}
    session.accepted[prepared.ask.place.notebook] = frozenset(accepted)


def what_is_new(session: Session, prepared: Prepared) -> str:
    """The cells that the provider has not accepted before: one of them is what it refuses."""
    known = session.accepted.get(prepared.ask.place.notebook, frozenset())
    items = prepared.context.items
    if not known:  # a new session: whatever stands above the last answer was accepted then
        turns = [i for i, item in enumerate(items) if item.kind == "turn"]
        known = frozenset(_name(item) for item in items[: turns[-1] + 1]) if turns else frozenset()
    new = [item for item in items if item.kind in ("cell", "turn") and _name(item) not in known]
    if not new:
        return "Only the question is new: put it in other words."
    named = ", ".join(item.label for item in new)
    without = " ".join(f"--without {item.label}" for item in new)
    return (
        f"New since the last accepted question: {named}, and the question itself.\n"
        f"  Ask with %%qwen {without}; `# qwen: skip` as a cell's first line leaves it out for good."
    )


def _name(item: Item) -> str:
    """What an item is, even where its outputs are by now cut to another length. An answer is the provider's own."""
    known = "\0".join([item.text, *(output[:_KNOWN] for output in item.outputs)])
    return hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()

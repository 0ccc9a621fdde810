"""How long an answer will probably be: by the last answers of this model, from the ledger. Prices nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from qwen_magics.errors import LedgerError

if TYPE_CHECKING:
    from qwen_magics.ledger import Ledger
    from qwen_magics.values import Limits

LAST = 40  # answers are looked at
BASIS = 5  # answers at least; fewer say nothing about the next one
ANSWER, THINKING = 1_000, 2_000  # tokens; a plain guess where there is no basis


class Expectation(Struct, frozen=True):
    """Tokens of output, the thinking among them: eight answers in ten lie between `low` and `high`, half up to
    `typical`.

    `of` is how many answers say so; 0: there is no basis yet, and all three are the same plain guess. `thinking` is
    about the part of `typical` that is thought.
    """

    low: int
    typical: int
    high: int
    of: int = 0
    thinking: int = 0


def expect(ledger: Ledger, model: str, thinking: bool, limits: Limits) -> Expectation:
    """By the model's last complete answers, with or without thinking as this one; never beyond the request's limits.

    A ledger that can't be read is no basis; whether a turn may go without one is decided elsewhere.
    """
    most = limits.answer + limits.thinking
    try:
        known = ledger.outputs(model, thinking=thinking, last=LAST)
    except LedgerError:
        known = []
    if len(known) < BASIS:
        thought = min(THINKING, limits.thinking)
        guess = min(ANSWER, limits.answer) + thought
        return Expectation(guess, guess, guess, thinking=thought)
    sizes = sorted(min(output, most) for output, _ in known)
    thought = sorted(thought for _, thought in known)[len(known) // 2]
    last = len(sizes) - 1
    typical = sizes[last // 2]
    # Rounded outwards, so that it is never fewer than eight in ten.
    return Expectation(sizes[last // 10], typical, sizes[-(-last * 9 // 10)], len(sizes), min(thought, typical))

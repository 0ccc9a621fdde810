"""What people should know of a context before it is sent, in sentences that both faces say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics import catalog
from qwen_magics.context.words import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwen_magics.context.compose import Context
    from qwen_magics.turn import Route


def of_context(context: Context) -> Iterator[str]:
    """What was shortened, left out, skipped, or broken."""
    yield from sentences(context.left_out)
    if context.skipped:
        yield f"Skipped by their marks or tags: {', '.join(f'#{number}' for number in context.skipped)}."
    if context.broken:
        yield f"Control tokens were broken by a space: {' '.join(f'`{token}`' for token in context.broken)}."


def of_model(route: Route) -> Iterator[str]:
    """That the catalogue doesn't know it, where it doesn't and should."""
    if route.model is None and route.endpoint.provider == "alibaba":
        hint = catalog.suggest(route.name)
        yield f"The catalogue doesn't know {route.name}: no price, and its window is a guess. {hint}".strip()

"""`python tests/bench [loading asking … sidebar]`: measures all or the chosen ones; one table, goals beside.

The goals are ratios to raw httpx in the same run wherever that is possible. Nothing here fails: a goal that isn't
reached is marked `over`. The machine should have nothing else to do.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
BENCHES = (
    "loading", "asking", "budgets", "pieces", "front_end", "huge", "trimming", "keys", "sidebar_start", "sidebar",
)  # fmt: skip


def main(chosen: list[str]) -> None:
    """Run the benches, all or the chosen ones."""
    sys.path[0] = str(TESTS)
    from bench.table import show

    rows = []
    for name in chosen or BENCHES:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += import_module(f"bench.{name}").measure()
    print(show(rows))


if __name__ == "__main__":
    main(sys.argv[1:])

"""How commands speak: lines and JSON on standard output. Decides nothing."""

from __future__ import annotations

import json
import sys


def say(*lines: str) -> None:
    """Lines to standard output."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def for_terminal(text: str) -> str:
    """What is said for notebooks, with the magic that has a command of the same kind turned into it."""
    return text.replace("%qwen_login", "jupyter qwen login")


def as_json(value: object) -> str:
    """For programs; Decimals, dates and paths as text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)

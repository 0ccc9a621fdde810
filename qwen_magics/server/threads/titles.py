"""What a thread is called. Pure."""

from __future__ import annotations

TITLE = 60  # characters of one that is taken from a question
LONGEST = 200


def title(question: str) -> str:
    """A thread's title by its first question: the first line with words in it, cut between words."""
    lines = (tidy(line).lstrip("#> ") for line in question.splitlines() if not line.lstrip().startswith("```"))
    line = next((line for line in lines if line), "")
    if len(line) <= TITLE:
        return line
    cut = line[:TITLE].rpartition(" ")[0]
    return (cut if len(cut) > TITLE // 2 else line[: TITLE - 1]) + "…"


def tidy(title: str) -> str:
    """In one line, not too long."""
    return " ".join(title.split())[:LONGEST]

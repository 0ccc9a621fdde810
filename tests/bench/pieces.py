"""Row 4: 20,000 pieces of an answer read, decoded, shown and recorded, against raw httpx that only reads them."""

from __future__ import annotations

import random

from bench.host import hosting, prepare_raw
from bench.notebooks import WORDS
from bench.table import Row, middle
from fakes.provider import Answer

PIECES, TURNS = 20_000, 9
QUESTION = "%%qwen\nTell me everything."


def text(pieces: int) -> tuple[str, ...]:
    """Markdown of headings, paragraphs and lists, in pieces of about 20 characters, each with its number."""
    draw = random.Random(1)
    made = []
    for number in range(pieces):
        end = "\n\n## Next\n\n" if number % 200 == 199 else "\n\n- " if number % 60 == 59 else " "
        made.append(f"w{number:05} {draw.choice(WORDS)} {draw.choice(WORDS):>5}{end}")
    return tuple(made)


def measure() -> list[Row]:
    """The whole cell, from sending it to an idle kernel, alternated with raw httpx in the same kernel."""
    ours, raw = [], []
    with hosting() as (provider, kernel):
        kernel.run("%load_ext qwen_magics")
        prepare_raw(kernel, provider)
        kernel.run(QUESTION, "question")
        kernel.run(f"BODY = {provider.last_body!r}")
        provider.answer = Answer(text=text(PIECES))
        for _ in range(TURNS + 1):
            ours.append(kernel.run(QUESTION, "question").seconds)
            raw.append(kernel.run("_read(BODY);").seconds)
    mine, theirs = middle(ours[1:]), middle(raw[1:])
    against = f"{mine * 1e3:.0f} ms, raw httpx {theirs * 1e3:.0f} ms"
    return [Row("20,000 pieces read, decoded, shown, recorded", mine / theirs, 1.1, "x", against)]

"""Row 5: bytes to the front end, and how far it is behind the stream. A real kernel's messages, as they are sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bench.host import hosting
from bench.pieces import PIECES, QUESTION, text
from bench.table import Row, middle
from fakes.provider import Answer

if TYPE_CHECKING:
    from bench.host import Provider
    from bench.kernel import Kernel, Ran

RUNS = 3
MARK = re.compile(r"w(\d{5})")
PACES = {  # what is streamed: how many pieces in how many seconds
    "a slow stream": (1_000, 10.0),
    "a fast stream": (10_000, 10.0),
}


class Seen(NamedTuple):
    """What one streamed answer cost the front end."""

    extra: float  # bytes a second beyond the text's own
    behind: float  # seconds, at the worst


def measure() -> list[Row]:
    """At full speed, then at two paces, then one fence of 60 kB."""
    with hosting() as (provider, kernel):
        kernel.run("%load_ext qwen_magics")
        kernel.run(QUESTION, "question")
        whole = text(PIECES)
        provider.answer = Answer(text=whole)
        ratios = [_bytes(kernel.run(QUESTION, "question")) / _size(whole) for _ in range(RUNS)]
        against = f"{_size(whole) / 1e3:.0f} kB of text"
        rows = [Row("bytes to the front end, full speed", middle(ratios), 4, "x", against)]
        for name, (pieces, seconds) in PACES.items():
            rows += _paced(kernel, provider, f"{name}, 10 s", text(pieces), seconds)
        rows += _paced(kernel, provider, "one 60 kB fence, 10 s", fence(60_000), 10.0)
    return rows


def fence(size: int) -> tuple[str, ...]:
    """Code in one fence."""
    lines = [f"w{number:05} = fit(data, {number % 900 + 100})\n" for number in range(size // 24)]
    return ("```python\n", *lines, "```\n")


def _paced(kernel: Kernel, provider: Provider, what: str, pieces: tuple[str, ...], seconds: float) -> list[Row]:
    provider.answer = Answer(text=pieces, pause=seconds / len(pieces))
    seen = [_follow(kernel, provider, pieces) for _ in range(RUNS)]
    against = f"{_size(pieces) / 1e3:.0f} kB of text"
    return [
        Row(f"{what}: beyond the text", middle([one.extra for one in seen]) / 1e3, 64, "kB/s", against),
        Row(f"{what}: behind the stream", middle([one.behind for one in seen]) * 1e3, 250, "ms", "the greatest lag"),
    ]


def _follow(kernel: Kernel, provider: Provider, pieces: tuple[str, ...]) -> Seen:
    provider.paced.clear()
    ran = kernel.run(QUESTION, "question")
    sent = dict(zip(_numbers("".join(pieces)), provider.paced[-len(_numbers("".join(pieces))) :], strict=True))
    took = provider.paced[-1] - provider.paced[0]
    return Seen((_bytes(ran) - _size(pieces)) / took, _lag(ran, sent))


def _lag(ran: Ran, sent: dict[int, float]) -> float:
    """The longest that a piece was on its way, from the provider's sending it to the front end's getting it."""
    waiting = iter(sorted(sent.items()))
    number, left = next(waiting)
    worst = 0.0
    for shown in ran.shown:
        last = max(_numbers(str(shown.content["data"])), default=-1)
        while number <= last:
            worst = max(worst, shown.time - left)
            number, left = next(waiting, (10**9, 0.0))
    return worst


def _numbers(words: str) -> list[int]:
    return [int(found) for found in MARK.findall(words)]


def _bytes(ran: Ran) -> int:
    return sum(shown.size for shown in ran.shown)


def _size(pieces: tuple[str, ...]) -> int:
    return len("".join(pieces).encode())

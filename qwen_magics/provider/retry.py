"""Whether a failed request is tried again, and after how long. Pure: whoever asks does the waiting.

Only for what failed before the first token: the turn sees to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics.errors import NetworkDown, QwenError, RateLimited, Retryable, ServerFault, TimedOut

if TYPE_CHECKING:
    from tenacity.wait import wait_base

LONGEST = 60.0  # seconds; who wants us to wait longer gets no second request from us
# Kind of error → attempts in all, and the wait before the second in seconds. Alibaba's limits clear within a minute
# (facts 1.5); a request that ran into a time-out may already be paid for.
_PATIENCE: tuple[tuple[type[Retryable], int, float], ...] = (
    (RateLimited, 6, 2.0),
    (ServerFault, 4, 1.0),
    (NetworkDown, 3, 0.5),
    (TimedOut, 2, 1.0),
)


def wait(error: QwenError, attempt: int, most: int | None = None) -> float | None:
    """Seconds to wait after `attempt` (1 is the first) failed with `error`; None: give up.

    Exponential with jitter, never less than the provider's own Retry-After. `most` limits the attempts further.
    """
    for kind, attempts, first in _PATIENCE:
        if isinstance(error, kind) and attempt < min(attempts, most or attempts):
            seconds = max(_backoff(first, attempt), getattr(error, "after", None) or 0.0)
            return seconds if seconds <= LONGEST else None
    return None


def _backoff(first: float, attempt: int) -> float:
    import tenacity

    strategy: wait_base = tenacity.wait_exponential_jitter(multiplier=first, max=LONGEST / 2, jitter=first)
    state = tenacity.RetryCallState(tenacity.Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = attempt
    return strategy(state)

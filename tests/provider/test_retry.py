"""Who is asked again, how often, and after how long."""

from __future__ import annotations

import pytest

from qwen_magics import errors
from qwen_magics.provider import retry


@pytest.mark.parametrize(
    ("kind", "attempts"),
    [(errors.RateLimited, 6), (errors.ServerFault, 4), (errors.NetworkDown, 3), (errors.TimedOut, 2)],
)
def test_each_kind_has_its_number_of_attempts(kind: type[errors.Retryable], attempts: int) -> None:
    waits = [retry.wait(kind("x"), attempt) for attempt in range(1, attempts + 1)]
    assert all(seconds is not None and 0 < seconds <= retry.LONGEST for seconds in waits[:-1])
    assert waits[-1] is None


@pytest.mark.parametrize(
    "kind",
    [errors.WrongKey, errors.AccessDenied, errors.QuotaExhausted, errors.BadRequest, errors.Moderated,
     errors.ModelNotOffered, errors.InputTooLong, errors.BrokenStream, errors.Stopped, errors.LocalModelError],
)  # fmt: skip
def test_what_asking_again_cannot_mend_is_not_asked_again(kind: type[errors.QwenError]) -> None:
    assert retry.wait(kind("x"), 1) is None


def test_waits_grow_and_differ() -> None:
    """Exponential, so that a limit can clear; jittered, so that kernels that failed together don't return together."""
    first, third = ([retry.wait(errors.RateLimited("x"), attempt) for _ in range(20)] for attempt in (1, 3))
    assert max(s or 0 for s in first) <= min(s or 0 for s in third)
    assert len(set(first)) > 1


def test_the_providers_own_wish_is_honoured() -> None:
    assert (retry.wait(errors.RateLimited("x", after=40), 1) or 0) >= 40


def test_a_wish_of_minutes_is_not_waited_for() -> None:
    assert retry.wait(errors.RateLimited("x", after=600), 1) is None


def test_the_number_of_attempts_can_be_limited() -> None:
    assert retry.wait(errors.RateLimited("x"), 1, 1) is None
    assert retry.wait(errors.RateLimited("x"), 1, 2) is not None
    assert retry.wait(errors.TimedOut("x"), 2, 9) is None

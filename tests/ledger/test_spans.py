"""Days and months of a time zone, as spans of moments."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.errors import OptionError
from qwen_magics.ledger import spans


def utc(*moment: int) -> dt.datetime:
    return dt.datetime(*moment, tzinfo=dt.UTC)  # type: ignore[misc, arg-type]


def test_a_month_begins_and_ends_with_its_zones_midnights() -> None:
    month = spans.month("2026-11", spans.zone("Asia/Shanghai"))
    assert (month.since, month.until) == (utc(2026, 10, 31, 16), utc(2026, 11, 30, 16))
    summer = spans.month("2026-10", spans.zone("Europe/Berlin"))  # the clocks change on the 25th
    assert (summer.since, summer.until) == (utc(2026, 9, 30, 22), utc(2026, 10, 31, 23))


@given(
    st.dates(dt.date(2001, 1, 1), dt.date(2998, 1, 1)), st.sampled_from(["Asia/Shanghai", "America/St_Johns", "UTC"])
)
def test_every_moment_is_in_the_month_that_its_zone_shows(day: dt.date, name: str) -> None:
    zone = spans.zone(name)
    month = spans.month(f"{day:%Y-%m}", zone)
    noon = dt.datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    assert month.since is not None
    assert month.until is not None
    assert month.since <= noon < month.until
    assert (month.until - dt.timedelta(seconds=1)).astimezone(zone).month == day.month


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("asia/shanghai", "Asia/Shanghai"),
        ("Shanghai", "Asia/Shanghai"),
        ("Beijing", "Asia/Shanghai"),
        ("Europe/Berln", "Europe/Berlin"),
        ("new york", "America/New_York"),
    ],
)
def test_a_zone_that_is_none_names_a_near_one(name: str, near: str) -> None:
    with pytest.raises(OptionError) as caught:
        spans.zone(name)
    assert caught.value.remedy == f"--tz {near}"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "Asia", "\0", "+08:00"])
def test_what_is_no_zone_at_all_is_refused_too(name: str) -> None:
    with pytest.raises(OptionError):
        spans.zone(name)


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-00", "0001-01", "november", "2026-11-01"])
def test_a_month_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="no month"):
        spans.month(text, None)


def test_of_many_days_the_last_ones_are_listed() -> None:
    assert spans.days("2026-10-30", "2026-11-02", 31) == ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"]
    assert spans.days("2020-01-01", "2026-11-02", 2) == ["2026-11-01", "2026-11-02"]

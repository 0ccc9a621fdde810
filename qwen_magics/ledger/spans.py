"""Days and months of a time zone as spans of time: what a bill covers. Reads no ledger."""

from __future__ import annotations

import datetime as dt
import re
from difflib import get_close_matches

from qwen_magics.errors import OptionError
from qwen_magics.ledger.records import Filter

LOCAL = "local"
_KNOWN = {"beijing": "Asia/Shanghai", "peking": "Asia/Shanghai", "china": "Asia/Shanghai", "cst": "Asia/Shanghai"}


def zone(name: str) -> dt.tzinfo | None:
    """A time zone by its IANA name; None for `local`. Raises OptionError, with a near name where there is one."""
    import zoneinfo

    if name.casefold() == LOCAL:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = _near(name, zoneinfo.available_timezones())
        remedy = f"--tz {near}" if near else "Write it as --tz Asia/Shanghai, or leave it out for local days."
        raise OptionError(f"There is no time zone `{name}`.", remedy=remedy) from None


def _near(name: str, names: set[str]) -> str:
    if not names:
        return ""  # Windows without tzdata
    wanted = name.casefold().replace(" ", "_")
    if wanted in _KNOWN:
        return _KNOWN[wanted]
    by_words = {word.casefold(): one for one in sorted(names) for word in (one, one.rpartition("/")[2])}
    found = get_close_matches(wanted, by_words, 1, 0.7)
    return by_words[found[0]] if found else ""


def named(tz: dt.tzinfo | None) -> str:
    """How people call the zone that days are counted in."""
    return "local time" if tz is None else str(tz)


def month(text: str, tz: dt.tzinfo | None) -> Filter:
    """The turns of a month, such as `2026-11`. Raises OptionError."""
    found = re.fullmatch(r"(2\d{3})-(\d{1,2})", text)
    try:
        first = dt.date(int(found[1]), int(found[2]), 1) if found else None
        after = None if first is None else (first + dt.timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        first = after = None
    if first is None or after is None:
        raise OptionError(f"`{text}` is no month.", remedy=f"--month {dt.date.today():%Y-%m}")
    return Filter(since=midnight(first, tz), until=midnight(after, tz))


def day(text: str, tz: dt.tzinfo | None, after: int = 0) -> dt.datetime:
    """The midnight that a date begins with, or some days after. Raises OptionError."""
    try:
        return midnight(dt.date.fromisoformat(text) + dt.timedelta(days=after), tz)
    except (ValueError, OverflowError):
        raise OptionError(f"`{text}` is no date; write it as 2026-11-01.") from None


def today(tz: dt.tzinfo | None) -> dt.datetime:
    """The midnight that this day begins with."""
    return midnight(dt.datetime.now(tz).date(), tz)


def midnight(day: dt.date, tz: dt.tzinfo | None) -> dt.datetime:
    """The moment that a day begins with, with that day's own offset from UTC."""
    begins = dt.datetime(day.year, day.month, day.day, tzinfo=tz)
    return begins.astimezone() if tz is None else begins


def days(first: str, last: str, most: int) -> list[str]:
    """All days from one to another, both given as 2026-11-01; of very many the last ones."""
    end = dt.date.fromisoformat(last)
    begin = max(dt.date.fromisoformat(first), end - dt.timedelta(days=most - 1))
    return [(begin + dt.timedelta(days=n)).isoformat() for n in range((end - begin).days + 1)]

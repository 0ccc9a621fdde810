"""What a terminal would show of a stream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics.notebook.screen import Screen, resolved

PIECES = st.sampled_from(
    ("a", "bc", "\n", "\r", "\b", "\t", "é", "long line of words", "\x00", "\x1b[A", "\x1b[2B", "\x1b[5C", "\x1b[3D")
) | st.sampled_from(("\x1b[1G", "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[J", "\x1b[2J", "\x1b[31m", "\x1b]0;title\x07"))


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        ("plain\ntext\n", "plain\ntext\n"),
        ("50 %\r100 %", "100 %"),
        ("long text\rok", "okng text"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("abc\b\bX", "aXc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("first\nsecond\x1b[A\rFIRST", "FIRST\nsecond"),
        ("old text\x1b[2K\rnew", "new"),
        ("keep this\r\x1b[4Ccut\x1b[K", "keepcut"),
        ("before\x1b[2J\x1b[Hafter", "after"),
        ("\x1b]8;;https://host\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("nul\x00 bell\x07", "nul bell"),
        ("ended \x1b", "ended "),
    ],
)
def test_control_sequences_are_carried_out(stream: str, shown: str) -> None:
    assert resolved(stream) == shown


@given(st.text())
def test_any_text_becomes_plain_once_and_for_all(text: str) -> None:
    once = resolved(text)
    assert resolved(once) == once
    assert not any(character < " " and character not in "\n\t" for character in once)


@given(st.lists(PIECES))
def test_piece_by_piece_is_the_same_as_at_once(pieces: list[str]) -> None:
    screen = Screen()
    for piece in pieces:
        screen.feed(piece)
    assert screen.text == resolved("".join(pieces))


@given(st.lists(st.text(alphabet="ab", max_size=9), min_size=1), st.integers(1, 40), st.integers(1, 40), st.text("c\n"))
def test_shortened_it_keeps_head_and_tail(lines: list[str], head: int, tail: int, more: str) -> None:
    text = "\n".join(lines)
    screen = Screen()
    screen.feed(text)
    screen.shorten(head, tail)
    screen.feed(more)
    whole = text + more
    assert screen.text[:head] == whole[:head]
    assert screen.text[-tail:] == whole[-tail:]
    assert len(screen.text) <= min(len(whole), head + tail + len(more) + 2 * 10)


def test_a_cursor_can_not_be_sent_far_away() -> None:
    assert len(resolved("\x1b[999999999Cx" * 9)) < 10_000

"""A turn's outputs as a front end gets them: parts, slots, thinking, receipts, and how many bytes all this takes."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_magics.display.answer import AnswerView
from qwen_magics.display.live import TerminalView
from qwen_magics.display.parts import MAX_PARTS, Parting, opens
from qwen_magics.display.slots import Slots
from qwen_magics.display.tally import Tally
from qwen_magics.notebook.answers import read_all
from qwen_magics.notebook.cells import Output
from qwen_magics.values import (
    Cost,
    Progress,
    Receipt,
    Retrying,
    Running,
    Settled,
    Started,
    Text,
    Thinking,
    Timing,
    Usage,
)


class FrontEnd:
    """A notebook's outputs of one cell, as a Jupyter front end keeps them, with a clock that only we move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.outputs: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.messages: list[tuple[float, str, int]] = []  # when, which display, how many bytes

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def publish(self, data: Any, metadata: Any, display_id: str, update: bool) -> None:
        """What `Publish` asks for."""
        assert update == (display_id in self.outputs), "updates only what stands there"
        json.dumps([data, metadata])
        self.outputs[display_id] = (dict(data), metadata["qwen_magics"])
        size = len(json.dumps([data, metadata], ensure_ascii=False).encode(errors="replace"))
        self.messages.append((self.now, display_id, size + 600))

    def view(self, **kwargs: Any) -> AnswerView:
        """A turn's view on this front end."""
        return AnswerView(Slots(self.publish), clock=self.clock, **kwargs)

    def roles(self) -> list[str]:
        """What stands there, from top to bottom."""
        return [mark["role"] for _, mark in self.outputs.values()]

    def answer(self) -> str:
        """The answers as later turns will read them."""
        saved = [Output("", data=data, metadata={"qwen_magics": mark}) for data, mark in self.outputs.values()]
        return "".join(one.text for one in read_all(saved))

    def shown(self) -> str:
        """The answer's Markdown."""
        return "".join(
            data.get("text/markdown", "") for data, mark in self.outputs.values() if mark["role"] == "answer"
        )

    def lines(self) -> list[str]:
        """The plain text of all else."""
        return [data["text/plain"] for data, mark in self.outputs.values() if mark["role"] != "answer"]


def a_receipt(**changes: Any) -> Receipt:
    given: dict[str, Any] = {
        "id": "t1", "time": "", "provider": "alibaba", "model": "qwen3-max",
        "usage": Usage(input=20, output=9), "cost": Cost(amount=Decimal("0.001"), basis="computed"),
        "timing": Timing(0.1, 1.0),
    }  # fmt: skip
    return Receipt(**given | changes)


def play(
    front: FrontEnd, view: AnswerView, text: str, *, piece: int = 20, seconds: float = 0.0, **settled: Any
) -> None:
    """A whole turn: `text` in pieces, evenly over `seconds`, with a tick each 25 ms as the thread gives them."""
    view.show(Started(a_receipt()))
    pieces = [text[at : at + piece] for at in range(0, len(text), piece)]
    begun = ticked = front.now
    for number, one in enumerate(pieces):
        due = begun + seconds * number / len(pieces)
        while ticked + 0.025 < due:
            ticked += 0.025
            front.now = ticked
            view.tick()
        front.now = max(front.now, due)
        view.show(Text(one))
    view.show(Settled(a_receipt(**settled), text))
    view.close()


def test_an_answer_is_parts_and_then_its_receipt() -> None:
    front = FrontEnd()
    play(front, front.view(said={"asked": "why?", "question": "f00"}), "Because **so**.")
    (data, mark), (receipt, _) = front.outputs.values()
    assert data == {"text/markdown": "Because **so**.", "text/plain": "Because **so**."}
    said = {"asked": "why?", "question": "f00", "status": "complete"}
    assert mark == {"version": 1, "turn": "t1", "role": "answer", "part": 0, **said}
    assert receipt["text/plain"] == "$0.0010 · qwen3-max · 20 in · 9 out · 1.0 s"


def test_the_saved_text_is_the_models_own_and_the_shown_text_is_safe() -> None:
    front = FrontEnd()
    play(front, front.view(), "<script>x</script>")
    assert front.answer() == "<script>x</script>"
    assert front.shown() == "&lt;script>x&lt;/script>"


def test_without_an_event_the_text_is_shown_within_a_quarter_second() -> None:
    front = FrontEnd()
    view = front.view()
    view.show(Started(a_receipt()))
    view.show(Text("first "))
    assert front.shown() == "first ", "the first word at once"
    view.show(Text("second"))
    assert front.shown() == "first "
    for _ in range(10):
        front.now += 0.025
        view.tick()
    assert front.shown() == "first second"


def test_thinking_counts_on_one_line_and_is_folded_at_the_end_once() -> None:
    front = FrontEnd()
    view = front.view()
    view.show(Started(a_receipt()))
    view.show(Thinking("Let me see… <b>"))
    front.now = 1.0
    view.show(Thinking("!"))
    assert front.lines() == ["Thinking… 1.0 s · ≈ 4 tokens"]
    front.now = 2.1
    view.show(Text("So."))
    assert front.lines()[0] == "Thought for 2.1 s · ≈ 4 tokens"
    view.show(Settled(a_receipt(usage=Usage(input=20, output=9, thinking=5)), "So.", "Let me see… <b>"))
    assert front.roles() == ["thinking", "answer", "receipt"]
    assert front.lines()[0] == "Thought for 2.1 s · 5 tokens"
    html = next(iter(front.outputs.values()))[0]["text/html"]
    assert html.count("Let me see…") == 1
    assert "<b>" not in html


def test_one_live_line_waits_reads_counts_and_gives_way() -> None:
    front = FrontEnd()
    view = front.view()
    seen = []

    def after(seconds: float, event: Any = None) -> None:
        front.now += seconds
        view.tick() if event is None else view.show(event)
        seen.append(front.lines()[-1] if front.lines() else "")

    view.show(Started(a_receipt()))
    after(0.6)
    after(0.6, Progress("reading", 0.4))
    after(0.6, Retrying(3.0, 2, "Alibaba Cloud is overloaded"))
    after(0.6, Text("word "))
    running = a_receipt(usage=Usage(output=88), cost=Cost(amount=Decimal("0.0019"), basis="estimated"))
    after(0.6, Running(running))
    assert seen == [
        "waiting · 0.6 s",
        "reading 40 %",
        "Alibaba Cloud is overloaded: again in 3 s (attempt 2)",
        "",
        "≈ $0.0019 so far · 88 out · 1.0 s",
    ]
    assert front.roles() == ["answer", "receipt"]
    view.show(Settled(a_receipt(), "word "))
    assert front.roles() == ["answer", "receipt"]
    assert front.lines() == ["$0.0010 · qwen3-max · 20 in · 9 out · 1.0 s"]


def test_a_stopped_answer_keeps_what_came_and_says_so() -> None:
    front = FrontEnd()
    play(front, front.view(), "Half a sent", status="stopped")
    assert [mark.get("status") for _, mark in front.outputs.values()] == ["stopped", None]
    assert front.lines()[0].endswith("· stopped")


def test_a_turn_that_ends_without_a_receipt_leaves_nothing_half_shown() -> None:
    front = FrontEnd()
    with front.view() as view:
        view.show(Started(a_receipt()))
        view.show(Progress("waiting"))
        view.show(Text("abc"))
        view.show(Text("def"))
    assert front.answer() == "abcdef"
    front = FrontEnd()
    with front.view() as view:
        view.show(Progress("waiting"))
    assert front.lines() == ["failed"]


def test_a_replayed_answer_comes_whole() -> None:
    front = FrontEnd()
    view = front.view()
    view.show(Settled(a_receipt(status="replayed"), "Said before.", "thought before"))
    assert front.roles() == ["thinking", "answer", "receipt"]
    assert front.answer() == "Said before."
    assert front.lines()[0] == "Thought · ≈ 3 tokens"


def test_no_receipt_means_none() -> None:
    front = FrontEnd()
    play(front, front.view(with_receipt=False), "text " * 300, seconds=3)
    assert set(front.roles()) == {"answer"}


def test_line_magics_of_one_execution_share_one_receipt() -> None:
    front, tally = FrontEnd(), Tally()
    for number in range(3):
        view = front.view(tally=tally)
        view.show(Started(a_receipt(id=f"t{number}")))
        view.show(Text("yes"))
        front.now += 1
        view.show(Running(a_receipt()))
        view.show(Settled(a_receipt(id=f"t{number}"), "yes"))
    assert front.roles() == ["answer", "receipt", "answer", "answer"]
    assert front.lines() == ["$0.0030 · qwen3-max · 60 in · 27 out · 3.0 s · 3 turns"]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("text", "<b> *x*", {"text/plain": "<b> *x*"}),
        ("code", "print(1)", {"text/markdown": "```python\nprint(1)\n```", "text/plain": "print(1)"}),
        ("code", "```r\nx\n```", {"text/markdown": "```r\nx\n```", "text/plain": "```r\nx\n```"}),
        ("json", '{"a": [1]}', {"application/json": {"a": [1]}, "text/plain": '{"a": [1]}'}),
        ("json", "{oops", {"text/markdown": "```json\n{oops\n```", "text/plain": "{oops"}),
    ],
)
def test_other_forms_of_an_answer(form: Any, text: str, expected: dict[str, Any]) -> None:
    front = FrontEnd()
    play(front, front.view(form=form), text, piece=3)
    assert next(iter(front.outputs.values()))[0] == expected
    assert front.roles() == ["answer", "receipt"]


# --- parts ------------------------------------------------------------------------------------------------------------

PROSE = "".join(
    f"Paragraph {n} says something of about this length, and a little more than that.\n\n" for n in range(900)
)
CODE = "```python\n" + "".join(f"value_{n} = compute({n}, mode='fast')  # line {n}\n" for n in range(1500)) + "```\n"
MIXED = "# Title\n\n" + "".join(f"{PROSE[:1500]}\n\n{CODE[:900]}\n```\n\n- a\n- b\n\n" for _ in range(20))


def parts_of(text: str, piece: int = 4000) -> Iterator[tuple[str, str, bool]]:
    parting = Parting()
    for at in range(0, len(text), piece):
        parting.add(text[at : at + piece])
        for part in parting.finished():
            yield part.text, part.markdown, part.continues
    yield parting.open.text, parting.open.markdown, parting.open.continues


@pytest.mark.parametrize(
    "text", [PROSE, CODE, MIXED, "x" * 500_000, "word " * 100_000, "鸡蛋。\n\n" * 40_000], ids=lambda t: t[:8]
)
def test_parts_join_to_the_text_and_are_at_most_38(text: str) -> None:
    found = list(parts_of(text))
    assert "".join(part for part, _, _ in found) == text
    assert len(found) <= MAX_PARTS
    assert all(part for part, _, _ in found)
    assert all(len(part.encode()) < 26_000 for part, _, _ in found[:-1])


def test_parts_end_between_top_level_blocks() -> None:
    for part, _, continues in list(parts_of(MIXED))[1:]:
        assert not continues
        assert part[0] not in " \n-"
        assert opens("```") is not None


def test_a_long_fence_is_closed_and_reopened_with_its_language() -> None:
    found = list(parts_of("Code:\n\n" + CODE))
    assert [continues for _, _, continues in found] == [False] + [True] * (len(found) - 1)
    assert all(markdown.startswith("```python\n") for _, markdown, _ in found[1:])
    front = FrontEnd()
    play(front, front.view(), "Code:\n\n" + CODE)
    shown = [data["text/markdown"] for data, mark in front.outputs.values() if mark["role"] == "answer"]
    assert all(text.rstrip().endswith("```") for text in shown)


def test_a_short_fence_stays_whole() -> None:
    found = list(parts_of(PROSE[:3300] + "\n\n" + CODE[:6000] + "\n```\n\n" + PROSE[:9000], piece=100))
    assert not any(continues for _, _, continues in found)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([PROSE[:3000], CODE[:9000], "```\n", "\n\n", "- x\n", "~~~\n", "$$\n", "x" * 5000, "é\n"]),
        max_size=12,
    ),
    st.integers(1, 5000),
)
def test_whatever_the_text_and_its_pieces_nothing_is_lost_or_sent_twice(blocks: list[str], piece: int) -> None:
    text, front = "".join(blocks), FrontEnd()
    play(front, front.view(), text, piece=piece, seconds=len(text) / 20_000)
    assert front.answer() == (text if text.strip() else "")
    ends: dict[str, int] = {}
    for number, (_, display_id, _) in enumerate(front.messages):
        ends[display_id] = number
    order = list(front.outputs)
    assert [ends[name] for name in order] == sorted(ends.values()), "a finished part is never sent again"


# --- bytes ------------------------------------------------------------------------------------------------------------

ONE_LINE = "all on one line " * 25_600
TEXTS = {"prose": PROSE * 6, "fence": CODE * 6, "mixed": MIXED * 8, "line": ONE_LINE}


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [(kind, seconds) for kind in TEXTS for seconds in (0.0, 10.0, 20.0, 60.0) if (kind, seconds) != ("line", 10.0)],
)
def test_bytes_to_the_front_end_stay_bounded(kind: str, seconds: float) -> None:
    text, front = TEXTS[kind][:409_600], FrontEnd()
    play(front, front.view(), text, seconds=seconds)
    sent = sum(size for _, _, size in front.messages)
    assert front.answer() == text
    assert len(front.outputs) <= 40
    assert sent <= (4 * len(text) if seconds == 0 else len(text) + 64_000 * seconds)


@pytest.mark.parametrize("kind", TEXTS)
def test_the_shown_text_is_never_more_than_a_quarter_second_behind(kind: str) -> None:
    front = FrontEnd()
    play(front, front.view(), TEXTS[kind][:100_000], seconds=30.0)
    times = [when for when, _, _ in front.messages]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 0.25 + 1e-9


class Following(FrontEnd):
    """Knows for each word that carries a number when it could first be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[int, float] = {}

    def publish(self, data: Any, metadata: Any, display_id: str, update: bool) -> None:
        """As every front end."""
        super().publish(data, metadata, display_id, update)
        for number in re.findall(r"w(\d{6})", data.get("text/markdown", "")):
            self.seen.setdefault(int(number), self.now)


@pytest.mark.parametrize("pace", [1_000, 5_000, 20_000, 80_000])  # characters a second
def test_every_word_is_seen_within_a_quarter_second(pace: int) -> None:
    """Also the words behind the end of a part that was just finished, whatever the pace."""
    words = "".join(f"w{number:06} of this" + (".\n\n" if number % 190 == 189 else " ") for number in range(4_000))
    text, front = words[: pace * 5], Following()
    play(front, front.view(), text, seconds=len(text) / pace)
    behind = {number: front.seen[number] - words.index(f"w{number:06}") / pace for number in front.seen}
    assert max(behind.values()) <= 0.25 + 20 / pace


# --- a terminal -------------------------------------------------------------------------------------------------------


def test_a_terminal_shows_text_as_it_comes_and_the_receipt_under_it() -> None:
    front, written = FrontEnd(), []
    view = TerminalView(front.publish, write=written.append, said={"asked": "q"})
    for event in (
        Started(a_receipt()),
        Progress("waiting"),
        Thinking("hm"),
        Thinking("hm"),
        Text("An \x1b[31manswer\x07"),
        Text(" here"),
        Settled(a_receipt(), "An \x1b[31manswer\x07 here"),
    ):
        view.show(event)
    view.close()
    assert "".join(written) == "waiting its turn\nThinking…\nAn [31manswer here\n"
    assert front.answer() == "An \x1b[31manswer\x07 here"
    assert front.lines() == ["$0.0010 · qwen3-max · 20 in · 9 out · 1.0 s"]


def test_an_answer_that_goes_on_stands_after_what_came_before() -> None:
    for streamed in ("and on.", ""):
        front = FrontEnd()
        view = front.view()
        view.show(Started(a_receipt()))
        view.show(Text("It goes on "))
        if streamed:
            view.show(Text(streamed))
        view.show(Settled(a_receipt(), "and on."))
        assert front.answer() == "It goes on and on."

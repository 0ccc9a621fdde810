"""How a context is made to fit: what shrinks, what goes, how it is said, and that nothing else is worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from qwen_magics import tokens
from qwen_magics.context.compose import Context, Question, Rules, compose
from qwen_magics.context.items import Item, messages
from qwen_magics.context.maker import Memory
from qwen_magics.context.redact import Redacted, Redactor
from qwen_magics.context.sized import FRAME
from qwen_magics.context.words import sentences
from qwen_magics.notebook.cells import Cell, Notebook, Output

if TYPE_CHECKING:
    from collections.abc import Sequence


class Watched(Redactor):
    """Knows which texts came by."""

    def __init__(self) -> None:
        super().__init__({}, environ={})
        self.texts: list[str] = []

    def redact(self, text: str) -> Redacted:
        """As every redactor does."""
        self.texts.append(text)
        return super().redact(text)


def cell(number: int, words: int, shown: int, *, pinned: bool = False) -> Cell:
    output = Output("stream", name="stdout", text=f"shown{number} " + "word " * shown)
    source = f"x{number} = '{'word ' * words}'"
    tags = ("qwen-pin",) if pinned else ()
    return Cell(number=number, kind="code", source=source, outputs=(output,) if shown else (), tags=tags)


def composed(
    cells: Sequence[Cell],
    room: int,
    *,
    redactor: Redactor | None = None,
    memory: Memory | None = None,
    ask: str = "Why?",
) -> Context:
    running = Cell(number=len(cells) + 1, kind="code", source="%%qwen\nWhy?")
    notebook = Notebook(cells=(*cells, running), running=len(cells))
    redactor = redactor or Redactor({}, environ={})
    return compose(notebook, Question(text=ask), Rules(room=room), redactor, memory)


def text_of(context: Context) -> str:
    return "\n".join(message.content for message in context.messages())


def test_old_outputs_shrink_then_go_before_a_cell_goes() -> None:
    cells = [cell(n, 20, 500) for n in range(1, 41)]
    steps = [composed(cells, room).left_out for room in (30_000, 15_000, 8_000, 5_000, 3_000)]
    assert steps == [
        (),
        ("outputs of #1 to #21 cut to 100 tokens each",),
        ("outputs of #1 to #37 cut to 100 tokens each",),
        ("outputs of #1 to #33 left out", "outputs of #34 to #37 cut to 100 tokens each"),
        ("#1 to #23", "outputs of #24 to #37 left out"),
    ]


def test_the_prompt_says_that_old_outputs_are_missing_and_keeps_the_last_ones() -> None:
    text = text_of(composed([cell(n, 20, 500) for n in range(1, 41)], 5_000))
    assert "[outputs of older cells left out: no room]" in text
    assert "shown33" not in text
    assert all(f"shown{n}" in text for n in (38, 39, 40))


def test_last_outputs_shrink_only_where_they_would_leave_no_room_for_cells() -> None:
    cells = [cell(n, 20, 900) for n in range(1, 31)]
    context = composed(cells, 2_000)
    assert context.left_out[-1] == "outputs of #28 to #30 cut to 300 tokens each"
    assert len([item for item in context.items if item.kind == "cell"]) > 3


def test_what_the_question_names_keeps_its_output() -> None:
    cells = [cell(n, 20, 500) for n in range(1, 41)]
    assert "shown7 " in text_of(composed(cells, 5_000, ask="What of #7?"))


def test_cells_that_went_are_named_around_a_pinned_one() -> None:
    context = composed([cell(n, 100, 0, pinned=n == 2) for n in range(1, 41)], 2_000)
    gone, first = context.left_out[0], next(i.number for i in context.items if i.kind == "cell" and i.number > 2)
    assert gone == f"#1, #3 to #{first - 1}"
    text = text_of(context)
    before, after = text.split('<cell n="2">')
    assert "[cells #1 left out: no room]" in before
    assert f"[cells #3 to #{first - 1} left out: no room]" in after


def test_runs_are_parted_by_what_keeps_its_outputs_and_by_nothing_else() -> None:
    cells = [cell(n, 20, 500 * (n % 4 != 0), pinned=n == 10) for n in range(1, 41)]  # every fourth shows nothing
    assert composed(cells, 4_000, ask="What of #21?").left_out == (
        "outputs of #1 to #9, #11 to #19, #22 to #35 left out",
        "outputs of #37 cut to 100 tokens each",
    )


def test_the_prompt_keeps_its_beginning_while_cells_are_added() -> None:
    """What the provider's cache holds: from one question to the next all but the last outputs stay byte for byte."""
    starts = []
    for count in range(60, 90):
        text = text_of(composed([cell(n, 30, 40) for n in range(1, count)], 3_000))
        starts.append(text[: text.index("</cell>")])
    assert len(set(starts)) <= 4


def test_what_can_not_go_is_never_worked_out() -> None:
    """Of a notebook far larger than the room only the cells that go are read, redacted and counted, and a few more."""
    watched = Watched()
    cells = [cell(n, 20, 500) for n in range(1, 1001)]
    context = composed(cells, 3_000, redactor=watched)
    going = sum(item.kind == "cell" for item in context.items)
    assert going > 20
    assert len(watched.texts) < 3 * going


def test_with_a_memory_only_what_changed_is_worked_out_and_nothing_differs() -> None:
    memory, cells = Memory(), [cell(n, 20, 30) for n in range(1, 101)]
    composed(cells, 100_000, memory=memory)
    cells[49] = cell(50, 21, 30)
    watched = Watched()
    context = composed(cells, 100_000, redactor=watched, memory=memory)
    assert context == composed(cells, 100_000)
    assert sorted(text[:5] for text in watched.texts) == ["Why?", "You a", "shown", "x50 ="]


def test_a_memory_knows_nothing_of_other_rules_or_secrets() -> None:
    memory, cells = Memory(), [Cell(number=1, kind="code", source="use('hunter2hunter3')")]
    assert "hunter2" in text_of(composed(cells, 9_000, memory=memory))
    knows = Redactor({"db_password": "hunter2hunter3"}, environ={})
    assert "hunter2" not in text_of(composed(cells, 9_000, redactor=knows, memory=memory))


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"], include_characters="\n "), max_size=60)


@given(st.lists(st.tuples(words.map(str.strip), words, words.map(str.strip)), max_size=8), words.map(str.strip))
def test_items_add_up_to_the_prompt(cells: list[tuple[str, str, str]], question: str) -> None:
    """Each is counted by itself, so that one that stays is never counted again."""
    items = [Item(kind="instructions", label="", text="Answer.")]
    for number, (source, output, answer) in enumerate(cells, start=1):
        items.append(Item(kind="cell", label="", tag="cell", text=source, outputs=(output,), number=number))
        if answer:
            items.append(Item(kind="turn", label="", text=source or "?", answer=answer, number=number))
    items.append(Item(kind="question", label="", text=question or "?"))
    total = tokens.count_messages(messages(items))
    assert 0 <= sum(item.count("qwen3") for item in items) + FRAME - total <= 3


def test_people_are_told_apart_what_was_cut_and_what_is_gone() -> None:
    said = ("#1 to #3", "outputs of #4 left out", "outputs of #5 cut to 2,250 tokens each")
    assert list(sentences(said)) == [
        "Shortened: outputs of #5 cut to 2,250 tokens each.",
        "Left out: #1 to #3, outputs of #4.",
    ]
    assert list(sentences(())) == []

"""The unit of context: one `Item` is what is counted, priced, redacted, shortened, left out and named to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from qwen_magics import tokens
from qwen_magics.values import Image, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal[
    "instructions", "mark", "cell", "turn", "said", "attachment", "question"
]  # said: in the sidebar's thread


class Item(Struct, frozen=True, kw_only=True):
    """One thing that goes along. `label` is how people call it (`#3`, `@df`, `the question`), `tag` how the model is
    told what it is (`<cell n="3">`); a question stands as it is.

    `text` is what a cell shows by itself (its source, a question as it was asked); `outputs` are its outputs as they
    go, already canonical, redacted and cut; `answer` is the assistant's side of a turn. `cut` counts the tokens that
    outputs lost (about), `redacted` the secrets that became marks.
    """

    kind: Kind
    label: str
    title: str = ""
    tag: str = ""
    text: str = ""
    outputs: tuple[str, ...] = ()
    answer: str = ""
    images: tuple[Image, ...] = ()
    number: int = 0
    pinned: bool = False
    cut: int = 0
    redacted: int = 0
    note: str = ""

    @property
    def user_text(self) -> str:
        """The item's words in the user's message."""
        own = _tagged(self.tag, self.number, self.text) if self.tag else self.text
        return "\n".join([own, *(_tagged("output", self.number, output) for output in self.outputs)])

    def count(self, vocabulary: str) -> int:
        """The tokens that it adds to a prompt, with what parts it from the next item and what frames an answer.

        Each part is counted once and remembered by `tokens`.
        """
        ends = self.answer or self.kind in ("instructions", "question")  # ends a message
        answer = tokens.count(self.answer, vocabulary) + 2 * tokens.MESSAGE if self.answer else 0
        return tokens.count(self.user_text if ends else f"{self.user_text}\n\n", vocabulary) + answer

    def bound(self) -> int:
        """At least as many tokens as it has, without a vocabulary."""
        return tokens.upper_bound(self.user_text) + tokens.upper_bound(self.answer)


def _tagged(tag: str, number: int, text: str) -> str:
    return f'<{tag} n="{number}">\n{text}\n</{tag}>'


def messages(items: Iterable[Item]) -> list[Message]:
    """Items in order → alternating messages. Everything between two answers is one message of the user."""
    said: list[Message] = []
    waiting: list[Item] = []
    for item in items:
        if item.kind == "instructions":
            said.append(Message("system", item.text))
            continue
        waiting.append(item)
        if item.answer:
            said += [_user(waiting), Message("assistant", item.answer)]
            waiting = []
    if waiting:
        said.append(_user(waiting))
    return said


def _user(items: Sequence[Item]) -> Message:
    return Message(
        "user", "\n\n".join(item.user_text for item in items), tuple(image for item in items for image in item.images)
    )

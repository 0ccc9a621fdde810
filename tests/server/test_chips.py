"""Chips: what goes along for them, what each adds and saves. Through a real server, read from the exact request."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakes.typing_browser import NOTEBOOK, WORD, asked, code, held

if TYPE_CHECKING:
    from fakes.typing_browser import Post


async def test_the_notebook_goes_along_when_its_chip_is_on(post: Post) -> None:
    name = await held(post, code("x = 1"), code("print(x)", "1"))
    on, estimate = await asked(post, name, NOTEBOOK)
    assert on == '<cell n="1">\nx = 1\n</cell>\n\n<cell n="2">\nprint(x)\n</cell>\n<output n="2">\n1\n</output>\n\nWhy?'
    off, without = await asked(post, name, {**NOTEBOOK, "on": False})
    assert off == "Why?"
    (chip,) = estimate["chips"]
    assert chip["label"] == "a.ipynb"
    assert chip["tokens"] == estimate["tokens"] - without["tokens"]
    assert Decimal(chip["saves"]) == Decimal(estimate["price"]["expected"]) - Decimal(without["price"]["expected"])
    assert without["chips"] == [{**chip, "tokens": 0, "saves": None}]


async def test_a_cell_is_pointed_at_in_the_notebook_and_goes_by_itself_without_it(post: Post) -> None:
    name = await held(post, code("x = 1"), code("y = 2"))
    cell = {"kind": "cell", "name": "c1"}
    both, _ = await asked(post, name, NOTEBOOK, cell)
    assert both.endswith('y = 2\n</cell>\n\n<selected cell="1"/>\n\nWhy?')
    alone, _ = await asked(post, name, cell)
    assert alone == '<cell n="1">\nx = 1\n</cell>\n\nWhy?'
    gone, estimate = await asked(post, name, NOTEBOOK, {**cell, "on": False})
    assert gone == '<cell n="2">\ny = 2\n</cell>\n\nWhy?'
    assert [chip["label"] for chip in estimate["chips"]] == ["a.ipynb", "cell #1"]


async def test_a_cell_that_is_pointed_at_keeps_more_of_its_outputs(post: Post) -> None:
    cells = [code("log()", WORD * 2_000), *(code(f"x{n} = {n}") for n in range(5))]
    name = await held(post, *cells)
    cut, _ = await asked(post, name, NOTEBOOK)
    whole, _ = await asked(post, name, NOTEBOOK, {"kind": "cell", "name": "c1"})
    assert "tokens left out" in cut
    assert "tokens left out" not in whole


async def test_an_error_is_said_to_be_the_one_to_look_at(post: Post) -> None:
    name = await held(post, code("1 / 0"), code("y"))
    text, estimate = await asked(post, name, {"kind": "error", "name": "c1"})
    assert text == '<cell n="1">\n1 / 0\n</cell>\n\n<error cell="1"/>\n\nWhy?'
    assert estimate["chips"][0]["label"] == "error in #1"


async def test_what_is_selected_names_its_cell(post: Post) -> None:
    name = await held(post, code("a = 1\nb = 2"))
    text, _ = await asked(post, name, {"kind": "selection", "name": "c1", "text": "b = 2"})
    assert text == '<selected cell="1">\nb = 2\n</selected>\n\nWhy?'


async def test_a_variable_is_shown_as_in_a_cell_of_qwen(post: Post) -> None:
    text, estimate = await asked(post, "", {"kind": "var", "name": "df", "text": "DataFrame 3 x 2"})
    assert text == '<value name="df">\nDataFrame 3 x 2\n</value>\n\nWhy?'
    assert estimate["chips"][0]["label"] == "@df"


async def test_what_must_not_go_does_not_go_for_a_chip_either(post: Post) -> None:
    hidden = code("# qwen: skip\nsecret = 1")
    name = await held(post, hidden, code("tagged", tags=["qwen-skip"]), code("shown"))
    chips = [
        NOTEBOOK,
        {"kind": "cell", "name": "c1"},
        {"kind": "selection", "name": "c1", "text": "secret"},
        {"kind": "cell", "name": "c2"},
        {"kind": "cell", "name": "gone"},
        {"kind": "cell", "name": "c3", "on": False},
        {"kind": "selection", "name": "c3", "text": "shown"},
    ]
    text, estimate = await asked(post, name, *chips)
    assert text == "Why?"
    notes = [chip["note"] for chip in estimate["chips"]]
    assert notes == ["", "skipped", "skipped", "skipped", "not found", "", "switched off"]


async def test_files_come_through_the_servers_contents(post: Post, jp_root_dir: Path) -> None:
    Path(jp_root_dir, "data").mkdir()
    Path(jp_root_dir, "data", "a.csv").write_text("x,y\n1,2\n", "utf-8")
    Path(jp_root_dir, "picture.bin").write_bytes(b"\xff\xfe\x00")
    Path(jp_root_dir, ".hidden").write_text("h", "utf-8")
    chips = [{"kind": "file", "name": name} for name in ("data/a.csv", "picture.bin", ".hidden", "../x", "data", "no")]
    text, estimate = await asked(post, "", *chips)
    assert text == '<file name="data/a.csv">\nx,y\n1,2\n\n</file>\n\nWhy?'
    assert [chip["note"] for chip in estimate["chips"]][1:] == [
        "not a text", "not found", "not found", "a folder", "not found",
    ]  # fmt: skip


async def test_a_file_that_changed_is_read_again(post: Post, jp_root_dir: Path) -> None:
    file, chip = Path(jp_root_dir, "a.txt"), {"kind": "file", "name": "a.txt"}
    file.write_text("before", "utf-8")
    assert "before" in (await asked(post, "", chip))[0]
    file.write_text("afterwards", "utf-8")
    assert "afterwards" in (await asked(post, "", chip))[0]


async def test_a_long_file_is_cut_with_a_mark(post: Post, jp_root_dir: Path) -> None:
    Path(jp_root_dir, "log.txt").write_text("begin\n" + "word\n" * 20_000 + "end", "utf-8")
    text, estimate = await asked(post, "", {"kind": "file", "name": "log.txt"})
    assert "begin" in text
    assert "end" in text
    assert "tokens left out" in text
    assert estimate["chips"][0]["note"] == "shortened"
    assert 7_500 < estimate["chips"][0]["tokens"] < 8_100


async def test_another_notebook_goes_as_its_cells_by_its_own_rules(post: Post, jp_root_dir: Path) -> None:
    def notebook(name: str, **metadata: Any) -> None:
        cells = [
            {
                "cell_type": "code",
                "source": source,
                "outputs": [],
                "metadata": {},
                "execution_count": None,
                "id": source,
            }
            for source in ("x = 1", "# qwen: skip")
        ]
        content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        Path(jp_root_dir, name).write_text(json.dumps(content), "utf-8")

    notebook("b.ipynb")
    notebook("private.ipynb", qwen_magics={"send": False})
    files = [{"kind": "file", "name": "b.ipynb"}, {"kind": "file", "name": "private.ipynb"}]
    text, estimate = await asked(post, "", *files)
    assert text == '<file name="b.ipynb">\n<cell n="1">\nx = 1\n</cell>\n</file>\n\nWhy?'
    assert estimate["chips"][1]["note"] == "forbids sending"

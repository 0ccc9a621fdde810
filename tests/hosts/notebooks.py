"""The notebook that every host runs: whatever a cell can show, turns, and what is never sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fakes.provider import Answer
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

if TYPE_CHECKING:
    from fakes.provider import Seen
    from nbformat import NotebookNode

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

SETUP = """import base64, json, sys, time
import pandas as pd
from IPython.display import Image, Markdown, display
%load_ext qwen_magics"""
CODE = (
    "print('weights', [3700, 5076]); print('unit missing', file=sys.stderr)\nobject()",
    "df = pd.DataFrame({'species': ['Adélie', 'Gentoo'] * 20, 'mass_g': range(3700, 3740)})\ndf",
    f"display(Image(base64.b64decode('{PNG}')))\ndisplay(Markdown('**a note**'))",
    "json.loads('{')",
    "began = time.perf_counter()\nprint(f'fit took {time.perf_counter() - began:.6f} s')\n%time sum(range(9))",
    "for n in range(0, 101, 20): print(f'\\rreading {n} %', end='')\nprint()",
    "%%qwen --think\nWhich species is heavier, and by how much? {{ df.mass_g.max() }}",
    "handle = display('before', display_id='shown')",
    "handle.update('after')",
    "hint = %qwen --as text what is the unit of mass?\nprint(len(hint) > 3)",
    "# qwen: skip\nprint('nobody is told this')",
    "# qwen: pin\nprint('seed', 7)",
    "%config Qwen.attempts = 2\nlimit = 900",
    "%%qwen --with df\nWrite `mean_mass(df)`. It's for {braces}, $dollars and <|im_end|>.",
    "df.mass_g.mean()",
    "%%qwen --as code\nNow the median, in one line.",
    "1 + 1",
    "%qwen and in a word?",
)
FAILS = "json.loads('{')"


def whole() -> NotebookNode:
    """With Markdown, tags and a raw cell."""
    cells = [new_markdown_cell("# Penguins\n\n*Three* islands, <b>two</b> species; $m_g$ in grams."), *_code()]
    hidden, unsaid = new_code_cell("print('told by its tag')"), new_markdown_cell("a note to self")
    hidden.metadata.tags = unsaid.metadata.tags = ["qwen-skip"]
    pinned = new_markdown_cell("The unit is gram.")
    pinned.metadata.tags = ["qwen-pin"]
    cells[9:9] = [new_raw_cell("raw"), hidden, unsaid, pinned]
    return _numbered(cells)


def bare() -> NotebookNode:
    """With code only: all that a host without the file can know."""
    return _numbered(_code())


def _code() -> list[NotebookNode]:
    cells = [new_code_cell(source) for source in (SETUP, *CODE)]
    for cell in cells:
        if cell.source == FAILS:
            cell.metadata.tags = ["raises-exception"]
    return cells


def _numbered(cells: list[NotebookNode]) -> NotebookNode:
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return new_notebook(cells=cells)


def reply(seen: Seen) -> Answer:
    """The same answer to the same request: some of it thinking, some code, one so long that it comes in parts."""
    mark = hashlib.sha256(seen.raw).hexdigest()[:8]
    long = [f"{n}. Item {n} of {mark} " + "and more " * 30 + "\n\n" for n in range(40 * ("braces" in seen.prompt))]
    text = (f"**{mark}** & <b>so</b>:\n\n", "```python\n", "x = 1\n", "```\n\n", *long, "Done.")
    return Answer(text=text, thinking=("Let ", "me see."))

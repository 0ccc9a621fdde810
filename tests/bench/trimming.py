"""Row: a notebook of 200,000 tokens, counted and trimmed for money: the first time, and after a cell changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import notebooks
from bench.table import Row, middle

CELLS, SIZE, RUNS, CHANGES = 500, 550_000, 7, 7
PROGRAM = """
import json, sys, time
from msgspec.structs import replace
from qwen_magics import tokens
from qwen_magics.context import compose
from qwen_magics.context.maker import Memory
from qwen_magics.context.redact import Redactor
from qwen_magics.notebook.cells import Output
from qwen_magics.notebook.current import current
from qwen_magics.notebook.file import Reader

notebook = current((), None, Reader().read(sys.argv[1]))
memory, question = Memory(), compose.Question(text="What stands out?")
rules = compose.Rules(trim=sys.argv[2], bounds=(32_000, 128_000))

def trimmed(notebook):
    began = time.perf_counter()
    found = compose.compose(notebook, question, rules, Redactor({}), memory)
    return (time.perf_counter() - began) * 1e3, found

first, found = trimmed(notebook)
later = []
for change in range(int(sys.argv[3])):
    cells = list(notebook.cells)
    output = Output("stream", name="stdout", text=f"changed {change}")
    cells[-4 - 50 * change] = replace(cells[-4 - 50 * change], source=f"changed = {change}", outputs=(output,))
    notebook = replace(notebook, cells=tuple(cells))
    later.append(trimmed(notebook)[0])
print(json.dumps([first, later, tokens.count_messages(found.messages()), found.trimmed.tokens]))
"""


def measure() -> list[Row]:
    """In a fresh process each time: the vocabulary is loaded and every cell redacted, counted and cut."""
    rows = []
    with TemporaryDirectory(prefix="qwen-magics-bench-") as name:
        file = Path(name, "long.ipynb")
        file.write_text(json.dumps(notebooks.large(CELLS, SIZE)), "utf-8")
        for trim, what in (("tier", "below a step of the price"), ("16000", "to 16,000 tokens")):
            first, later = [], []
            for _ in range(RUNS):
                said = subprocess.run(
                    [sys.executable, "-c", PROGRAM, str(file), trim, str(CHANGES)],
                    capture_output=True, text=True, check=True, timeout=120,
                ).stdout  # fmt: skip
                once, again, sent, lost = json.loads(said)
                first.append(once)
                later.append(middle(again))
            against = f"{sent + lost:,} tokens, {sent:,} of them go along"
            rows += [
                Row(f"trimmed {what}, the first time", middle(first), 500, "ms", against),
                Row(f"trimmed {what}, after a cell changed", middle(later), 30, "ms"),
            ]
    return rows

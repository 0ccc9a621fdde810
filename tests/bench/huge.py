"""Row 6: the context of a notebook of 5,000 cells and 20 MB: from its file to messages that fit, cut and redacted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import notebooks
from bench.kernel import jupyter_in
from bench.table import Row, middle

CELLS, SIZE, RUNS, CHANGES = 5_000, 20_000_000, 7, 5
PROGRAM = """
import json, sys, time
from pathlib import Path
from qwen_magics.context import compose
from qwen_magics.context.maker import Memory
from qwen_magics.context.redact import Redactor
from qwen_magics.notebook.cells import Output
from qwen_magics.notebook.current import current
from qwen_magics.notebook.file import Reader
from qwen_magics.notebook.executions import Execution

path, changes = Path(sys.argv[1]), int(sys.argv[2])
reader, memory, question = Reader(), Memory(), compose.Question(text="What stands out?")

def context(*ran):
    began = time.perf_counter()
    notebook = current(ran, None, reader.read(str(path)))
    found = compose.compose(notebook, question, compose.Rules(), Redactor({}), memory)
    said = found.messages()
    return (time.perf_counter() - began) * 1e3, found.left_out, sum(len(message.content) for message in said)

first, left_out, characters = context()
ran, saved = [], []
document = json.loads(path.read_bytes())
for change in range(changes):
    cell = document["cells"][-3 - change * 5]
    execution = Execution(cell["id"], "", f"changed = {change}", None, time.time())
    execution.seen = (Output("stream", name="stdout", text=f"changed {change}"),)
    ran.append(context(execution)[0])
    cell["source"] = [f"changed = {change}"]
    path.write_text(json.dumps(document), "utf-8")
    saved.append(context()[0])
print(json.dumps([first, ran, saved, left_out, characters]))
"""


def measure() -> list[Row]:
    """The first time in a fresh process; after one cell ran; after one cell was changed and the file was saved."""
    first, ran, saved = [], [], []
    content = json.dumps(notebooks.large(CELLS, SIZE))
    with TemporaryDirectory(prefix="qwen-magics-bench-") as name:
        file = Path(name, "huge.ipynb")
        env = {**os.environ, **jupyter_in(Path(name))}
        for _ in range(RUNS):
            file.write_text(content, "utf-8")
            said = subprocess.run(
                [sys.executable, "-c", PROGRAM, str(file), str(CHANGES)],
                env=env, capture_output=True, text=True, check=True, timeout=120,
            ).stdout  # fmt: skip
            once, after_run, after_save, left_out, characters = json.loads(said)
            first.append(once)
            ran.append(middle(after_run))
            saved.append(middle(after_save))
    what = f"{len(content) / 1e6:.0f} MB; {characters / 1e3:,.0f} kB go along; left out: {', '.join(left_out)}"
    return [
        Row("context of 5,000 cells, the first time", middle(first), 300, "ms", what),
        Row("context of 5,000 cells, after a cell ran", middle(ran), 30, "ms"),
        Row("context of 5,000 cells, after a save", middle(saved), 30, "ms", "one cell of the file changed"),
    ]

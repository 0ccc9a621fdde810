"""Row 1: what `%load_ext qwen_magics` takes over a bare IPython, in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.kernel import jupyter_in
from bench.table import Row, middle

RUNS = 15
PROGRAM = """
import json, time, psutil
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("1 + 1", store_history=True)
memory = psutil.Process().memory_info
before, began = memory().rss, time.perf_counter()
shell.run_line_magic("load_ext", "qwen_magics")
print(json.dumps([(time.perf_counter() - began) * 1e3, (memory().rss - before) / 1e6]))
"""


def measure() -> list[Row]:
    """Milliseconds and megabytes."""
    with TemporaryDirectory(prefix="qwen-magics-bench-") as folder:
        env = {**os.environ, **jupyter_in(Path(folder))}
        _load(env)  # writes the byte code
        found = [_load(env) for _ in range(RUNS)]
    times, memory = zip(*found, strict=True)
    return [
        Row("%load_ext qwen_magics", middle(list(times)), 30, "ms", "a bare IPython"),
        Row("%load_ext qwen_magics, memory", middle(list(memory)), 5, "MB", "a bare IPython"),
    ]


def _load(env: dict[str, str]) -> tuple[float, float]:
    said = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True).stdout
    took, held = json.loads(said.splitlines()[-1])
    return took, held

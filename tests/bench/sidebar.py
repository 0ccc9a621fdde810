"""A 400 KB answer streamed at 200 pieces/s into the sidebar, in a real JupyterLab in Chromium: its last two goals.

The browser does the measuring (`labextension/ui-tests/bench/streaming.spec.ts`); this starts it and reads its line.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from bench.table import Row

UI_TESTS = Path(__file__).resolve().parents[2] / "labextension" / "ui-tests"


def measure() -> list[Row]:
    """The main thread's busy share, and its longest task (the browser tells those of 50 ms and more)."""
    ran = subprocess.run(
        [str(UI_TESTS / "node_modules" / ".bin" / "playwright"), "test", "streaming"],
        cwd=UI_TESTS, env={**os.environ, "QWEN_UI_BENCH": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"^BENCH (.*)$", ran.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"the browser measured nothing:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    said = json.loads(found[1])
    against = f"{said['bytes'] / 1e3:,.0f} kB of Markdown in {said['seconds']:.0f} s"
    return [
        Row("sidebar: main thread busy while it streams", 100 * said["share"], 15, "%", against),
        Row("sidebar: longest task meanwhile", said["longest"], 100, "ms", "0: none of 50 ms or more"),
    ]

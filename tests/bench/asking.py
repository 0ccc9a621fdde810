"""Rows 2 and 3: from running the cell to the request's arrival at the provider, in a notebook of 50 cells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench import notebooks
from bench.host import hosting, prepare_raw
from bench.table import Row, middle

if TYPE_CHECKING:
    from bench.host import Provider
    from bench.kernel import Kernel

CELLS, TURNS, KERNELS = 50, 40, 7
FRAME = "import pandas as pd; df = pd.DataFrame({'mass': range(400), 'island': ['Biscoe'] * 400})"
QUESTION = "%%qwen\nWhich island is the outlier?"


def measure() -> list[Row]:
    """Later turns against raw httpx in the same kernel; the first one in fresh kernels."""
    ours, raw = _later()
    first = [_first() for _ in range(KERNELS)]
    return [
        Row(
            "run cell → request, later turns, 50 cells", ours / raw, 1.5, "x",
            f"{ours * 1e3:.1f} ms, raw httpx {raw * 1e3:.1f} ms",
        ),
        Row("first request after load", middle(first) * 1e3, 120, "ms", "50 cells run before"),
    ]  # fmt: skip


def _sources() -> dict[str, str]:
    """49 cells that print or show a table, by id."""
    sources = {"load": "%load_ext qwen_magics", "frame": FRAME}
    for number in range(CELLS - 3):
        shows = f"df.head({number % 20}).assign(step={number})"
        prints = f"for i in range(12): print('step', {number}, i, i ** {number})"
        sources[f"cell-{number}"] = shows if number % 3 == 0 else prints
    return sources


def _run_all(kernel: Kernel, sources: dict[str, str]) -> None:
    for cell_id, source in sources.items():
        kernel.run(source, cell_id)


def _file(sources: dict[str, str]) -> dict[str, object]:
    cells = [notebooks.code(cell_id, source) for cell_id, source in sources.items()]
    return notebooks.notebook(*cells, notebooks.code("question", QUESTION), notebooks.code("raw", "_read(BODY);"))


def _later() -> tuple[float, float]:
    """Seconds of both, alternated; before each question another cell above it runs anew, with another result."""
    sources = _sources()
    ours, raw = [], []
    with hosting(_file(sources)) as (provider, kernel):
        _run_all(kernel, sources)
        prepare_raw(kernel, provider)
        _ask(kernel, provider)
        kernel.run(f"BODY = _json.loads({json.dumps(provider.last_body)!r})", "raw")
        for turn in range(TURNS):
            kernel.run(f"print('turn', {turn})", f"cell-{turn}")
            ours.append(_ask(kernel, provider))
            kernel.run(f"print('turn', {turn}, 'raw')", f"cell-{turn}")
            ran = kernel.run("_read(BODY);", "raw")
            raw.append(provider.came[-1] - ran.sent)
    return middle(ours[5:]), middle(raw[5:])


def _first() -> float:
    sources = _sources()
    load = sources.pop("load")
    with hosting(_file({"load": load, **sources})) as (provider, kernel):
        _run_all(kernel, sources)
        kernel.run(load, "load")
        return _ask(kernel, provider)


def _ask(kernel: Kernel, provider: Provider) -> float:
    ran = kernel.run(QUESTION, "question")
    return provider.came[-1] - ran.sent

"""Notebooks to measure with: code, its printed results, tables as pandas shows them, some prose."""

from __future__ import annotations

import random
from typing import Any

WORDS = ("mean", "flipper", "species", "island", "body mass", "grams", "adelie", "sample", "value", "model", "fit")


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """nbformat 4.5."""
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def code(cell_id: str, source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    """A code cell as JupyterLab saves it."""
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": {},
        "execution_count": 1,
        "source": source.splitlines(keepends=True),
        "outputs": list(outputs),
    }


def text(cell_id: str, source: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source.splitlines(keepends=True)}


def printed(words: str) -> dict[str, Any]:
    """What `print` left."""
    return {"output_type": "stream", "name": "stdout", "text": words.splitlines(keepends=True)}


def framed(rows: list[list[str]]) -> dict[str, Any]:
    """A DataFrame as pandas shows it: HTML and plain text."""
    lines = ["  ".join(f"{value:>12}" for value in row) for row in rows]
    body = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in row) + "</tr>\n" for row in rows)
    html = f'<div><table border="1" class="dataframe"><tbody>\n{body}</tbody></table></div>'
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "metadata": {},
        "data": {"text/plain": "\n".join(lines).splitlines(keepends=True), "text/html": html.splitlines(keepends=True)},
    }


def large(cells: int, size: int, seed: int = 1) -> dict[str, Any]:
    """`cells` cells of about `size` bytes in all: one in five is Markdown, one in five has a table, the rest print."""
    draw = random.Random(seed)
    each = size // cells
    made = []
    for number in range(cells):
        name = f"cell-{number}"
        function = _words(draw, 3).replace(" ", "_")
        source = f"result_{number} = {function}(data, alpha={draw.random():.4f})\nresult_{number}"
        if number % 5 == 0:
            made.append(text(name, f"## Step {number}\n\n{_lines(draw, each // 8)}"))
        elif number % 5 == 1:
            rows = [[f"{draw.random() * 5000:.3f}" for _ in range(6)] for _ in range(each // 125)]
            made.append(code(name, source, framed(rows)))
        else:
            made.append(code(name, source, printed(_lines(draw, each * 19 // 20))))
    return notebook(*made)


def _words(draw: random.Random, count: int) -> str:
    return " ".join(draw.choices(WORDS, k=count))


def _lines(draw: random.Random, size: int) -> str:
    lines, held = [], 0
    while held < size:
        lines.append(f"{_words(draw, 6)} {draw.random() * 1000:.4f} {draw.randrange(10_000)}")
        held += len(lines[-1]) + 1
    return "\n".join(lines)

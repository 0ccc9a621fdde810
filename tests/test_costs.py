"""The notebook about costs from top to bottom, twice: a real kernel, the real local model, no key, prices looked at."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from msgspec import Struct
from nbclient import NotebookClient

from qwen_magics.credentials import VARIABLES
from qwen_magics.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parent.parent / "examples"
RECEIPT = "application/vnd.qwen-magics.receipt+json"


class Ran(Struct):
    """The notebook after its first run and after another in a new kernel, and the ledger's turns after each."""

    first: Any
    again: Any
    turns: list[str]
    turns_again: list[str]


@pytest.fixture(scope="module")
def ran(local_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("costs")
    for name in ("costs.ipynb", "quickstart.ipynb"):
        shutil.copy(EXAMPLES / name, folder)
    path = folder / "costs.ipynb"
    with pytest.MonkeyPatch.context() as patch:
        for variable in VARIABLES.values():
            patch.delenv(variable, raising=False)
        patch.setenv("QWEN_MAGICS_DATA_DIR", str(local_home))
        patch.setenv("QWEN_MAGICS_NOTEBOOK", str(path))
        folders = os.environ["PATH"].split(os.pathsep)  # of an environment that is not activated
        patch.setenv("PATH", os.pathsep.join(one for one in folders if Path(one) != Path(sys.executable).parent))
        first, turns = executed(path), asked(local_home, path)
        yield Ran(first, executed(path), turns, asked(local_home, path))


def executed(path: Path) -> Any:
    """Run All in a new kernel, saved as a front end does."""
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(path.parent)}}).execute()
    nbformat.write(notebook, path)
    return notebook


def asked(home: Path, notebook: Path) -> list[str]:
    """The turns of this notebook that left, as the ledger has them."""
    rows = Ledger(home / "ledger.sqlite").rows()
    here = (row.receipt for row in rows if row.place.notebook == str(notebook))
    return [receipt.id for receipt in here if receipt.status != "replayed"]


def shown(notebook: Any, begins: str) -> str:
    """What the cell that begins so showed, as text."""
    cell = next(cell for cell in notebook.cells if cell.source.startswith(begins))
    return "\n".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def receipts(notebook: Any) -> list[dict[str, Any]]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data[RECEIPT] for output in outputs if RECEIPT in output.get("data", {})]


def dollars(text: str) -> float:
    """The total's expected cost in a context table."""
    return float(re.findall(r"of 258,048 +≈ \$([\d.]+)", text)[0])


def test_a_look_prices_every_item_and_sends_nothing(ran: Ran) -> None:
    told = shown(ran.first, "%qwen_context -p alibaba Which")
    assert "import pandas as pd" in told
    assert "Nothing was sent. A question goes to Alibaba Cloud" in told
    assert dollars(told) < 0.01


def test_both_questions_are_answered_here_and_free(ran: Ran) -> None:
    assert [receipt["provider"] for receipt in receipts(ran.first)] == ["local", "local"]
    assert {receipt["cost"]["basis"] for receipt in receipts(ran.first)} == {"free"}
    assert "Gentoo" in shown(ran.first, "%%qwen --max-tokens 80\nWhich")
    assert "123" in shown(ran.first, "%%qwen --max-tokens 80\nAnd")


def test_the_second_prompt_begins_in_the_cache_and_the_third_probably_will(ran: Ran) -> None:
    first, second = (receipt["usage"] for receipt in receipts(ran.first))
    assert second["cached"] >= 0.9 * first["input"]
    assert "probably come from the cache (`hit?`)" in shown(ran.first, "%qwen_context And")


def test_the_log_doubles_the_price_and_trimming_takes_it_back(ran: Ran) -> None:
    dear = shown(ran.first, "%qwen_context -p alibaba --trim off Does")
    trimmed = shown(ran.first, "%qwen_context -p alibaba Does")
    assert re.search(r"^▲ \d{1,3} tokens past 32,000: the whole request costs double", dear, re.MULTILINE)
    assert re.search(r"^Trimmed #\d+ by [\d,]+ tokens", trimmed, re.MULTILINE)
    assert dollars(trimmed) < dollars(dear) / 2


def test_what_if_lays_everything_beside_the_first_look(ran: Ran) -> None:
    told = shown(ran.first, "%qwen_context -p alibaba --trim off --what-if")
    assert re.search(r"^▸ qwen3-max, Singapore +\$0\.0\d+ +now", told, re.MULTILINE)
    for line in ("trimmed by", "in two requests", "explicit cache, hit", "thinking", "in yuan", "too long"):
        assert re.search(rf"^{line}", told, re.MULTILINE), line


def test_a_budget_is_set_and_taken_away(ran: Ran) -> None:
    assert "From now on at most $2.00 for this notebook" in shown(ran.first, "%qwen_budget 2")
    assert "No budget for this notebook any more" in shown(ran.first, "%qwen_budget off")


def test_the_next_run_is_told_beforehand_to_cost_nothing(ran: Ran) -> None:
    assert "Every answer is at hand: Run All sends nothing" in shown(ran.first, "%qwen_estimate")


def test_another_notebook_has_its_price_tag_without_a_key(ran: Ran) -> None:
    told = shown(ran.first, "import sys")
    assert "3 of 3 questions asked" in told
    assert "Questions go to Alibaba Cloud, Singapore, qwen3-max." in told


def test_what_was_spent_is_nothing(ran: Ran) -> None:
    assert re.search(r"^this notebook +free +2 ", shown(ran.first, "%qwen_usage"), re.MULTILINE)


def test_run_again_it_asks_nothing_and_shows_the_same_answers(ran: Ran) -> None:
    assert len(ran.turns) == 2
    assert ran.turns_again == ran.turns
    assert [receipt["status"] for receipt in receipts(ran.again)] == ["replayed", "replayed"]
    for question in ("%%qwen --max-tokens 80\nWhich", "%%qwen --max-tokens 80\nAnd"):
        first, again = (shown(notebook, question).splitlines()[0] for notebook in (ran.first, ran.again))
        assert again == first


def test_the_notebook_is_saved_clean() -> None:
    notebook = nbformat.read(EXAMPLES / "costs.ipynb", 4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)

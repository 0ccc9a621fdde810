"""The quickstart from top to bottom, as a stranger runs it: a real kernel, the real local model, true usage."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from qwen_magics.ledger import Ledger
from qwen_magics.provider import local

EXAMPLES = Path(__file__).parent.parent / "examples"
RECEIPT = "application/vnd.qwen-magics.receipt+json"


@pytest.fixture(scope="module")
def ran(local_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The executed notebook; it sends nothing anywhere but to this machine."""
    local.stop(local_home)  # a stranger's model has read nothing yet; what a cache holds may turn a small one's answer
    folder = tmp_path_factory.mktemp("quickstart")
    for name in ("quickstart.ipynb", "penguins.csv"):
        shutil.copy(EXAMPLES / name, folder)
    notebook = nbformat.read(folder / "quickstart.ipynb", 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QWEN_MAGICS_PROVIDER", "local")
        patch.setenv("QWEN_MAGICS_DATA_DIR", str(local_home))
        patch.setenv("QWEN_MAGICS_NOTEBOOK", str(folder / "quickstart.ipynb"))
        NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def receipts(notebook: Any) -> list[dict[str, Any]]:
    return [
        output.data[RECEIPT]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if RECEIPT in output.get("data", {})
    ]


def test_every_question_is_answered_with_its_true_usage(ran: Any, local_home: Path) -> None:
    questions = [cell for cell in ran.cells if cell.source.startswith("%%qwen")]
    assert len(questions) == len(receipts(ran)) == 3
    for receipt in receipts(ran):
        assert (receipt["status"], receipt["cost"]["basis"]) == ("complete", "free")
        assert receipt["usage"]["basis"] == {}  # nothing estimated
        assert 0 < receipt["usage"]["input"] < 600
        assert receipt["usage"]["output"] > 0
    recorded = {entry.receipt.id for entry in Ledger(local_home / "ledger.sqlite").rows()}
    assert {receipt["id"] for receipt in receipts(ran)} <= recorded


def test_the_answer_comes_from_the_table_above(ran: Any) -> None:
    first = next(cell for cell in ran.cells if cell.source.startswith("%%qwen"))
    assert "Gentoo" in first.outputs[0].data["text/plain"]


def test_the_second_turn_finds_nine_tenths_of_the_first_ones_prompt_in_the_cache(ran: Any) -> None:
    first, second = receipts(ran)[:2]
    assert second["usage"]["cached"] >= 0.9 * first["usage"]["input"]


def test_the_line_magics_report(ran: Any) -> None:
    shown = "\n".join(cell.outputs[0].data["text/plain"] for cell in ran.cells if cell.source.startswith("%qwen_"))
    assert "Nothing was sent" in shown
    assert "receipts in this notebook" in shown

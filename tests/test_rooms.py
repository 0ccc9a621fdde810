"""The house: who may import whom (CONTRIBUTING.md says it), and what `%load_ext` must not bring along."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "qwen_magics"
HEAVY = ("httpx", "tiktoken", "narwhals", "sqlite3", "keyring", "pandas", "numpy", "tenacity", "truststore")


def rooms() -> list[str]:
    """The list in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    listed = re.search(r"^    (values, errors,.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    return re.findall(r"\w+", listed[1])


def imported(path: Path) -> set[str]:
    """The rooms that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("qwen_magics"):
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level > 1:
            found.add((node.module or "").split(".")[0])
    return found


def test_no_room_imports_one_that_stands_below_it() -> None:
    order = rooms()
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room in order:
            below = set(order[order.index(room) + 1 :])
            assert not imported(path) & below, path


def test_every_room_is_on_the_list() -> None:
    there = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir() if not path.name.startswith("_")}
    assert there - {"labextension", "py"} <= set(rooms())


def test_httpx_has_one_door_and_one_for_weights() -> None:
    doors = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(?:import|from) httpx\b", path.read_text(), re.MULTILINE)
    }
    assert doors == {"provider/client.py", "provider/local/fetch.py"}


def test_loading_brings_nothing_heavy_and_prints_nothing() -> None:
    code = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "before = set(sys.modules)\n"
        "shell.run_line_magic('load_ext', 'qwen_magics')\n"
        f"print('found:', sorted((set(sys.modules) - before) & set({HEAVY!r})))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "found: []\n"
    assert ran.stderr == ""

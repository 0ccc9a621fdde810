"""What the sidebar asks a kernel about its variables, as it asks: an empty, silent request with an expression."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from desk import environment
from front_end import FrontEnd
from nbformat.v4 import new_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "qwen_magics.magics.variables"  # as in labextension/src/notebook/variables.ts


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontEnd]:
    """A kernel that never loaded the extension."""
    home = tmp_path_factory.mktemp("variables")
    with FrontEnd(new_notebook(), home / "notebook.ipynb", environment(home)) as lab:
        yield lab


def said(lab: FrontEnd, call: str) -> dict[str, Any]:
    """What the kernel answers to one call."""
    expression = f'__import__("{MODULE}", fromlist=["_"]).{call}'
    request = lab.client.execute("", silent=True, store_history=False, user_expressions={"said": expression})
    while True:
        reply = lab.client.get_shell_msg(timeout=60)
        if reply["parent_header"]["msg_id"] == request:
            found: dict[str, Any] = reply["content"]["user_expressions"]["said"]
            return found


def test_the_users_names_come_newest_first_with_their_types(lab: FrontEnd) -> None:
    lab.run("import json, pandas as pd\n_hidden = 1\ncount = 3")
    lab.run("df = pd.DataFrame({'species': ['a', 'b']})\ndef area(r): return r * r")
    listed = said(lab, "names()")["data"]["application/json"]
    assert listed["version"] == 1
    assert [(one["name"], one["type"]) for one in listed["variables"]] == [
        ("area", "function"),
        ("df", "DataFrame 2 × 1 (species)"),
        ("count", "int"),
    ]


def test_a_summary_is_what_a_model_would_read_without_its_secrets(lab: FrontEnd) -> None:
    key = "sk-" + secrets.token_hex(16)
    lab.run(f"settings = {{'rows': 40, 'api_key': '{key}'}}")
    found = said(lab, 'summary("settings")')
    assert "'rows': 40" in found["data"]["application/json"]["summary"]
    assert key not in str(found)


def test_a_variable_that_is_not_there_has_no_summary(lab: FrontEnd) -> None:
    assert said(lab, 'summary("nobody")')["data"]["application/json"]["summary"] is None


def test_a_value_that_fails_to_show_itself_harms_nobody(lab: FrontEnd) -> None:
    lab.run(
        "class Sly:\n    def __repr__(self): raise SystemExit\n    __class__ = property(lambda s: 1 / 0)\nsly = Sly()"
    )
    assert {"name": "sly", "type": "Sly"} in said(lab, "names()")["data"]["application/json"]["variables"]
    found = said(lab, 'summary("sly")')
    assert found["status"] == "ok", found


def test_asking_leaves_no_trace(lab: FrontEnd) -> None:
    before = lab.run("41 + 1\n").answer
    lab.run("'kept'")
    said(lab, "names()")
    said(lab, 'summary("count")')
    ran = lab.run("print(_, len(In), [name for name in globals() if 'qwen' in name.lower()], sep='|')")
    kept, number, ours = ran.outputs[0].text.strip().split("|")
    assert (before, kept, ours) == ("", "kept", "[]")
    assert int(number) == len(lab.notebook.cells) + 1

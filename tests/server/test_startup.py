"""What a server's start is made to wait for: the routes, and nothing of what they use."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
from jupyter_server.serverapp import ServerApp
before = set(sys.modules)
server = ServerApp(jpserver_extensions={"qwen_magics.server": True}, open_browser=False, port=0)
server.initialize(argv=["--allow-root"], new_httpserver=False)
assert "qwen_magics_desk" in server.web_app.settings
print("found:", sorted(name for name in set(sys.modules) - before if name.split(".")[0] == "qwen_magics"))
"""
LIGHT = {"qwen_magics", "qwen_magics.errors", "qwen_magics.values", "qwen_magics.server"}


def test_a_start_waits_for_routes_and_nothing_else(own_jupyter: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    found = set(eval(done.stdout.rpartition("found:")[2]))
    assert "qwen_magics.server.chat" in found
    assert {name for name in found if not name.startswith("qwen_magics.server.")} <= LIGHT
    assert not {"qwen_magics.server.question", "qwen_magics.server.runs", "qwen_magics.server.threads.store"} & found
    assert not (own_jupyter / "data" / "qwen-magics").exists()

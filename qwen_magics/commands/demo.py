"""`jupyter qwen demo`: a copy of the quickstart notebook, JupyterLab on it, the local model behind it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_magics import credentials, settings
from qwen_magics.commands.console import say
from qwen_magics.errors import QwenError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

NOTEBOOK = "quickstart.ipynb"
COSTS = "costs.ipynb"  # lies beside it: what it costs, and how to know before
DATA = "penguins.csv"
SIDEBAR = "jp-qwen-sidebar"
WORKSPACE = {
    "data": {
        "layout-restorer:data": {
            "left": {"collapsed": True, "visible": True},
            "right": {"collapsed": False, "visible": True, "current": SIDEBAR, "widgets": [SIDEBAR]},
            "relativeSizes": [0, 0.64, 0.36],
        }
    },
    "metadata": {"id": "default"},
}
PAGE = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
HELP = """Answered by Qwen3-Max where somebody logged in (`jupyter qwen login`), else by the local model, free and
without a key. What stands after `--` goes to JupyterLab: `jupyter qwen demo -- --no-browser`. A copy that is there
already is opened, not overwritten."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("--folder", type=Path, default=Path("qwen-demo"), help="for the copy (default: %(default)s)")
    parser.add_argument("--provider", choices=("auto", *settings.PROVIDERS), help="who answers")
    parser.add_argument("lab", nargs="*", metavar="-- OPTIONS", help="JupyterLab's own options")


def run(args: Namespace) -> int:
    """Copy, check, start; JupyterLab's exit code."""
    for module, name in (("jupyterlab", "JupyterLab"), ("pandas", "pandas")):
        if find_spec(module) is None:
            raise QwenError(f"The demo needs {name}, which is not installed here.", remedy=f"pip install {module}")
    chosen = settings.load().with_options(provider=args.provider)
    if chosen.provider == "auto":
        # A key in a variable was set for something else; who logged in here meant this.
        provider = "alibaba" if credentials.has_record("alibaba", chosen.data_dir) else "local"
        chosen = settings.load().with_options(provider=provider)
    if chosen.provider == "local":
        from qwen_magics.provider import local

        local.find(None, chosen.data_dir)  # says how to fetch the weights where there are none
    notebook = _copy(args.folder.absolute())
    say(f"Opening {notebook}")
    layout, config = _looks(args.folder.absolute() / ".jupyterlab")
    command = [sys.executable, "-m", "jupyterlab", str(notebook), f"--LabApp.workspaces_dir={layout}", *args.lab]
    more = os.environ.get("JUPYTER_CONFIG_PATH")
    variables = {
        "QWEN_MAGICS_PROVIDER": chosen.provider,
        "JUPYTER_CONFIG_PATH": os.pathsep.join([str(config), *([more] if more else [])]),
    }
    lab = subprocess.Popen(command, env=os.environ | variables)  # noqa: S603
    # Ctrl-C is JupyterLab's, which asks before it ends. Who ends the demo means JupyterLab.
    asked = signal.signal(signal.SIGINT, signal.SIG_IGN)
    ended = signal.signal(signal.SIGTERM, lambda *_: lab.terminate())
    try:
        return lab.wait()
    finally:
        signal.signal(signal.SIGINT, asked)
        signal.signal(signal.SIGTERM, ended)


def _copy(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (DATA, NOTEBOOK, COSTS):
            if not (folder / name).exists():
                shutil.copyfile(examples() / name, folder / name)
    except OSError as error:
        raise QwenError(
            f"{folder} can't be written: {error.strerror}.", remedy="jupyter qwen demo --folder FOLDER"
        ) from None
    return folder / NOTEBOOK


def _looks(folder: Path) -> tuple[Path, Path]:
    """Folders with a workspace and a page configuration of the demo's own: the sidebar is open, and JupyterLab's
    question about its news doesn't cover it. The person's own layout and configuration stay untouched.
    """
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    layout, config = folder / "workspaces", folder / "config"
    if not layout.exists():
        WorkspacesManager(str(layout)).save("default", json.dumps(WORKSPACE))
        (config / "labconfig").mkdir(parents=True, exist_ok=True)
        (config / "labconfig" / "page_config.json").write_text(json.dumps(PAGE))
    return layout, config


def examples() -> Path:
    """The notebooks that came with the package, or stand in the source tree."""
    package = Path(__file__).parent.parent
    for place in (package / "examples", package.parent / "examples"):
        if (place / NOTEBOOK).is_file():
            return place
    raise QwenError(
        "The quickstart notebook is missing from this installation.",
        remedy="pip install --force-reinstall qwen-magics",
    )

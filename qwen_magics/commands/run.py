"""`jupyter qwen run NOTEBOOK`: executes a notebook headless, with its path known to the kernel, and keeps its outputs.

nbclient tells a kernel neither path nor cell ids, so the path goes along in QWEN_MAGICS_NOTEBOOK: `%%qwen` cells then
see the same cells above as they do in JupyterLab.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen_magics.commands.console import say
from qwen_magics.commands.files import write
from qwen_magics.errors import QwenError
from qwen_magics.notebook.receipts import MIME

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from nbclient import NotebookClient
    from nbformat import NotebookNode

HELP = """Stops at the first cell that fails, with exit code 1; what ran until then is saved all the same.
Guard rails and settings are those of the notebook: files, QWEN_MAGICS_* variables and its own %config lines."""
KEPT_LINES = 4  # of an error: a QwenError has its remedy in them


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument("notebook", type=Path, metavar="NOTEBOOK")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--output", type=Path, metavar="FILE", help="where it goes when it ran (NOTEBOOK-run.ipynb)")
    where.add_argument("--inplace", action="store_true", help="into NOTEBOOK itself")
    parser.add_argument("--kernel", metavar="NAME", help="another kernel than the notebook's own")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="the longest that one cell may take")


def run(args: Namespace) -> int:
    """Execute and save; 0 if every cell ran."""
    nbformat, client_class = _tools()
    source: Path = args.notebook.absolute()
    output = source if args.inplace else (args.output or source.with_name(f"{source.stem}-run.ipynb")).absolute()
    notebook = _read(nbformat, source)
    client = client_class(
        notebook,
        timeout=args.timeout,
        resources={"metadata": {"path": str(source.parent)}},
        record_timing=False,
        **({"kernel_name": args.kernel} if args.kernel else {}),
    )
    began, at = time.monotonic(), _Progress(client)
    try:
        problem = _execute(client, source, at)
    finally:  # an interrupt too: what ran is worth keeping
        if at.number:
            write(output, f"{nbformat.writes(notebook).rstrip()}\n".encode())
    say(problem or f"Ran {source.name} in {time.monotonic() - began:.1f} s.")
    if at.number:
        say(f"Saved to {output}")
    if at.interrupted:
        raise KeyboardInterrupt
    return 1 if problem else 0


def _tools() -> tuple[Any, type[NotebookClient]]:
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError as error:
        raise QwenError(f"Running notebooks needs {error.name}.", remedy="pip install nbclient") from None
    return nbformat, NotebookClient


def _read(nbformat: Any, source: Path) -> NotebookNode:
    try:
        notebook: NotebookNode = nbformat.read(source, as_version=4)
    except FileNotFoundError:
        raise QwenError(f"There is no notebook {source}.") from None
    except (OSError, ValueError) as error:  # nbformat's own errors are ValueErrors
        raise QwenError(f"{source} can't be read as a notebook: {type(error).__name__}.") from None
    return notebook


def _execute(client: NotebookClient, source: Path, at: _Progress) -> str:
    """Run all cells; what went wrong, for people, or nothing."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    before = signal.getsignal(signal.SIGINT)  # nbclient leaves its own there where no kernel starts
    try:
        client.execute(env={**os.environ, "QWEN_MAGICS_NOTEBOOK": str(source)})
    except CellExecutionError as error:
        why = "\n".join(f"{error.ename}: {error.evalue}".rstrip(": ").splitlines()[:KEPT_LINES])
        return f"Stopped in cell #{at.number}." if at.interrupted else f"Cell #{at.number} failed: {why}"
    except CellTimeoutError:
        return f"Cell #{at.number} took longer than --timeout."
    except (DeadKernelError, RuntimeError):
        return f"The kernel died in cell #{at.number}." if at.number else "The kernel didn't start."
    except NoSuchKernel as error:
        raise QwenError(
            f"There is no kernel `{error.name}` here.",
            remedy="`jupyter kernelspec list` shows them, --kernel chooses one.",
        ) from None
    finally:
        signal.signal(signal.SIGINT, before)
    return ""


class _Progress:
    """Where the run is, told by nbclient. Says on standard error what each turn took; passes an interrupt on."""

    def __init__(self, client: NotebookClient) -> None:
        self.client = client
        self.number = 0  # of the cell that runs, counted as everywhere: all cells, from 1
        self.interrupted = False
        client.on_cell_start = self.started
        client.on_cell_executed = self.executed

    def started(self, cell: NotebookNode, cell_index: int) -> None:
        """A cell starts. nbclient would kill the kernel at Ctrl-C: a turn could not settle."""
        self.number = cell_index + 1
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt comes up by itself
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self.interrupt)

    def executed(self, cell: NotebookNode, cell_index: int, execute_reply: object) -> None:
        """A cell has ended, well or not."""
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                sys.stderr.write(f"#{cell_index + 1}  {output['data'].get('text/plain', '')}\n")

    def interrupt(self) -> None:
        """Ctrl-C: stop the cell; a second one, or a cell that doesn't listen, ends the kernel."""
        kernel: Any = self.client.km
        stop = kernel.shutdown_kernel(now=True) if self.interrupted else kernel.interrupt_kernel()
        self.stopping = asyncio.ensure_future(stop)  # kept, or it could be collected before it is done
        self.interrupted = True

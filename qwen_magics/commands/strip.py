"""`jupyter qwen strip NOTEBOOK…`: a notebook without what our turns left in it besides their answers, to give away."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from qwen_magics.commands.console import say
from qwen_magics.commands.files import write
from qwen_magics.errors import OptionError, QwenError
from qwen_magics.notebook.strip import NotANotebookError, Stripped, What, strip

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = """Removed are receipts (what was spent, request ids), thinking, the reports of %qwen_context, %qwen_usage and
their like, what was asked as it was sent ({{ expressions }} filled in, attachments), and the thread of the sidebar that
a notebook was exported from, with its other branches. Answers stay, as Markdown that
any viewer shows; so does all else, byte for byte. Later turns still work: the cell's own text stands in for what was
asked. On this machine saved answers replay as before; for that to work elsewhere, `--keep asked`.

Not looked at: what your own cells show, other copies (.ipynb_checkpoints, git's history), this machine's ledger.

As a git filter, so that nothing of it is ever committed while your own file keeps it:

  git config filter.qwen.clean "jupyter qwen strip -"
  echo "*.ipynb filter=qwen" >> .gitattributes"""
_WORDS: dict[What, tuple[str, str]] = {
    "receipts": ("receipt", "receipts"),
    "thinking": ("thought", "thoughts"),
    "reports": ("report", "reports"),
    "answers": ("part of an answer", "parts of answers"),
    "asked": ("question as it was sent", "questions as they were sent"),
    "threads": ("thread of the sidebar", "threads of the sidebar"),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Add its options."""
    parser.add_argument(
        "notebooks", nargs="+", metavar="NOTEBOOK", help="changed in place; - reads stdin, writes stdout"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead (one notebook)")
    kinds = [kind for kind in get_args(What) if kind != "answers"]
    parser.add_argument("--keep", action="append", default=[], choices=kinds, help="may be given more than once")
    parser.add_argument("--no-answers", action="store_true", help="the answers go too")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit code 1 if there is something to remove"
    )


def run(args: Namespace) -> int:
    """Strip each; a file that can't be read stays as it is, and the others are done all the same."""
    if len(args.notebooks) > 1 and (args.output or "-" in args.notebooks):
        raise OptionError("--output and - are for one notebook.", remedy="Strip them one by one.")
    keep: list[What] = args.keep if args.no_answers else [*args.keep, "answers"]
    found, failed = False, False
    for name in args.notebooks:
        try:
            found = bool(_one(name, args, keep).removed) or found
        except QwenError as error:
            if len(args.notebooks) == 1:
                raise
            sys.stderr.write(f"{error}\n")
            failed = True
    return int(failed or (args.check and found))


def _one(name: str, args: Namespace, keep: list[What]) -> Stripped:
    before = _read(name)
    try:
        done = strip(before.decode(), keep)
    except UnicodeDecodeError:
        raise QwenError(f"{name} stays as it is: it is not UTF-8.") from None
    except NotANotebookError as error:
        remedy = "jupyter nbconvert --to notebook --nbformat 4 --inplace NOTEBOOK" if "format" in str(error) else ""
        raise QwenError(f"{name} stays as it is: {error}.", remedy=remedy) from None
    after = done.text.encode()
    if not args.check:
        if args.output is not None:
            write(args.output, after)
        elif name == "-":
            sys.stdout.buffer.write(after)
        elif after != before:
            write(Path(name), after)
    told = _said(name, done, "would remove" if args.check else "removed")
    if name == "-":
        sys.stderr.write(f"{told}\n" if done.removed else "")
    else:
        say(told)
    return done


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise QwenError(f"{name} can't be read: {error.strerror}.") from None


def _said(name: str, done: Stripped, verb: str) -> str:
    gone = [
        f"{done.removed[kind]:,} {_WORDS[kind][done.removed[kind] != 1]}" for kind in _WORDS if kind in done.removed
    ]
    stay = f"{done.answers:,} {'answer stays' if done.answers == 1 else 'answers stay'}"
    return f"{name}: {verb} {', '.join(gone)}; {stay}." if gone else f"{name}: nothing to remove; {stay}."

"""`jupyter qwen local …`, which the local model itself defines (`provider.local.cli`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics import settings
from qwen_magics.provider.local import cli

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HELP = "A small Qwen that runs on this machine: free, without a key, without network once its weights are here."


def add_arguments(parser: ArgumentParser) -> None:
    """Add its actions."""
    cli.add_arguments(parser)


def run(args: Namespace) -> int:
    """Carry out one action."""
    return cli.run(args, settings.load().with_options().data_dir)

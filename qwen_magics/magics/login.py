"""`%qwen_login`: the same conversation as `jupyter qwen login`, in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qwen_magics import login as conversation
from qwen_magics.magics.arguments import Parser

if TYPE_CHECKING:
    from qwen_magics.magics.session import Session


def login(session: Session, line: str) -> None:
    """Log in or out. The key is asked for in a hidden field."""
    parser = Parser("%qwen_login")
    parser.add_argument("--provider", default="")
    parser.add_argument("--region", default="")
    parser.add_argument("--workspace", default="")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--logout", action="store_true")
    asked = parser.read(line)
    if asked.logout:
        told = conversation.logout(session.qwen, asked.provider)
    else:
        told = str(
            conversation.login(session.qwen, asked.provider, asked.region, asked.workspace, check=not asked.no_check)
        )
    print(told)  # noqa: T201 -- a line of text is all that is to be shown

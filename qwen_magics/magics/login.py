"""`%qwen_login`: the same conversation as `jupyter qwen login`, in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from traitlets.config import Config

from qwen_magics import login as conversation
from qwen_magics.errors import Stopped
from qwen_magics.magics import report
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
        report.say(session.shell, conversation.logout(session.qwen, asked.provider))
        return
    try:
        done = conversation.login(session.qwen, asked.provider, asked.region, asked.workspace, check=not asked.no_check)
    except KeyboardInterrupt:
        raise Stopped("Stopped; nothing was stored.") from None
    if done.unused:  # who logs in here chooses it here
        session.qwen.update_config(Config(Qwen={"provider": done.provider}))
        done = replace(done, unused=False, notes=(*done.notes, f"This session asks {done.label} from now on."))
    report.say(session.shell, str(done))

"""`%qwen_usage --live` in this session: where its view is shown, and when it ends."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qwen_magics.display.follow import LAST, Follow, plain
from qwen_magics.ledger import spans
from qwen_magics.ledger.watch import Now
from qwen_magics.magics import report
from qwen_magics.magics.prepare import place

if TYPE_CHECKING:
    from qwen_magics.magics.session import Session


def follow(session: Session) -> None:
    """Show the live view, in place of one that this session shows elsewhere; one text where there are no widgets."""
    session.stop_following()
    here = place(session, session.notebook()).notebook
    if getattr(session.shell, "kernel", None) is None:
        now = session.ledger.now(here, spans.today(None), LAST) or Now()
        report.say(session.shell, plain(now, dt.datetime.now()))
        return
    name = f"qwen-{uuid.uuid4().hex[:12]}-live"

    def publish(data: Mapping[str, Any], *, update: bool) -> None:
        session.shell.display_pub.publish(
            data=dict(data), metadata=report.MARK, transient={"display_id": name}, update=update
        )

    session.following = Follow(session.ledger, here, publish, watched=bool(session.cell_key))
    session.following.start()

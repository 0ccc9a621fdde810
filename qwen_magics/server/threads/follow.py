"""Notebooks and folders get other names; their threads go along. Listens to what the contents manager tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_events import EventLogger

    from qwen_magics.server.desk import Desk

CONTENTS = "https://events.jupyter.org/jupyter_server/contents_service/v1"


def follow(events: EventLogger | None, desk: Desk) -> None:
    """From now on, whoever renames."""
    if events is None:  # it never is None in a server
        return

    async def told(logger: EventLogger, schema_id: str, data: dict[str, Any]) -> None:
        if data.get("action") == "rename" and data.get("source_path"):
            await desk.work(renamed, desk, data["source_path"], data["path"])

    events.add_listener(schema_id=CONTENTS, listener=told)


def renamed(desk: Desk, before: str, after: str) -> None:
    """Blocks."""
    desk.threads.moved(before.strip("/"), after.strip("/"))

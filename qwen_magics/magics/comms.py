"""The kernel's end of what the front end says by comms: a copy of the notebook, before a cell runs that asks.

Each copy comes in the `comm_open` of a comm of its own, which is the one message that is handled before the execute
request behind it. It is closed at once; the closing says which cells have to be sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_magics.magics.session import Session

TARGET = "qwen-magics"
VERSION = 1


def listen(session: Session) -> None:
    """Take copies from now on, where the shell is a kernel's."""
    manager = _manager(session)
    if manager is not None:
        manager.register_target(TARGET, lambda comm, message: _take(session, comm, message))


def leave(session: Session) -> None:
    """Take no more."""
    manager = _manager(session)
    if manager is not None and TARGET in manager.targets:
        manager.unregister_target(TARGET, None)


def _manager(session: Session) -> Any:
    return getattr(getattr(session.shell, "kernel", None), "comm_manager", None)


def _take(session: Session, comm: Any, message: dict[str, Any]) -> None:
    from msgspec import ValidationError

    try:
        missing = session.here.live.take(message["content"]["data"])
    except ValidationError:  # of another version: the file says what it needs
        comm.close({"version": VERSION, "taken": False})
    else:
        comm.close({"version": VERSION, "taken": True, "missing": missing})

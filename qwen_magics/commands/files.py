"""Writing a file that somebody cares for: all of it or none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from qwen_magics.errors import QwenError


def write(path: Path, data: bytes) -> None:
    """In one step: there is the old file or the new one, with the old one's rights; a link stays a link.

    Raises QwenError.
    """
    there = path.resolve()
    fresh = there.with_name(f".{there.name}.{os.getpid()}")
    try:
        with fresh.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if there.exists():
            shutil.copymode(there, fresh)
        fresh.replace(there)
    except OSError as error:
        raise QwenError(f"{path} can't be written: {error.strerror}.") from None
    finally:
        fresh.unlink(missing_ok=True)

"""Reads one table file of the catalogue, ours or the user's, into checked structs. Knows no model and no price."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from qwen_magics.errors import SettingsError

T = TypeVar("T")


def read(path: Path) -> dict[str, Any]:
    """The file's content with every number exact: `1.2` becomes the Decimal 1.2, as if it stood in quotes."""
    import tomllib
    from decimal import Decimal

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise SettingsError(f"{path} is no valid TOML: {why}.", remedy=f"Mend or remove {path}") from None
    except OSError as why:
        raise SettingsError(f"{path} can't be read: {why.strerror}.", remedy=f"Mend or remove {path}") from None


def check(raw: object, kind: type[T], path: Path, what: str) -> T:
    """`raw` as a `kind`, or a SettingsError that names the file, the entry (`what`) and the field."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as why:
        raise SettingsError(f"{path}, {what}: {why}.", remedy=f"Mend {what} in {path}") from None

"""Where `login` keeps keys: one small file per provider in the data folder, the key itself in the system's keyring.

The file (0600, in a 0700 folder) either says that the keyring has the record or, where there is no real keyring,
holds it. So a keyring is only ever asked by those who logged in, and one that is locked or hangs costs one wait.
A record is key, region and workspace together. On Windows the file's protection is that of the user's profile.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import DecodeError, json

from qwen_magics.credentials.key import Key
from qwen_magics.errors import CredentialError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVICE = "qwen-magics"
T = TypeVar("T")
READ_WAIT, WRITE_WAIT = 5.0, 30.0  # seconds; a keyring may ask the user to unlock it
IN_KEYRING = {"keyring": True}

_remembered: dict[tuple[str, int], Key] = {}  # what the keyring said, by file and its time: asked once a login
_hangs = False  # a keyring that hung once isn't asked again by this process


def save(key: Key, data_dir: Path) -> str:
    """Store a key with its region and workspace; returns where. Raises CredentialError where that can't be written."""
    where, problem = _save(key, _path(key.provider, data_dir), data_dir)
    if problem:
        raise CredentialError(f"The key can't be stored in {data_dir}: {problem}.")
    return where


def stored(provider: str, data_dir: Path) -> Key | None:
    """What `login` stored for the provider. Raises CredentialError where the file is there but can't be read."""
    path = _path(provider, data_dir)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    if (str(path), changed) in _remembered:
        return _remembered[str(path), changed]
    key, problem = _load(path, provider)
    if problem:
        raise CredentialError(f"{path} {problem}", remedy=f"jupyter qwen login --provider {provider}")
    if key is None:
        key = _with_keyring(lambda ring: _get(ring, provider, data_dir), READ_WAIT)
        if key is not None:
            _remembered[str(path), changed] = key
    return key


def has_record(provider: str, data_dir: Path) -> bool:
    """Whether somebody logged in, even if the keyring doesn't give the key out now."""
    return _path(provider, data_dir).exists()


def forget(provider: str, data_dir: Path) -> bool:
    """Log out: remove the provider's record from the file and the keyring. Whether there was one."""
    path = _path(provider, data_dir)
    if not path.exists():
        return False
    if _load(path, provider) == (None, ""):
        _with_keyring(lambda ring: ring.delete_password(SERVICE, _user(provider, data_dir)), READ_WAIT)
    path.unlink(missing_ok=True)
    return True


def _path(provider: str, data_dir: Path) -> Path:
    return data_dir / "keys" / f"{provider}.json"


def _user(provider: str, data_dir: Path) -> str:
    return f"{provider} {data_dir}"  # two data folders are two logins


def _record(key: Key) -> bytes:
    return json.encode({"key": key.reveal(), "region": key.region, "workspace": key.workspace})


def _key(record: Any, provider: str, origin: str) -> Key | None:
    if not isinstance(record, dict) or not isinstance(record.get("key"), str):
        return None
    region, workspace = str(record.get("region", "")), str(record.get("workspace", ""))
    return Key(record["key"], provider, region=region, workspace=workspace, origin=origin)


def _save(key: Key, path: Path, data_dir: Path) -> tuple[str, str]:
    """Where the key went, and what is wrong. Never raises: an error's frames would know the key."""
    try:
        for folder in (data_dir, path.parent):  # each by itself: `parents` would make the upper ones 0755
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        if _with_keyring(lambda ring: _put(ring, key, data_dir), WRITE_WAIT):
            _write(path, json.encode(IN_KEYRING))
            return "the system's keyring", ""
        _write(path, _record(key))
    except OSError as error:
        return "", error.strerror or type(error).__name__
    return str(path), ""


def _load(path: Path, provider: str) -> tuple[Key | None, str]:
    """The file's key (None: the keyring has it) and what is wrong with it. Never raises: its frame knows a key."""
    try:
        record = json.decode(path.read_bytes())
    except OSError as error:
        return None, f"can't be read: {error.strerror}."
    except DecodeError:
        return None, "is damaged."
    key = _key(record, provider, "login")
    return key, "" if key or record == IN_KEYRING else "is damaged."


def _write(path: Path, content: bytes) -> None:
    """Replace the file in one step; it never exists with other rights or half of its content."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


# --- the system's keyring ---------------------------------------------------------------------------------------------


def _put(ring: Any, key: Key, data_dir: Path) -> bool:
    user = _user(key.provider, data_dir)
    ring.set_password(SERVICE, user, _record(key).decode())
    return bool(_get(ring, key.provider, data_dir) == key)  # some take it and keep nothing


def _get(ring: Any, provider: str, data_dir: Path) -> Key | None:
    return _key(json.decode(ring.get_password(SERVICE, _user(provider, data_dir)) or "null"), provider, "login")


def _with_keyring(work: Callable[[Any], T], seconds: float) -> T | None:
    """What `work` gets from the system's keyring; None where there is none, or it is locked, broken or hangs."""
    global _hangs
    answers: list[T] = []

    def ask() -> None:
        with contextlib.suppress(Exception):  # whatever a backend raises, it is no keyring for us
            import keyring

            ring = keyring.get_keyring()
            if ring.priority >= 1:  # below: none at all, one that forgets, or a plain file elsewhere
                answers.append(work(ring))

    if not _hangs:
        thread = threading.Thread(target=ask, name="qwen-magics keyring", daemon=True)
        thread.start()
        thread.join(seconds)
        _hangs = thread.is_alive()
    return answers[0] if answers else None

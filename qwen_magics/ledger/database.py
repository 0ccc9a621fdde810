"""A file of SQLite (the ledger, the sidebar's threads): opened at first use and brought up to its schema, its
transactions, its faults in plain words. Knows no money.

Journal: WAL where the disk is this machine's own, a rollback journal on network disks, where WAL's shared memory fails.
In WAL, `synchronous = NORMAL`: a process that dies loses nothing, a power cut may lose the last moment's rows.
The folder is made 0700 (one that exists keeps its rights), the file 0600; SQLite gives -wal and -shm the file's rights.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from qwen_magics.errors import LedgerError

BUSY_SECONDS = 10.0

_NETWORK = {  # file systems whose data lies on another machine
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "fhgfs", "fuse.davfs2", "fuse.glusterfs",
    "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs3", "nfs4", "orangefs", "panfs",
    "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "webdav",
}  # fmt: skip

_ELSEWHERE = '%config Qwen.data_dir = "another/folder"'
_ANEW = "Rename it (keep it); a new one begins by itself."
_CANT_OPEN = ("can't be opened", f"Make it writable, or: {_ELSEWHERE}")
_WHY = {
    sqlite3.SQLITE_CANTOPEN: _CANT_OPEN,
    sqlite3.SQLITE_PERM: _CANT_OPEN,
    sqlite3.SQLITE_READONLY: ("can't be written", f"Make it writable, or: {_ELSEWHERE}"),
    sqlite3.SQLITE_IOERR: ("can't be read or written", f"Look after its disk, or: {_ELSEWHERE}"),
    sqlite3.SQLITE_FULL: ("can't grow: the disk is full", f"Free some space there, or: {_ELSEWHERE}"),
    sqlite3.SQLITE_NOTADB: ("is no {name}, or damaged", _ANEW),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _ANEW),
    sqlite3.SQLITE_BUSY: (f"was held by another process for {BUSY_SECONDS:.0f} s", "Ask again."),
}


class Database:
    """One SQLite file, which people call `name`. A connection per process, safe for its threads, opened anew after a
    fork. `schemas` are scripts, one for each version; a newer one only adds, so that older versions read the file too.
    """

    def __init__(self, path: Path, schemas: Sequence[str], name: str) -> None:
        self.path, self._schemas, self._name = path, schemas, name
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0
        self._inherited: list[sqlite3.Connection] = []  # closing one that came by a fork would disturb its parent

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone from its first statement on; an exception undoes it. Raises LedgerError."""
        with self._lock, self._explained():
            connection = self._open()
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            except BaseException:
                # Some errors (a full disk) have rolled back already.
                with suppress(sqlite3.Error):
                    connection.execute("rollback")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """For queries: one unchanging view of the file. Raises LedgerError."""
        with self._lock, self._explained():
            connection = self._open()
            connection.execute("begin")
            try:
                yield connection
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("rollback")

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """For a query that changes nothing, by a connection of its own. Raises LedgerError, also without a file."""
        where = f"{self.path.absolute().as_uri()}?mode=ro"
        with self._explained(), closing(sqlite3.connect(where, uri=True, timeout=2)) as connection:
            yield connection

    def shred(self) -> None:
        """Let nothing deleted remain readable in the file or its journal."""
        with self._lock, self._explained():
            connection = self._open()
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._pid == os.getpid():
            return self._connection
        if self._connection is not None:
            self._inherited.append(self._connection)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        if self.path.stat().st_mode & 0o077:
            self.path.chmod(0o600)
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, self.path, self._schemas)
        except BaseException:
            connection.close()
            raise
        self._connection, self._pid = connection, os.getpid()
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """SQLite's and the system's errors as LedgerErrors that name the file and the remedy."""
        try:
            yield
        except sqlite3.Error as fault:
            code = (getattr(fault, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF
            why, remedy = _WHY.get(code, (f"can't be used ({fault})", _ANEW))
            why = why.replace("{name}", self._name)
            raise LedgerError(f"The {self._name} {self.path} {why}.", remedy=remedy) from fault
        except OSError as fault:
            why, remedy = _CANT_OPEN
            raise LedgerError(f"The {self._name} {self.path} {why}: {fault.strerror}.", remedy=remedy) from fault


def _prepare(connection: sqlite3.Connection, path: Path, schemas: Sequence[str]) -> None:
    (mode,) = connection.execute("pragma journal_mode").fetchone()
    if mode != "wal" and _on_own_disk(path):
        # Another process may be opening it this very moment; then it does this.
        with suppress(sqlite3.OperationalError):
            (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
    if mode == "wal":
        connection.execute("pragma synchronous = normal")
    connection.execute("pragma secure_delete = on").fetchall()
    if connection.execute("pragma user_version").fetchone()[0] < len(schemas):
        _bring_up(connection, schemas)


def _bring_up(connection: sqlite3.Connection, schemas: Sequence[str]) -> None:
    """Add what later versions brought, in one transaction: another process may be doing it this very moment."""
    connection.execute("begin immediate")
    try:
        (version,) = connection.execute("pragma user_version").fetchone()
        for schema in schemas[version:]:
            for statement in _statements(schema):
                connection.execute(statement)
        connection.execute(f"pragma user_version = {max(version, len(schemas))}")
        connection.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("rollback")
        raise


def _statements(script: str) -> Iterator[str]:
    """A script's statements one by one: `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _on_own_disk(path: Path) -> bool:
    """Whether the file lies on a disk of this machine, as far as the system's table of mounts tells."""
    import psutil

    place = str(path.resolve())
    if place.startswith("\\\\"):
        return False
    mounts = [m for m in psutil.disk_partitions(all=True) if Path(place).is_relative_to(m.mountpoint)]
    if not mounts:
        return True
    nearest = max(mounts, key=lambda mount: len(mount.mountpoint))
    return nearest.fstype.lower() not in _NETWORK and "remote" not in nearest.opts.split(",")

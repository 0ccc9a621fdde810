"""The ledger's file: opened at first use, its schema, its transactions, its faults in plain words. Knows no money.

Journal: WAL where the disk is this machine's own, a rollback journal on network disks, where WAL's shared memory fails.
In WAL, `synchronous = NORMAL`: a process that dies loses nothing, a power cut may lose the last moment's rows.
The folder is made 0700 (one that exists keeps its rights), the file 0600; SQLite gives -wal and -shm the file's rights.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from qwen_magics.errors import LedgerError

BUSY_SECONDS = 10.0

_FIRST = """
create table if not exists entries (
    n integer primary key autoincrement,
    kind text not null,              -- reserved, then one of settled | lost | released
    turn text not null,
    time text not null,              -- the turn's start in UTC, all rows of a turn alike
    notebook text not null, cell text not null, session text not null,
    provider text not null, region text not null, model text not null,
    status text not null,
    currency text not null,          -- '' where no money is known: free, plan, unpriced, replayed
    amount text,                     -- a decimal; of a reserved or lost row the worst case
    basis text not null, bound text not null, derived integer not null, saved text,
    input integer not null, cached integer not null, output integer not null, thinking integer not null,
    request_hash text not null,
    receipt text not null            -- JSON; '' in reserved and released rows
);
create unique index if not exists entries_turn on entries (turn, kind);
create index if not exists entries_time on entries (time);
create index if not exists entries_notebook on entries (notebook, time);
create index if not exists entries_session on entries (session, time);
-- What counts as spent: settled turns, and lost ones (whose owner may have come back to settle after all).
create view if not exists spent as
    select * from entries where kind = 'settled' or kind = 'lost'
        and not exists (select 1 from entries s where s.turn = entries.turn and s.kind = 'settled');
-- Turns in flight, a handful at most; the only rows that change.
create table if not exists in_flight (
    turn text primary key, owner text not null, receipt text not null, sent integer not null default 0
);
create table if not exists answers (
    n integer primary key autoincrement,
    turn text not null unique, time text not null, notebook text not null, cell text not null, session text not null,
    request_hash text not null, model text not null, status text not null,
    asked text not null, text text not null, thinking text not null, size integer not null
);
create index if not exists answers_cell on answers (notebook, cell, n);
create index if not exists answers_hash on answers (request_hash, n);
create table if not exists held (bytes integer not null);
insert into held select 0 where not exists (select 1 from held);
create trigger if not exists answer_in after insert on answers begin update held set bytes = bytes + new.size; end;
create trigger if not exists answer_out after delete on answers begin update held set bytes = bytes - old.size; end;
"""
_SECOND = """
alter table answers add column execution text not null default '';  -- one run of a cell, which may ask many times
create index entries_model on entries (model, n);
create table budgets (       -- the newest row of a scope, notebook and currency holds
    n integer primary key autoincrement,
    time text not null,
    scope text not null,     -- turn | notebook | day | month
    notebook text not null,  -- '' but for the scope `notebook`
    currency text not null,
    amount text              -- null: no budget any more
);
create table prompts (       -- what the last requests of a notebook were made of; no text of theirs
    n integer primary key autoincrement,
    turn text not null unique, time text not null, notebook text not null,
    provider text not null, region text not null, model text not null,
    layout text not null     -- JSON: label, digest and size of each part, in order
);
create index prompts_notebook on prompts (notebook, n);
create table sums (          -- what the rows up to n come to; a shortcut, which may be dropped at any time
    since text not null, notebook text not null, currency text not null,
    n integer not null, amount text not null,
    primary key (since, notebook, currency)
);
create trigger entry_out after delete on entries begin delete from sums; end;
"""
# Nothing is ever changed or dropped, so older and newer versions read each other's files.
SCHEMAS = (_FIRST, _SECOND)
VERSION = len(SCHEMAS)

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
    sqlite3.SQLITE_NOTADB: ("is no ledger, or damaged", _ANEW),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _ANEW),
    sqlite3.SQLITE_BUSY: (f"was held by another process for {BUSY_SECONDS:.0f} s", "Ask again."),
}


class Database:
    """One SQLite file. A connection per process, safe for its threads, opened anew after a fork."""

    def __init__(self, path: Path) -> None:
        self.path = path
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
            _prepare(connection, self.path)
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
            raise LedgerError(f"The ledger {self.path} {why}.", remedy=remedy) from fault
        except OSError as fault:
            why, remedy = _CANT_OPEN
            raise LedgerError(f"The ledger {self.path} {why}: {fault.strerror}.", remedy=remedy) from fault


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("pragma journal_mode").fetchone()
    if mode != "wal" and _on_own_disk(path):
        # Another process may be opening it this very moment; then it does this.
        with suppress(sqlite3.OperationalError):
            (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
    if mode == "wal":
        connection.execute("pragma synchronous = normal")
    connection.execute("pragma secure_delete = on").fetchall()
    if connection.execute("pragma user_version").fetchone()[0] < VERSION:
        _bring_up(connection)


def _bring_up(connection: sqlite3.Connection) -> None:
    """Add what later versions brought, in one transaction: another process may be doing it this very moment."""
    connection.execute("begin immediate")
    try:
        (version,) = connection.execute("pragma user_version").fetchone()
        for schema in SCHEMAS[version:]:
            for statement in _statements(schema):
                connection.execute(statement)
        connection.execute(f"pragma user_version = {max(version, VERSION)}")
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

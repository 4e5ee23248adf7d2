"""Open SQLite databases durably, check them, and set damaged ones aside.

WAL with synchronous=FULL: committed data survives kill -9 and power loss. A damaged file is renamed, never deleted, and
the log reports it; a new database takes its place.
"""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

from protocol.errors import AlleleError

log = logging.getLogger("allele.store")

QUICK_CHECK_BYTES = 64 << 20  # a check reads the whole file: 0.1 s at this size
BUSY_S = 5.0


def open_database(
    path: Path, schema: str, version: int, added: Mapping[str, Sequence[str]] | None = None
) -> sqlite3.Connection:
    """Open or create a database with this schema; a damaged one is set aside first.

    Args:
        added: by table, the columns that files of earlier versions lack. They are added when such a file is opened.

    Raises:
        AlleleError: E_DISK_FULL, or E_IO if there is no permission, another program locks the file or a newer version
            of Allele wrote it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _open(path, schema, version, added or {})
    except sqlite3.DatabaseError as problem:
        if isinstance(problem, sqlite3.OperationalError):
            raise _cannot_open(path, problem) from problem  # the file itself is not damaged
        aside = set_aside(path)
        log.error("%s is damaged (%s): set aside as %s, a new one is started", path, problem, aside.name)
        return _open(path, schema, version, added or {})


def _cannot_open(path: Path, problem: sqlite3.OperationalError) -> AlleleError:
    if is_full(problem):
        return AlleleError("E_DISK_FULL", f"{path}: no space is left on the disk", hint="free some space")
    return AlleleError("E_IO", f"{path}: {problem}", hint="check its permissions; is another program using it?")


def is_full(problem: sqlite3.Error) -> bool:
    """Whether SQLite found no space left on the disk. Errors that Python itself raises carry no code."""
    return getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def set_aside(path: Path) -> Path:
    """Rename a damaged database with its WAL files; returns the new path."""
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6:06d}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Generator[None]:
    """Run the block as one transaction; all of it is durable when the block ends, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk may have rolled back already
            db.execute("ROLLBACK")
        raise


def _open(path: Path, schema: str, version: int, added: Mapping[str, Sequence[str]]) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found > version:
            raise AlleleError(
                "E_IO", f"{path}: written by a newer version of Allele (format {found})", hint="upgrade Allele"
            )
        if path.stat().st_size < QUICK_CHECK_BYTES:
            (result,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if result != "ok":
                raise sqlite3.DatabaseError(result)
        if found < version:
            with transaction(db):
                for statement in schema.split(";"):
                    db.execute(statement)
                for table, columns in added.items():
                    _add_columns(db, table, columns)
                db.execute(f"PRAGMA user_version={version}")
    except BaseException:
        db.close()
        raise
    return db


def _add_columns(db: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
    present = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
    for column in columns:
        if column.split()[0] not in present:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

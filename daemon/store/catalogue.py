"""The catalogue, `catalogue.sqlite`: jobs, and an index of corpora and models.

The index is rebuilt from the folders if the file is deleted; only the history of jobs is lost. Used on one thread.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from daemon.jobs.specs import JobSpec, TrainSpec
from daemon.store.database import open_database, transaction
from daemon.store.folders import corpus_signature, model_signature, read_corpus, read_model, with_problem
from protocol.messages.corpora import CorpusInfo
from protocol.messages.jobs import JobInfo
from protocol.messages.models import ModelInfo
from protocol.places import Places

T = TypeVar("T", CorpusInfo, ModelInfo)

VERSION = 1
LISTED_JOBS = 200
SCHEMA = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL, info BLOB NOT NULL, spec BLOB NOT NULL,
    cid BLOB NOT NULL, request BLOB NOT NULL, UNIQUE (cid, request)
);
CREATE TABLE folders (
    kind TEXT NOT NULL, name TEXT NOT NULL, signature TEXT NOT NULL, info BLOB NOT NULL, PRIMARY KEY (kind, name)
)
"""


class Catalogue:
    """The catalogue database and the folders that it indexes."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._db: sqlite3.Connection = open_database(places.catalogue, SCHEMA, VERSION)

    def close(self) -> None:
        """Close the catalogue database."""
        self._db.close()

    # --- jobs --------------------------------------------------------------------------------------------

    def job_of(self, cid: bytes, request: bytes) -> JobInfo | None:
        """The job that a request created; None if it created none."""
        row = self._db.execute("SELECT info FROM jobs WHERE cid = ? AND request = ?", (cid, request)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=JobInfo)

    def add_job(self, spec: JobSpec, cid: bytes, request: bytes) -> JobInfo:
        """Add a queued job durably. The same request again returns the same job."""
        known = self.job_of(cid, request)
        if known is not None:
            return known
        with transaction(self._db):
            cursor = self._db.execute(
                "INSERT INTO jobs (state, info, spec, cid, request) VALUES ('queued', x'', ?, ?, ?)",
                (msgspec.json.encode(spec), cid, request),
            )
            info = JobInfo(
                id=f"j{cursor.lastrowid}",
                kind=spec.kind,
                subject=spec.subject,
                state="queued",
                created_s=time.time(),
            )
            self._write_job(info)
        return info

    def save_job(self, info: JobInfo) -> None:
        """Save the current state of a job."""
        with transaction(self._db):
            self._write_job(info)

    def save_spec(self, job: str, spec: JobSpec) -> None:
        """Replace the specification of a job."""
        with transaction(self._db):
            self._db.execute("UPDATE jobs SET spec = ? WHERE number = ?", (msgspec.json.encode(spec), _number(job)))

    def move_runs(self, old: str, new: str) -> None:
        """Update the run folder of all trainings from `old` to `new` after it was renamed."""
        specs = ((number, _read_spec(spec)) for number, spec in self._db.execute("SELECT number, spec FROM jobs"))
        moved = [
            (number, replace(spec, run_dir=new))
            for number, spec in specs
            if isinstance(spec, TrainSpec) and spec.run_dir == old
        ]
        with transaction(self._db):
            for number, spec in moved:
                self._db.execute("UPDATE jobs SET spec = ? WHERE number = ?", (msgspec.json.encode(spec), number))

    def jobs(self) -> list[JobInfo]:
        """The newest LISTED_JOBS jobs and every paused one, newest first."""
        newest = "SELECT number FROM jobs ORDER BY number DESC LIMIT ?"
        rows = self._db.execute(
            f"SELECT info FROM jobs WHERE number IN ({newest}) OR state = 'paused' ORDER BY number DESC", (LISTED_JOBS,)
        )
        return [msgspec.json.decode(info, type=JobInfo) for (info,) in rows]

    def spec_of(self, job: str) -> JobSpec | None:
        """The saved specification of a job; None if the job is unknown."""
        row = self._db.execute("SELECT spec FROM jobs WHERE number = ?", (_number(job),)).fetchone()
        return None if row is None else _read_spec(row[0])

    def unfinished(self) -> list[JobInfo]:
        """Jobs that were queued or running when the daemon last ended."""
        rows = self._db.execute("SELECT info FROM jobs WHERE state IN ('queued', 'running') ORDER BY number")
        return [msgspec.json.decode(info, type=JobInfo) for (info,) in rows]

    def _write_job(self, info: JobInfo) -> None:
        self._db.execute(
            "UPDATE jobs SET state = ?, info = ? WHERE number = ?",
            (info.state, msgspec.json.encode(info), _number(info.id)),
        )

    # --- folders -----------------------------------------------------------------------------------------

    def corpora(self) -> list[CorpusInfo]:
        """All corpora, by name. The index is updated from the folders first."""
        return self._reconcile("corpus", self._places.corpora, corpus_signature, read_corpus, CorpusInfo)

    def models(self) -> list[ModelInfo]:
        """All finished models, by name. The index is updated from the folders first.

        Whether this version can use a model is always checked again, because an earlier version may have written the
        index.
        """
        found = self._reconcile("model", self._places.models, model_signature, read_model, ModelInfo)
        return [with_problem(info, self._places.models / info.name) for info in found]

    def _reconcile(
        self,
        kind: str,
        parent: Path,
        sign: Callable[[Path], str],
        read: Callable[[Path], T | None],
        type_: type[T],
    ) -> list[T]:
        rows = self._db.execute("SELECT name, signature, info FROM folders WHERE kind = ?", (kind,))
        known = {name: (signature, info) for name, signature, info in rows}
        found: dict[str, T] = {}
        changed: list[tuple[str, str, bytes]] = []
        for folder in sorted(parent.iterdir()) if parent.is_dir() else []:
            signature = sign(folder)
            old = known.get(folder.name)
            if not signature:
                continue
            if old is not None and old[0] == signature:
                found[folder.name] = msgspec.json.decode(old[1], type=type_)
                continue
            info = read(folder)
            if info is not None:
                found[folder.name] = info
                changed.append((folder.name, signature, msgspec.json.encode(info)))
        gone = [name for name in known if name not in found]
        if changed or gone:
            self._index(kind, changed, gone)
        return list(found.values())

    def _index(self, kind: str, changed: list[tuple[str, str, bytes]], gone: list[str]) -> None:
        with transaction(self._db):
            for name in gone:
                self._db.execute("DELETE FROM folders WHERE kind = ? AND name = ?", (kind, name))
            for name, signature, info in changed:
                self._db.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?, ?)", (kind, name, signature, info))


def _read_spec(text: bytes) -> JobSpec | None:
    """A stored spec; None for one that another version of Allele wrote."""
    try:
        return msgspec.json.decode(text, type=JobSpec)
    except msgspec.DecodeError:
        return None


def _number(job: str) -> int:
    digits = job.removeprefix("j")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else -1

"""strands/edits.sqlite: strands, their linear histories, registers, the workspace, and answers given to edits.

Data flow: `StrandStore` computes, this module writes, in one transaction for everything that one request changes.
Whatever changes a strand names the revision it was computed from, and SQLite compares it in the same transaction
(`Outdated`): a second process with the file open can never overwrite or truncate a history that it does not know.

A strand's grid is not stored after each edit: it is a checkpoint (a grid at some place of its history) and the changes
between there and the head, replayed forwards or backwards when the store is opened.

    entries   one row for each edit: its text, its value, who asked       parts: how many strands it changed
    changes   one row for each strand of an entry: the cells before and after, at place `pos` of the strand's history
    strands   rev, head (changes in effect), depth (changes that exist), the checkpoint
    locks     the levels of a strand that operations leave alone (format 2; older files gain the table when opened)
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec

from daemon.edits.values import Change, Register
from daemon.store.database import open_database, transaction
from daemon.store.journal_rows import (
    CHANGE,
    SCHEMA,
    STRANDS,
    VERSION,
    Entry,
    EntryPart,
    Outdated,
    StrandRow,
    cells_of,
    entry_part,
    strand_row,
)
from protocol.edits import Edit
from protocol.messages.strands import ClosedStrands, EditApplied, HistoryEntry, StrandInfo
from protocol.strands import StrandMeta

KEPT_ANSWERS = 10_000
KEPT_TEXTS = 1000
TICK_S = 1e-3
LISTED_CLOSED = 100  # what one answer tells, so that it fits into a message


class Journal:
    """The database. Used on one thread."""

    def __init__(self, path: Path) -> None:
        self._db: sqlite3.Connection = open_database(path, SCHEMA, VERSION)

    def close(self) -> None:
        """Checkpoint the write-ahead log and close."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside is on disk when it ends, or nothing is."""
        return transaction(self._db)

    # --- strands -----------------------------------------------------------------------------------------

    def list_strands(self) -> list[StrandRow]:
        """Every open strand, oldest first; `codes` is the checkpoint's grid still."""
        rows = self._db.execute(f"{STRANDS} WHERE closed_s IS NULL ORDER BY opened_s, s.rowid")
        return [strand_row(row) for row in rows]

    def find_open_strand(self, strand: str) -> StrandRow | None:
        """One open strand; `codes` is the checkpoint's grid."""
        return self._strand(strand, "closed_s IS NULL")

    def find_closed_strand(self, strand: str) -> StrandRow | None:
        """One strand of the trash; `codes` is the checkpoint's grid."""
        return self._strand(strand, "closed_s IS NOT NULL")

    def _strand(self, strand: str, where: str) -> StrandRow | None:
        row = self._db.execute(f"{STRANDS} WHERE {where} AND s.id = ?", (strand,)).fetchone()
        return None if row is None else strand_row(row)

    def expect(self, revisions: Mapping[str, int]) -> None:
        """Make sure, inside a transaction, that strands are open and at these revisions.

        Raises:
            Outdated: naming those that are not.
        """
        found = "SELECT rev FROM strands WHERE id = ? AND closed_s IS NULL"
        outdated = [
            strand for strand, rev in revisions.items() if self._db.execute(found, (strand,)).fetchone() != (rev,)
        ]
        if outdated:
            raise Outdated(outdated)

    def list_closed_strands(self) -> ClosedStrands:
        """The newest LISTED_CLOSED strands of the trash, the one closed last first."""
        rows = self._db.execute(
            "SELECT s.id, meta, rev, head, depth, COALESCE(l.levels, '[]'), closed_s "
            "FROM strands s LEFT JOIN locks l ON l.strand = s.id WHERE closed_s IS NOT NULL "
            "ORDER BY closed_s DESC, s.rowid DESC LIMIT ?",
            (LISTED_CLOSED,),
        ).fetchall()
        strands = [
            StrandInfo(
                id=strand,
                meta=msgspec.structs.replace(msgspec.json.decode(meta, type=StrandMeta), edits=[]),
                rev=rev,
                undo_depth=head,
                redo_depth=depth - head,
                locked=json.loads(locked),
            )
            for strand, meta, rev, head, depth, locked, _ in rows
        ]
        return ClosedStrands(strands=strands, closed_s=[row[-1] for row in rows])

    def opened_by(self, cid: bytes, request: bytes) -> str | None:
        """The strand that a request opened."""
        row = self._db.execute("SELECT id FROM strands WHERE cid = ? AND request = ?", (cid, request)).fetchone()
        return None if row is None else str(row[0])

    def open_strand(self, row: StrandRow, cid: bytes, request: bytes) -> None:
        """A new strand without history."""
        self._db.execute(
            "INSERT INTO strands VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                row.id, msgspec.json.encode(row.meta), row.rev, row.head, row.depth, row.codes.tobytes(),
                row.checkpoint_pos, json.dumps(row.tail), cid, request, self._after("opened_s"),
            ),
        )  # fmt: skip

    def update_strand(self, row: StrandRow, *, with_checkpoint: bool) -> None:
        """Write a strand's place in its history, one revision on, and its grid when a checkpoint is due.

        Raises:
            Outdated: the strand is not at the revision before, or closed.
        """
        self._write_if_current(
            "UPDATE strands SET rev = ?, head = ?, depth = ?, tail = ? WHERE id = ? AND rev = ? AND closed_s IS NULL",
            (row.rev, row.head, row.depth, json.dumps(row.tail), row.id, row.rev - 1),
            row.id,
        )
        if with_checkpoint:
            self._write_if_current(
                "UPDATE strands SET checkpoint = ?, checkpoint_pos = ? WHERE id = ? AND rev = ?",
                (row.codes.tobytes(), row.head, row.id, row.rev),
                row.id,
            )

    def _write_if_current(self, statement: str, values: tuple[Any, ...], strand: str) -> None:
        if self._db.execute(statement, values).rowcount != 1:
            raise Outdated([strand])

    def put_locks(self, row: StrandRow) -> None:
        """Keep which levels of a strand are locked."""
        levels = json.dumps(sorted(row.locked))
        self._db.execute("INSERT OR REPLACE INTO locks VALUES (?, ?)", (row.id, levels))

    def close_strand(self, strand: str, rev: int) -> None:
        """Put a strand in the trash: its rows stay.

        Raises:
            Outdated: it is not open at this revision.
        """
        self._write_if_current(
            "UPDATE strands SET closed_s = ? WHERE id = ? AND rev = ? AND closed_s IS NULL",
            (self._after("closed_s"), strand, rev),
            strand,
        )

    def reopen_strand(self, strand: str, rev: int) -> None:
        """Take a strand out of the trash; among the open ones it is the newest.

        Raises:
            Outdated: it is not in the trash at this revision.
        """
        self._write_if_current(
            "UPDATE strands SET closed_s = NULL, opened_s = ? WHERE id = ? AND rev = ? AND closed_s IS NOT NULL",
            (self._after("opened_s"), strand, rev),
            strand,
        )

    def _after(self, column: str) -> float:
        """Now, and later than every time in this column: the order of strands outlives a clock that is set back."""
        (newest,) = self._db.execute(f"SELECT COALESCE(MAX({column}), 0) FROM strands").fetchone()
        return max(time.time(), float(newest) + TICK_S)

    # --- histories ---------------------------------------------------------------------------------------

    def apply_edit(self, edit: Edit, text: str, parts: Iterable[EntryPart], cid: bytes, request: bytes) -> None:
        """Journal an edit; what could have been redone on its strands is gone."""
        listed = list(parts)
        cursor = self._db.execute(
            "INSERT INTO entries (text, edit, parts, cid, request, created_s) VALUES (?, ?, ?, ?, ?, ?)",
            (text, msgspec.json.encode(edit), len(listed), cid, request, time.time()),
        )
        for part in listed:
            change = part.change
            self._db.execute("DELETE FROM changes WHERE strand = ? AND pos >= ?", (part.strand, part.pos))
            self._db.execute(
                "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    part.strand, part.pos, cursor.lastrowid, change.level_lo, change.frame_lo, change.before.shape[0],
                    change.before.tobytes(), change.after.tobytes(),
                ),
            )  # fmt: skip

    def split_entry(self, entry: int, strands: Iterable[str]) -> None:
        """Give these strands' shares of an entry entries of their own: from now on each is undone and redone alone."""
        for strand in strands:
            cursor = self._db.execute(
                "INSERT INTO entries (text, edit, parts, cid, request, created_s) "
                "SELECT text, edit, 1, cid, request, created_s FROM entries WHERE id = ?",
                (entry,),
            )
            self._db.execute(
                "UPDATE changes SET entry = ? WHERE entry = ? AND strand = ?", (cursor.lastrowid, entry, strand)
            )
            self._db.execute("UPDATE entries SET parts = parts - 1 WHERE id = ?", (entry,))

    def entry_at(self, strand: str, pos: int) -> Entry:
        """The entry at a place of a strand's history.

        Raises:
            Outdated: nothing is there any more.
        """
        found = self._db.execute("SELECT entry FROM changes WHERE strand = ? AND pos = ?", (strand, pos)).fetchone()
        if found is None:
            raise Outdated([strand])
        text, parts = self._db.execute("SELECT text, parts FROM entries WHERE id = ?", found).fetchone()
        rows = self._db.execute(f"SELECT {CHANGE} FROM changes WHERE entry = ? ORDER BY rowid", found)
        return Entry(found[0], text, parts, [entry_part(row) for row in rows])

    def changes(self, strand: str, first: int, last: int) -> list[Change]:
        """Changes at places first … last of a history."""
        rows = self._db.execute(
            f"SELECT {CHANGE} FROM changes WHERE strand = ? AND pos BETWEEN ? AND ? ORDER BY pos",
            (strand, first, last),
        )
        return [entry_part(row).change for row in rows]

    def edit_texts(self, strand: str, head: int) -> list[str]:
        """The newest KEPT_TEXTS edits in effect, oldest first."""
        rows = self._db.execute(
            "SELECT e.text FROM changes c JOIN entries e ON e.id = c.entry "
            "WHERE c.strand = ? AND c.pos <= ? ORDER BY c.pos DESC LIMIT ?",
            (strand, head, KEPT_TEXTS),
        )
        return [str(text) for (text,) in rows][::-1]

    def get_history(self, strand: str, first: int, last: int) -> list[HistoryEntry]:
        """What happened at places first … last of a history, oldest first, undone ones included."""
        rows = self._db.execute(
            "SELECT c.pos, e.text, e.created_s, e.parts FROM changes c JOIN entries e ON e.id = c.entry "
            "WHERE c.strand = ? AND c.pos BETWEEN ? AND ? ORDER BY c.pos",
            (strand, first, last),
        )
        return [HistoryEntry(place=pos, edit=text[:200], made_s=made, strands=parts) for pos, text, made, parts in rows]

    # --- answers, registers, workspace -------------------------------------------------------------------

    def answer(self, cid: bytes, request: bytes) -> EditApplied | None:
        """What was answered to an edit before."""
        row = self._db.execute("SELECT answer FROM answers WHERE cid = ? AND request = ?", (cid, request)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=EditApplied)

    def add_answer(self, cid: bytes, request: bytes, answer: EditApplied) -> None:
        """Remember an answer; the oldest are forgotten."""
        cursor = self._db.execute(
            "INSERT INTO answers (cid, request, answer) VALUES (?, ?, ?)",
            (cid, request, msgspec.json.encode(answer)),
        )
        self._db.execute("DELETE FROM answers WHERE number <= ?", ((cursor.lastrowid or 0) - KEPT_ANSWERS,))

    def registers(self) -> dict[str, Register]:
        """All filled registers."""
        rows = self._db.execute("SELECT name, codes, levels, level_lo, model, codec_id FROM registers")
        return {
            name: Register(codes=cells_of(codes, levels), level_lo=level_lo, model=model, codec_id=codec_id)
            for name, codes, levels, level_lo, model, codec_id in rows
        }

    def put_register(self, name: str, register: Register) -> None:
        """Fill a register."""
        codes = register.codes
        self._db.execute(
            "INSERT OR REPLACE INTO registers VALUES (?, ?, ?, ?, ?, ?)",
            (name, codes.tobytes(), codes.shape[0], register.level_lo, register.model, register.codec_id),
        )

    def get_workspace(self) -> str:
        """What was kept last, or ""."""
        row = self._db.execute("SELECT state FROM workspace").fetchone()
        return "" if row is None else str(row[0])

    def put_workspace(self, state: str) -> None:
        """Keep what a client would show again."""
        self._db.execute("INSERT OR REPLACE INTO workspace VALUES (1, ?)", (state,))

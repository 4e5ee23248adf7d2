"""The journal, `strands/edits.sqlite`: strands, their linear histories, registers, the workspace, and replies to edits.

Data flow: `StrandStore` computes; this module writes everything that one request changes in one transaction. Every
change of a strand names the revision from which it was computed, and SQLite compares it in the same transaction
(`Outdated`). A second process with the file open thus cannot overwrite or truncate a history that it does not know.

A strand's grid is not stored after each edit. The journal keeps a checkpoint (the grid at one position of the history)
and the changes between there and the head, which are replayed forwards or backwards when the store is opened.

    entries   one row for each edit: its text, its value, its request     parts: how many strands it changed
    changes   one row for each strand of an entry: cells and columns before and after, at `pos` of the strand's history
    strands   rev, head (changes in effect), depth (changes that exist), the checkpoint
    locks     the levels of a strand that operations do not change
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
    ADDED,
    CHANGE,
    SCHEMA,
    STRANDS,
    VERSION,
    Entry,
    EntryPart,
    Outdated,
    StrandRow,
    change_blob,
    columns_blob,
    entry_part,
    register_row,
    register_values,
    retimed_meta,
    strand_row,
)
from protocol.edits import Edit
from protocol.messages.strands import ClosedStrands, EditApplied, HistoryEntry, StrandInfo
from protocol.strands import StrandMeta

KEPT_ANSWERS = 10_000
KEPT_TEXTS = 1000
TICK_S = 1e-3
LISTED_CLOSED = 100  # strands in one reply, so that it fits into a message


class Journal:
    """The journal's database. Used on one thread."""

    def __init__(self, path: Path) -> None:
        self._db: sqlite3.Connection = open_database(path, SCHEMA, VERSION, ADDED)

    def close(self) -> None:
        """Checkpoint the write-ahead log and close the database."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction: everything written inside is durable when it ends, or nothing."""
        return transaction(self._db)

    # --- strands -----------------------------------------------------------------------------------------

    def list_strands(self) -> list[StrandRow]:
        """All open strands, oldest first. Their `codes` are still the checkpoint's grid."""
        rows = self._db.execute(f"{STRANDS} WHERE closed_s IS NULL ORDER BY opened_s, s.rowid")
        return [strand_row(row) for row in rows]

    def find_open_strand(self, strand: str) -> StrandRow | None:
        """An open strand, or None. Its `codes` are the checkpoint's grid."""
        return self._strand(strand, "closed_s IS NULL")

    def find_closed_strand(self, strand: str) -> StrandRow | None:
        """A closed strand in the trash, or None. Its `codes` are the checkpoint's grid."""
        return self._strand(strand, "closed_s IS NOT NULL")

    def _strand(self, strand: str, where: str) -> StrandRow | None:
        row = self._db.execute(f"{STRANDS} WHERE {where} AND s.id = ?", (strand,)).fetchone()
        return None if row is None else strand_row(row)

    def expect(self, revisions: Mapping[str, int]) -> None:
        """Check, inside a transaction, that strands are open and at these revisions.

        Raises:
            Outdated: some strands are not; the error names them.
        """
        found = "SELECT rev FROM strands WHERE id = ? AND closed_s IS NULL"
        outdated = [one for one, rev in revisions.items() if self._db.execute(found, (one,)).fetchone() != (rev,)]
        if outdated:
            raise Outdated(outdated)

    def list_closed_strands(self) -> ClosedStrands:
        """The newest LISTED_CLOSED strands of the trash, the last closed first."""
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
        """Id of the strand that a request opened; None if it opened none."""
        row = self._db.execute("SELECT id FROM strands WHERE cid = ? AND request = ?", (cid, request)).fetchone()
        return None if row is None else str(row[0])

    def open_strand(self, row: StrandRow, cid: bytes, request: bytes) -> None:
        """Add a new strand without history."""
        self._db.execute(
            "INSERT INTO strands VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            (
                row.id, msgspec.json.encode(row.meta), row.rev, row.head, row.depth, row.codes.tobytes(),
                row.checkpoint_pos, json.dumps(row.tail), cid, request, self._after("opened_s"),
                columns_blob(row.columns, row.meta.sources),
            ),
        )  # fmt: skip

    def update_strand(self, row: StrandRow, *, with_checkpoint: bool) -> None:
        """Write a strand's position in its history for its next revision, and its grid if a checkpoint is due.

        Raises:
            Outdated: the strand is not at the preceding revision, or closed.
        """
        self._write_if_current(
            "UPDATE strands SET rev = ?, head = ?, depth = ?, tail = ? WHERE id = ? AND rev = ? AND closed_s IS NULL",
            (row.rev, row.head, row.depth, json.dumps(row.tail), row.id, row.rev - 1),
            row.id,
        )
        if with_checkpoint:
            self._write_if_current(
                "UPDATE strands SET checkpoint = ?, columns = ?, checkpoint_pos = ? WHERE id = ? AND rev = ?",
                (row.codes.tobytes(), columns_blob(row.columns, row.meta.sources), row.head, row.id, row.rev),
                row.id,
            )

    def _write_if_current(self, statement: str, values: tuple[Any, ...], strand: str) -> None:
        if self._db.execute(statement, values).rowcount != 1:
            raise Outdated([strand])

    def put_properties(self, row: StrandRow) -> None:
        """Save the locked levels and the tempo of a strand."""
        locks = (row.id, json.dumps(sorted(row.locked)))
        self._db.execute("INSERT OR REPLACE INTO locks VALUES (?, ?)", locks)
        (stored,) = self._db.execute("SELECT meta FROM strands WHERE id = ?", (row.id,)).fetchone()
        self._db.execute("UPDATE strands SET meta = ? WHERE id = ?", (retimed_meta(stored, row.meta.tempo), row.id))

    def rename_strand(self, row: StrandRow) -> None:
        """Save a strand's description. Raises Outdated if the strand is not open at this revision."""
        statement = "UPDATE strands SET meta = ? WHERE id = ? AND rev = ? AND closed_s IS NULL"
        self._write_if_current(statement, (msgspec.json.encode(row.meta), row.id, row.rev), row.id)

    def close_strand(self, strand: str, rev: int) -> None:
        """Move a strand to the trash; its rows stay. Raises Outdated if it is not open at this revision."""
        self._write_if_current(
            "UPDATE strands SET closed_s = ? WHERE id = ? AND rev = ? AND closed_s IS NULL",
            (self._after("closed_s"), strand, rev),
            strand,
        )

    def reopen_strand(self, strand: str, rev: int) -> None:
        """Restore a strand as the newest open one. Raises Outdated if it is not in the trash at this revision."""
        self._write_if_current(
            "UPDATE strands SET closed_s = NULL, opened_s = ? WHERE id = ? AND rev = ? AND closed_s IS NOT NULL",
            (self._after("opened_s"), strand, rev),
            strand,
        )

    def _after(self, column: str) -> float:
        """Current time, but later than all times in a column, so that a clock set back does not change the order."""
        (newest,) = self._db.execute(f"SELECT COALESCE(MAX({column}), 0) FROM strands").fetchone()
        return max(time.time(), float(newest) + TICK_S)

    # --- histories ---------------------------------------------------------------------------------------

    def apply_edit(self, edit: Edit, text: str, parts: Iterable[EntryPart], cid: bytes, request: bytes) -> None:
        """Journal an edit, and remove the undone edits of its strands, which can no longer be redone."""
        listed = list(parts)
        cursor = self._db.execute(
            "INSERT INTO entries (text, edit, parts, cid, request, created_s) VALUES (?, ?, ?, ?, ?, ?)",
            (text, msgspec.json.encode(edit), len(listed), cid, request, time.time()),
        )
        for part in listed:
            change = part.change
            self._db.execute("DELETE FROM changes WHERE strand = ? AND pos >= ?", (part.strand, part.pos))
            self._db.execute(
                "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    part.strand, part.pos, cursor.lastrowid, change.level_lo, change.frame_lo, change.before.shape[0],
                    change.before.tobytes(), change.after.tobytes(), change_blob(change.columns),
                ),
            )  # fmt: skip

    def split_entry(self, entry: int, strands: Iterable[str]) -> None:
        """Split the parts of some strands off an entry, so that each is undone and redone by itself from now on."""
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
        """The entry at a position of a strand's history.

        Raises:
            Outdated: the position no longer exists.
        """
        found = self._db.execute("SELECT entry FROM changes WHERE strand = ? AND pos = ?", (strand, pos)).fetchone()
        if found is None:
            raise Outdated([strand])
        text, parts = self._db.execute("SELECT text, parts FROM entries WHERE id = ?", found).fetchone()
        rows = self._db.execute(f"SELECT {CHANGE} FROM changes WHERE entry = ? ORDER BY rowid", found)
        return Entry(found[0], text, parts, [entry_part(row) for row in rows])

    def changes(self, strand: str, first: int, last: int) -> list[Change]:
        """Changes at positions first to last (inclusive) of a strand's history."""
        rows = self._db.execute(
            f"SELECT {CHANGE} FROM changes WHERE strand = ? AND pos BETWEEN ? AND ? ORDER BY pos",
            (strand, first, last),
        )
        return [entry_part(row).change for row in rows]

    def edit_texts(self, strand: str, head: int) -> list[str]:
        """Texts of the newest KEPT_TEXTS edits in effect, oldest first."""
        rows = self._db.execute(
            "SELECT e.text FROM changes c JOIN entries e ON e.id = c.entry "
            "WHERE c.strand = ? AND c.pos <= ? ORDER BY c.pos DESC LIMIT ?",
            (strand, head, KEPT_TEXTS),
        )
        return [str(text) for (text,) in rows][::-1]

    def get_history(self, strand: str, first: int, last: int) -> list[HistoryEntry]:
        """Edits at positions first to last (inclusive) of a strand's history, oldest first, undone ones included."""
        rows = self._db.execute(
            "SELECT c.pos, e.text, e.created_s, e.parts FROM changes c JOIN entries e ON e.id = c.entry "
            "WHERE c.strand = ? AND c.pos BETWEEN ? AND ? ORDER BY c.pos",
            (strand, first, last),
        )
        return [HistoryEntry(place=pos, edit=text[:200], made_s=made, strands=parts) for pos, text, made, parts in rows]

    # --- answers, registers, workspace -------------------------------------------------------------------

    def answer(self, cid: bytes, request: bytes) -> EditApplied | None:
        """The saved reply to an edit request; None if there is none."""
        row = self._db.execute("SELECT answer FROM answers WHERE cid = ? AND request = ?", (cid, request)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=EditApplied)

    def add_answer(self, cid: bytes, request: bytes, answer: EditApplied) -> None:
        """Save the reply to an edit request; only the newest KEPT_ANSWERS are kept."""
        cursor = self._db.execute(
            "INSERT INTO answers (cid, request, answer) VALUES (?, ?, ?)",
            (cid, request, msgspec.json.encode(answer)),
        )
        self._db.execute("DELETE FROM answers WHERE number <= ?", ((cursor.lastrowid or 0) - KEPT_ANSWERS,))

    def registers(self) -> dict[str, Register]:
        """All filled registers by name."""
        rows = self._db.execute("SELECT name, codes, levels, level_lo, model, codec_id, columns FROM registers")
        return {row[0]: register_row(row) for row in rows if row[-1] is not None}

    def put_register(self, name: str, register: Register) -> None:
        """Save the content of a register."""
        self._db.execute(
            "INSERT OR REPLACE INTO registers VALUES (?, ?, ?, ?, ?, ?, ?)", register_values(name, register)
        )

    def get_workspace(self) -> str:
        """The workspace that was saved last, or ""."""
        row = self._db.execute("SELECT state FROM workspace").fetchone()
        return "" if row is None else str(row[0])

    def put_workspace(self, state: str) -> None:
        """Save the workspace that a client restores at its next start."""
        self._db.execute("INSERT OR REPLACE INTO workspace VALUES (1, ?)", (state,))

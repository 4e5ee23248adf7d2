"""The journal's tables and the types of their rows: strands, and the parts of an edit on each strand.

`STRANDS` and `CHANGE` name the columns in the order in which `strand_row` and `entry_part` read them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import numpy as np

from daemon.edits.values import Change, ColumnChange, Register
from protocol.columns import ROWS, Columns, encoded_columns
from protocol.strands import Codes, Source, Strand, StrandMeta
from protocol.tempo import Tempo

VERSION = 3
SCHEMA = """
CREATE TABLE IF NOT EXISTS strands (
    id TEXT PRIMARY KEY, meta BLOB NOT NULL, rev INTEGER NOT NULL, head INTEGER NOT NULL, depth INTEGER NOT NULL,
    checkpoint BLOB NOT NULL, checkpoint_pos INTEGER NOT NULL, tail TEXT NOT NULL,
    cid BLOB NOT NULL, request BLOB NOT NULL, opened_s REAL NOT NULL, closed_s REAL, columns BLOB,
    UNIQUE (cid, request)
);
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, edit BLOB NOT NULL, parts INTEGER NOT NULL,
    cid BLOB NOT NULL, request BLOB NOT NULL, created_s REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS changes (
    strand TEXT NOT NULL, pos INTEGER NOT NULL, entry INTEGER NOT NULL, level_lo INTEGER NOT NULL,
    frame_lo INTEGER NOT NULL, levels INTEGER NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL, columns BLOB,
    PRIMARY KEY (strand, pos)
);
CREATE INDEX IF NOT EXISTS changes_of_entry ON changes (entry);
CREATE TABLE IF NOT EXISTS registers (
    name TEXT PRIMARY KEY, codes BLOB NOT NULL, levels INTEGER NOT NULL, level_lo INTEGER NOT NULL,
    model TEXT NOT NULL, codec_id TEXT NOT NULL, columns BLOB
);
CREATE TABLE IF NOT EXISTS answers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, cid BLOB NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL,
    UNIQUE (cid, request)
);
CREATE TABLE IF NOT EXISTS locks (strand TEXT PRIMARY KEY, levels TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS workspace (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)
"""
ADDED = {"strands": ["columns BLOB"], "changes": ["columns BLOB"], "registers": ["columns BLOB"]}
"""Columns of tables that journals of versions 1 and 2 lack. They gain them when they are opened, empty."""
CHANGE = "strand, pos, level_lo, frame_lo, levels, before, after, columns"
STRANDS = (
    "SELECT s.id, meta, rev, head, depth, checkpoint, checkpoint_pos, tail, COALESCE(l.levels, '[]'), columns "
    "FROM strands s LEFT JOIN locks l ON l.strand = s.id"
)


class Outdated(Exception):  # noqa: N818 - a state, not a failure: the strands are read again
    """Strands in the journal are no longer at the revision from which a change was computed."""

    def __init__(self, strands: Iterable[str]) -> None:
        super().__init__(", ".join(strands))
        self.strands = list(strands)


@dataclass
class StrandRow:
    """A strand in the journal. `tail`: requests (hex) since its last change, newest last."""

    id: str
    meta: StrandMeta
    rev: int
    head: int
    depth: int
    codes: Codes
    columns: Columns
    checkpoint_pos: int
    tail: list[str] = field(default_factory=list[str])
    locked: frozenset[int] = frozenset()

    @property
    def strand(self) -> Strand:
        """The strand's description, codes and columns."""
        return Strand(self.meta, self.codes, self.columns)


@dataclass(frozen=True)
class EntryPart:
    """The part of an entry that changes one strand."""

    strand: str
    pos: int
    change: Change


@dataclass(frozen=True)
class Entry:
    """A journalled edit. `parts`: how many strands it changed originally; later edits may have removed some parts."""

    id: int
    text: str
    parts: int
    present: list[EntryPart]


class _ColumnsBlob(msgspec.Struct, array_like=True):
    """Columns in the journal, and the recordings that they number from 1 on, or for a register from 0 on."""

    columns: bytes
    sources: list[Source]


class _ColumnChangeBlob(msgspec.Struct, array_like=True):
    """The change of columns in the journal."""

    before: _ColumnsBlob
    after: _ColumnsBlob


def columns_blob(columns: Columns, sources: list[Source]) -> bytes:
    """Encode columns (4, T) and recordings for the journal."""
    return msgspec.msgpack.encode(_ColumnsBlob(columns.tobytes(), sources))


def columns_of(blob: bytes) -> tuple[Columns, list[Source]]:
    """Decode columns (4, T) and recordings from the journal."""
    found = msgspec.msgpack.decode(blob, type=_ColumnsBlob)
    return _columns(found.columns), found.sources


def change_blob(change: ColumnChange | None) -> bytes | None:
    """Encode a change of columns for the journal, or None."""
    if change is None:
        return None
    before = _ColumnsBlob(change.before.tobytes(), change.sources_before)
    return msgspec.msgpack.encode(_ColumnChangeBlob(before, _ColumnsBlob(change.after.tobytes(), change.sources_after)))


def entry_part(row: tuple[str, int, int, int, int, bytes, bytes, bytes | None]) -> EntryPart:
    """Decode a row of CHANGE: one strand's part of an entry."""
    strand, pos, level_lo, frame_lo, levels, before, after, columns = row
    change = Change(
        strand=strand,
        level_lo=level_lo,
        frame_lo=frame_lo,
        before=cells_of(before, levels),
        after=cells_of(after, levels),
        columns=None if columns is None else _column_change(columns),
    )
    return EntryPart(strand, pos, change)


def strand_row(row: tuple[str, bytes, int, int, int, bytes, int, str, str, bytes | None]) -> StrandRow:
    """Decode a row of STRANDS: a strand whose `codes` and `columns` are those of the checkpoint."""
    strand, meta, rev, head, depth, checkpoint, checkpoint_pos, tail, locked, blob = row
    described = msgspec.json.decode(meta, type=StrandMeta)
    codes = cells_of(checkpoint, described.levels)
    if blob is None:  # a journal from before there were columns
        columns = encoded_columns(codes.shape[1], described.hop_length, described.gain_db)
    else:
        columns, sources = columns_of(blob)
        described = msgspec.structs.replace(described, sources=sources)
    levels = frozenset(json.loads(locked))
    return StrandRow(strand, described, rev, head, depth, codes, columns, checkpoint_pos, json.loads(tail), levels)


def register_row(row: tuple[str, bytes, int, int, str, str, bytes]) -> Register:
    """Decode a row of a register: name, codes, levels, first level, model, codec, columns."""
    _, codes, levels, level_lo, model, codec_id, blob = row
    columns, recordings = columns_of(blob)
    return Register(
        codes=cells_of(codes, levels),
        columns=columns,
        recordings=recordings,
        level_lo=level_lo,
        model=model,
        codec_id=codec_id,
    )


def register_values(name: str, register: Register) -> tuple[str, bytes, int, int, str, str, bytes]:
    """Encode a register as a row, as `register_row` decodes it."""
    codes, blob = register.codes, columns_blob(register.columns, register.recordings)
    return name, codes.tobytes(), codes.shape[0], register.level_lo, register.model, register.codec_id, blob


def retimed_meta(stored: bytes, tempo: Tempo | None) -> bytes:
    """A stored description with another tempo. The rest of it stays as it was when the strand was opened."""
    described = msgspec.json.decode(stored, type=StrandMeta)
    return msgspec.json.encode(msgspec.structs.replace(described, tempo=tempo))


def cells_of(data: bytes, levels: int) -> Codes:
    """Decode the cells (Q, T) of a blob in the journal."""
    return np.frombuffer(data, dtype="<u2").reshape(levels, -1)


def _columns(data: bytes) -> Columns:
    return np.frombuffer(data, dtype="<i4").reshape(ROWS, -1)


def _column_change(blob: bytes) -> ColumnChange:
    found = msgspec.msgpack.decode(blob, type=_ColumnChangeBlob)
    return ColumnChange(
        before=_columns(found.before.columns),
        after=_columns(found.after.columns),
        sources_before=found.before.sources,
        sources_after=found.after.sources,
    )

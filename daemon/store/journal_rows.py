"""What the journal's rows stand for: strands, and the shares that strands have in an edit.

`STRANDS` and `CHANGE` name the columns in the order in which `strand_row` and `entry_part` read them.
"""

import json
from dataclasses import dataclass, field

import msgspec
import numpy as np

from daemon.edits.values import Change
from protocol.strands import Codes, StrandMeta

CHANGE = "strand, pos, level_lo, frame_lo, levels, before, after"
STRANDS = (
    "SELECT s.id, meta, rev, head, depth, checkpoint, checkpoint_pos, tail, COALESCE(l.levels, '[]') "
    "FROM strands s LEFT JOIN locks l ON l.strand = s.id"
)


@dataclass
class StrandRow:
    """A strand as the journal keeps it. tail: requests (hex) since the last change by anybody, newest last."""

    id: str
    meta: StrandMeta
    rev: int
    head: int
    depth: int
    codes: Codes
    checkpoint_pos: int
    tail: list[str] = field(default_factory=list[str])
    locked: frozenset[int] = frozenset()


@dataclass(frozen=True)
class EntryPart:
    """One strand's share of an entry."""

    strand: str
    pos: int
    change: Change


@dataclass(frozen=True)
class Entry:
    """A journalled edit. `parts` is how many strands it changed when it was made; some may be overwritten since."""

    id: int
    text: str
    parts: int
    present: list[EntryPart]


def entry_part(row: tuple[str, int, int, int, int, bytes, bytes]) -> EntryPart:
    """A share as a row of CHANGE has it."""
    strand, pos, level_lo, frame_lo, levels, before, after = row
    change = Change(
        strand=strand,
        level_lo=level_lo,
        frame_lo=frame_lo,
        before=cells_of(before, levels),
        after=cells_of(after, levels),
    )
    return EntryPart(strand, pos, change)


def strand_row(row: tuple[str, bytes, int, int, int, bytes, int, str, str]) -> StrandRow:
    """A strand as a row of STRANDS has it; `codes` is the checkpoint's grid."""
    strand, meta, rev, head, depth, checkpoint, checkpoint_pos, tail, locked = row
    described = msgspec.json.decode(meta, type=StrandMeta)
    codes = cells_of(checkpoint, described.levels)
    levels = frozenset(json.loads(locked))
    return StrandRow(strand, described, rev, head, depth, codes, checkpoint_pos, json.loads(tail), levels)


def cells_of(data: bytes, levels: int) -> Codes:
    """Cells (Q, T) as the journal keeps them."""
    return np.frombuffer(data, dtype="<u2").reshape(levels, -1)

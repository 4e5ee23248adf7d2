"""Living strands as others see them: at one revision, with who asks for a change and what is answered."""

from dataclasses import dataclass, field

import msgspec

from daemon.edits.lengths import resized
from daemon.edits.values import Change, Grid, grid_of
from daemon.store.journal_rows import StrandRow
from protocol.errors import AlleleError
from protocol.messages.strands import EditApplied, StrandInfo
from protocol.strands import Codes, StrandMeta


@dataclass(frozen=True, kw_only=True)
class Living:
    """A strand at one revision. `codes` (Q, T) is never written to again; `meta.edits` is empty here."""

    id: str
    meta: StrandMeta
    rev: int
    undo_depth: int
    redo_depth: int
    codes: Codes
    locked: frozenset[int] = frozenset()

    @property
    def info(self) -> StrandInfo:
        """The strand as messages carry it."""
        return StrandInfo(
            id=self.id,
            meta=self.meta,
            rev=self.rev,
            undo_depth=self.undo_depth,
            redo_depth=self.redo_depth,
            locked=sorted(self.locked),
        )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asks for a change, under which id, and what must be true for it."""

    cid: bytes
    request: bytes
    if_rev: int | None = None
    after: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The answer, and (unless it was given before) what everybody is to be told."""

    answer: EditApplied
    strands: list[Living] = field(default_factory=list[Living])
    changes: list[Change] = field(default_factory=list[Change])


class SupersededError(AlleleError):
    """Another process changed or closed strands in the journal; they were read again. E_CONFLICT for the client."""

    def __init__(self, strands: list[str], message: str) -> None:
        super().__init__("E_CONFLICT", message, hint="fetch it again")
        self.strands = strands


def frozen(codes: Codes) -> Codes:
    """A copy that is never written to."""
    kept = codes.copy()
    kept.flags.writeable = False
    return kept


def as_grid(row: StrandRow) -> Grid:
    """A strand as operations see it."""
    return grid_of(row.id, row.meta, row.codes, row.locked)


def as_living(row: StrandRow) -> Living:
    """A strand as it is now."""
    meta = msgspec.structs.replace(resized(row.meta, row.codes.shape[1]), edits=[])
    return Living(
        id=row.id,
        meta=meta,
        rev=row.rev,
        undo_depth=row.head,
        redo_depth=row.depth - row.head,
        codes=row.codes,
        locked=row.locked,
    )

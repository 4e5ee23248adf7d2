"""Types for open strands: a strand at one revision, the identity of a request, and the result of an edit."""

from dataclasses import dataclass, field

import msgspec

from daemon.edits.lengths import resized
from daemon.edits.values import Change, Grid, grid_of
from daemon.store.journal_rows import StrandRow
from protocol.columns import Columns
from protocol.errors import AlleleError
from protocol.messages.strands import EditApplied, StrandInfo
from protocol.strands import Codes, Strand, StrandMeta


@dataclass(frozen=True, kw_only=True)
class StrandState:
    """An open strand at one revision. codes (Q, T), columns (4, T) are immutable; `info.meta.edits` is empty here."""

    info: StrandInfo
    codes: Codes
    columns: Columns

    @property
    def id(self) -> str:
        """Id of the strand, unique in the journal."""
        return self.info.id

    @property
    def meta(self) -> StrandMeta:
        """The strand's name, model and dimensions."""
        return self.info.meta

    @property
    def strand(self) -> Strand:
        """The strand as a value."""
        return Strand(self.info.meta, self.codes, self.columns)

    @property
    def rev(self) -> int:
        """The revision of the strand that these codes belong to."""
        return self.info.rev


@dataclass(frozen=True, kw_only=True)
class RequestId:
    """Identity of a request to change a strand, and its preconditions.

    Attributes:
        cid: id of the client.
        id: id of the request.
        if_rev: revision that the strand must have; None for any.
        after: id of the client's preceding request, after which nobody else may have changed the strand.
    """

    cid: bytes
    id: bytes
    if_rev: int | None = None
    after: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The reply to an edit, and the changes to announce (none if the request is a repetition)."""

    answer: EditApplied
    strands: list[StrandState] = field(default_factory=list[StrandState])
    changes: list[Change] = field(default_factory=list[Change])


class SupersededError(AlleleError):
    """Another process changed or closed strands in the journal; they were read again. The client gets E_CONFLICT."""

    def __init__(self, strands: list[str], message: str) -> None:
        super().__init__("E_CONFLICT", message, hint="fetch it again")
        self.strands = strands


def frozen(strand: Strand) -> Strand:
    """A copy of a strand whose codes and columns are read-only."""
    copies = strand.codes.copy(), strand.columns.copy()
    for copy in copies:
        copy.flags.writeable = False
    return Strand(strand.meta, *copies)


def as_grid(row: StrandRow) -> Grid:
    """A strand's row as the grid that operations take."""
    return grid_of(row.id, row.strand, row.locked)


def strand_state(row: StrandRow) -> StrandState:
    """A strand's row as an open strand at its current revision."""
    meta = msgspec.structs.replace(resized(row.meta, row.codes.shape[1]), edits=[])
    info = StrandInfo(
        id=row.id,
        meta=meta,
        rev=row.rev,
        undo_depth=row.head,
        redo_depth=row.depth - row.head,
        locked=sorted(row.locked),
    )
    return StrandState(info=info, codes=row.codes, columns=row.columns)

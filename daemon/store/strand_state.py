"""Open strands as the broker sees them: at one revision, with the requests for a change and what is answered."""

from dataclasses import dataclass, field

import msgspec

from daemon.edits.lengths import resized
from daemon.edits.values import Change, Grid
from daemon.store.journal_rows import StrandRow
from protocol.errors import AlleleError
from protocol.messages.strands import EditApplied, StrandInfo
from protocol.strands import Codes, StrandMeta


@dataclass(frozen=True, kw_only=True)
class StrandState:
    """A strand at one revision. `codes` (Q, T) is never written to again; `info.meta.edits` is empty here."""

    info: StrandInfo
    codes: Codes

    @property
    def id(self) -> str:
        """The strand's id."""
        return self.info.id

    @property
    def meta(self) -> StrandMeta:
        """What its codes are of."""
        return self.info.meta

    @property
    def rev(self) -> int:
        """The revision at which its codes are these."""
        return self.info.rev


@dataclass(frozen=True, kw_only=True)
class RequestId:
    """A client and its request for a change, with the revision or the earlier request that the change must follow."""

    cid: bytes
    id: bytes
    if_rev: int | None = None
    after: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The answer, and, unless it was given before, the strands that changed and how."""

    answer: EditApplied
    strands: list[StrandState] = field(default_factory=list[StrandState])
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
    return Grid(id=row.id, meta=row.meta, codes=row.codes, locked=row.locked)


def strand_state(row: StrandRow) -> StrandState:
    """A strand as it is now."""
    meta = msgspec.structs.replace(resized(row.meta, row.codes.shape[1]), edits=[])
    info = StrandInfo(
        id=row.id,
        meta=meta,
        rev=row.rev,
        undo_depth=row.head,
        redo_depth=row.depth - row.head,
        locked=sorted(row.locked),
    )
    return StrandState(info=info, codes=row.codes)

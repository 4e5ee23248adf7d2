"""The surprise maps of open strands, scored by the daemon window by window and kept while the strand stays the same."""

import time

from protocol.errors import AlleleError
from protocol.messages.events import StrandChanged
from protocol.messages.snapshots import GetSurprise
from tui.model.grid import StrandGrid
from tui.model.surprise import SurpriseMap
from tui.session.connection import Changed, Connection
from tui.session.grids import StrandGrids

QUIET_S = 0.25
"""Time without an edit after which a strand is scored again, so that held keys do not ask for what is stale at once."""
LONGEST_S = 120.0


class StrandSurprises:
    """Surprise maps by strand. Only what is visible is scored, with one request at a time for each strand."""

    def __init__(self, connection: Connection, grids: StrandGrids, changed: Changed) -> None:
        self._connection, self._grids, self._changed = connection, grids, changed
        self._maps: dict[str, SurpriseMap] = {}
        self._scoring: set[str] = set()
        self._pages: dict[str, tuple[int, int]] = {}
        self._failed: set[tuple[str, int]] = set()
        self._edited_s = 0.0

    def of(self, grid: StrandGrid) -> SurpriseMap:
        """Return the map of a strand, an empty one if another revision was scored. Sends no request."""
        known = self._maps.get(grid.id)
        if known is None or known.rev != grid.rev or known.tenths.shape != grid.codes.shape:
            known = self._maps[grid.id] = SurpriseMap(grid)
        return known

    def take_change(self, change: StrandChanged) -> None:
        """Follow an edit, made by any client."""
        strand = change.strand.id
        if strand in self._maps:
            self._edited_s = time.monotonic()
            if not self._maps[strand].follow(change):
                del self._maps[strand]

    def forget(self, strand: str = "") -> None:
        """Discard the map of a strand, or all of them, because a prior may have changed."""
        if strand:
            self._maps.pop(strand, None)
        else:
            self._maps.clear()
            self._failed.clear()

    def is_wanted(self, grid: StrandGrid, first: int, past: int) -> bool:
        """Whether some frames of a page are not scored yet and nothing is being scored for their strand.

        The last page that was passed is what `fill` scores, also if it is already at work.
        """
        self._pages[grid.id] = (first, past)
        if grid.id in self._scoring or (grid.id, grid.rev) in self._failed:
            return False
        return self.of(grid).wanted(first, min(past, grid.frames)) is not None

    async def fill(self, strand: str) -> None:
        """Score what is missing on the strand's page, unless edits arrive in quick succession.

        Raises:
            AlleleError: the daemon cannot score the strand.
        """
        if strand in self._scoring:
            return
        self._scoring.add(strand)
        try:
            while (grid := self._grids.get(strand)) is not None and time.monotonic() - self._edited_s >= QUIET_S:
                first, past = self._pages.get(strand, (0, 0))
                wanted = self.of(grid).wanted(first, min(past, grid.frames))
                if wanted is None:
                    return
                answer = await self._connection.ask(GetSurprise(strand=strand, first=wanted), timeout_s=LONGEST_S)
                now = self._maps.get(strand)
                if now is not None and now.rev == answer.body.rev:  # otherwise it was edited meanwhile
                    now.fill(answer.body.frames, answer.buffers[0])
                    self._changed("surprise", strand)
        except AlleleError as problem:
            grid = self._grids.get(strand)
            if grid is not None and problem.code != "E_RANGE":  # otherwise it was closed or became shorter meanwhile
                self._failed.add((strand, grid.rev))  # no further request before the next edit
                raise
        finally:
            self._scoring.discard(strand)

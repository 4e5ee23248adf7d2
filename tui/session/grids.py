"""The grids of strands that this client has fetched, and the waveforms of their sound.

Every change of a strand, by this client or another, arrives as a `StrandChanged` event at `take_change`.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from protocol.errors import AlleleError
from protocol.messages.events import StrandChanged
from protocol.messages.snapshots import DecodeRegion
from protocol.messages.strands import GetStrand, StrandInfo
from protocol.ranges import FrameRange
from tui.model.grid import Applied, Cells, StrandGrid
from tui.model.waveform import Waveform
from tui.session.connection import Changed, Connection

WAVE_PIECE = 512  # frames decoded at once for a waveform: few, so that playback does not wait long
WAVE_MARGIN = 24  # frames around an edit whose sound may change; an upper bound, as the daemon uses the exact margin


class StrandGrids(Mapping[str, StrandGrid]):
    """Grids by the id of their strand.

    Args:
        strands: the session's list of open strands, which is kept up to date with every grid.
        is_engine_ready: whether the daemon can decode sound now.
    """

    def __init__(
        self,
        connection: Connection,
        strands: dict[str, StrandInfo],
        is_engine_ready: Callable[[], bool],
        changed: Changed,
    ) -> None:
        self._connection, self._strands, self._changed = connection, strands, changed
        self._is_engine_ready = is_engine_ready
        self._grids: dict[str, StrandGrid] = {}
        self.waves: dict[str, Waveform] = {}
        self._decoding: set[str] = set()
        self._fetching: list[str] = []

    def __getitem__(self, strand: str) -> StrandGrid:
        return self._grids[strand]

    def __iter__(self) -> Iterator[str]:
        return iter(self._grids)

    def __len__(self) -> int:
        return len(self._grids)

    def put(self, grid: StrandGrid) -> None:
        """Add a new grid with an empty waveform."""
        self._grids[grid.id] = grid
        self.waves[grid.id] = Waveform(grid.frames)

    def drop(self, strand: str) -> None:
        """Forget a strand that is no longer open."""
        self._grids.pop(strand, None)
        self.waves.pop(strand, None)

    def take_info(self, info: StrandInfo) -> None:
        """Take the name of a strand that may have been renamed."""
        grid = self._grids.get(info.id)
        if grid is not None:
            grid.info = replace(grid.info, meta=replace(grid.info.meta, name=info.meta.name))
            self._changed("strand", info.id)

    def take_change(self, body: StrandChanged, buffers: list[Any]) -> None:
        """Apply an edit, made by any client, to a strand's grid."""
        self._strands[body.strand.id] = body.strand
        grid = self._grids.get(body.strand.id)
        if grid is None:
            return
        is_next = body.strand.rev == grid.rev + 1 or grid.id in self._fetching
        outcome = grid.apply(body, buffers)
        if outcome is Applied.REFETCH:
            self._connection.spawn(self.fetch(grid.id) if is_next else self.fetch_again(grid.id))
        elif outcome is Applied.WRITTEN:
            self.waves[grid.id].stale(body.frames.first, body.frames.past, WAVE_MARGIN, grid.frames)
            self._changed("strand", grid.id)

    async def fetch(self, strand: str) -> StrandGrid:
        """Fetch the whole grid of a strand."""
        await self._fetch(strand)
        return self._grids[strand]

    async def fetch_again(self, strand: str) -> None:
        """Fetch a strand that may have changed without an event, and report in a line if it has."""
        if await self._fetch(strand):
            self._changed("notice", self.fetched_again_words(strand))

    async def _fetch(self, strand: str) -> bool:
        """Fetch a strand. Returns whether shown cells have changed."""
        known = self._grids.get(strand)
        known_rev = -1 if known is None else known.rev
        self._fetching.append(strand)
        try:
            answer = await self._connection.ask(GetStrand(strand=strand, with_earlier=known is None))
        finally:
            self._fetching.remove(strand)
        info, (codes, columns, *earlier) = answer.body, answer.buffers
        grid, differs = self._grids.get(strand), False
        if grid is None:
            grid = StrandGrid(info, codes, columns, *(Cells(*earlier[i : i + 2]) for i in range(0, len(earlier), 2)))
            self.put(grid)
        elif info.rev >= grid.rev or info.rev < known_rev:
            # A revision lower than the one before the request means another history. Only events can precede an answer.
            differs = grid.replace(info, codes, columns)
            self.waves[strand].stale(0, grid.frames, 0, grid.frames)
        self._strands[strand] = info
        self._changed("strand", strand)
        return differs

    def fetched_again_words(self, strand: str) -> str:
        """Return a sentence for the user about a strand that was fetched again."""
        grid = self._grids[strand]
        return f"{grid.name} had changed meanwhile: it was fetched again and is at revision {grid.rev} now"

    async def fill_wave(self, strand: str, first: int, past: int) -> None:
        """Decode the frames of [first, past) whose peaks are missing, with one request at a time per strand."""
        if strand in self._decoding or not self._is_engine_ready():
            return
        self._decoding.add(strand)
        try:
            while (grid := self._grids.get(strand)) and (
                wanted := self.waves[strand].wanted(first, min(past, grid.frames))
            ):
                wanted = FrameRange(wanted.first, min(wanted.past, wanted.first + WAVE_PIECE))
                answer = await self._connection.ask(DecodeRegion(strand=strand, frames=wanted))
                low, high = answer.body.frames.first, answer.body.frames.past
                if answer.body.rev != grid.rev and self._grids.get(strand) is not grid:
                    return
                self.waves[strand].fill(low, high, answer.buffers[0], grid.info.meta.hop_length)
                if answer.body.rev != grid.rev:
                    self.waves[strand].stale(low, high, 0, grid.frames)
                    await asyncio.sleep(0.1)
                self._changed("wave", strand)
        except AlleleError:
            return  # the waveform is optional; playback reports what is wrong
        finally:
            self._decoding.discard(strand)

"""The strands of one session: their grids, the picture of their sound, and edits on their way.

Base of `tui.session.session.Session`, which connects and follows events. Everything that changes a strand goes through
`_chained`, so that held keys do not conflict with themselves; everything that was changed, by whomever, comes back
through `take_change`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.messages.events import StrandChanged
from protocol.messages.fields import Request
from protocol.messages.snapshots import DecodeRegion
from protocol.messages.strands import ApplyEdit, EditApplied, GetStrand, OpenStrand, RedoEdit, StrandInfo, UndoEdit
from protocol.operations import OPS
from protocol.ranges import FrameRange, LevelRange
from protocol.strands import pack_strand
from tui.model.grid import Applied, StrandGrid
from tui.model.pending import EditChain
from tui.model.registers import Register, Registers
from tui.model.waveform import Waveform
from tui.session.atlas_desk import AtlasDesk
from tui.strand_files import read_strand
from tui.targets import EDITOR, Target

WAVE_PIECE = 512  # frames decoded at once for a picture: what is played meanwhile does not wait long
WAVE_MARGIN = 24  # frames around an edit whose sound changes too; generous, the daemon decodes with its own margin


class StrandDesk(AtlasDesk):
    """Living strands and what this client has fetched of them."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        super().__init__(changed)
        self.engine = "starting"
        self.strands: dict[str, StrandInfo] = {}
        self.grids: dict[str, StrandGrid] = {}
        self.waves: dict[str, Waveform] = {}
        self.registers = Registers()
        self.chains: dict[str, EditChain] = {}
        self._decoding: set[str] = set()
        self._fetching: list[str] = []

    def readable(self, text: str) -> str:
        """A sentence or an edit with names in place of strands' ids."""
        for strand, info in self.strands.items():
            text = text.replace(strand, info.meta.name)
        return text

    def take_change(self, body: StrandChanged, buffers: list[Any]) -> None:
        """A strand was edited by somebody."""
        self.strands[body.strand.id] = body.strand
        grid = self.grids.get(body.strand.id)
        if grid is None:
            return
        is_next = body.strand.rev == grid.rev + 1 or grid.id in self._fetching
        outcome = grid.apply(body, buffers[0] if buffers else None)
        if outcome is Applied.REFETCH:
            self.spawn(self.fetch(grid.id) if is_next else self.fetch_again(grid.id))
        elif outcome is Applied.WRITTEN:
            self.waves[grid.id].stale(body.frames.first, body.frames.past, WAVE_MARGIN, grid.frames)
            self._changed("strand", grid.id)

    async def fetch(self, strand: str) -> StrandGrid:
        """The grid of a strand, whole."""
        await self._fetch(strand)
        return self.grids[strand]

    async def fetch_again(self, strand: str) -> None:
        """Fetch a strand that may have changed without an event, and report it in a line if it has."""
        if await self._fetch(strand):
            self._changed("notice", self._fetched_again(strand))

    async def _fetch(self, strand: str) -> bool:
        """Fetch a strand; whether cells that were shown have changed."""
        known = self.grids.get(strand)
        known_rev = -1 if known is None else known.rev
        self._fetching.append(strand)
        try:
            answer = await self.ask(GetStrand(strand=strand, with_earlier=known is None))
        finally:
            self._fetching.remove(strand)
        info, codes, *earlier = answer.body, *answer.buffers
        grid, differs = self.grids.get(strand), False
        if grid is None:
            grid = self.grids[strand] = StrandGrid(info, codes, *earlier)
            self.waves[strand] = Waveform(grid.frames)
        elif info.rev >= grid.rev or info.rev < known_rev:
            # A revision below one that was known before asking is another history; only events overtake an answer.
            differs = grid.replace(info, codes)
            self.waves[strand].stale(0, grid.frames, 0, grid.frames)
        self.strands[strand] = info
        self._changed("strand", strand)
        return differs

    def _fetched_again(self, strand: str) -> str:
        grid = self.grids[strand]
        return f"{grid.name} had changed meanwhile: it was fetched again and is at revision {grid.rev} now"

    async def open_strand(self, path: Path, model: str | None) -> tuple[str, list[str]]:
        """A living strand of an audio file or an .alle: its id, and what the daemon notes about the recording."""
        if path.suffix.lower() == ".alle":
            meta, codes = await asyncio.to_thread(read_strand, path)
            answer = await self.ask(OpenStrand(meta=meta), buffers=[codes], timeout_s=60.0)
        else:
            if model is None:
                raise AlleleError("E_NOT_FOUND", "there is no model yet", hint="train one: library, choose a corpus, t")
            answer = await self.ask(OpenStrand(path=str(path), model=model), timeout_s=120.0)
        self.strands[answer.body.id] = replace(answer.body, notes=[])
        return answer.body.id, answer.body.notes

    async def save_alle(self, strand: str, target: Target) -> int:
        """Write a strand's codes to an .alle file; its size in bytes.

        Raises:
            AlleleError: E_IO, E_DISK_FULL, E_EXISTS or E_CONFLICT naming the file.
        """
        answer = await self.ask(GetStrand(strand=strand))
        data = pack_strand(answer.body.meta, answer.buffers[0])
        await asyncio.to_thread(target.write, data, hint=EDITOR.another)
        return len(data)

    async def apply_edit(self, strand: str, edit: Edit) -> EditApplied | None:
        """Apply an edit; None when it fell with an earlier one of its burst, which was reported."""
        spec = OPS.get(edit.op)
        other = edit.other if spec is not None and spec.changes_other and edit.other in self.grids else None
        applied = await self._chained(
            strand, other, lambda rev, after: ApplyEdit(strand=strand, edit=edit, if_rev=rev, after=after)
        )
        if applied is not None and spec is not None and spec.fills_register and strand in self.grids:
            grid = self.grids[strand]
            levels = LevelRange(0, grid.levels - 1) if edit.levels is None else edit.levels
            frames = FrameRange() if edit.frames is None else edit.frames
            self.registers.keep(edit.args[0], Register(levels, len(frames.until(grid.frames)), grid.name))
        return applied

    async def undo_edit(self, strand: str) -> EditApplied | None:
        """Undo the newest edit."""
        return await self._chained(strand, None, lambda rev, after: UndoEdit(strand=strand, if_rev=rev, after=after))

    async def redo_edit(self, strand: str) -> EditApplied | None:
        """Redo what was undone last."""
        return await self._chained(strand, None, lambda rev, after: RedoEdit(strand=strand, if_rev=rev, after=after))

    async def go_to(self, strand: str, moves: int) -> int:
        """Undo (moves < 0) or redo several edits; how many were done before one was refused, with its sign.

        Raises:
            AlleleError: the first one was refused.
        """
        ask = self.undo_edit if moves < 0 else self.redo_edit
        done = await asyncio.gather(*(ask(strand) for _ in range(abs(moves))), return_exceptions=True)
        refused = [answer for answer in done if isinstance(answer, BaseException)]
        applied = sum(isinstance(answer, EditApplied) for answer in done)
        if refused and not applied:
            raise refused[0]
        return applied if moves > 0 else -applied

    async def _chained(
        self, strand: str, other: str | None, body: Callable[[int | None, bytes | None], Request[EditApplied]]
    ) -> EditApplied | None:
        touched = [strand] if other is None or other == strand else [strand, other]
        chains = [self.chains.setdefault(name, EditChain()) for name in touched]
        ticket = chains[0].next(self.grids[strand].rev)
        for chain in chains[1:]:
            chain.joined(ticket.request_id)
        try:
            answer = await self.ask(body(ticket.if_rev, ticket.after), request_id=ticket.request_id)
        except AlleleError as error:
            refused = [chain.failed(ticket.request_id) for chain in chains]
            if error.code == "E_CONFLICT":
                for name in touched:
                    await self.fetch(name)
            if not refused[0]:
                return None
            if error.code == "E_CONFLICT" and error.retryable:
                raise AlleleError("E_CONFLICT", self._fetched_again(strand), hint="press the key again") from None
            raise
        revs = {info.id: info.rev for info in answer.body.strands}
        for name, chain in zip(touched, chains, strict=True):
            chain.done(ticket.request_id, revs.get(name, -1))
        return answer.body

    async def fill_wave(self, strand: str, first: int, past: int) -> None:
        """Decode the frames of [first, past) whose peaks are missing; one at a time per strand."""
        if strand in self._decoding or self.engine != "ready":
            return
        self._decoding.add(strand)
        try:
            while (grid := self.grids.get(strand)) and (
                wanted := self.waves[strand].wanted(first, min(past, grid.frames))
            ):
                wanted = FrameRange(wanted.first, min(wanted.past, wanted.first + WAVE_PIECE))
                answer = await self.ask(DecodeRegion(strand=strand, frames=wanted))
                low, high = answer.body.frames.first, answer.body.frames.past
                if answer.body.rev != grid.rev and self.grids.get(strand) is not grid:
                    return
                self.waves[strand].fill(low, high, answer.buffers[0], grid.info.meta.hop_length)
                if answer.body.rev != grid.rev:
                    self.waves[strand].stale(low, high, 0, grid.frames)
                    await asyncio.sleep(0.1)
                self._changed("wave", strand)
        except AlleleError:
            return  # the picture of the sound is a courtesy; playing says what is wrong
        finally:
            self._decoding.discard(strand)

"""Handlers of requests that encode, edit or decode strands sent as values. The daemon stores nothing of them."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from daemon.edits.arguments import with_seed
from daemon.edits.history import newest
from daemon.edits.lengths import resized
from daemon.edits.operations import apply
from daemon.edits.values import Computation, Grid, Outcome, Register, grid_of, settle, write
from daemon.server.computing import engine_for
from daemon.server.encoding import encode_clip, given_strand
from daemon.server.paths import check_target
from daemon.server.services import Services
from daemon.server.settling import Answers, Compute, settle_edit
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from protocol.columns import gains_db
from protocol.edits import Edit, format_edit
from protocol.errors import AlleleError
from protocol.frames import MAX_BUFFER_BYTES
from protocol.messages.snapshots import (
    Decoded,
    DecodeRegion,
    DecodeSnapshot,
    DecodeStrand,
    EditSnapshot,
    EncodeFile,
    Region,
    Snapshotted,
)
from protocol.strands import Strand, StrandMeta

FLOAT_BYTES = 4


class SnapshotHandlers:
    """Answers the requests that the command line sends about strands."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def encode_file(self, request: Call[EncodeFile]) -> Reply:
        """Encode an audio file as a strand."""
        body = request.body
        strand, notes = await encode_clip(self._services, body.path, body.model, request)
        return Reply(body=Snapshotted(meta=strand.meta, notes=notes), buffers=strand.buffers)

    async def edit_snapshot(self, request: Call[EditSnapshot]) -> Reply:
        """Apply edits to a snapshot, in order. Only the first strand is changed."""
        body = request.body
        strand = await given_strand(self._services, body.meta, request.buffers)
        others: list[Strand] = []
        for place, other in enumerate(body.others):
            others.append(await given_strand(self._services, other, request.buffers, place + 1))
        for name, place in body.names.items():
            if not 0 <= place < len(others):
                raise AlleleError("E_BAD_REQUEST", f"{name[:200]!r} names strand {place} of {len(others)}")
        grids = {name: grid_of(f"other{place}", others[place]) for name, place in body.names.items()}
        request.check_deadline()
        strand, notes = await _edit_all(strand, body.edits, grids, engine_for(self._services, request))
        return Reply(body=Snapshotted(meta=strand.meta, notes=notes), buffers=strand.buffers)

    async def decode_snapshot(self, request: Call[DecodeSnapshot]) -> Reply:
        """Decode a snapshot to a WAV file."""
        body = request.body
        strand = await given_strand(self._services, body.meta, request.buffers)
        return await self._decode_to(strand, body, request)

    async def decode_strand(self, request: Call[DecodeStrand]) -> Reply:
        """Decode an open strand, as it is at this moment, to a WAV file."""
        body = request.body
        state = self._services.strands.find(body.strand)
        return await self._decode_to(state.strand, body, request)

    async def decode_region(self, request: Call[DecodeRegion]) -> Reply:
        """Decode frames of an open strand. The reply contains the revision that was decoded."""
        body = request.body
        state = self._services.strands.find(body.strand)
        meta, frames = state.meta, body.frames
        most = MAX_BUFFER_BYTES // FLOAT_BYTES // meta.channels // meta.hop_length
        if not 0 <= frames.first < frames.past <= meta.frames:
            raise AlleleError(
                "E_RANGE", f"frames {frames} do not exist: {meta.name} has {meta.frames}", hint="name others"
            )
        if len(frames) > most:
            raise AlleleError(
                "E_RANGE", f"{len(frames)} frames are too many for one reply", hint=f"at most {most} at once"
            )
        levels = heard_levels(meta, body.levels)
        model = await self._services.library.model_of(meta)
        decoded = await self._services.engine.decode(
            model.name,
            model.codec_id,
            state.codes,
            frames.first,
            frames.past,
            levels,
            gains_db(state.columns),
            request.deadline_s,
        )
        return Reply(
            body=Region(strand=state.id, rev=state.rev, frames=frames),
            buffers=(np.atleast_2d(decoded.pcm),),
            sample_rate_hz=meta.sample_rate,
        )

    async def _decode_to(self, strand: Strand, wanted: DecodeSnapshot | DecodeStrand, request: Call[Any]) -> Reply:
        meta, codes, columns = strand
        levels = heard_levels(meta, wanted.levels)
        model = await self._services.library.model_of(meta)
        target: Path = await asyncio.to_thread(check_target, wanted.out, meta.source.path, replace=wanted.replace)
        samples = min(meta.samples, codes.shape[1] * meta.hop_length)
        part = wanted.part
        if part is not None and not 0 <= part.first < part.past <= samples:
            raise AlleleError(
                "E_RANGE", f"{meta.name} has no samples {part.first} to {part.past}", hint=f"it has {samples}"
            )
        said = await self._services.engine.decode_file(
            model.name,
            model.codec_id,
            codes,
            target,
            samples=samples,
            part=part,
            gains_db=gains_db(columns),
            levels=levels,
            replace=wanted.replace,
            deadline_s=request.deadline_s,
        )
        body = Decoded(
            path=str(target),
            seconds=said["seconds"],
            samples=said["samples"],
            sample_rate=said["sample_rate"],
            channels=said["channels"],
            peak_db=said["peak_db"],
            rms_db=said["rms_db"],
            notes=said["notes"],
        )
        return Reply(body=body)


def heard_levels(meta: StrandMeta, levels: list[int] | None) -> list[int] | None:
    """The levels to decode, without duplicates.

    Raises:
        AlleleError: E_RANGE for a level that the strand does not have.
    """
    if levels is None:
        return None
    wrong = [level for level in levels if not 0 <= level < meta.levels]
    if wrong:
        raise AlleleError(
            "E_RANGE", f"level {wrong[0]} does not exist: {meta.name} has 0 to {meta.levels - 1}", hint="name others"
        )
    return sorted(set(levels))


async def _edit_all(
    strand: Strand, edits: list[Edit], others: dict[str, Grid], compute: Compute
) -> tuple[Strand, list[str]]:
    """Apply edits in order. Registers and locks exist only during this call. Returns the strand, and notes."""
    opened = strand.meta
    registers: dict[str, Register] = {}
    locked: frozenset[int] = frozenset()
    notes: list[str] = []
    edits = [with_seed(edit) for edit in edits]
    for edit in edits:
        grid = grid_of("first", strand, locked)
        outcome = await settle_edit(partial(_edited, edit, grid, others, registers), lambda: opened, compute)
        registers |= outcome.registers
        locked = locked if outcome.locked is None else outcome.locked
        notes += outcome.notes
        if outcome.retimed is not None:
            strand = strand._replace(meta=replace(strand.meta, tempo=outcome.retimed.tempo))
        for change in outcome.changes:
            if change.strand == "first":
                strand = write(strand, change)
    texts = newest([*opened.edits, *(format_edit(edit) for edit in edits)])
    meta = replace(resized(strand.meta, strand.codes.shape[1]), edits=texts)
    return strand._replace(meta=meta), notes


async def _edited(
    edit: Edit, grid: Grid, others: dict[str, Grid], registers: dict[str, Register], answers: Answers
) -> Outcome | Computation:
    return await asyncio.to_thread(lambda: settle(apply(edit, grid, others, registers), answers))


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = SnapshotHandlers(services)
    table.add(EncodeFile, handlers.encode_file)
    table.add(EditSnapshot, handlers.edit_snapshot)
    table.add(DecodeSnapshot, handlers.decode_snapshot)
    table.add(DecodeStrand, handlers.decode_strand)
    table.add(DecodeRegion, handlers.decode_region)

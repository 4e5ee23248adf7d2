"""Makes strands from audio files and from messages, and checks them against their model."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daemon.server.paths import check_sources
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.strands import Codes, Source, StrandMeta, check_codes


@dataclass(frozen=True, kw_only=True)
class StrandValue:
    """A strand as a value: its description, its codes, and notes for the user."""

    meta: StrandMeta
    codes: Codes
    notes: list[str]


async def encode_clip(services: Services, path: str, model_name: str, request: Call[Any]) -> StrandValue:
    """Encode an audio file as a strand.

    Raises:
        AlleleError: E_NOT_FOUND for the file or the model, E_BAD_AUDIO, E_TOO_SHORT, E_ENGINE, E_DEADLINE, E_OOM.
    """
    model = await services.library.model(model_name)
    (source,) = await asyncio.to_thread(check_sources, [path])
    encoded = await services.engine.encode_file(model.name, source, request.deadline_s)
    codec = encoded.codec
    levels, frames = encoded.codes.shape
    meta = StrandMeta(
        name=Path(path).stem[:200] or "clip",
        model=model.name,
        codec_id=codec["codec_id"],
        levels=levels,
        codebook=codec["codebook_size"],
        frames=frames,
        samples=encoded.samples,
        sample_rate=codec["sample_rate"],
        hop_length=codec["hop_length"],
        frame_rate=codec["sample_rate"] / codec["hop_length"],
        channels=codec["channels"],
        gain_db=encoded.gain_db,
        source=msgspec.convert(encoded.source, Source),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return StrandValue(meta=meta, codes=encoded.codes, notes=encoded.notes)


async def given_strand(
    services: Services, meta: StrandMeta | None, buffers: list[Array], place: int = 0
) -> tuple[StrandMeta, Codes]:
    """Read a strand from a message, with its codes in buffer `place`. Its model gets the name that it has here.

    Raises:
        AlleleError: E_BAD_STRAND, E_BAD_CODE, E_NOT_FOUND or E_WRONG_MODEL.
    """
    if meta is None or len(buffers) <= place:
        raise AlleleError("E_BAD_REQUEST", "the message does not contain the strand's codes")
    codes = check_codes(meta, buffers[place])
    if not 0 <= meta.samples <= meta.frames * meta.hop_length or not np.isfinite(meta.gain_db):
        raise AlleleError(
            "E_BAD_STRAND",
            f"{meta.name}: {meta.samples} samples do not fit {meta.frames} frames",
            hint="encode it again",
        )
    model = await services.library.model_of(meta)
    if meta.hop_length != model.hop_length:
        raise AlleleError("E_BAD_STRAND", f"{meta.name}: its hop is not that of model {model.name}")
    return msgspec.structs.replace(meta, model=model.name), codes

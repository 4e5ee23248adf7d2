"""Makes strands from audio files and from messages, and checks them against their model."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from daemon.server.paths import check_sources
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.strands import Source, Strand, StrandMeta, as_encoded, check_strand, unpack_strand

STRAND_SUFFIX = ".alle"


async def encode_clip(services: Services, path: str, model_name: str, request: Call[Any]) -> tuple[Strand, list[str]]:
    """Encode an audio file as a strand. Returns it with notes for the user.

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
    return as_encoded(meta, encoded.codes), encoded.notes


def is_strand_file(path: str) -> bool:
    """Whether a path names an `.alle` file."""
    return path.lower().endswith(STRAND_SUFFIX)


async def strand_in_file(services: Services, path: str) -> Strand:
    """Read an `.alle` file on this machine.

    Raises:
        AlleleError: as `given_strand`, and E_NOT_FOUND or E_IO for the file. It names the file.
    """
    (source,) = await asyncio.to_thread(check_sources, [path])
    try:
        strand = await asyncio.to_thread(lambda: unpack_strand(source.read_bytes()))
    except AlleleError as problem:
        raise AlleleError(problem.code, f"{path}: {problem.message}", hint=problem.hint) from None
    return await given_strand(services, strand.meta, list(strand.buffers))


async def given_strand(services: Services, meta: StrandMeta | None, buffers: list[Array], number: int = 0) -> Strand:
    """Read a strand from a message. Its model gets the name that it has here.

    Args:
        number: how many strands precede it in the message. Each has two buffers, codes and columns.

    Raises:
        AlleleError: E_BAD_STRAND, E_BAD_CODE, E_NOT_FOUND or E_WRONG_MODEL.
    """
    place = 2 * number
    if meta is None or len(buffers) < place + 2:
        raise AlleleError("E_BAD_REQUEST", "the message does not contain the strand's codes and columns")
    strand = check_strand(meta, buffers[place], buffers[place + 1])
    model = await services.library.model_of(meta)
    if meta.hop_length != model.hop_length:
        raise AlleleError("E_BAD_STRAND", f"{meta.name}: its hop is not that of model {model.name}")
    return strand._replace(meta=msgspec.structs.replace(meta, model=model.name))

"""Handler of the request to generate. The request is checked before it is queued; a job does the work."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path
from shlex import quote

from daemon.jobs.specs import GenerateSpec
from daemon.server.encoding import given_strand, strand_in_file
from daemon.server.handlers.corpora import check_space
from daemon.server.paths import check_folder
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.store.generated import GeneratedSounds
from protocol.atomic import write_bytes
from protocol.errors import AlleleError
from protocol.messages.generation import StartGeneration
from protocol.messages.jobs import JobAccepted, JobInfo
from protocol.options import OptionError
from protocol.ranges import FrameRange
from protocol.strands import Strand, pack_strand


class GenerationHandlers:
    """Answers requests to generate."""

    def __init__(self, services: Services) -> None:
        self._services, self._places = services, services.config.places
        self._sounds = GeneratedSounds(self._places.generated, self._places.trash)

    async def start(self, request: Call[StartGeneration]) -> Reply:
        """Queue the making of sounds. A seed is drawn unless one is given, so that the job can be repeated."""
        return Reply(body=JobAccepted(job=(await self._admit(request)).id))

    async def _admit(self, request: Call[StartGeneration]) -> JobInfo:
        known = await self._services.jobs.known(*request.key)
        if known is not None:
            return known
        body = request.body
        _check(body)
        model = await self._services.library.model(body.model)
        other = await self._other(body)
        if body.folder is not None:
            await asyncio.to_thread(check_folder, body.folder)
        await asyncio.to_thread(check_space, self._places.home)
        given, frames = "", None
        if body.mode != "new":
            strand = await self._strand(request)
            _check_strand(strand, body, model.name, model.codec_id)
            given = str(await asyncio.to_thread(self._keep, strand))
            frames = None if body.frames is None else _settled(body.frames, strand.meta.frames)
        request.check_deadline()
        folder = body.folder or str(await asyncio.to_thread(self._sounds.new_batch, model.name))
        seed = secrets.randbelow(1 << 32) if body.options.seed is None else body.options.seed
        spec = GenerateSpec(
            model_dir=model.path,
            folder=folder,
            other_dir=other,
            is_listed=body.folder is None,
            options=replace(body.options, seed=seed),
            mode=body.mode,
            given=given,
            amount=body.amount,
            frames=frames,
            replace=body.replace,
        )
        return await self._services.queue.submit(spec, *request.key)

    async def _other(self, body: StartGeneration) -> str:
        """The folder of the second model; empty for none.

        Raises:
            AlleleError: E_NOT_FOUND, or E_BAD_REQUEST for one that cannot be used, or for the model itself.
        """
        name, mix = body.options.other, body.options.mix
        if name is None:
            if mix is not None:
                raise AlleleError("E_BAD_REQUEST", "--mix is the share of a second model", hint="name it: --with MODEL")
            return ""
        if name == body.model:
            raise AlleleError("E_BAD_REQUEST", f"{name} cannot be mixed with itself", hint="name another: --with MODEL")
        model = await self._services.library.model(name)
        if model.problem:
            raise AlleleError("E_BAD_REQUEST", model.problem.rstrip("."), hint=model.hint)
        return model.path

    async def _strand(self, request: Call[StartGeneration]) -> Strand:
        """The strand of the request: in its file, or in the message."""
        if request.body.of is not None:
            return await strand_in_file(self._services, request.body.of)
        return await given_strand(self._services, request.body.meta, request.buffers)

    def _keep(self, strand: Strand) -> Path:
        """Keep the given strand as a file, because its job may wait. This blocks."""
        folder = self._places.home / "history" / "given"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{secrets.token_hex(8)}.alle"
        write_bytes(path, pack_strand(strand))
        return path


def _check(body: StartGeneration) -> None:
    """Check what does not need the strand.

    Raises:
        AlleleError: E_BAD_REQUEST. It names the option and what it accepts.
    """
    try:
        body.options.check()
    except OptionError as problem:
        raise AlleleError("E_BAD_REQUEST", problem.message, hint=problem.hint) from None
    if (body.mode == "infill") != (body.frames is not None):
        raise AlleleError("E_BAD_REQUEST", "frames are for infill, which needs them", hint="as in --frames 1.2s:1.8s")
    if body.options.loop and body.mode != "new":
        raise AlleleError("E_BAD_REQUEST", f"{body.mode} makes no loop", hint="leave out --loop")


def _check_strand(strand: Strand, body: StartGeneration, model: str, codec_id: str) -> None:
    """Check that a strand is of the model, and holds the frames to fill.

    Raises:
        AlleleError: E_WRONG_MODEL or E_RANGE.
    """
    meta = strand.meta
    if meta.codec_id != codec_id:
        hint = f"encode the sound with this model: allele encode FILE --model {quote(model)}"
        raise AlleleError("E_WRONG_MODEL", f"{meta.name} is a strand of {meta.model}, not of {model}", hint=hint)
    if not meta.frames:
        raise AlleleError("E_TOO_SHORT", f"{meta.name} is empty", hint="choose a strand with sound")
    if body.frames is not None:
        first, past = _settled(body.frames, meta.frames)
        if not 0 <= first < past <= meta.frames:
            problem = f"frames {body.frames} are not in {meta.name}, which has {meta.frames}"
            raise AlleleError("E_RANGE", problem, hint="choose frames of the strand")


def _settled(frames: FrameRange, total: int) -> tuple[int, int]:
    """First and past frame, where an open end is that of the strand."""
    return frames.first, total if frames.is_open else frames.past


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    table.add(StartGeneration, GenerationHandlers(services).start)

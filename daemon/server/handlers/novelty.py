"""The handler of JudgeNovelty: whether a sound is a copy of a model's recordings. The engine compares them."""

import asyncio

import msgspec

from daemon.server.encoding import given_strand
from daemon.server.paths import check_sources
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from protocol.columns import gains_db
from protocol.errors import AlleleError
from protocol.messages.novelty import JudgeNovelty, NoveltyVerdict
from protocol.strands import Strand


class NoveltyHandlers:
    """Lets the engine compare sounds with recordings. Nothing is stored."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def judge_novelty(self, request: Call[JudgeNovelty]) -> Reply:
        """Judge a file, an open strand as it is at this moment, or a snapshot."""
        body = request.body
        if sum(one is not None for one in (body.path, body.strand, body.meta)) != 1:
            raise AlleleError("E_BAD_REQUEST", "give one of a file, a strand's id, or codes to judge")
        if body.path is not None:
            return await self._judge_file(body.path, body.model, request)
        if body.strand is not None:
            return await self._judge_strand(self._services.strands.find(body.strand).strand, request)
        return await self._judge_strand(await given_strand(self._services, body.meta, request.buffers), request)

    async def _judge_file(self, path: str, model_name: str | None, request: Call[JudgeNovelty]) -> Reply:
        if model_name is None:
            hint = "allele model list names the models"
            raise AlleleError("E_BAD_REQUEST", f"{path}: name the model to compare it with", hint=hint)
        model = await self._services.library.model(model_name)
        (source,) = await asyncio.to_thread(check_sources, [path])
        found = await self._services.engine.novelty_of_file(model.name, source, request.deadline_s)
        return Reply(body=msgspec.convert({**found, "model": model.name}, NoveltyVerdict))

    async def _judge_strand(self, strand: Strand, request: Call[JudgeNovelty]) -> Reply:
        meta, codes, columns = strand
        model = await self._services.library.model_of(meta)
        wanted = request.body.model
        if wanted is not None and (await self._services.library.model(wanted)).codec_id != meta.codec_id:
            raise AlleleError(
                "E_WRONG_MODEL",
                f"{meta.name} is made of codes of model {model.name}, not of {wanted}",
                hint="leave the model out, or decode the strand and name the WAV file",
            )
        found = await self._services.engine.novelty_of_codes(
            model.name,
            model.codec_id,
            codes,
            samples=min(meta.samples, codes.shape[1] * meta.hop_length),
            gains_db=gains_db(columns),
            deadline_s=request.deadline_s,
        )
        return Reply(body=msgspec.convert({**found, "model": model.name}, NoveltyVerdict))


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    table.add(JudgeNovelty, NoveltyHandlers(services).judge_novelty)

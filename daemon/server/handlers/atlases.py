"""Handlers of requests about the effects of codes: atlases, palettes made from them, and the user's labels for codes.

Data flow: an atlas is read from its model's folder in a thread, and cached until the file changes. A job measures it
again. For a model without an atlas, the engine computes the palette, which is an order of the codes' vectors.
"""

import asyncio
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from daemon.atlas.errors import AtlasError
from daemon.atlas.files import ATLAS_NAME, read_atlas, read_labels, write_labels
from daemon.atlas.table import Atlas
from daemon.jobs.specs import AtlasSpec
from daemon.runs.errors import TrainingError
from daemon.runs.folder import read_run
from daemon.server.handlers.corpora import check_space
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.store.folders import signature
from protocol.arrays import Array
from protocol.atlas import DEFAULT, FIRST_COMPONENT
from protocol.errors import AlleleError
from protocol.messages.events import AtlasChanged
from protocol.messages.fields import Done
from protocol.messages.jobs import JobAccepted, JobInfo
from protocol.messages.models import Atlas as AtlasReply
from protocol.messages.models import GetAtlas, GetPalette, MeasureAtlas, ModelInfo, Palette, PutLabel

log = logging.getLogger("allele.store")

KEPT = 16
CHECKED_LABEL = "a label cannot contain line breaks or other control characters"


class Atlases:
    """A cache of atlases, by the file that they were read from."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Atlas] = OrderedDict()

    async def find(self, model: ModelInfo) -> Atlas:
        """Return the atlas of a model.

        Raises:
            AlleleError: E_NO_ATLAS, with the reason and a hint.
        """
        folder = Path(model.path)
        key = (model.codec_id, await asyncio.to_thread(signature, folder / ATLAS_NAME))
        if key not in self._kept:
            self._kept[key] = await asyncio.to_thread(_read, model)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _read(model: ModelInfo) -> Atlas:
    try:
        atlas = read_atlas(Path(model.path), model.codec_id, levels=model.levels, codebook=model.codebook)
    except AtlasError as problem:
        raise AlleleError("E_NO_ATLAS", problem.message, hint=problem.hint) from None
    _ = atlas.verdicts  # computed here, in a thread, and cached with the atlas
    return atlas


class AtlasHandlers:
    """Answers requests about atlases, palettes and labels. Labels are written one after another."""

    def __init__(self, services: Services) -> None:
        self._services, self._places = services, services.config.places
        self._atlases = Atlases()
        self._components: OrderedDict[str, Array] = OrderedDict()
        self._labelling = asyncio.Lock()

    async def palette(self, request: Call[GetPalette]) -> Reply:
        """Return the ranks (Q, K) of codes on the requested descriptor, from the atlas or else from the engine."""
        body = request.body
        model = await self._services.library.model(body.model)
        try:
            atlas = await self._atlases.find(model)
        except AlleleError:
            return await self._by_component(model, request, [])
        if body.descriptor == FIRST_COMPONENT or not (body.descriptor or atlas.is_reliable(DEFAULT)):
            return await self._by_component(model, request, list(atlas.descriptors))
        wanted = body.descriptor or DEFAULT
        if wanted not in atlas.descriptors:
            known = ", ".join(atlas.descriptors)
            raise AlleleError("E_NOT_FOUND", f"{wanted!r} was not measured", hint=f"there are: {known}")
        said = Palette(
            model=model.name,
            descriptor=wanted,
            unsure=atlas.unsure_levels(wanted),
            choices=list(atlas.descriptors),
        )
        return Reply(body=said, buffers=(atlas.ranks(wanted),))

    async def _by_component(self, model: ModelInfo, request: Call[Any], choices: list[str]) -> Reply:
        if model.codec_id not in self._components:
            ranks = await self._services.engine.ranks(model.name, model.codec_id, request.deadline_s)
            self._components[model.codec_id] = ranks
            while len(self._components) > KEPT:
                self._components.popitem(last=False)
        said = Palette(model=model.name, descriptor=FIRST_COMPONENT, choices=choices)
        return Reply(body=said, buffers=(self._components[model.codec_id],))

    async def get(self, request: Call[GetAtlas]) -> Reply:
        """Return the atlas of a model if there is one, and always its labels."""
        body = request.body
        model = await self._services.library.model(body.model)
        labels, trouble = await asyncio.to_thread(_labels, Path(model.path))
        try:
            atlas = await self._atlases.find(model)
        except AlleleError as problem:
            state = "damaged" if (Path(model.path) / ATLAS_NAME).exists() else "absent"
            detail = "; ".join(filter(None, [str(problem), trouble]))
            return Reply(
                body=AtlasReply(model=model.name, codec_id=model.codec_id, state=state, detail=detail, labels=labels)
            )
        said = AtlasReply(
            model=model.name,
            codec_id=model.codec_id,
            state="ready",
            detail=trouble,
            descriptors=list(atlas.descriptors),
            units=list(atlas.units),
            contexts=atlas.shape[2],
            reliability=[[round(float(value), 4) for value in row] for row in atlas.reliability],
            usage_frames=atlas.usage_frames,
            labels=labels,
        )
        tables = (atlas.mean, atlas.spread, atlas.verdicts.astype(np.int16), atlas.usage.astype(np.int32))
        return Reply(body=said, buffers=tables)

    async def measure(self, request: Call[MeasureAtlas]) -> Reply:
        """Queue the measurement of an atlas. Refused at once if the model or its corpus does not exist."""
        async with self._services.library.model_names:
            return Reply(body=JobAccepted(job=(await self._admit(request, request.body)).id))

    async def _admit(self, request: Call[Any], body: MeasureAtlas) -> JobInfo:
        known = await self._services.jobs.known(*request.key)
        if known is not None:
            return known
        model = await self._services.library.model(body.model)
        corpus = await asyncio.to_thread(_corpus_of, model)
        await self._services.library.corpus(corpus)
        for job in self._services.jobs.active:
            if (job.kind, job.subject) == ("atlas", model.name):
                raise AlleleError("E_EXISTS", f"job {job.id} measures {model.name} already", hint="wait for it")
        await asyncio.to_thread(check_space, self._places.home)
        request.check_deadline()
        spec = AtlasSpec(model_dir=model.path, corpus_dir=str(self._places.corpora / corpus))
        return await self._services.queue.submit(spec, *request.key)

    async def label(self, request: Call[PutLabel]) -> Reply:
        """Set the label of a code. It is on disk before the reply, and all clients are notified."""
        body = request.body
        model = await self._services.library.model(body.model)
        if body.level >= model.levels:
            raise AlleleError("E_RANGE", f"level {body.level} does not exist", hint=f"0 to {model.levels - 1}")
        if body.code >= model.codebook:
            raise AlleleError("E_BAD_CODE", f"code {body.code} does not exist", hint=f"0 to {model.codebook - 1}")
        text = body.text.strip()
        if not text.isprintable():
            raise AlleleError("E_BAD_REQUEST", CHECKED_LABEL, hint="type another label")
        async with self._labelling:
            await asyncio.to_thread(_put_label, Path(model.path), f"{body.level}:{body.code}", text)
        self._services.publisher.publish(AtlasChanged(model=model.name))
        return Reply(body=Done())


def _corpus_of(model: ModelInfo) -> str:
    """The name of the corpus that a model was trained on.

    Raises:
        AlleleError: E_NOT_FOUND if the model's folder does not record it.
    """
    try:
        run = read_run(Path(model.path))
    except TrainingError as problem:
        raise AlleleError("E_IO", problem.message, hint="restore the model's folder") from None
    if run is None:
        raise AlleleError(
            "E_NOT_FOUND",
            f"model {model.name} has no run.json: its training files are not known",
            hint="an atlas is measured on the training recordings",
        )
    return run.corpus


def _labels(folder: Path) -> tuple[dict[str, str], str]:
    try:
        return read_labels(folder), ""
    except AtlasError as problem:
        log.warning("%s", problem)
        return {}, f"{problem.message} ({problem.hint})"


def _put_label(folder: Path, key: str, text: str) -> None:
    try:
        labels = read_labels(folder)
    except AtlasError as problem:
        raise AlleleError("E_IO", problem.message, hint=problem.hint) from None
    labels.pop(key, None)
    if text:
        labels[key] = text
    try:
        write_labels(folder, labels)
    except OSError as problem:
        raise AlleleError("E_IO", f"{folder}: {problem.strerror}", hint="check its permissions and the disk") from None


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = AtlasHandlers(services)
    table.add(GetPalette, handlers.palette)
    table.add(GetAtlas, handlers.get)
    table.add(MeasureAtlas, handlers.measure)
    table.add(PutLabel, handlers.label)

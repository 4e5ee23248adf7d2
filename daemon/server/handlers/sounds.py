"""Handlers of requests about generated sounds and presets. Files are read and moved in a thread, one at a time."""

import asyncio
from dataclasses import replace

from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.store.generated import GeneratedSounds
from daemon.store.presets import PresetFolder
from protocol.errors import AlleleError
from protocol.messages.fields import Done
from protocol.messages.sounds import (
    DeletePreset,
    DiscardSound,
    KeepSound,
    ListPresets,
    ListSounds,
    Presets,
    SavePreset,
    Sounds,
)
from protocol.options import OptionError


class SoundHandlers:
    """Answers requests about what was generated into the home's history, and about presets."""

    def __init__(self, services: Services) -> None:
        places = services.config.places
        self._library = services.library
        self._sounds = GeneratedSounds(places.generated, places.trash)
        self._presets = PresetFolder(places.presets, places.trash)
        self._turn = asyncio.Lock()

    async def list(self, request: Call[ListSounds]) -> Reply:
        """List the sounds of a model."""
        sounds, left_out = await asyncio.to_thread(self._sounds.sounds, request.body.model, request.body.most)
        return Reply(body=Sounds(sounds=sounds, left_out=left_out))

    async def keep(self, request: Call[KeepSound]) -> Reply:
        """Mark a sound, or take its mark away."""
        body = request.body
        async with self._turn:
            return Reply(
                body=await asyncio.to_thread(self._sounds.keep, body.model, body.batch, body.name, keep=body.keep)
            )

    async def discard(self, request: Call[DiscardSound]) -> Reply:
        """Move a sound to the trash."""
        body = request.body
        async with self._turn:
            gone = await asyncio.to_thread(self._sounds.discard, body.model, body.batch, body.name)
        return Reply(body=Done(detail=f"its files are in {gone}"))

    async def list_presets(self, request: Call[ListPresets]) -> Reply:
        """List the presets of a model."""
        presets, damaged = await asyncio.to_thread(self._presets.presets, request.body.model)
        return Reply(body=Presets(presets=presets, damaged=damaged))

    async def save_preset(self, request: Call[SavePreset]) -> Reply:
        """Save a preset, without a seed and a count: those belong to a single generation."""
        body = request.body
        options = replace(body.options, seed=None, count=1)
        try:
            options.check()
        except OptionError as problem:
            raise AlleleError("E_BAD_REQUEST", problem.message, hint=problem.hint) from None
        model = await self._library.model(body.model)
        async with self._turn:
            saved = await asyncio.to_thread(self._presets.save, model.name, body.name, options, replace=body.replace)
        return Reply(body=saved)

    async def delete_preset(self, request: Call[DeletePreset]) -> Reply:
        """Move a preset to the trash."""
        async with self._turn:
            gone = await asyncio.to_thread(self._presets.delete, request.body.model, request.body.name)
        return Reply(body=Done(detail=f"it is in {gone}"))


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = SoundHandlers(services)
    table.add(ListSounds, handlers.list)
    table.add(KeepSound, handlers.keep)
    table.add(DiscardSound, handlers.discard)
    table.add(ListPresets, handlers.list_presets)
    table.add(SavePreset, handlers.save_preset)
    table.add(DeletePreset, handlers.delete_preset)

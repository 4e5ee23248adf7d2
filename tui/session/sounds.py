"""The generated sounds and the presets of models, fetched when a screen shows a model, and kept current by events."""

from pathlib import PurePath

from protocol.messages.sounds import (
    DeletePreset,
    DiscardSound,
    KeepSound,
    ListPresets,
    ListSounds,
    Preset,
    SavePreset,
    Sound,
)
from tui.session.connection import Changed, Connection


class GeneratedSounds:
    """What was generated with each model, the newest batch first.

    `changed` is called with "sounds" and the model's name.
    """

    def __init__(self, connection: Connection, changed: Changed) -> None:
        self._connection, self._changed = connection, changed
        self._sounds: dict[str, list[Sound]] = {}
        self.presets: dict[str, list[Preset]] = {}

    def of(self, model: str) -> list[Sound]:
        """The known sounds of a model."""
        return self._sounds.get(model, [])

    def is_known(self, model: str) -> bool:
        """Whether the sounds of a model were fetched."""
        return model in self._sounds

    def forget(self) -> None:
        """Forget all sounds, which may have changed while there was no connection."""
        self._sounds.clear()
        self.presets.clear()

    async def fetch(self, model: str) -> None:
        """Fetch the sounds and the presets of a model."""
        answer = (await self._connection.ask(ListSounds(model=model))).body
        presets = (await self._connection.ask(ListPresets(model=model))).body
        self._sounds[model], self.presets[model] = answer.sounds, presets.presets
        self._changed("sounds", model)

    def take(self, sound: Sound) -> None:
        """Add a sound that was made just now, at the end of its batch."""
        known = self._sounds.get(sound.model)
        if known is None or any(_same(one, sound) for one in known):
            return
        last = max((index for index, one in enumerate(known) if one.batch == sound.batch), default=-1)
        known.insert(last + 1, sound)
        self._changed("sounds", sound.model)

    async def keep(self, sound: Sound, *, keep: bool) -> None:
        """Mark a sound as kept, or take the mark away."""
        marked = (
            await self._connection.ask(KeepSound(model=sound.model, batch=sound.batch, name=sound.name, keep=keep))
        ).body
        known = self._sounds.get(sound.model, [])
        known[:] = [marked if _same(one, marked) else one for one in known]
        self._changed("sounds", sound.model)

    async def discard(self, sound: Sound) -> str:
        """Move a sound to the trash, and return the name of its folder there."""
        done = (await self._connection.ask(DiscardSound(model=sound.model, batch=sound.batch, name=sound.name))).body
        known = self._sounds.get(sound.model, [])
        known[:] = [one for one in known if not _same(one, sound)]
        self._changed("sounds", sound.model)
        return PurePath(done.detail).name

    async def save_preset(self, request: SavePreset) -> None:
        """Save a preset, and add it to the list."""
        saved = (await self._connection.ask(request)).body
        others = [one for one in self.presets.get(request.model, []) if one.name != saved.name]
        self.presets[request.model] = sorted([*others, saved], key=lambda one: one.name.lower())
        self._changed("sounds", request.model)

    async def delete_preset(self, model: str, name: str) -> None:
        """Move a preset to the trash, and take it from the list."""
        await self._connection.ask(DeletePreset(model=model, name=name))
        self.presets[model] = [one for one in self.presets.get(model, []) if one.name != name]
        self._changed("sounds", model)


def _same(one: Sound, other: Sound) -> bool:
    return (one.batch, one.name) == (other.batch, other.name)

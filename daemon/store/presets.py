"""Presets of generating: `presets/MODEL/NAME.json`, readable and writable by hand. All functions block."""

import time
from pathlib import Path

import msgspec

from daemon.store.trash import move_to_trash
from protocol.atomic import write_bytes
from protocol.errors import AlleleError
from protocol.generation import GenerationOptions
from protocol.messages.sounds import Preset
from protocol.options import OptionError

MOST = 500


class PresetFolder:
    """The presets of all models.

    Args:
        folder: contains a folder for each model.
    """

    def __init__(self, folder: Path, trash: Path) -> None:
        self._folder, self._trash = folder, trash

    def presets(self, model: str) -> tuple[list[Preset], list[str]]:
        """List the presets of a model by name, and the files that cannot be read."""
        found: list[Preset] = []
        damaged: list[str] = []
        for path in sorted((self._folder / model).glob("*.json"), key=lambda one: one.name.lower())[:MOST]:
            try:
                preset = msgspec.json.decode(path.read_bytes(), type=Preset)
                preset.options.check()
                found.append(msgspec.structs.replace(preset, name=path.stem))
            except (OSError, msgspec.MsgspecError, OptionError) as problem:
                damaged.append(f"{path}: {problem}")
        return found, damaged

    def save(self, model: str, name: str, options: GenerationOptions, *, replace: bool) -> Preset:
        """Save options as a preset.

        Raises:
            AlleleError: E_EXISTS if the name is taken and may not be replaced.
            OSError: the file cannot be written.
        """
        path = self._folder / model / f"{name}.json"
        if path.exists() and not replace:
            raise AlleleError(
                "E_EXISTS", f"{model} has a preset called {name} already", hint="choose another name, or replace it"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        preset = Preset(name=name, options=options, saved=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        write_bytes(path, msgspec.json.format(msgspec.json.encode(preset), indent=1))
        return preset

    def delete(self, model: str, name: str) -> Path:
        """Move a preset to the trash, and return its folder there.

        Raises:
            AlleleError: E_NOT_FOUND if there is no such preset, E_IO.
        """
        path = self._folder / model / f"{name}.json"
        if not path.is_file():
            raise unknown_preset(model, name, [one.stem for one in path.parent.glob("*.json")])
        gone = path.parent / name
        gone.mkdir(exist_ok=True)
        path.rename(gone / path.name)
        return move_to_trash(gone, self._trash, "preset")


def unknown_preset(model: str, name: str, known: list[str]) -> AlleleError:
    """The error for a preset that a model does not have; it names those that it has."""
    names = ", ".join(sorted(known)) or "none"
    return AlleleError("E_NOT_FOUND", f"{model} has no preset called {name!r} (there are: {names})")

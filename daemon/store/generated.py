"""The generated sounds in the home's history: `history/generated/MODEL/BATCH/`, each with its manifest.

A generation's own process writes the WAVs, the `.alle` files and manifest.json. The broker writes only kept.json, the
names of the sounds that the user wants to keep, so that neither overwrites the other. Paths are those of the folder as
it is now, not those in the manifest: a home can be moved and a model renamed. All functions block.
"""

import contextlib
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from daemon.store.trash import move_to_trash
from protocol.atomic import sync_folder, write_bytes
from protocol.errors import AlleleError
from protocol.messages.sounds import Sound, SoundNovelty

MANIFEST, KEPT = "manifest.json", "kept.json"

log = logging.getLogger("allele.store")


class GeneratedSounds:
    """The generated sounds of all models.

    Args:
        folder: contains a folder for each model.
    """

    def __init__(self, folder: Path, trash: Path) -> None:
        self._folder, self._trash = folder, trash

    def new_batch(self, model: str) -> Path:
        """Create the folder of a new batch. Names sort by time."""
        now = datetime.now()
        name = f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03}{os.urandom(2).hex()}"
        path = self._folder / model / name
        path.mkdir(parents=True)
        return path

    def sounds(self, model: str, most: int) -> tuple[list[Sound], int]:
        """List the sounds of a model, the newest batch first, and the number of those that were left out."""
        with contextlib.suppress(FileNotFoundError):
            batches = sorted((one for one in (self._folder / model).iterdir() if one.is_dir()), reverse=True)
            found = [sound for batch in batches for sound in self._batch(batch)]
            return found[:most], max(0, len(found) - most)
        return [], 0

    def keep(self, model: str, batch: str, name: str, *, keep: bool) -> Sound:
        """Mark a sound as kept, or take the mark away.

        Raises:
            AlleleError: E_NOT_FOUND if there is no such sound.
        """
        folder = self._folder / model / batch
        sound = self._find(folder, name)
        kept = _kept(folder)
        names = kept | {name} if keep else kept - {name}
        if names != kept:
            write_bytes(folder / KEPT, msgspec.json.encode(sorted(names)))
        return msgspec.structs.replace(sound, kept=keep)

    def discard(self, model: str, batch: str, name: str) -> Path:
        """Move the files of a sound to a folder in the trash, and return that.

        Raises:
            AlleleError: E_NOT_FOUND if there is no such sound, E_CONFLICT if it is kept, E_IO.
        """
        folder = self._folder / model / batch
        sound = self._find(folder, name)
        if sound.kept:
            raise AlleleError("E_CONFLICT", f"{name} is kept", hint="take the mark away first")
        gone = folder / name
        gone.mkdir(exist_ok=True)
        for path in (Path(sound.audio), Path(sound.strand)):
            with contextlib.suppress(FileNotFoundError):
                path.rename(gone / path.name)
        sync_folder(folder)
        return move_to_trash(gone, self._trash, "sound")

    def _find(self, folder: Path, name: str) -> Sound:
        sound = next((one for one in self._batch(folder) if one.name == name), None)
        if sound is None:
            raise AlleleError(
                "E_NOT_FOUND",
                f"no generated sound is called {name!r} in {folder.name}",
                hint="list the sounds again: it was discarded, or its files were moved",
            )
        return sound

    def _batch(self, folder: Path) -> list[Sound]:
        """The sounds of a batch whose files are there. A manifest that cannot be read has none."""
        try:
            entries = msgspec.json.decode((folder / MANIFEST).read_bytes())["outputs"]
            kept = _kept(folder)
            made = [sound_of(entry, folder, kept) for entry in entries]
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError, KeyError, TypeError) as problem:
            log.warning("%s: it cannot be read (%s)", folder / MANIFEST, problem)
            return []
        return [sound for sound in made if Path(sound.audio).exists() and Path(sound.strand).exists()]


def sound_of(entry: dict[str, Any], folder: Path, kept: set[str]) -> Sound:
    """The sound that an entry of a manifest describes, with its files in a batch's folder.

    Raises:
        KeyError, TypeError, msgspec.ValidationError: the entry is damaged.
    """
    name = Path(entry["audio"]).stem
    fields = ("seconds", "samples", "seed", "engine", "verbatim", "descriptors", "notes", "tempo", "picture", "created")
    novelty = entry.get("novelty")
    return msgspec.convert(
        {
            **{field: entry[field] for field in fields if field in entry},
            "model": folder.parent.name,
            "batch": folder.name,
            "name": name,
            "audio": str(folder / Path(entry["audio"]).name),
            "strand": str(folder / Path(entry["strand"]).name),
            "novelty": None if novelty is None else msgspec.convert(novelty, SoundNovelty, strict=False),
            "wanted": entry.get("options", {}),
            "kept": name in kept,
        },
        Sound,
    )


def _kept(folder: Path) -> set[str]:
    try:
        return set(msgspec.json.decode((folder / KEPT).read_bytes(), type=list[str]))
    except FileNotFoundError:
        return set()
    except (OSError, msgspec.MsgspecError) as problem:
        log.warning("%s: it cannot be read (%s)", folder / KEPT, problem)
        return set()

"""The events of a model's material, as stored beside it: pieces from one onset to the next, each encoded alone.

`events.npz` in the model's `material/` folder contains the codes of all events one after another and the tables, and
`events.json`, written last, what each event is. Nothing is pickled. Events are derived from the material, so a folder
without them, or with those of another codec, gets them again (`events_of`).
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.atlas.descriptors import DESCRIPTORS
from daemon.codec.codec import Codec, Codes
from daemon.generation.errors import GenerationError
from daemon.generation.material import FOLDER
from protocol.atomic import replacing, write_bytes

VERSION = 1
COLUMNS = (*DESCRIPTORS, "length")
"""Order of the last axis of an event's descriptors and ranks."""
_INDEX, _TABLES = "events.json", "events.npz"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event: a piece of a take that begins just before an onset and ends just before the next."""

    take: int
    """Index of its take in the material."""
    start: int
    """First sample in the take."""
    onset: int
    """Sample of the onset in the take."""
    samples: int
    first: int
    """First frame in the bank's codes."""
    frames: int
    gain_db: float
    """Gain that restores its level after decoding."""
    is_single: bool
    """Whether its decode reads as one onset."""

    @property
    def stop(self) -> int:
        """Frame past the last one in the bank's codes."""
        return self.first + self.frames


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """The rhythm of one take that has a tempo."""

    take: int
    bpm: float
    beats: float
    """Length of the take in beats."""
    places: list[float]
    """Place of each event in beats from the start of the take."""
    events: list[int]
    """Index of the event at each place."""


class Drone(msgspec.Struct, frozen=True, kw_only=True):
    """An excerpt of a take in which hardly anything begins."""

    take: int
    first: int
    """First frame in the material's codes."""
    frames: int


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    codec_id: str
    material_frames: int
    events: list[Event]
    patterns: list[Pattern]
    drones: list[Drone]
    rates: list[float]


@dataclass(frozen=True, kw_only=True)
class EventBank:
    """The events of one material, with what is known of each; `E` events, `C` columns, `N` neighbours."""

    codec_id: str
    material_frames: int
    """Number of frames of the material that the events were cut from."""
    events: list[Event]
    codes: Codes
    """`(Q, F)`: all events one after another."""
    descriptors: NDArray[np.float32]
    """`(E, C)` in the order of COLUMNS, the length in seconds."""
    neighbours: NDArray[np.int64]
    """`(E, N)`: the events most like each, the nearest first."""
    patterns: list[Pattern]
    drones: list[Drone]
    drone_descriptors: NDArray[np.float32]
    """`(drones, C - 1)`: what the excerpts of drones measure."""
    rates: list[float]
    """Onsets a second of each take that has several, rising."""

    def codes_of(self, index: int) -> Codes:
        """Codes of one event, `(Q, T)`."""
        event = self.events[index]
        return self.codes[:, event.first : event.stop]

    def ranks(self, descriptors: NDArray[np.float32] | None = None) -> NDArray[np.float64]:
        """Rank of each event, or of each row of other descriptors, in every column: 0 the least, 1 the most."""
        values = self.descriptors if descriptors is None else descriptors
        order = values.argsort(0, kind="stable").argsort(0, kind="stable")
        return order / max(1, len(values) - 1)

    def save(self, model_dir: Path) -> None:
        """Write the events into a model's folder, the index last."""
        folder = model_dir / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / _TABLES) as file:
            np.savez_compressed(
                file,
                codes=self.codes,
                descriptors=self.descriptors,
                neighbours=self.neighbours,
                drone_descriptors=self.drone_descriptors,
            )
        index = _Index(
            codec_id=self.codec_id,
            material_frames=self.material_frames,
            events=self.events,
            patterns=self.patterns,
            drones=self.drones,
            rates=self.rates,
        )
        write_bytes(folder / _INDEX, msgspec.json.format(msgspec.json.encode(index), indent=1))

    @classmethod
    def load(cls, model_dir: Path, codec: Codec, material_frames: int) -> Self:
        """Read the events of a model.

        Raises:
            GenerationError: they are missing, damaged, or of another codec, material or version.
        """
        folder = model_dir / FOLDER
        try:
            index = msgspec.json.decode((folder / _INDEX).read_bytes(), type=_Index)
            with (folder / _TABLES).open("rb") as file, np.load(file, allow_pickle=False) as tables:
                arrays = {name: tables[name] for name in ("codes", "descriptors", "neighbours", "drone_descriptors")}
        except FileNotFoundError as error:
            raise GenerationError(f"{model_dir.name} has no events yet.") from error
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error, msgspec.DecodeError) as error:
            raise GenerationError(f"{folder}: the events cannot be read ({error}).") from error
        if (index.version, index.codec_id, index.material_frames) != (VERSION, codec.codec_id, material_frames):
            raise GenerationError(f"{folder}: the events are not of this codec and material.")
        bank = cls(
            codec_id=index.codec_id,
            material_frames=index.material_frames,
            events=index.events,
            patterns=index.patterns,
            drones=index.drones,
            rates=index.rates,
            **arrays,
        )
        if not bank._fits(codec):
            raise GenerationError(f"{folder}: the tables of the events do not fit their index.")
        return bank

    def _fits(self, codec: Codec) -> bool:
        """Whether tables and index describe the same events."""
        count, frames = len(self.events), sum(event.frames for event in self.events)
        return (
            self.codes.shape == (codec.config.levels, frames)
            and self.descriptors.shape == (count, len(COLUMNS))
            and self.neighbours.ndim == 2
            and len(self.neighbours) == count
            and self.drone_descriptors.shape == (len(self.drones), len(COLUMNS) - 1)
            and (not self.codes.size or int(self.codes.max()) < codec.config.codebook_size)
            and (not self.neighbours.size or 0 <= int(self.neighbours.min()) <= int(self.neighbours.max()) < count)
        )


def kept_or_gathered(
    model_dir: Path, codec: Codec, material_frames: int, gathered: Callable[[], EventBank | None]
) -> EventBank | None:
    """The stored events of a model, or new ones that are stored; None if gathering them was stopped."""
    try:
        return EventBank.load(model_dir, codec, material_frames)
    except GenerationError:
        bank = gathered()
        if bank is not None:
            bank.save(model_dir)
        return bank

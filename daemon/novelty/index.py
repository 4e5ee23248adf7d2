"""The index of a model's recordings, in which a sound is looked up: `novelty/` of the model's folder.

`novelty.json` names the recordings and holds the thresholds; `levels.npz` has two views of them as band levels,
`(N, BANDS)` float16 with all takes one after another: *recorded*, the recordings themselves, and *decoded*, as the
codec plays them. A file that was cut out of a recording is nearest in the first, sound made of codes in the second; a
recording differs from its own decode by more than some recordings differ from one another. A minute takes 240 KB in
both, and a corpus of hours is bounded like the material (71 minutes, drawn by chance). Nothing is pickled.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Literal, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.novelty.bands import BANDS
from daemon.novelty.errors import NoveltyError
from daemon.novelty.windows import LONG, SILENT_DB, STEP_S, Scale, Windows, windows_at
from protocol.atomic import replacing, write_bytes

FOLDER = "novelty"
VERSION = 1
VIEWS: tuple["View", ...] = ("recorded", "decoded")
_ABOUT, _LEVELS = "novelty.json", "levels.npz"
_AT_ONCE = 4096
GAP = LONG.steps
"""Frames of silence after each take, so that no window reaches into the next one."""

View = Literal["recorded", "decoded"]


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """A take of the material in the index."""

    name: str
    sha256: str
    start_s: float
    """Second of the recording at which it begins."""
    first: int
    frames: int


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """The distances of one view at one length of window, and how they were found."""

    copy_db: float
    close_db: float
    verbatim_db: float
    """99th percentile of crops of the recordings, at any offset and gain."""
    null: list[float]
    """Distances of sounds that are no copies: percentiles 0 to 100. Empty with one recording."""
    windows: int
    """Windows that the null was measured on."""

    def percentile(self, distance_db: float) -> float:
        """Where a distance lies in the null, 0 to 100."""
        return float(np.interp(distance_db, self.null, np.arange(len(self.null)))) if self.null else 0.0


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of `novelty.json`."""

    version: int = VERSION
    codec_id: str
    takes: list[Indexed]
    thresholds: dict[str, Thresholds] = {}
    """By "view length", such as "decoded short"."""
    basis: str = ""
    """How the thresholds came about, as text."""
    notes: list[str] = []
    """What to know about every verdict: that it is rough, or that part of the corpus is not indexed."""


class NoveltyIndex:
    """Both views of a model's recordings."""

    def __init__(self, about: About, levels: dict[str, NDArray[np.float16]]) -> None:
        """Create an index. `levels`: both views, each of N frames."""
        self.about, self.levels = about, levels
        self._recordings = {sha: number for number, sha in enumerate(dict.fromkeys(t.sha256 for t in about.takes))}

    @property
    def recordings(self) -> int:
        """Number of recordings in the index."""
        return len(self._recordings)

    def number_of(self, sha256: str) -> int:
        """The number of a recording, -1 if it is not in the index."""
        return self._recordings.get(sha256, -1)

    def nearest(
        self, view: View, scale: Scale, sought: Windows, own: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Find the nearest window of the index for each of `sought`, `(N, D)`.

        Args:
            own: the number of the recording of each, which is left out of its search; -1 for none.

        Returns:
            Distances in dB and the frames at which the nearest windows begin, infinite and 0 where there is none.
        """
        best = np.full(len(sought), np.inf, np.float32)
        where = np.zeros(len(sought), np.int64)
        power = np.square(sought).sum(1)[:, None]
        for starts, numbers in self._places(scale):
            windows, tops = windows_at(self.levels[view], starts, scale.steps)
            squares = power + np.square(windows).sum(1) - 2 * (sought @ windows.T)
            squares[:, tops < SILENT_DB] = np.inf
            if own is not None:
                squares[own[:, None] == numbers] = np.inf
            found = squares.argmin(1)
            distances = np.sqrt(np.maximum(squares[np.arange(len(sought)), found], 0) / sought.shape[1])
            nearer = distances < best
            best[nearer], where[nearer] = distances[nearer], starts[found[nearer]]
        return best, where

    def place(self, frame: int) -> tuple[str, float]:
        """The recording and its second at a frame of the index."""
        firsts = [take.first for take in self.about.takes]
        take = self.about.takes[int(np.searchsorted(firsts, frame, side="right")) - 1]
        return take.name, round(take.start_s + (frame - take.first) * STEP_S, 2)

    def _places(self, scale: Scale) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Frames at which windows begin, with the number of their recording, some at once."""
        takes = self.about.takes
        counts = [max(1, take.frames - scale.steps + 1) for take in takes]
        starts = np.concatenate([take.first + np.arange(n) for take, n in zip(takes, counts, strict=True)])
        numbers = np.repeat([self.number_of(take.sha256) for take in takes], counts)
        for first in range(0, len(starts), _AT_ONCE):
            yield starts[first : first + _AT_ONCE], numbers[first : first + _AT_ONCE]

    def save(self, model_dir: Path) -> None:
        """Write the index into a model's folder, `novelty.json` last."""
        folder = model_dir / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / _LEVELS) as file:
            np.savez(file, allow_pickle=False, **self.levels)
        write_bytes(folder / _ABOUT, msgspec.json.format(msgspec.json.encode(self.about), indent=1))

    @classmethod
    def load(cls, model_dir: Path, codec_id: str) -> Self:
        """Read the index of a model.

        Raises:
            NoveltyError: it is missing, damaged, or of another codec or version.
        """
        folder = model_dir / FOLDER
        again = f"Make it: allele model atlas {quote(model_dir.name)}"
        try:
            about = msgspec.json.decode((folder / _ABOUT).read_bytes(), type=About)
            with np.load(folder / _LEVELS, allow_pickle=False) as file:
                levels = {view: file[view] for view in VIEWS}
        except FileNotFoundError as error:
            message = f"model {model_dir.name} has no index of its recordings to compare with."
            raise NoveltyError(message, again) from error
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, msgspec.DecodeError) as error:
            raise NoveltyError(f"{folder}: the index of novelty cannot be read ({error}).", again) from error
        if about.version != VERSION or about.codec_id != codec_id:
            raise NoveltyError(f"{folder}: the index of novelty is not of this codec.", again)
        frames = sum(take.frames + GAP for take in about.takes)
        if any(part.shape != (frames, BANDS) or part.dtype != np.float16 for part in levels.values()):
            raise NoveltyError(f"{folder}: the index of novelty does not fit its recordings.", again)
        return cls(about, levels)

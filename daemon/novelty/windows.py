"""Windows of band levels, made comparable: a copy at another gain gives the same window.

A window's quietest parts are raised to RANGE_DB below its loudest band, since a codec's error lies there; its levels
are averaged over three frames, which makes the codec's error smaller and leaves what tells recordings apart; and its
mean is removed. The distance of two windows is the root mean square of their difference in dB.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.dsp.audio import Audio
from daemon.novelty.bands import SILENCE_DB, STEP_SAMPLES, Levels, band_levels
from protocol.units import SAMPLE_RATE_HZ

RANGE_DB = 50.0
SILENT_DB = -80.0
"""A window without a louder band is silent."""
TAIL_DB = 30.0
"""A window this far below the loudest one of its sound is a tail or a pause. Those are alike in all recordings."""
OFFSETS = (0, 240, 480, 720)
"""Samples at which a sound's own frames begin, since it need not fit the 20 ms frames of an index."""
STEP_S = STEP_SAMPLES / SAMPLE_RATE_HZ

Stored = NDArray[np.float32] | NDArray[np.float16]
Windows = NDArray[np.float32]
"""`(N, D)`: windows with their means removed."""


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """A length of window."""

    name: str
    steps: int
    """Frames of 20 ms."""
    every: int
    """Frames between two windows of a sound that is judged."""

    @property
    def seconds(self) -> float:
        """Sound that a window sees, with the half frames at its ends."""
        return self.steps * STEP_S + 0.08


LONG = Scale(name="long", steps=46, every=12)
"""Windows of a second, which tell recordings apart."""
SHORT = Scale(name="short", steps=10, every=6)
"""Windows of a quarter of a second, for single hits. At that length more recordings sound alike."""
SCALES = {scale.name: scale for scale in (LONG, SHORT)}


@dataclass(frozen=True, kw_only=True)
class Cut:
    """The windows of a sound that is judged."""

    windows: NDArray[np.float32]
    """`(O, N, D)`: at each offset."""
    tops_db: NDArray[np.float32]
    """`(N,)`: level of the loudest band of each."""
    at_s: NDArray[np.float64]
    """`(N,)`: where each begins."""

    @property
    def audible(self) -> NDArray[np.bool_]:
        """Which windows hold sound, and not only the tail of one."""
        loudest = self.tops_db.max(initial=SILENCE_DB)
        return (self.tops_db > SILENT_DB) & (self.tops_db > loudest - TAIL_DB)


def windows_at(levels: Stored, starts: NDArray[np.int64], steps: int) -> tuple[Windows, NDArray[np.float32]]:
    """Cut windows out of levels, `(N, BANDS)`, at frames `starts`. Returns them and the level of each loudest band."""
    cut = np.lib.stride_tricks.sliding_window_view(levels, steps, axis=0)[starts].astype(np.float32)
    tops = cut.max((1, 2))
    cut = np.maximum(cut, (tops - RANGE_DB)[:, None, None])
    smooth = (cut[..., :-2] + 2 * cut[..., 1:-1] + cut[..., 2:]) / 4
    flat = smooth.reshape(len(starts), -1)
    return flat - flat.mean(1, keepdims=True), tops


def cut_windows(audio: Audio, scale: Scale, most: int = 1200) -> Cut:
    """Cut a sound into windows, at most `most`, evenly spread: one at least, with silence after a shorter sound.

    Frames that look beyond the ends of the sound are left out, since in a crop of a recording they differ from the
    recording's.
    """
    grids = [_inner(band_levels(audio, skip), audio.shape[-1] - skip) for skip in OFFSETS]
    shortest = min(map(len, grids))
    padding = max(0, scale.steps - shortest)
    last = shortest + padding - scale.steps
    places = np.arange(0, last + 1, scale.every)
    if last - places[-1] > scale.every // 2:
        places = np.append(places, last)
    if len(places) > most:
        places = places[np.linspace(0, len(places) - 1, most).round().astype(int)]
    pairs = [
        windows_at(np.pad(grid, ((0, padding), (0, 0)), constant_values=SILENCE_DB), places, scale.steps)
        for grid in grids
    ]
    return Cut(
        windows=np.stack([pair[0] for pair in pairs]),
        tops_db=pairs[0][1],
        at_s=np.asarray((places + 1) * STEP_S, np.float64),
    )


def _inner(levels: Levels, samples: int) -> Levels:
    """The frames that see only the sound itself, or all if there are none."""
    inside = levels[1 : max(1, (samples - 1504) // STEP_SAMPLES + 1)]
    return inside if len(inside) else levels

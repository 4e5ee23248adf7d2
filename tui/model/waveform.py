"""Peaks and bands of a strand's decoded sound, for each frame, filled in as the daemon decodes.

Data flow: `wanted` says which visible frames are missing or stale; the caller asks DecodeRegion and hands the PCM to
`fill`. After an edit the old peaks stay on screen until new ones come, so nothing flickers.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.ranges import FrameRange
from protocol.units import SAMPLE_RATE_HZ
from tui.model.zoom import largest_of

RAMP = " .:-=+*#%@"
BANDS = 16  # as many as the strip has rows at most
LOWEST_HZ, HIGHEST_HZ = 60.0, 16_000.0
FLOOR_DB, TOP_DB = -84.0, -12.0  # of a full-scale sine in one band
SHADES = 12


class Waveform:
    """Peak per frame in [0, 1], NaN where nothing was decoded yet. `version` grows with every change."""

    def __init__(self, frames: int) -> None:
        self.peaks: npt.NDArray[np.float32] = np.full(frames, np.nan, dtype=np.float32)
        self._fresh: npt.NDArray[np.bool_] = np.zeros(frames, dtype=np.bool_)
        self.bands: npt.NDArray[np.int8] = np.full((BANDS, frames), -1, dtype=np.int8)
        """(BANDS, T), lowest band first: 0 to SHADES - 1, -1 where nothing is known."""
        self.version = 0

    def stale(self, first: int, past: int, margin: int, frames: int) -> None:
        """Cells of [first, past) changed; a codec that sees `margin` frames around it makes more of them stale."""
        if frames != len(self.peaks):
            peaks, fresh = np.full(frames, np.nan, dtype=np.float32), np.zeros(frames, dtype=np.bool_)
            known = min(frames, len(self.peaks))
            peaks[:known], fresh[: min(known, max(0, first - margin))] = self.peaks[:known], True
            fresh[:known] &= self._fresh[:known]
            bands = np.full((BANDS, frames), -1, dtype=np.int8)
            bands[:, :known] = self.bands[:, :known]
            self.peaks, self.bands, self._fresh = peaks, bands, fresh
            self.version += 1
            return
        self._fresh[max(0, first - margin) : past + margin] = False

    def wanted(self, first: int, past: int) -> FrameRange | None:
        """The smallest range inside [first, past) that holds everything missing there."""
        missing = np.flatnonzero(~self._fresh[first:past])
        return FrameRange(first + int(missing[0]), first + int(missing[-1]) + 1) if len(missing) else None

    def fill(self, first: int, past: int, pcm: npt.NDArray[Any], hop_length: int) -> None:
        """Take in PCM (C, L) of the frames [first, past)."""
        past = min(past, len(self.peaks))
        count = past - first
        if count <= 0:
            return
        mono = np.abs(np.atleast_2d(pcm)).max(axis=0)[: count * hop_length]
        padded = np.zeros(count * hop_length, dtype=np.float32)
        padded[: len(mono)] = np.nan_to_num(mono)
        self.peaks[first:past] = padded.reshape(count, hop_length).max(axis=1)
        self.bands[:, first:past] = bands_of(np.atleast_2d(pcm).mean(axis=0), count, hop_length)
        self._fresh[first:past] = True
        self.version += 1

    def shades(self, first: int, columns: int, zoom: int, rows: int) -> npt.NDArray[np.int8]:
        """The spectrogram's cells (rows, n), highest band on top: the loudest of what a cell stands for, -1 unknown."""
        part = self.bands[:, first : first + columns * zoom]
        if not part.shape[1]:
            return part[:rows]
        cells = np.maximum.reduceat(part, np.arange(0, part.shape[1], zoom), axis=1)
        rows = min(rows, BANDS)
        return np.maximum.reduceat(cells, np.arange(rows) * BANDS // rows, axis=0)[::-1]

    def heights(self, first: int, columns: int, zoom: int = 1) -> npt.NDArray[np.float32]:
        """Height of each cell's bar in [0, 1], NaN where nothing is known.

        The square root of the peak: quiet tails show, and loud material still has a shape (decibels flatten it).
        """
        return np.sqrt(np.clip(largest_of(self.peaks, first, columns, zoom), 0.0, 1.0)).astype(np.float32)


def bands_of(mono: npt.NDArray[Any], frames: int, hop_length: int) -> npt.NDArray[np.int8]:
    """Loudness of BANDS bands, even on the mel scale, in each frame: (BANDS, frames), 0 to SHADES - 1."""
    padded = np.zeros(frames * hop_length, dtype=np.float32)
    kept = np.nan_to_num(mono[: len(padded)])
    padded[: len(kept)] = kept
    window = np.hanning(hop_length).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(padded.reshape(frames, hop_length) * window, axis=1)) * (2 / window.sum()))
    lowest, highest = (2595 * math.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    mels = np.linspace(lowest, highest, BANDS + 1)
    edges = np.round(700 * (10 ** (mels / 2595) - 1) * hop_length / SAMPLE_RATE_HZ).astype(int)
    edges = np.maximum.accumulate(np.maximum(edges, np.arange(1, BANDS + 2)))
    sums = np.stack([power[:, low:high].sum(axis=1) for low, high in pairwise(edges.tolist())])
    decibels = 10 * np.log10(np.maximum(sums, 1e-12))
    return np.clip((decibels - FLOOR_DB) / (TOP_DB - FLOOR_DB) * SHADES, 0, SHADES - 1).astype(np.int8)


def ramp_glyph(height: float) -> str:
    """A height as one ASCII character."""
    if np.isnan(height):
        return " "
    return RAMP[min(len(RAMP) - 1, int(height * len(RAMP)))]

"""Peaks and frequency bands of a strand's decoded sound per frame, filled as the daemon decodes.

Data flow: `wanted` returns which visible frames are missing or stale; the caller sends DecodeRegion and passes the PCM
to `fill`. After an edit the old peaks stay on screen until new ones arrive, to avoid flicker.
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
BANDS = 16  # the most rows that the strip can have
LOWEST_HZ, HIGHEST_HZ = 60.0, 16_000.0
FLOOR_DB, TOP_DB = -84.0, -12.0  # of a full-scale sine in one band
SHADES = 12


class Waveform:
    """Peak per frame in [0, 1], NaN where nothing was decoded yet. `version` increases with every change."""

    def __init__(self, frames: int) -> None:
        self.peaks: npt.NDArray[np.float32] = np.full(frames, np.nan, dtype=np.float32)
        self._fresh: npt.NDArray[np.bool_] = np.zeros(frames, dtype=np.bool_)
        self.bands: npt.NDArray[np.int8] = np.full((BANDS, frames), -1, dtype=np.int8)
        """Bands (BANDS, T), lowest first: 0 to SHADES - 1, or -1 where unknown."""
        self.version = 0

    def stale(self, first: int, past: int, margin: int, frames: int) -> None:
        """Mark frames as stale: the changed cells [first, past), and `margin` frames (receptive field) around them."""
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
        """Return the smallest range within [first, past) that covers all missing or stale frames, or None."""
        missing = np.flatnonzero(~self._fresh[first:past])
        return FrameRange(first + int(missing[0]), first + int(missing[-1]) + 1) if len(missing) else None

    def fill(self, first: int, past: int, pcm: npt.NDArray[Any], hop_length: int) -> None:
        """Compute the frames [first, past) from their PCM (C, L)."""
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
        """Return spectrogram cells (rows, n), highest band on top; a cell has its loudest value, or -1 if unknown."""
        part = self.bands[:, first : first + columns * zoom]
        if not part.shape[1]:
            return part[:rows]
        cells = np.maximum.reduceat(part, np.arange(0, part.shape[1], zoom), axis=1)
        rows = min(rows, BANDS)
        return np.maximum.reduceat(cells, np.arange(rows) * BANDS // rows, axis=0)[::-1]

    def heights(self, first: int, columns: int, zoom: int = 1) -> npt.NDArray[np.float32]:
        """Return the height of each cell's bar in [0, 1], NaN where unknown.

        The height is the square root of the peak, so that quiet tails are visible and loud material keeps its shape
        (decibels would flatten it).
        """
        return np.sqrt(np.clip(largest_of(self.peaks, first, columns, zoom), 0.0, 1.0)).astype(np.float32)


def bands_of(mono: npt.NDArray[Any], frames: int, hop_length: int) -> npt.NDArray[np.int8]:
    """Return the loudness of BANDS bands, evenly spaced on the mel scale: (BANDS, frames), 0 to SHADES - 1."""
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
    """Return the ASCII character that shows a height in [0, 1]."""
    if np.isnan(height):
        return " "
    return RAMP[min(len(RAMP) - 1, int(height * len(RAMP)))]

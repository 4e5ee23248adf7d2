"""Peaks of a strand's decoded sound, one per frame, filled in as the daemon decodes.

Data flow: `wanted` says which visible frames are missing or stale; the caller asks DecodeRegion and hands the PCM to
`fill`. After an edit the old peaks stay on screen until new ones come, so nothing flickers.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

RAMP = " .:-=+*#%@"


class Waveform:
    """Peak per frame in [0, 1], NaN where nothing was decoded yet. `version` grows with every change."""

    def __init__(self, frames: int) -> None:
        self.peaks: npt.NDArray[np.float32] = np.full(frames, np.nan, dtype=np.float32)
        self._fresh: npt.NDArray[np.bool_] = np.zeros(frames, dtype=np.bool_)
        self.version = 0

    def stale(self, first: int, past: int, margin: int, frames: int) -> None:
        """Cells of [first, past) changed; a codec that sees `margin` frames around it makes more of them stale."""
        if frames != len(self.peaks):
            peaks, fresh = np.full(frames, np.nan, dtype=np.float32), np.zeros(frames, dtype=np.bool_)
            known = min(frames, len(self.peaks))
            peaks[:known], fresh[: min(known, max(0, first - margin))] = self.peaks[:known], True
            fresh[:known] &= self._fresh[:known]
            self.peaks, self._fresh = peaks, fresh
            self.version += 1
            return
        self._fresh[max(0, first - margin) : past + margin] = False

    def wanted(self, first: int, past: int) -> tuple[int, int] | None:
        """The smallest range inside [first, past) that holds everything missing there."""
        missing = np.flatnonzero(~self._fresh[first:past])
        return (first + int(missing[0]), first + int(missing[-1]) + 1) if len(missing) else None

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
        self._fresh[first:past] = True
        self.version += 1

    def heights(self, first: int, past: int) -> npt.NDArray[np.float32]:
        """Height of each frame's bar in [0, 1], NaN where nothing is known.

        The square root of the peak: quiet tails show, and loud material still has a shape (decibels flatten it).
        """
        return np.sqrt(np.clip(self.peaks[first:past], 0.0, 1.0)).astype(np.float32)


def ramp_glyph(height: float) -> str:
    """A height as one ASCII character."""
    if np.isnan(height):
        return " "
    return RAMP[min(len(RAMP) - 1, int(height * len(RAMP)))]

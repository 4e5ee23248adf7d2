"""Measure two channels together, block by block: loudness, width and the DC offset of their difference.

A recording counts as stereo if its side is audible. Two equal channels, or a mono microphone's noise, are not stereo.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.dsp.loudness import LoudnessMeter
from daemon.dsp.width import side_share_db

STEREO_DB = -30.0
"""Level of the side relative to the mid from which it is audible as width."""
_BLOCK = 1 << 18


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Measurements of one two-channel recording at 48 kHz."""

    loudness_lufs: float
    """BS.1770 integrated loudness, the channels' powers averaged."""
    side_db: float
    """Energy of half the difference relative to that of half the sum; -120 if there is none."""
    side_offset: float = 0.0
    """Mean of half the difference, full scale 1."""

    @property
    def is_stereo(self) -> bool:
        """Whether the width of the recording is audible."""
        return self.side_db >= STEREO_DB


class PairMeter:
    """Measure a two-channel recording: `add` `(2, L)` blocks of any size, then call `measured`."""

    def __init__(self) -> None:
        self._meter = LoudnessMeter(2)
        self._mid = self._side = self._difference = 0.0
        self._samples = 0

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next samples to the measurements."""
        mid, side = (block[0] + block[1]) / 2, (block[0] - block[1]) / 2
        self._mid += float(np.square(mid, dtype=np.float64).sum())
        self._side += float(np.square(side, dtype=np.float64).sum())
        self._difference += float(side.sum(dtype=np.float64))
        self._samples += block.shape[1]
        self._meter.add(block)

    def measured(self) -> Pair:
        """Measurements of all samples that were added."""
        return Pair(
            loudness_lufs=round(self._meter.integrated_lufs(), 2),
            side_db=round(side_share_db(self._side, self._mid), 1),
            side_offset=round(self._difference / max(1, self._samples), 6),
        )


def measure_pair(audio: NDArray[np.float32]) -> Pair:
    """Measure a whole `(2, L)` recording, memory-mapped or not."""
    meter = PairMeter()
    for start in range(0, audio.shape[1], _BLOCK):
        meter.add(np.asarray(audio[:, start : start + _BLOCK]))
    return meter.measured()

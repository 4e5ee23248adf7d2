"""What two channels are together: how loud, how wide, how far off centre; gathered block by block.

A recording counts as stereo where its side is heard: two equal channels and a mono microphone's noise do not.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.dsp.loudness import LoudnessMeter
from daemon.dsp.width import side_share_db

STEREO_DB = -30.0
"""From this share of the mid's energy on a side is heard as width."""
_BLOCK = 1 << 18


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One two-channel recording at 48 kHz."""

    loudness_lufs: float
    """BS.1770 integrated loudness, the channels' powers averaged."""
    side_db: float
    """Energy of half the difference relative to that of half the sum; -120 where there is none."""
    side_offset: float = 0.0
    """Mean of half the difference, full scale 1."""

    @property
    def is_stereo(self) -> bool:
        """Whether its width is heard."""
        return self.side_db >= STEREO_DB


class PairMeter:
    """Feed it `(2, L)` blocks of any size, then ask for `measured`."""

    def __init__(self) -> None:
        self._meter = LoudnessMeter(2)
        self._mid = self._side = self._difference = 0.0
        self._samples = 0

    def add(self, block: NDArray[np.float32]) -> None:
        """Take in the next samples."""
        mid, side = (block[0] + block[1]) / 2, (block[0] - block[1]) / 2
        self._mid += float(np.square(mid, dtype=np.float64).sum())
        self._side += float(np.square(side, dtype=np.float64).sum())
        self._difference += float(side.sum(dtype=np.float64))
        self._samples += block.shape[1]
        self._meter.add(block)

    def measured(self) -> Pair:
        """What was taken in."""
        return Pair(
            loudness_lufs=round(self._meter.integrated_lufs(), 2),
            side_db=round(side_share_db(self._side, self._mid), 1),
            side_offset=round(self._difference / max(1, self._samples), 6),
        )


def measure_pair(audio: NDArray[np.float32]) -> Pair:
    """A whole `(2, L)` recording, memory-mapped or not."""
    meter = PairMeter()
    for start in range(0, audio.shape[1], _BLOCK):
        meter.add(np.asarray(audio[:, start : start + _BLOCK]))
    return meter.measured()

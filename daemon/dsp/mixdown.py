"""Decide which channels of a recording to average to mono, and measure what averaging loses.

Data flow: blocks of any size → `ChannelMeter` (covariances of the channels, overall and for every half second) →
`Mixdown`: which channels are averaged, and how that changes the level. Digitally silent channels are left out, so a
recording with one live channel keeps its level. Levels are RMS without DC, in dBFS. numpy only.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.dsp.offset import LEAST

SILENT_DB = -80.0
"""A channel whose peak, without DC, is lower holds at most dither."""
LOST_DB = 6.0
"""A larger loss is reported. The mean of two equally loud uncorrelated channels lies 3 dB below them."""
GONE_DB = 40.0
"""A loss from here on leaves only noise: the channels cancel each other out."""
MOST_SIDE_DB = 12.0
"""Largest level of a side over its mid that a stereo codec can code (`daemon.codec.side.MOST`)."""
_FAINT_DB = 20.0
"""Pairs of channels this much quieter than the loudest channel are ignored."""
_STRETCH_LOST_DB = 20.0
"""Threshold for half-second stretches: wide stereo exceeds 6 dB now and then without audible loss."""
_STRETCH_DB = -50.0
_STRETCHES_S = 2
"""Number of stretches per second."""
_FLOOR_DB = -120.0


@dataclass(frozen=True)
class Loss:
    """Level that averaging some channels loses relative to the loudest of them."""

    channels: tuple[int, ...]
    """Numbers from 0, the loudest first."""
    loudest_db: float
    mean_db: float
    is_cancelling: bool
    """Whether they are in opposite phase; otherwise the others are quieter or uncorrelated."""

    @property
    def db(self) -> float:
        """Level of the loudest channel over that of the mean, in dB."""
        return self.loudest_db - self.mean_db

    @property
    def is_gone(self) -> bool:
        """Whether the channels cancel out so far that only noise is left."""
        return self.is_cancelling and self.db >= GONE_DB


@dataclass(frozen=True)
class Stretch:
    """Stretches in which the channels cancel out although the whole recording does not."""

    start_s: float
    total_s: float
    """Total duration of all such stretches."""
    loudest_db: float
    mean_db: float


@dataclass(frozen=True)
class Mixdown:
    """How the channels of one recording are averaged to mono."""

    channels: int
    heard: tuple[int, ...]
    """Channels that are averaged, numbered from 0: all that are not digitally silent, or all if every one is."""
    loss: Loss | None = None
    """The loss if the mean of all or of a pair lies more than 6 dB below the loudest, otherwise None."""
    stretch: Stretch | None = None
    side_db: float = _FLOOR_DB
    """With two channels, energy of half their difference relative to half their sum."""
    is_silent: bool = False
    """Whether all channels are silent."""
    is_offset: bool = False
    """Whether a silent recording has a DC offset."""

    @property
    def silent(self) -> tuple[int, ...]:
        """Numbers of the channels that are left out."""
        return tuple(channel for channel in range(self.channels) if channel not in self.heard)

    @property
    def is_gone(self) -> bool:
        """Whether averaging all used channels leaves only noise."""
        return self.loss is not None and self.loss.is_gone and len(self.loss.channels) == len(self.heard)

    def mean(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Average a block `(C, L)` to mono `(L,)`."""
        return mean_of(block, self.heard)


def mean_of(block: NDArray[np.float32], heard: tuple[int, ...]) -> NDArray[np.float32]:
    """Mean of the channels `heard` of a block `(C, L)`, as `(L,)`."""
    if len(heard) == 1:
        return np.asarray(block[heard[0]], np.float32)
    chosen = block if len(heard) == block.shape[0] else block[list(heard)]
    return chosen.mean(axis=0, dtype=np.float32)


class ChannelMeter:
    """Measure the channels of a recording: `add` `(C, L)` blocks of any size, then call `mixdown`."""

    def __init__(self, channels: int, rate_hz: int) -> None:
        self._rate_hz, self._length = rate_hz, rate_hz // _STRETCHES_S
        self._all, self._part = _Covariance(channels), _Covariance(channels)
        self._lowest, self._highest = np.full(channels, np.inf), np.full(channels, -np.inf)
        self._lost: list[tuple[float, float, float, float]] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next samples to the measurement."""
        while block.shape[1]:
            room = self._length - self._part.samples
            piece, block = block[:, :room], block[:, room:]
            self._lowest = np.minimum(self._lowest, piece.min(axis=1))
            self._highest = np.maximum(self._highest, piece.max(axis=1))
            self._part.add(piece)
            if self._part.samples == self._length:
                self._close_part()

    def mixdown(self) -> Mixdown:
        """Decide how to average the recording. Call it once, after the last block."""
        self._close_part()
        channels = len(self._lowest)
        halves = (self._highest - self._lowest) / 2 if self._all.samples else np.zeros(channels)
        loud = tuple(int(c) for c in np.flatnonzero(halves >= 10 ** (SILENT_DB / 20)))
        heard = loud or tuple(range(channels))
        covariance = self._all.matrix()
        loss = _loss(covariance, heard) if len(loud) > 1 else None
        return Mixdown(
            channels=channels,
            heard=heard,
            loss=loss,
            stretch=self._stretch() if loss is None else None,
            side_db=_side_db(covariance) if channels == 2 else _FLOOR_DB,
            is_silent=not loud,
            is_offset=not loud and bool((np.abs(self._all.means()) >= LEAST).any()),
        )

    def _close_part(self) -> None:
        """Finish a half-second stretch and record it if its channels cancel out."""
        part = self._part
        if not part.samples:
            return
        covariance = part.matrix()
        start_s, length_s = self._all.samples / self._rate_hz, part.samples / self._rate_hz
        self._all.join(part)
        self._part = _Covariance(len(covariance))
        loud = tuple(int(c) for c in np.flatnonzero(covariance.diagonal() > 10 ** (_STRETCH_DB / 10)))
        loss = _loss_of(covariance, loud) if len(loud) > 1 else None
        if loss is not None and loss.is_cancelling and loss.db > _STRETCH_LOST_DB:
            self._lost.append((start_s, length_s, loss.loudest_db, loss.mean_db))

    def _stretch(self) -> Stretch | None:
        if not self._lost:
            return None
        _, _, loudest_db, mean_db = max(self._lost, key=lambda lost: lost[2])
        return Stretch(self._lost[0][0], sum(length_s for _, length_s, _, _ in self._lost), loudest_db, mean_db)


class _Covariance:
    """Running sums for the covariances of channels."""

    def __init__(self, channels: int) -> None:
        self.products = np.zeros((channels, channels))
        self.sums = np.zeros(channels)
        self.samples = 0

    def add(self, block: NDArray[np.float32]) -> None:
        exact = block.astype(np.float64)
        self.products += exact @ exact.T
        self.sums += exact.sum(axis=1)
        self.samples += block.shape[1]

    def join(self, other: "_Covariance") -> None:
        self.products += other.products
        self.sums += other.sums
        self.samples += other.samples

    def means(self) -> NDArray[np.float64]:
        return self.sums / max(1, self.samples)

    def matrix(self) -> NDArray[np.float64]:
        means = self.means()
        return self.products / max(1, self.samples) - np.outer(means, means)


def _loss(covariance: NDArray[np.float64], heard: tuple[int, ...]) -> Loss | None:
    """Loss of averaging all used channels, or else of the pair of them that loses most."""
    whole = _loss_of(covariance, heard)
    if whole.db > LOST_DB and (len(heard) == 2 or whole.is_gone):
        return whole
    faint_db = whole.loudest_db - _FAINT_DB
    pairs = [_loss_of(covariance, pair) for pair in itertools.combinations(heard, 2)]
    opposed = [
        pair
        for pair in pairs
        if pair.is_cancelling and pair.db > LOST_DB and _db(covariance[pair.channels[1], pair.channels[1]]) > faint_db
    ]
    worst = max(opposed, key=lambda pair: pair.db, default=None)
    return worst or (whole if whole.db > LOST_DB else None)


def _loss_of(covariance: NDArray[np.float64], channels: tuple[int, ...]) -> Loss:
    chosen = covariance[np.ix_(channels, channels)]
    powers = chosen.diagonal()
    order = sorted(range(len(channels)), key=lambda place: -powers[place])
    mean = float(chosen.sum()) / len(channels) ** 2
    apart = float(powers.sum()) / len(channels) ** 2  # power of the mean if the channels were uncorrelated
    return Loss(
        channels=tuple(channels[place] for place in order),
        loudest_db=_db(float(powers.max())),
        mean_db=_db(mean),
        is_cancelling=mean < apart / 2,
    )


def _side_db(covariance: NDArray[np.float64]) -> float:
    both, apart = covariance[0, 0] + covariance[1, 1], 2 * covariance[0, 1]
    return _db(float(both - apart)) - _db(float(both + apart))


def _db(power: float) -> float:
    return max(_FLOOR_DB, 10 * math.log10(max(power, 1e-20)))

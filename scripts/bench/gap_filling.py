"""How well gaps in held-out recordings are filled: the joins, and the mean spectrum of what is put there.

A join is judged by the largest change of 40 bands over 20 ms within 10 ms of it, as a percentile of that number over
all moments of the training recordings: by their rise alone, and by their change in either direction, because a sound
that stops is heard as much as one that starts. The mean over both joins of all gaps, less the same of the recordings
themselves, is 0 for joins that are as smooth as what was there. The mean spectrum is compared over the gap in 40 bands,
each at least 60 dB below the loudest of the recording. A random piece of another recording is measured beside the
engine: the figures must tell it from a good one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from daemon.codec.codec import Codec, Codes
from daemon.generation.engines import Engines, Given, Wanted
from daemon.generation.material import Material
from sound_distance import mel_db

GAP_FRAMES, SIDE_FRAMES = 24, 24
_NEAR, _RANGE_DB = 1, 60.0

Sound, Numbers = NDArray[np.float32], NDArray[np.float64]


@dataclass
class Gap:
    """What was measured of one way to fill gaps."""

    percentiles: list[NDArray[np.float64]] = field(default_factory=list)
    """Of the joins of every gap less those of the real ones: by rise, and by change."""
    errors_db: list[float] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """Number of gaps that were filled."""
        return len(self.errors_db)

    @property
    def beyond(self) -> tuple[float, float]:
        """Mean percentile of the joins beyond the real ones': by rise, and by change."""
        rise, change = np.mean(self.percentiles, 0)
        return float(rise), float(change)

    @property
    def apart_db(self) -> float:
        """Mean error of the gap's spectrum."""
        return float(np.mean(self.errors_db))


def filled_gaps(
    engines: Engines, material: Material, train: list[Sound], held: list[Codes], count: int
) -> dict[str, Gap]:
    """Fill `count` gaps of held-out recordings, by chance, and measure them. By way of filling."""
    codec, random = material.codec, np.random.default_rng(0)
    long = [codes for codes in held if codes.shape[1] >= 2 * SIDE_FRAMES + GAP_FRAMES]
    if not long:
        return {}
    known = np.sort(np.concatenate([_steepest(mel_db(sound)) for sound in train], 1), 1)
    weights = np.array([codes.shape[1] - 2 * SIDE_FRAMES - GAP_FRAMES + 1 for codes in long], float)
    found = {"neural": Gap(), "a random piece": Gap()}
    for case in range(count):
        codes = long[int(random.choice(len(long), p=weights / weights.sum()))]
        lo = int(random.integers(SIDE_FRAMES, codes.shape[1] - SIDE_FRAMES - GAP_FRAMES + 1))
        at = int(random.integers(material.frames - GAP_FRAMES))
        piece = codes.copy()
        piece[:, lo : lo + GAP_FRAMES] = material.codes[:, at : at + GAP_FRAMES]
        real = _measured(codec, codes, lo, known)
        ways: dict[str, Callable[[], Codes]] = {
            "neural": lambda: _infilled(engines, codec, codes, lo, case),  # noqa: B023
            "a random piece": lambda: piece,  # noqa: B023
        }
        for way, make in ways.items():
            joins, spectrum = _measured(codec, make(), lo, known)
            found[way].percentiles.append(joins - real[0])
            found[way].errors_db.append(float(np.abs(spectrum - real[1]).mean()))
    return found


def _infilled(engines: Engines, codec: Codec, codes: Codes, lo: int, seed: int) -> Codes:
    given = Given(
        mode="infill",
        codes=codes,
        gains_db=np.zeros(codes.shape[1], np.float32),
        samples=codes.shape[1] * codec.config.hop_length,
        frames=(lo, lo + GAP_FRAMES),
    )
    return engines.make(Wanted(samples=given.samples), [seed], given)[0].codes


def _measured(codec: Codec, codes: Codes, lo: int, known: Numbers) -> tuple[Numbers, Numbers]:
    """Mean percentiles of the joins of a gap, by rise and by change, and its mean spectrum."""
    sound = codec.decode(codes)
    levels = mel_db(sound if sound.ndim == 1 else sound.mean(0))
    steepest = _steepest(levels)
    per_frame = codec.config.hop_length / 480
    places = np.rint(np.array([lo, lo + GAP_FRAMES]) * per_frame).astype(int)
    percentiles = [np.searchsorted(known[kind], steepest[kind, places]) / known.shape[1] for kind in range(2)]
    gap = np.maximum(levels[places[0] : places[1]], levels.max() - _RANGE_DB)
    return np.mean(percentiles, 1), gap.mean(0)


def _steepest(levels: Numbers) -> Numbers:
    """The largest rise and the largest change of the bands within `_NEAR` steps of every moment, `(2, T)`."""
    made = []
    for kind in (lambda changed: np.maximum(0, changed), np.abs):
        steps = np.zeros(len(levels) + 2 * _NEAR)
        steps[2 + _NEAR : len(levels) + _NEAR] = kind(levels[2:] - levels[:-2]).mean(1)
        made.append(np.lib.stride_tricks.sliding_window_view(steps, 2 * _NEAR + 1).max(1))
    return np.array(made)

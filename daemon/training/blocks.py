"""Choose the stretch of a recording to hold out: one with sound that leaves enough sound to learn from.

Sizes follow from how much of a recording is audible, so that a mostly silent one loses no larger share of its sound
than others. Pure arithmetic on samples at 48 kHz.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocol.units import SAMPLE_RATE_HZ

SHARE = 0.1
SHORTEST_BLOCK_S = 0.25
LONGEST_BLOCK_S = 10.0
LONGEST_GAP_S = 1.0
LISTENED_S = 2.0
"""Excerpts of a stretch begin where this much of it is mostly audible."""


class Span(NamedTuple):
    """A stretch of one recording, in samples."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Length in samples; 0 or less means empty."""
        return self.stop - self.start

    def within(self, samples: int) -> "Span":
        """The part of the span inside a recording of `samples` samples."""
        return Span(max(0, self.start), min(samples, self.stop))

    def widened(self, by: int) -> "Span":
        """The span with `by` more samples at both ends."""
        return Span(self.start - by, self.stop + by)


class Audibility:
    """How many samples of a recording are audible, in total and in any stretch."""

    def __init__(self, audible: NDArray[np.bool_], hop: int, samples: int) -> None:
        """Count the audible samples from a mask of audible hops; the last hop may be incomplete."""
        edges = np.minimum(np.arange(len(audible) + 1) * hop, samples)
        self._edges, self.samples = edges.astype(np.float64), samples
        self._until = np.concatenate([[0.0], np.cumsum(np.diff(self._edges) * audible)])

    @property
    def total(self) -> int:
        """Number of audible samples of the recording."""
        return int(self._until[-1])

    def within(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
        """Number of audible samples in each of several stretches."""
        return np.interp(stops, self._edges, self._until) - np.interp(starts, self._edges, self._until)

    @property
    def gap(self) -> int:
        """Samples on either side of a held-out stretch that training does not use either."""
        return int(min(LONGEST_GAP_S * SAMPLE_RATE_HZ, 0.05 * self.total))

    def begins(self, span: Span) -> int:
        """Samples into a stretch at which excerpts begin: 0, unless the stretch begins with silence."""
        listened = min(span.length, int(LISTENED_S * SAMPLE_RATE_HZ))
        starts = np.arange(0, span.length - listened + 1, max(1, SAMPLE_RATE_HZ // 20)) + span.start
        sounds = self.within(starts, starts + listened)
        return int(starts[np.argmax(sounds >= 0.5 * sounds.max())]) - span.start


def choose_block(audible: Audibility, random: np.random.Generator) -> Span | None:
    """Choose a stretch of about a seventh of the audible length where most sound is; None if too little is audible."""
    block = int(
        min(LONGEST_BLOCK_S * SAMPLE_RATE_HZ, max(SHARE * 1.5 * audible.total, SHORTEST_BLOCK_S * SAMPLE_RATE_HZ))
    )
    if audible.total < 4 * block:
        return None
    last = audible.samples - block
    starts = np.append(np.arange(0, last, max(1, block // 16)), last)
    # Remainders too short to crop from are excluded: the block begins at an end or far enough from it.
    apart = block + audible.gap
    starts = starts[((starts == 0) | (starts >= apart)) & ((starts == last) | (starts <= last - apart))]
    sounds = audible.within(starts, starts + block)
    start = int(random.choice(starts[sounds >= 0.8 * sounds.max()]))
    return Span(start, start + block)


def remaining(samples: int, out: list[Span]) -> list[Span]:
    """Spans of a recording outside of `out`, without those too short to crop from (unless the recording itself is)."""
    left, at = list[Span](), 0
    for span in sorted(out):
        left.append(Span(at, min(samples, span.start)))
        at = max(at, span.stop)
    left.append(Span(at, samples))
    least = min(samples, int(SHORTEST_BLOCK_S * SAMPLE_RATE_HZ))
    return [span for span in left if span.length >= least]

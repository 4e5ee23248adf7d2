"""Which stretch of a recording is held out: one with sound, and with sound left on both its sides to learn from.

Sizes follow from how much of a recording is heard, so that one that is mostly silence loses no more of its sound than
one that is not. Pure arithmetic of samples at 48 kHz.
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
"""A stretch is listened to from where so much of it is mostly sound."""


class Span(NamedTuple):
    """A stretch of one recording, in samples."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Samples; 0 or less: nothing."""
        return self.stop - self.start

    def within(self, samples: int) -> "Span":
        """What of it lies in a recording of so many samples."""
        return Span(max(0, self.start), min(samples, self.stop))

    def widened(self, by: int) -> "Span":
        """So many samples more at both ends."""
        return Span(self.start - by, self.stop + by)


class Heard:
    """How much of a recording is heard up to any of its samples."""

    def __init__(self, heard: NDArray[np.bool_], hop: int, samples: int) -> None:
        """Note which hops of a recording are heard; the last one may be cut short."""
        edges = np.minimum(np.arange(len(heard) + 1) * hop, samples)
        self._edges, self.samples = edges.astype(np.float64), samples
        self._until = np.concatenate([[0.0], np.cumsum(np.diff(self._edges) * heard)])

    @property
    def total(self) -> int:
        """Samples that are heard."""
        return int(self._until[-1])

    def within(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.float64]:
        """Samples that are heard in each of some stretches."""
        return np.interp(stops, self._edges, self._until) - np.interp(starts, self._edges, self._until)

    @property
    def gap(self) -> int:
        """Samples beside a stretch that is held out which are not learned from either."""
        return int(min(LONGEST_GAP_S * SAMPLE_RATE_HZ, 0.05 * self.total))

    def begins(self, span: Span) -> int:
        """How far into a stretch to listen from: its beginning, unless that is silence."""
        listened = min(span.length, int(LISTENED_S * SAMPLE_RATE_HZ))
        starts = np.arange(0, span.length - listened + 1, max(1, SAMPLE_RATE_HZ // 20)) + span.start
        sounds = self.within(starts, starts + listened)
        return int(starts[np.argmax(sounds >= 0.5 * sounds.max())]) - span.start


def choose_block(heard: Heard, random: np.random.Generator) -> Span | None:
    """A stretch of about a seventh of what is heard, where there is most sound; None where too little is heard."""
    block = int(
        min(LONGEST_BLOCK_S * SAMPLE_RATE_HZ, max(SHARE * 1.5 * heard.total, SHORTEST_BLOCK_S * SAMPLE_RATE_HZ))
    )
    if heard.total < 4 * block:
        return None
    last = heard.samples - block
    starts = np.append(np.arange(0, last, max(1, block // 16)), last)
    # A sliver too short to crop from is better left to the gap than learned from.
    apart = block + heard.gap
    starts = starts[((starts == 0) | (starts >= apart)) & ((starts == last) | (starts <= last - apart))]
    sounds = heard.within(starts, starts + block)
    start = int(random.choice(starts[sounds >= 0.8 * sounds.max()]))
    return Span(start, start + block)


def remaining(samples: int, out: list[Span]) -> list[Span]:
    """What is left of a recording; slivers too short to crop from are not, unless the recording is one."""
    left, at = list[Span](), 0
    for span in sorted(out):
        left.append(Span(at, min(samples, span.start)))
        at = max(at, span.stop)
    left.append(Span(at, samples))
    least = min(samples, int(SHORTEST_BLOCK_S * SAMPLE_RATE_HZ))
    return [span for span in left if span.length >= least]

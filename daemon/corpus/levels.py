"""What a recording's levels are like before it is used, and the stream it is used as: the same for corpora and clips.

Data flow: the file is decoded once to look at its channels, its DC offset and its flat tops (`look_at`), and a second
time (`Looked.blocks`) to be used: offset taken out, more than two channels averaged, at 48 kHz. Two passes keep the
memory bounded, since which channels are silent is only known at the end. Two channels stay two: whether they are
averaged is for the model to say, with the same `Mixdown`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.corpus.measures import clipped_samples
from daemon.corpus.reading import Decoding, open_decoding
from daemon.corpus.streams import UnreadableFileError
from daemon.dsp.mixdown import ChannelMeter, Mixdown
from daemon.dsp.offset import Offset, OffsetMeter
from daemon.dsp.resample import resample_blocks
from protocol.units import SAMPLE_RATE_HZ

Watch = Callable[[Decoding, NDArray[np.float32]], None]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the first pass over a file found; `blocks` is the second."""

    decoding: Decoding
    """As it was after the first pass."""
    mixdown: Mixdown
    offset: Offset
    clipped_samples: int
    watch: Watch

    @property
    def channels(self) -> int:
        """Of the blocks: 1 or 2."""
        return 2 if self.decoding.channels == 2 else 1

    @property
    def heard(self) -> tuple[int, ...]:
        """Channels of the blocks that one channel is made of."""
        return self.mixdown.heard if self.channels == 2 else (0,)

    @property
    def dc_offset(self) -> float:
        """Of the channel that has most among those that are heard; 0 where none is worth naming."""
        return max((self.offset.values[channel] for channel in self.mixdown.heard), key=abs)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The file again, as `(C, L)` float32 at 48 kHz with C 1 or 2.

        Raises:
            UnreadableFileError: as the first pass, or the file is another one by now.
        """
        decoding, blocks = open_decoding(self.decoding.path)
        if (decoding.channels, decoding.sample_rate_hz) != (self.decoding.channels, self.decoding.sample_rate_hz):
            raise UnreadableFileError("It was changed while it was read.", "Try it again.")
        return resample_blocks(self._used(decoding, blocks), decoding.sample_rate_hz, SAMPLE_RATE_HZ)

    def _used(self, decoding: Decoding, blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        start = 0
        for block in blocks:
            self.watch(decoding, block)
            plain = self.offset.removed(block, start)
            start += block.shape[1]
            yield plain if decoding.channels <= 2 else self.mixdown.mean(plain)[None]


def look_at(path: Path, watch: Watch) -> Looked:
    """Decode a file to its end and measure what has to be known before it is used.

    Args:
        watch: called with every block of both passes; what it raises ends them.

    Raises:
        UnreadableFileError: see `open_decoding`.
    """
    decoding, blocks = open_decoding(path)
    channels = ChannelMeter(decoding.channels, decoding.sample_rate_hz)
    offset = OffsetMeter(decoding.channels, decoding.sample_rate_hz)
    clipped = 0
    for block in blocks:
        watch(decoding, block)
        channels.add(block)
        offset.add(block)
        clipped += clipped_samples(block)
    return Looked(
        decoding=decoding,
        mixdown=channels.mixdown(),
        offset=offset.offset(),
        clipped_samples=clipped,
        watch=watch,
    )

"""Parts of corpus recordings as sound, for training, held-out evaluation and the atlas."""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.codec.config import CodecConfig
from daemon.codec.loudness import gain_for_loudness_db
from daemon.corpus.errors import CorpusError
from daemon.corpus.pairs import Pair
from daemon.corpus.records import Corpus, FileRecord
from daemon.dsp.audio import Audio
from daemon.dsp.mixdown import mean_of
from daemon.dsp.offset import LEAST


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of one corpus file, identified by content so that a resumed run finds the same audio."""

    sha256: str
    start: int
    """Samples at 48 kHz."""
    stop: int
    heard_at: int = 0
    """Samples after `start` at which excerpts begin; silence may come before."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One opened part of the corpus."""

    audio: NDArray[np.float32]
    """`(C, L)` of the whole file, memory-mapped."""
    start: int
    stop: int
    gain_db: float
    """Gain to the codec's reference loudness, of the whole file, as encoding the file would use."""
    name: str
    heard: tuple[int, ...] = ()
    """Channels averaged to mono; empty for all."""
    dc_offset: float = 0.0
    """DC offset still in `audio`, which is subtracted: codes should not be spent on it, and crops would click."""
    side_offset: float = 0.0
    """DC offset of half the difference of two channels."""
    heard_at: int = 0
    """Samples after `start` at which excerpts begin."""
    channels: int = 1
    """Channels that the codec takes: 1 or 2."""

    def sound(self, lo: int = 0, hi: int | None = None) -> Audio:
        """Samples `lo` to `hi` of the part in the codec's channels: `(L,)`, or `(2, L)`, equal for a mono recording.

        The sound has no DC offset and is at the source's level.
        """
        if self.channels == 1:
            return self.mono(lo, hi)
        if self.audio.shape[0] == 1:
            one = self.mono(lo, hi)
            return np.stack([one, one])
        hi = self.stop - self.start if hi is None else hi
        pair = np.array(self.audio[:, self.start + lo : self.start + hi], np.float32)
        offsets = (self.dc_offset + self.side_offset, self.dc_offset - self.side_offset)
        return pair - np.array(offsets, np.float32)[:, None] if any(offsets) else pair

    def mono(self, lo: int = 0, hi: int | None = None) -> Audio:
        """Samples `lo` to `hi` of the part as one channel, without DC offset, at the source's level: `(L,)`."""
        hi = self.stop - self.start if hi is None else hi
        piece = self.audio[:, self.start + lo : self.start + hi]
        mono = mean_of(piece, self.heard or tuple(range(len(piece))))
        return mono - np.float32(self.dc_offset) if self.dc_offset else mono

    def excerpt(self, most: int) -> Audio:
        """At most `most` samples of the part from `heard_at` on, in the codec's channels."""
        return self.sound(self.heard_at, min(self.samples, self.heard_at + most))

    @property
    def samples(self) -> int:
        """Length of the part in samples."""
        return self.stop - self.start


def open_parts(corpus: Corpus, parts: list[Part], config: CodecConfig) -> list[Clip]:
    """Memory-map the audio of parts of a corpus.

    Raises:
        CorpusError: the corpus no longer holds the parts, or their cache is damaged.
    """
    records = {record.sha256: record for record in corpus.usable}
    clips: list[Clip] = []
    for part in parts:
        record = records.get(part.sha256)
        if record is None:
            message = "The corpus no longer holds the files this run began with."
            raise CorpusError(message, "Start a new model.", can_resume=False)
        pair = corpus.pair(record) if config.channels == 2 else None
        loudness_lufs = pair.loudness_lufs if pair else record.loudness_lufs
        clips.append(
            Clip(
                audio=corpus.audio(record),
                start=part.start,
                stop=part.stop,
                gain_db=gain_for_loudness_db(loudness_lufs, config),
                name=record.source,
                heard=tuple(record.heard or ()),
                heard_at=part.heard_at,
                **_offsets_left(record, pair),
                channels=config.channels,
            )
        )
    return clips


def _offsets_left(record: FileRecord, pair: Pair | None) -> dict[str, float]:
    """DC offsets still in the cached audio, for an index from before ingest removed them."""
    if record.is_offset_removed:
        return {}
    aside = pair.side_offset if pair else 0.0
    return {"dc_offset": record.dc_offset, "side_offset": aside if abs(aside) >= LEAST else 0.0}

"""Find the recordings of a corpus that hold the same take, one recording at a time, while the split is chosen."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.corpus.records import Corpus, FileRecord
from daemon.training.blocks import Span
from daemon.training.fingerprints import fingerprint
from daemon.training.near_duplicates import Recording, copies, is_related


class Duplicates(Protocol):
    """The copies among recordings, as choosing a split needs them; recordings are given by index."""

    def copies(self, index: int, span: Span) -> list[tuple[int, Span]]:
        """All copies of a stretch of one recording in the other recordings."""
        ...

    def group(self, index: int, most: int) -> set[int]:
        """A recording and all that share a take with it. The search stops when the group exceeds `most`."""
        ...


class CorpusDuplicates:
    """The copies among recordings of a corpus, found by comparing their audio; implements `Duplicates`."""

    def __init__(self, corpus: Corpus, files: list[FileRecord]) -> None:
        """Fingerprint all recordings, which reads their audio once."""
        self._recordings = [_recording(corpus, record) for record in files]
        self.fingerprints = [recording.fingerprint for recording in self._recordings]

    def copies(self, index: int, span: Span) -> list[tuple[int, Span]]:
        """All copies of a stretch of one recording in the other recordings."""
        one = self._recordings[index]
        others = ((number, other) for number, other in enumerate(self._recordings) if number != index)
        return [(number, there) for number, other in others for there in copies(one, span, other)]

    def group(self, index: int, most: int) -> set[int]:
        """A recording and all that share a take with it. The search stops when the group exceeds `most`."""
        group, searched = {index}, list[int]()
        while len(group) <= most and (waiting := sorted(group - set(searched))):
            searched.append(waiting[0])
            one = self._recordings[waiting[0]]
            others = (number for number in range(len(self._recordings)) if number not in group)
            group |= {number for number in others if is_related(one, self._recordings[number])}
        return group


def _recording(corpus: Corpus, record: FileRecord) -> Recording:
    audio = corpus.audio(record)

    def mono(lo: int, hi: int) -> NDArray[np.float32]:
        return audio[:, lo:hi].mean(axis=0, dtype=np.float32)

    return Recording(record.source, fingerprint(audio), mono, record.samples)

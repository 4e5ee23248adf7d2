"""Which recordings of a corpus hold the same take: looked up when the split is chosen, one recording at a time."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.corpus.records import Corpus, FileRecord
from daemon.training.blocks import Span
from daemon.training.near_duplicates import Recording, copies, is_related
from daemon.training.prints import print_of


class Kinship(Protocol):
    """What choosing a split asks about copies; recordings are named by their index."""

    def copies(self, index: int, span: Span) -> list[tuple[int, Span]]:
        """Where a stretch of one recording comes again in the others."""
        ...

    def group(self, index: int, most: int) -> set[int]:
        """A recording and all that hold some of the same take; once there are more than `most`, not all of them."""
        ...


class Kin:
    """The copies among some recordings of a corpus, found by listening."""

    def __init__(self, corpus: Corpus, files: list[FileRecord]) -> None:
        """Read all the audio once."""
        self._recordings = [_recording(corpus, record) for record in files]
        self.prints = [recording.print for recording in self._recordings]

    def copies(self, index: int, span: Span) -> list[tuple[int, Span]]:
        """As `Kinship.copies`."""
        one = self._recordings[index]
        others = ((number, other) for number, other in enumerate(self._recordings) if number != index)
        return [(number, there) for number, other in others for there in copies(one, span, other)]

    def group(self, index: int, most: int) -> set[int]:
        """As `Kinship.group`."""
        group, asked = {index}, list[int]()
        while len(group) <= most and (waiting := sorted(group - set(asked))):
            asked.append(waiting[0])
            one = self._recordings[waiting[0]]
            others = (number for number in range(len(self._recordings)) if number not in group)
            group |= {number for number in others if is_related(one, self._recordings[number])}
        return group


def _recording(corpus: Corpus, record: FileRecord) -> Recording:
    audio = corpus.audio(record)

    def mono(lo: int, hi: int) -> NDArray[np.float32]:
        return audio[:, lo:hi].mean(axis=0, dtype=np.float32)

    return Recording(record.source, print_of(audio), mono, record.samples)

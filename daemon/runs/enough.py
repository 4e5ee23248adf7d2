"""Whether a corpus holds enough audio to train on at all; known from its index, without reading a sample."""

import math

from daemon.corpus.records import Corpus
from daemon.runs.errors import TrainingError
from protocol.units import SAMPLE_RATE_HZ

SHORTEST_CORPUS_S = 2.0  # from here on every way of holding out leaves a second or more to learn from


def require_enough(corpus: Corpus) -> None:
    """Refuse a corpus that is too small.

    Raises:
        TrainingError: it holds less than `SHORTEST_CORPUS_S`.
    """
    if not corpus.usable:
        raise TrainingError("The corpus has no usable audio.", "Add recordings to it.")
    duration_s = sum(record.samples for record in corpus.usable) / SAMPLE_RATE_HZ
    if duration_s < SHORTEST_CORPUS_S:
        known_s = math.floor(100 * duration_s) / 100  # never rounded up to what would be enough
        raise TrainingError(
            f"The corpus holds {known_s:.2f} s of audio: too little to learn from and to judge by.",
            f"Add recordings until there are at least {SHORTEST_CORPUS_S:g} s; a minute or more sounds better.",
        )

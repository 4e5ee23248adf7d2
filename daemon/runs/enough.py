"""Checks that a corpus has enough audio to train on. It reads the index of the corpus, and no audio."""

import math

from daemon.corpus.records import Corpus
from daemon.runs.errors import TrainingError
from protocol.units import SAMPLE_RATE_HZ

SHORTEST_CORPUS_S = 2.0  # from this length on, every split leaves a second or more to train on


def require_enough(corpus: Corpus) -> None:
    """Check that a corpus is large enough.

    Raises:
        TrainingError: it contains less than `SHORTEST_CORPUS_S` of audio.
    """
    if not corpus.usable:
        raise TrainingError("The corpus has no usable audio.", "Add recordings to it.")
    duration_s = sum(record.samples for record in corpus.usable) / SAMPLE_RATE_HZ
    if duration_s < SHORTEST_CORPUS_S:
        known_s = math.floor(100 * duration_s) / 100  # rounded down, so that it is never shown as long enough
        raise TrainingError(
            f"The corpus contains {known_s:.2f} s of audio, which is too little to train and evaluate on.",
            f"Add recordings until there are at least {SHORTEST_CORPUS_S:g} s; a minute or more sounds better.",
        )

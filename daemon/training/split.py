"""Held-out audio, chosen before the first crop is cut.

Ten files or more: whole files, at least two and about a tenth. Fewer: a contiguous block of each
file that is long enough, with a gap so that no training crop touches what is held out; the figures
are then "in-recording", kinder than those of unseen files, and labelled so.
"""

import math

import numpy as np

from daemon.corpus.records import SAMPLE_RATE, Corpus, FileRecord
from daemon.training.errors import TrainingError
from daemon.training.spec import Part, Split

FEWEST_FILES = 10
SHARE = 0.1
MOST_HELD_OUT = 24
SHORTEST_CORPUS_S = 2.0  # from here on every way of holding out leaves a second or more to learn from
SHORTEST_BLOCK_S = 0.25
LONGEST_BLOCK_S = 10.0
LONGEST_GAP_S = 1.0


def split_corpus(corpus: Corpus, seed: int) -> Split:
    """Choose the held-out parts, the same for the same files and seed.

    Raises:
        TrainingError: there is too little audio to learn from and to judge by.
    """
    if not corpus.usable:
        raise TrainingError("The corpus has no usable audio.", "Add recordings to it.")
    duration_s = sum(record.samples for record in corpus.usable) / SAMPLE_RATE
    if duration_s < SHORTEST_CORPUS_S:
        known_s = math.floor(100 * duration_s) / 100  # never rounded up to what would be enough
        raise TrainingError(
            f"The corpus holds {known_s:.2f} s of audio: too little to learn from and to judge by.",
            f"Add recordings until there are at least {SHORTEST_CORPUS_S:g} s; a minute or more sounds better.",
        )
    random = np.random.default_rng([seed, 0x5B117])
    files = sorted(corpus.usable, key=lambda record: record.sha256)
    return _by_file(files, random) if len(files) >= FEWEST_FILES else _in_recording(files, random)


def held_out_words(split: Split) -> str:
    """What the figures of a training are measured on, for the person."""
    held, known = len(split.held_out), len(split.train)
    if split.kind == "by file":
        return f"{held} whole recordings are held out, to judge by; {known} to learn from"
    if not {part.sha256 for part in split.held_out} & {part.sha256 for part in split.train}:
        return f"a whole recording is held out, to judge by, since all are short; {known} to learn from"
    pieces = "a piece of one recording" if held == 1 else f"a piece of each of {held} recordings"
    return f"{pieces} is held out, to judge by, since there are few; {known} pieces to learn from"


def _by_file(files: list[FileRecord], random: np.random.Generator) -> Split:
    count = min(MOST_HELD_OUT, max(2, round(SHARE * len(files))))
    total = sum(record.samples for record in files)
    order = [files[i] for i in random.permutation(len(files))]
    held: list[FileRecord] = []
    for record in order:
        # One long file must not take a quarter of the corpus away from the training.
        share = (sum(other.samples for other in held) + record.samples) / total
        if len(held) < count and share <= max(0.25, SHARE * 1.5):
            held.append(record)
    if len(held) < 2:
        held = sorted(files, key=lambda record: record.samples)[:2]
    return Split(
        kind="by file",
        train=[_whole(record) for record in files if record not in held],
        held_out=[_whole(record) for record in held],
    )


def _in_recording(files: list[FileRecord], random: np.random.Generator) -> Split:
    train: list[Part] = []
    held: list[Part] = []
    for record in files:
        block = int(
            min(LONGEST_BLOCK_S * SAMPLE_RATE, max(SHARE * 1.5 * record.samples, SHORTEST_BLOCK_S * SAMPLE_RATE))
        )
        gap = int(min(LONGEST_GAP_S * SAMPLE_RATE, 0.05 * record.samples))
        if record.samples < 4 * block:
            train.append(_whole(record))
            continue
        start = int(random.integers(0, record.samples - block + 1))
        # A sliver too short to crop from is better left to the gap than learned from.
        start = 0 if start < block + gap else start
        start = record.samples - block if record.samples - start - block < block + gap else start
        held.append(Part(sha256=record.sha256, start=start, stop=start + block))
        if start > gap:
            train.append(Part(sha256=record.sha256, start=0, stop=start - gap))
        if start + block + gap < record.samples:
            train.append(Part(sha256=record.sha256, start=start + block + gap, stop=record.samples))
    if not held and len(files) >= 3:
        shortest = min(files, key=lambda record: record.samples)
        held = [_whole(shortest)]
        train = [_whole(record) for record in files if record is not shortest]
    return Split(kind="in-recording", train=train, held_out=held)


def _whole(record: FileRecord) -> Part:
    return Part(sha256=record.sha256, start=0, stop=record.samples)

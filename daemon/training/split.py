"""Split a corpus into training and held-out audio, such that held-out audio is audible and has no copy in training.

With ten files or more, whole files are held out: at least two and about a tenth; copies of one take stay on the same
side. With fewer files, or only copies, a contiguous block of each file is held out, with a gap so that no training crop
touches it, and the same stretch of every copy is left out too. Errors of such a split are labelled "in-recording",
because they are lower than those of unseen files. If no audible audio can be held out, nothing is, and the split states
the reason.
"""

from pathlib import Path

import numpy as np

from daemon.corpus.clips import Part
from daemon.corpus.records import Corpus, FileRecord
from daemon.runs.enough import require_enough
from daemon.runs.spec import Split
from daemon.training.blocks import SHARE, Audibility, Span, choose_block, remaining
from daemon.training.duplicates import CorpusDuplicates, Duplicates
from daemon.training.fingerprints import HOP, Fingerprint
from protocol.units import SAMPLE_RATE_HZ

FEWEST_FILES = 10
MOST_HELD_OUT = 24
MOST_TRIED = 4 * MOST_HELD_OUT
MOST_SHARE = 0.25
LEAST_SOUND_S = 0.1
ENOUGH_SOUND_S = 0.5
BELOW_OWN_DB, BELOW_MEDIAN_DB = 30.0, 40.0
"""Sound this far below its recording's loudness, or below the corpus's median, counts as inaudible."""


def split_corpus(corpus: Corpus, seed: int) -> Split:
    """Choose the held-out parts; the same files and seed give the same split. Reads all audio of the corpus.

    Raises:
        TrainingError: there is too little audio to learn from.
        CorpusError: the audio cannot be read.
    """
    require_enough(corpus)
    files = sorted(corpus.usable, key=lambda record: record.sha256)
    duplicates = CorpusDuplicates(corpus, files)
    return choose(files, audibility_of(files, duplicates.fingerprints), duplicates, seed)


def audibility_of(files: list[FileRecord], fingerprints: list[Fingerprint]) -> list[Audibility]:
    """How much of each recording is audible."""
    median_lufs = float(np.median([record.loudness_lufs for record in files]))
    return [
        Audibility(
            known.levels_db >= max(record.loudness_lufs - BELOW_OWN_DB, median_lufs - BELOW_MEDIAN_DB),
            HOP,
            record.samples,
        )
        for record, known in zip(files, fingerprints, strict=True)
    ]


def choose(files: list[FileRecord], audible: list[Audibility], duplicates: Duplicates, seed: int) -> Split:
    """Choose the split of files from their audibility and their copies."""
    random = np.random.default_rng([seed, 0x5B117])
    chooser = _Chooser(files, audible, duplicates)
    return (chooser.by_file(random) if len(files) >= FEWEST_FILES else None) or chooser.in_recording(random)


def held_out_words(split: Split) -> str:
    """Message for the user about the audio on which a training's held-out errors are measured."""
    held, known = len(split.held_out), len(split.train)
    if not held:
        return (
            f"nothing is held out, because {split.reason}: there will be no held-out error, and the last weights "
            "are kept; recordings of other sounds would allow a held-out error"
        )
    note = f"; {split.reason}" if split.reason else ""
    if split.kind == "by file":
        return f"{held} whole recordings are held out for evaluation; {known} for training{note}"
    if not {part.sha256 for part in split.held_out} & {part.sha256 for part in split.train}:
        return f"a whole recording is held out for evaluation, because all are short; {known} for training{note}"
    pieces = "a piece of one recording" if held == 1 else f"a piece of each of {held} recordings"
    is_few = len({part.sha256 for part in split.train}) < FEWEST_FILES
    few = "there are few recordings" if is_few else "the recordings are copies of one another"
    return f"{pieces} is held out for evaluation, because {few}; {known} pieces for training{note}"


class _Chooser:
    def __init__(self, files: list[FileRecord], audible: list[Audibility], duplicates: Duplicates) -> None:
        self._files, self._audible, self._duplicates = files, audible, duplicates
        self._sound = sum(one.total for one in audible)
        self._samples = sum(record.samples for record in files)

    def by_file(self, random: np.random.Generator) -> Split | None:
        """Hold out whole files; None if fewer than two can be held out."""
        count = min(MOST_HELD_OUT, max(2, round(SHARE * len(self._files))))
        median_s = float(np.median([one.total for one in self._audible])) / SAMPLE_RATE_HZ
        least = max(LEAST_SOUND_S, min(ENOUGH_SOUND_S, 0.5 * median_s)) * SAMPLE_RATE_HZ
        order = random.permutation(len(self._files))[:MOST_TRIED].tolist()
        order = [index for index in order if self._audible[index].total >= least]
        held = self._drawn(order, count)
        while len(held) == 1:  # too long for a second one beside it: draw again from the files after it
            order = order[order.index(held[0]) + 1 :]
            held = self._drawn(order, count)
        if not held:
            return None
        return Split(
            kind="by file",
            train=[self._part(index, self._whole(index)) for index in range(len(self._files)) if index not in held],
            held_out=[self._part(index, self._whole(index)) for index in held],
        )

    def _drawn(self, order: list[int], count: int) -> list[int]:
        """Draw files in this order, each with its copies, as far as `count` and `_fits` allow."""
        held, seen = list[int](), set[int]()
        for index in order:
            if len(held) >= count:
                break
            if index in seen or not self._fits([*held, index]):
                continue
            group = self._duplicates.group(index, count - len(held))
            seen |= group
            if len(group) <= count - len(held) and self._fits([*held, *group]):
                held += sorted(group)
        return held

    def _fits(self, held: list[int]) -> bool:
        """Whether the held-out files are at most `MOST_SHARE` of the corpus."""
        return sum(self._files[index].samples for index in held) <= MOST_SHARE * self._samples

    def in_recording(self, random: np.random.Generator) -> Split:
        """Hold out a block of every file, or a whole short file, or nothing."""
        out: dict[int, list[Span]] = {index: [] for index in range(len(self._files))}
        held = list[tuple[int, Span]]()
        copied = set[int]()
        for index in out:
            block = choose_block(self._audible[index], random) if not out[index] and len(held) < MOST_HELD_OUT else None
            if block is None:
                continue
            gap = self._audible[index].gap
            places = ((index, block), *self._duplicates.copies(index, block))
            again = [(other, span.widened(gap)) for other, span in places]
            with_it = {one: [*spans, *(span for other, span in again if other == one)] for one, spans in out.items()}
            if self._leaves_enough(with_it):
                out, copied = with_it, copied | {other for other, _ in again[1:]}
                held.append((index, block))
        if not held:
            held, out = self._short_file()
            copied = {index for index, spans in out.items() if spans} - {index for index, _ in held}
        if not held:
            return self._nothing()
        train = [self._part(index, span) for index, spans in out.items() for span in self._left(index, spans)]
        parts = [self._part(index, span) for index, span in held]
        return Split(kind="in-recording", train=train, held_out=parts, reason=self._copied_words(copied))

    def _short_file(self) -> tuple[list[tuple[int, Span]], dict[int, list[Span]]]:
        """Of files too short for a block, hold out the one with the least sound that can be spared, with its copies."""
        order = sorted(range(len(self._files)), key=lambda index: self._audible[index].total)
        for index in order if len(order) >= 3 else []:
            if self._audible[index].total < LEAST_SOUND_S * SAMPLE_RATE_HZ:
                continue
            group = self._duplicates.group(index, len(order) // 2)
            out = {one: [self._whole(one)] if one in group else [] for one in range(len(order))}
            if len(group) <= len(order) // 2 and self._leaves_enough(out):
                return [(index, self._whole(index))], out
        return [], {}

    def _nothing(self) -> Split:
        sound_s = self._sound / SAMPLE_RATE_HZ
        few = sound_s < ENOUGH_SOUND_S * 4 or len(self._files) < 3
        why = f"only {sound_s:.1f} s of the recordings is sound" if few else "the recordings are copies of one another"
        train = [self._part(index, self._whole(index)) for index in range(len(self._files))]
        return Split(kind="none", train=train, held_out=[], reason=why)

    def _left(self, index: int, out: list[Span]) -> list[Span]:
        return remaining(self._files[index].samples, out)

    def _leaves_enough(self, out: dict[int, list[Span]]) -> bool:
        left = [(self._audible[index], span) for index, spans in out.items() for span in self._left(index, spans)]
        sound = sum(float(audible.within(np.array([lo]), np.array([hi]))[0]) for audible, (lo, hi) in left)
        return sound >= 0.5 * self._sound and sum(span.length for _, span in left) >= SAMPLE_RATE_HZ

    def _whole(self, index: int) -> Span:
        return Span(0, self._files[index].samples)

    def _part(self, index: int, span: Span) -> Part:
        begins = self._audible[index].begins(span)
        return Part(sha256=self._files[index].sha256, start=span.start, stop=span.stop, heard_at=begins)

    def _copied_words(self, copied: set[int]) -> str:
        if not copied:
            return ""
        names = [Path(self._files[index].source).name for index in sorted(copied)]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return f"the same part of {', '.join(names[:3])}{more} is left out too: copies of the same take"

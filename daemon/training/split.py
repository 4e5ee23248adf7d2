"""Held-out audio, chosen before the first crop is cut, where there is sound and where no copy of it is learned from.

Ten files or more: whole files, at least two and about a tenth; copies of one take go to one side together. Fewer, or
nothing but copies: a contiguous block of each file, with a gap so that no training crop touches what is held out, and
the same stretch of every copy is left out too. Those figures are "in-recording", kinder than those of unseen files, and
labelled so. Where nothing can be held out that is heard, nothing is, and the split says why.
"""

from pathlib import Path

import numpy as np

from daemon.corpus.clips import Part
from daemon.corpus.records import Corpus, FileRecord
from daemon.runs.enough import require_enough
from daemon.runs.spec import Split
from daemon.training.blocks import SHARE, Heard, Span, choose_block, remaining
from daemon.training.kin import Kin, Kinship
from daemon.training.prints import HOP, Print
from protocol.units import SAMPLE_RATE_HZ

FEWEST_FILES = 10
MOST_HELD_OUT = 24
MOST_TRIED = 4 * MOST_HELD_OUT
MOST_SHARE = 0.25
LEAST_SOUND_S = 0.1
ENOUGH_SOUND_S = 0.5
BELOW_OWN_DB, BELOW_MEDIAN_DB = 30.0, 40.0
"""What is so far below a recording's own loudness, or below the corpus's, is not heard."""


def split_corpus(corpus: Corpus, seed: int) -> Split:
    """Choose the held-out parts, the same for the same files and seed. Listens to all of the corpus.

    Raises:
        TrainingError: there is too little audio to learn from.
        CorpusError: its audio cannot be read.
    """
    require_enough(corpus)
    files = sorted(corpus.usable, key=lambda record: record.sha256)
    kin = Kin(corpus, files)
    return choose(files, heard_of(files, kin.prints), kin, seed)


def heard_of(files: list[FileRecord], prints: list[Print]) -> list[Heard]:
    """How much of each recording is heard."""
    median_lufs = float(np.median([record.loudness_lufs for record in files]))
    return [
        Heard(
            known.levels_db >= max(record.loudness_lufs - BELOW_OWN_DB, median_lufs - BELOW_MEDIAN_DB),
            HOP,
            record.samples,
        )
        for record, known in zip(files, prints, strict=True)
    ]


def choose(files: list[FileRecord], heard: list[Heard], kin: Kinship, seed: int) -> Split:
    """The split of files of which is known what is heard and what is copied."""
    random = np.random.default_rng([seed, 0x5B117])
    chooser = _Chooser(files, heard, kin)
    return (chooser.by_file(random) if len(files) >= FEWEST_FILES else None) or chooser.in_recording(random)


def held_out_words(split: Split) -> str:
    """What the figures of a training are measured on, for the person."""
    held, known = len(split.held_out), len(split.train)
    if not held:
        return (
            f"nothing is held out, since {split.reason}: there will be no held-out figures, and the last weights "
            "are kept; recordings of other sounds would allow both"
        )
    note = f"; {split.reason}" if split.reason else ""
    if split.kind == "by file":
        return f"{held} whole recordings are held out, to judge by; {known} to learn from{note}"
    if not {part.sha256 for part in split.held_out} & {part.sha256 for part in split.train}:
        return f"a whole recording is held out, to judge by, since all are short; {known} to learn from{note}"
    pieces = "a piece of one recording" if held == 1 else f"a piece of each of {held} recordings"
    is_few = len({part.sha256 for part in split.train}) < FEWEST_FILES
    few = "there are few" if is_few else "the recordings are copies of one another"
    return f"{pieces} is held out, to judge by, since {few}; {known} pieces to learn from{note}"


class _Chooser:
    def __init__(self, files: list[FileRecord], heard: list[Heard], kin: Kinship) -> None:
        self._files, self._heard, self._kin = files, heard, kin
        self._sound = sum(one.total for one in heard)
        self._samples = sum(record.samples for record in files)

    def by_file(self, random: np.random.Generator) -> Split | None:
        """Whole files, or None where fewer than two can be held out."""
        count = min(MOST_HELD_OUT, max(2, round(SHARE * len(self._files))))
        median_s = float(np.median([one.total for one in self._heard])) / SAMPLE_RATE_HZ
        least = max(LEAST_SOUND_S, min(ENOUGH_SOUND_S, 0.5 * median_s)) * SAMPLE_RATE_HZ
        order = random.permutation(len(self._files))[:MOST_TRIED].tolist()
        order = [index for index in order if self._heard[index].total >= least]
        held = self._drawn(order, count)
        while len(held) == 1:  # so long that no second one fits beside it: the draw begins after it
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
        """Files in this order, each with its copies, as far as `count` and `_fits` allow."""
        held, seen = list[int](), set[int]()
        for index in order:
            if len(held) >= count:
                break
            if index in seen or not self._fits([*held, index]):
                continue
            group = self._kin.group(index, count - len(held))
            seen |= group
            if len(group) <= count - len(held) and self._fits([*held, *group]):
                held += sorted(group)
        return held

    def _fits(self, held: list[int]) -> bool:
        """One long file must not take a quarter of the corpus away from the training."""
        return sum(self._files[index].samples for index in held) <= MOST_SHARE * self._samples

    def in_recording(self, random: np.random.Generator) -> Split:
        """A block of every file, a whole short file, or nothing."""
        out: dict[int, list[Span]] = {index: [] for index in range(len(self._files))}
        held = list[tuple[int, Span]]()
        copied = set[int]()
        for index in out:
            block = choose_block(self._heard[index], random) if not out[index] and len(held) < MOST_HELD_OUT else None
            if block is None:
                continue
            gap = self._heard[index].gap
            again = [(other, span.widened(gap)) for other, span in ((index, block), *self._kin.copies(index, block))]
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
        """Of files too short for a block the one with the least sound that can be spared, with its copies."""
        order = sorted(range(len(self._files)), key=lambda index: self._heard[index].total)
        for index in order if len(order) >= 3 else []:
            if self._heard[index].total < LEAST_SOUND_S * SAMPLE_RATE_HZ:
                continue
            group = self._kin.group(index, len(order) // 2)
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
        left = [(self._heard[index], span) for index, spans in out.items() for span in self._left(index, spans)]
        sound = sum(float(heard.within(np.array([lo]), np.array([hi]))[0]) for heard, (lo, hi) in left)
        return sound >= 0.5 * self._sound and sum(span.length for _, span in left) >= SAMPLE_RATE_HZ

    def _whole(self, index: int) -> Span:
        return Span(0, self._files[index].samples)

    def _part(self, index: int, span: Span) -> Part:
        begins = self._heard[index].begins(span)
        return Part(sha256=self._files[index].sha256, start=span.start, stop=span.stop, heard_at=begins)

    def _copied_words(self, copied: set[int]) -> str:
        if not copied:
            return ""
        names = [Path(self._files[index].source).name for index in sorted(copied)]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return f"the same of {', '.join(names[:3])}{more} is left out too: copies of the same take"

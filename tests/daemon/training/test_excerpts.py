"""What of a corpus is looked at between steps."""

from pathlib import Path

import numpy as np
import pytest

from daemon.codec.config import CodecConfig
from daemon.corpus.clips import Clip, Part, open_parts
from daemon.corpus.records import load_corpus
from daemon.training.evaluation import excerpts
from daemon.training.excerpts import LEAST_FRAMES, beginnings

HOP = 1024


def opened(corpus_dir: Path, longest: int) -> list[Clip]:
    corpus = load_corpus(corpus_dir)
    parts = [Part(sha256=one.sha256, start=0, stop=min(one.samples, longest)) for one in corpus.usable]
    return open_parts(corpus, parts, CodecConfig())


@pytest.fixture
def clips(tone_corpus: Path) -> list[Clip]:
    """Twelve clips of 33 to 54 frames."""
    return opened(tone_corpus, 10**9)


def test_few_clips_give_the_same_share_each(clips: list[Clip]) -> None:
    total = sum(clip.samples for clip in clips)
    taken = list(beginnings(clips[:3], sum(clip.samples for clip in clips[:3]) // 2, 4))
    assert [sound.size for _, sound in taken] == pytest.approx([clip.samples / 2 for clip in clips[:3]], abs=2)
    assert sum(sound.size for _, sound in beginnings(clips, 2 * total, HOP)) == total


def test_many_clips_give_whole_stretches_of_evenly_some(clips: list[Clip]) -> None:
    """As 500 files do: not two frames of each, which cost 500 passes and hold nothing but attacks."""
    many, most = clips * 40, 20 * LEAST_FRAMES * HOP
    taken = [(clip, sound) for clip, sound in beginnings(many, most, HOP)]
    assert len(taken) == 20
    assert all(sound.size >= 0.7 * LEAST_FRAMES * HOP for _, sound in taken)
    assert sum(sound.size for _, sound in taken) == pytest.approx(most, rel=0.02)
    assert taken[0][0] is many[0] and taken[-1][0] is many[-1]
    assert np.array_equal(taken[3][1], taken[3][0].sound(0, taken[3][1].size))


def test_of_short_clips_there_are_more(tone_corpus: Path) -> None:
    """Shorter than a stretch: the amount is still that which was asked for."""
    most = 300 * HOP
    taken = list(beginnings(opened(tone_corpus, 10 * HOP) * 50, most, HOP))
    assert len(taken) == 30
    assert sum(sound.size for _, sound in taken) == most


@pytest.mark.parametrize(("seconds", "judged"), [(10.0, 8), (1.0, 16), (0.3, 24)], ids=["long", "short", "hits"])
def test_everything_held_out_is_judged_as_far_as_time_allows(seconds: float, judged: int) -> None:
    """Of 24 recordings not the first three: two seconds of eight, or all of the short ones."""
    samples = int(48_000 * seconds)
    sounds = np.repeat(np.arange(24, dtype=np.float32)[:, None], samples, 1)
    clips = [Clip(audio=sound[None], start=0, stop=samples, gain_db=0.0, name=str(n)) for n, sound in enumerate(sounds)]
    taken = excerpts(clips, 16.0, 6.0)
    assert len(taken) == judged and sum(sound.size for sound in taken) <= 16 * 48_000
    assert len({float(sound[0]) for sound in taken}) == judged and float(taken[-1][0]) == 23
    few = excerpts(clips[:2], 16.0, 6.0)
    assert [sound.size for sound in few] == [min(samples, 6 * 48_000)] * 2

"""Novelty judged on sound: copies, recordings that were not learned, scrambled codes, silence, hits."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip, open_parts
from daemon.corpus.records import load_corpus
from daemon.generation.gathering import gather_material
from daemon.generation.material import Material
from daemon.novelty.calibration import thresholds_of
from daemon.novelty.errors import NoveltyError
from daemon.novelty.index import FOLDER, VIEWS, NoveltyIndex
from daemon.novelty.judging import Judge
from daemon.novelty.making import make_index
from daemon.novelty.verbatim import lossy, through
from daemon.novelty.windows import LONG, SHORT, cut_windows, windows_at
from daemon.runs.folder import read_run
from daemon.runs.spec import TrainingSpec
from daemon.training.codec_run import train

RATE = 48_000
Sound = NDArray[np.float32]


class Learned:
    """A model of the demo recordings with its index."""

    def __init__(self, folder: Path, corpus: Path) -> None:
        self.folder, self.corpus = folder, corpus
        self.codec = Codec.load(folder)
        self.material = Material.load(folder, self.codec)
        self.index = NoveltyIndex.load(folder, self.codec.codec_id)
        self.judge = Judge(self.index).judge
        run = read_run(folder)
        assert run is not None
        self.split = run.plan.split
        self.clips = open_parts(load_corpus(corpus), self.split.train, self.codec.config)
        self.held_out = open_parts(load_corpus(corpus), self.split.held_out, self.codec.config)

    def crops(self, count: int, least_s: float, most_s: float) -> Iterator[tuple[Clip, float, Sound]]:
        """Crops at any sample and gain, with the recording and the second at which they begin."""
        random = np.random.default_rng(11)
        while count:
            clip = self.clips[int(random.integers(len(self.clips)))]
            length = int(random.uniform(least_s, most_s) * RATE)
            if clip.samples < length:
                continue
            at = int(random.integers(0, clip.samples - length + 1))
            crop = np.ascontiguousarray(clip.sound(at, at + length))
            if np.sqrt(np.mean(np.square(crop))) > 1e-3:
                count -= 1
                yield clip, at / RATE, crop * np.float32(10 ** (random.uniform(-18, 6) / 20))


@pytest.fixture(scope="module")
def learned(demo_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Learned:
    folder = tmp_path_factory.mktemp("models") / "demo"
    train(TrainingSpec(steps=60, preset="toy", levels=4, codebook=64, seed=1), demo_corpus, folder)
    assert gather_material(folder, demo_corpus)
    return Learned(folder, demo_corpus)


@pytest.mark.parametrize("form", ["as it is", "MP3", "Ogg"])
def test_every_crop_at_any_offset_and_gain_reads_copy(learned: Learned, form: str) -> None:
    right = 0
    crops = [*learned.crops(16, 1.1, 2.5), *learned.crops(8, 0.3, 0.9)]
    for clip, at_s, crop in crops:
        found = learned.judge(lossy(crop, ["MP3", "Ogg", "as it is"].index(form)))
        assert (found.verdict, found.overlap > 0.5) == ("copy", True), (clip.name, at_s, found)
        right += found.nearest == clip.name and abs(found.at_s - at_s) < 0.1
    assert right >= 0.75 * len(crops), "bars of a loop repeat, so that some are found elsewhere"


def test_the_decoded_recordings_themselves_read_copy(learned: Learned) -> None:
    hop = learned.codec.config.hop_length
    for take in learned.material.takes:
        sound = learned.material.sound(take)[5 * hop + 100 :]
        found = learned.judge(sound * np.float32(0.3))
        assert (found.verdict, found.nearest) == ("copy", take.name), found


def test_recordings_that_were_not_learned_rarely_read_copy(learned: Learned) -> None:
    copies, folds = [], 3
    for fold in range(folds):
        inside = [take for number, take in enumerate(learned.material.takes) if number % folds != fold]
        material = Material(learned.codec, inside, learned.material.codes, learned.material.described)
        index = make_index(learned.codec, material, (learned.clips, learned.split.train), learned.held_out)
        assert index is not None
        judge = Judge(index).judge
        outside = [clip for number, clip in enumerate(learned.clips) if number % folds == fold]
        for clip in outside + (learned.held_out if not fold else []):
            copies.append(judge(clip.sound()).verdict == "copy")
    assert len(copies) >= 16 and sum(copies) <= 0.05 * len(copies)


def test_scrambled_codes_and_sounds_of_another_kind_are_new(learned: Learned) -> None:
    for seed in range(6):
        random = np.random.default_rng(seed)
        codes = learned.material.codes[:, 100 * seed :][:, :150].copy()
        for level in codes:
            random.shuffle(level)
        assert learned.judge(learned.codec.decode(codes)).verdict == "new"
    t = np.arange(3 * RATE) / RATE
    siren = np.sin(2 * np.pi * (900 * t + 60 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)
    found = learned.judge(0.3 * siren)
    assert (found.verdict, found.overlap) == ("new", 0.0) and found.percentile > 50


def test_gain_changes_nothing(learned: Learned) -> None:
    sound = learned.clips[0].sound()
    one, other = learned.judge(sound), learned.judge(sound * np.float32(0.05))
    assert (one.verdict, one.nearest, one.at_s) == (other.verdict, other.nearest, other.at_s)
    assert one.distance_db == pytest.approx(other.distance_db, abs=0.05)


def test_a_copied_second_in_new_sound_is_shown_where_it_is(learned: Learned) -> None:
    random = np.random.default_rng(0)
    noise = (0.02 * random.standard_normal(4 * RATE)).astype(np.float32) * np.linspace(0, 1, 4 * RATE, dtype=np.float32)
    clip = max(learned.clips, key=lambda one: one.samples)
    noise[2 * RATE : int(3.2 * RATE)] = clip.sound(RATE, int(2.2 * RATE))
    found = learned.judge(noise)
    copied = [moment for moment in found.moments if moment.verdict == "copy"]
    assert copied and all(1.9 <= moment.at_s <= 2.3 for moment in copied)
    assert found.verdict != "copy" and 0 < found.overlap < 0.5
    assert found.nearest == clip.name


def test_silence_has_a_verdict_of_its_own(learned: Learned) -> None:
    for sound in (np.zeros(RATE, np.float32), np.full(100, 1e-7, np.float32)):
        found = learned.judge(sound)
        assert (found.verdict, found.nearest, found.overlap, found.moments) == ("silent", "", 0.0, [])
        assert found.notes
    with pytest.raises(NoveltyError, match="0 s"):
        learned.judge(np.zeros(0, np.float32))


def test_a_pause_is_not_counted(learned: Learned) -> None:
    _, _, crop = next(learned.crops(1, 1.5, 2.0))
    found = learned.judge(np.concatenate([np.zeros(3 * RATE, np.float32), crop, np.zeros(3 * RATE, np.float32)]))
    assert found.overlap > 0.4 and any(moment.verdict == "silent" for moment in found.moments)


def test_a_hit_is_compared_by_quarters_of_a_second_and_says_so(learned: Learned) -> None:
    _, _, crop = next(learned.crops(1, 0.4, 0.5))
    found = learned.judge(crop)
    assert found.verdict == "copy" and all(moment.seconds < 0.5 for moment in found.moments)
    assert any("quarter of a second" in note for note in found.notes)
    tiny = learned.judge(crop[:1000])
    assert tiny.verdict in ("copy", "close", "new") and len(tiny.notes) > len(found.notes)


def test_both_channels_of_a_stereo_sound_are_heard(learned: Learned) -> None:
    _, _, crop = next(learned.crops(1, 1.5, 2.0))
    assert learned.judge(np.stack([crop, -crop])).verdict == "copy"


def test_a_search_finds_what_comparing_everything_finds(learned: Learned) -> None:
    index = learned.index
    cut = cut_windows(learned.clips[0].sound(), SHORT).windows[0][:3]
    own = np.full(3, index.number_of(learned.split.train[0].sha256))
    for view in VIEWS:
        found, frames = index.nearest(view, SHORT, cut, own)
        best = np.full(3, np.inf)
        for take in index.about.takes:
            if index.number_of(take.sha256) == own[0]:
                continue
            for frame in range(take.first, take.first + max(1, take.frames - SHORT.steps + 1)):
                (window,), (top,) = windows_at(index.levels[view], np.array([frame]), SHORT.steps)
                if top >= -80:
                    best = np.minimum(best, np.sqrt(np.mean((cut - window) ** 2, 1)))
        assert found == pytest.approx(best, abs=0.02)
        assert all(index.place(frame)[0] != learned.clips[0].name for frame in frames.tolist())


def test_thresholds_follow_the_null_and_the_crops() -> None:
    null = np.linspace(0, 10, 1001, dtype=np.float32)
    crops = np.zeros(100, np.float32)
    assert thresholds_of(np.empty(0, np.float32), null).copy_db == pytest.approx(0.1), "the 1st percentile"
    assert thresholds_of(crops + 0.08, null).copy_db == pytest.approx(0.1), "the 1st percentile"
    assert thresholds_of(crops + 0.03, null).copy_db == pytest.approx(0.06), "twice the crops'"
    assert thresholds_of(crops + 0.2, null).copy_db == pytest.approx(0.2), "the crops'"
    assert thresholds_of(crops + 3, null).copy_db == pytest.approx(0.5), "at most the 5th percentile"
    assert thresholds_of(crops, null).close_db == pytest.approx(0.5)
    assert thresholds_of(crops + 9, null).close_db == pytest.approx(0.5)
    alone = thresholds_of(crops + 1, np.empty(0, np.float32))
    assert (alone.copy_db, alone.close_db, alone.percentile(5.0)) == (1.0, 1.5, 0.0)
    assert thresholds_of(np.empty(0, np.float32), np.empty(0, np.float32)).copy_db > 0


def test_an_index_says_how_its_thresholds_came_about(learned: Learned) -> None:
    about = learned.index.about
    assert set(about.thresholds) == {f"{view} {scale.name}" for view in VIEWS for scale in (LONG, SHORT)}
    assert all(0 < one.copy_db <= one.close_db and one.windows for one in about.thresholds.values())
    assert "recordings" in about.basis and about.notes == []


def test_a_model_of_few_recordings_says_that_the_verdict_is_rough(learned: Learned) -> None:
    for count in (3, 1):
        material = Material(
            learned.codec, learned.material.takes[:count], learned.material.codes, learned.material.described
        )
        index = make_index(learned.codec, material, (learned.clips, learned.split.train), [])
        assert index is not None
        _, _, crop = next(iter([(0, 0, learned.clips[0].sound(0, int(0.9 * RATE)))]))
        found = Judge(index).judge(through(learned.codec, crop) if count == 1 else crop)
        assert found.verdict == "copy" and any("rough" in note for note in found.notes)


def test_an_index_that_is_missing_damaged_or_of_another_codec_is_refused(learned: Learned, tmp_path: Path) -> None:
    with pytest.raises(NoveltyError) as absent:
        NoveltyIndex.load(tmp_path / "new one", learned.codec.codec_id)
    assert "allele model atlas 'new one'" in absent.value.hint
    learned.index.save(tmp_path)
    assert NoveltyIndex.load(tmp_path, learned.codec.codec_id).about == learned.index.about
    with pytest.raises(NoveltyError, match="not of this codec"):
        NoveltyIndex.load(tmp_path, "another")
    NoveltyIndex(replace(learned.index.about, version=99), learned.index.levels).save(tmp_path)
    with pytest.raises(NoveltyError, match="not of this codec"):
        NoveltyIndex.load(tmp_path, learned.codec.codec_id)
    NoveltyIndex(replace(learned.index.about, takes=[]), learned.index.levels).save(tmp_path)
    with pytest.raises(NoveltyError, match="does not fit"):
        NoveltyIndex.load(tmp_path, learned.codec.codec_id)
    for name, data in (("levels.npz", b"PK nothing"), ("novelty.json", b"{")):
        learned.index.save(tmp_path)
        (tmp_path / FOLDER / name).write_bytes(data)
        with pytest.raises(NoveltyError, match="cannot be read"):
            NoveltyIndex.load(tmp_path, learned.codec.codec_id)


def test_gathering_makes_a_missing_index_and_leaves_a_good_one(learned: Learned) -> None:
    about = learned.folder / FOLDER / "novelty.json"
    before, levels = about.stat().st_mtime_ns, learned.index.levels
    assert gather_material(learned.folder, learned.corpus)
    assert about.stat().st_mtime_ns == before
    about.unlink()
    shares: list[float] = []
    assert not gather_material(learned.folder, learned.corpus, go_on=lambda share: bool(shares.append(share)))
    assert len(shares) == 1 and not about.exists(), "stopped at the first report"
    assert gather_material(learned.folder, learned.corpus, go_on=lambda share: shares.append(share) is None)
    assert shares[1:] == sorted(shares[1:]) and shares[-1] == pytest.approx(1.0)
    again = NoveltyIndex.load(learned.folder, learned.codec.codec_id)
    assert again.about == learned.index.about
    assert all(np.array_equal(again.levels[view], levels[view]) for view in VIEWS)

"""Recordings in two channels on their way into a training."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from msgspec.structs import replace

from daemon.codec.config import CodecConfig
from daemon.codec.loudness import clip_gain_db
from daemon.codec.model import CodecModel, Reconstruction
from daemon.codec.quantizer import unquantized
from daemon.corpus.clips import Part, open_parts
from daemon.corpus.ingest import ingest
from daemon.corpus.pairs import measure_pair
from daemon.corpus.records import Corpus, load_corpus
from daemon.dsp.loudness import integrated_lufs
from daemon.dsp.measure import side_distance
from daemon.dsp.width import width_db
from daemon.runs.errors import TrainingError
from daemon.runs.spec import Recipe, TrainingSpec
from daemon.training.augmentation import finish, place, stretch
from daemon.training.crops import CropSampler
from daemon.training.losses import losses
from daemon.training.sizing import make_plan
from daemon.training.split import split_corpus
from daemon.workers.clips import read_clip
from daemon.workers.previews import read_matched

PAIR = CodecConfig(
    channels=2, side_bands=2, width=32, latent=32, low_bands=3, envelope_points=4, levels=4, codebook_size=16
)


def sound(seed: int, samples: int = 60_000) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A wide recording with DC in one channel, a narrow one, one with two equal channels, one in mono."""
    folder = tmp_path_factory.mktemp("pairs")
    one, other = sound(1, 144_000), sound(2, 144_000)
    soundfile.write(folder / "wide.wav", np.stack([one + 0.06, other]).T, 48_000, subtype="FLOAT")
    soundfile.write(folder / "narrow.wav", np.stack([one + 0.01 * other, one - 0.01 * other]).T[:40_000], 48_000)
    soundfile.write(folder / "equal.wav", np.stack([other, other]).T[:40_000], 48_000)
    soundfile.write(folder / "mono.wav", one[50_000:90_000], 48_000)
    ingest([folder], folder / "corpus")
    return load_corpus(folder / "corpus")


def named(corpus: Corpus, name: str):
    return next(record for record in corpus.usable if Path(record.source).stem == name)


def test_a_pair_is_measured_once_and_an_old_index_is_measured_when_asked(corpus: Corpus) -> None:
    wide = named(corpus, "wide").pair
    assert wide is not None and wide.is_stereo and abs(wide.side_db) < 1.5
    assert abs(wide.side_offset) < 1e-3 and named(corpus, "wide").dc_offset == pytest.approx(0.06, abs=2e-3)
    assert [named(corpus, name).pair.is_stereo for name in ("narrow", "equal")] == [False, False]
    assert named(corpus, "equal").pair.side_db == -120
    assert named(corpus, "mono").pair is None
    old = replace(named(corpus, "wide"), pair=None)
    assert Corpus(corpus.folder, [old]).pair(old) == wide
    assert corpus.stereo_share() == pytest.approx(144_000 / 264_000, abs=1e-3)


def test_two_equal_channels_are_as_loud_as_one() -> None:
    one, other = sound(1), sound(2)
    assert integrated_lufs(np.stack([one, one])) == pytest.approx(integrated_lufs(one), abs=1e-6)
    left_only = integrated_lufs(np.stack([one, 0 * one]))
    assert left_only == pytest.approx(integrated_lufs(one) - 3.01, abs=0.01)
    pair = np.stack([one, other])
    assert measure_pair(pair).loudness_lufs == pytest.approx(integrated_lufs(pair), abs=0.01)
    assert measure_pair(pair).side_db == pytest.approx(width_db(pair), abs=0.06)


@pytest.mark.parametrize("name", ["wide", "narrow", "equal", "mono"])
def test_training_and_encoding_hear_the_same_pair(corpus: Corpus, name: str) -> None:
    record = named(corpus, name)
    (clip,) = open_parts(corpus, [Part(sha256=record.sha256, start=0, stop=record.samples)], PAIR)
    read = read_clip(Path(record.source), 2)
    heard = np.stack([read.audio, read.audio]) if read.audio.ndim == 1 else read.audio
    assert clip.sound().shape == (2, record.samples)
    assert np.abs(clip.sound() - heard).max() < 1e-6
    assert np.abs(clip.sound().mean(axis=1)).max() < 2e-3, "DC is left out of both channels"
    assert clip.gain_db == pytest.approx(clip_gain_db(heard, PAIR), abs=0.011)
    assert read_clip(Path(record.source), 1).audio.ndim == 1


def test_the_plan_is_stereo_where_most_of_the_sound_is(corpus: Corpus) -> None:
    split = split_corpus(corpus, 0)

    def planned(share: float, channels: int | None = None, preset: str = "small") -> tuple[CodecConfig, str]:
        spec = TrainingSpec(channels=channels, preset=preset)
        plan, words = make_plan(spec, split, is_gpu=False, stereo_share=share)
        return plan.codec, "; ".join(words)

    mono, words = planned(0.4)
    assert mono.channels == 1 and "mono, because only 40% of the audio is heard to be stereo" in words
    stereo, words = planned(0.6)
    assert stereo.channels == 2 and "stereo, mid and side in one grid, because 60%" in words
    assert (stereo.mel_bands, stereo.low_bands) == (mono.mel_bands, mono.low_bands)
    assert planned(0.9, 1)[0].channels == 1 and planned(0.0, 2)[0].channels == 2
    assert "asked for" in planned(0.0, 2)[1]
    for preset in ("toy", "tiny", "base"):
        assert planned(1.0, preset=preset)[0].side_levels
    with pytest.raises(TrainingError, match="3 channels"):
        planned(0.0, 3)


def test_crops_are_pairs_at_the_reference_loudness_and_depend_on_the_step_alone(corpus: Corpus) -> None:
    parts = [Part(sha256=record.sha256, start=0, stop=record.samples) for record in corpus.usable]
    sampler = CropSampler(open_parts(corpus, parts, PAIR), Recipe(batch=8), 1024, seed=1)
    batch = sampler.batch(3)
    assert batch.shape == (8, 2, Recipe().crop_frames * 1024) and np.isfinite(batch).all()
    assert np.array_equal(batch, sampler.batch(3))
    assert len({round(width_db(crop)) for crop in batch}) > 3, "narrow, wide and panned"


def test_stretching_keeps_what_is_between_the_channels() -> None:
    """Half of the right channel is the left one: stretched apart from each other they would have nothing in common."""
    left, other = sound(1, 16_384), sound(2, 16_384)
    pair = np.stack([left, 0.5 * left + 0.5 * other])
    made = stretch(pair, 19_968)[:, 4096:-4096]
    before, after = (float(np.corrcoef(sounds)[0, 1]) for sounds in (pair, made))
    assert before == pytest.approx(0.707, abs=0.02) and after == pytest.approx(before, abs=0.1)
    assert np.square(made[1]).mean() / np.square(made[0]).mean() == pytest.approx(0.5, rel=0.1)


def test_places_between_the_loudspeakers_keep_the_level() -> None:
    pair = np.stack([sound(1), sound(2)])
    off = Recipe(width_probability=0, pan_probability=0, swap=False)
    random = np.random.default_rng(0)
    assert np.array_equal(place(pair, off, random), pair)
    swapped = [place(pair, replace(off, swap=True), random) for _ in range(20)]
    assert {bool(np.array_equal(one, pair[::-1])) for one in swapped} == {True, False}
    placed = [place(pair, replace(off, width_probability=1.0, pan_probability=1.0), random) for _ in range(20)]
    assert all(abs(float(np.square(one).mean() / np.square(pair).mean()) - 1) < 1e-3 for one in placed)
    assert np.ptp([width_db(one) for one in placed]) > 6
    mono = np.stack([pair[0], pair[0]])
    hiss = Recipe(noise_probability=1.0, mix_probability=0, gain_probability=0, flip=False)
    widths = [width_db(finish(mono, None, hiss, random)) for _ in range(20)]
    assert min(widths) == -120 and max(widths) > -60, "a mono recording hisses in the middle, some of them"


def test_the_side_and_both_channels_have_their_part_in_the_loss() -> None:
    torch.manual_seed(0)
    model = CodecModel(PAIR)
    one, other = sound(5, 16_384), sound(6, 16_384)
    source = torch.from_numpy(np.stack([one, other]))[None]
    nothing = unquantized(model.encode(source))
    recipe = Recipe()

    def terms(made: torch.Tensor) -> dict[str, torch.Tensor]:
        return losses(source, Reconstruction(made, nothing), recipe, 48_000)

    same, swapped, narrow = terms(source), terms(source.flip(1)), terms(source.mean(1, keepdim=True).expand(-1, 2, -1))
    assert float(same["mel"]) < 1e-6 and float(same["side_mel"]) < 1e-6
    assert float(narrow["side_mel"]) > 1 and float(narrow["mel"]) > 0.2 * float(narrow["side_mel"])
    assert float(swapped["side_mel"]) < 1e-5 < float(swapped["mel"]), "mid and side alone do not tell left from right"
    decoded = model.decode(model.encode(source))
    terms(decoded)["total"].backward()
    assert model.decoder.side.weight.grad.abs().sum() > 0 and model.encoder.side.weight.grad.abs().sum() > 0
    assert model.decoder.leave_side.weight.grad.abs().sum() > 0
    assert side_distance(source[0].numpy(), decoded[0].detach().numpy()) > 0


def test_a_preview_in_two_channels_is_matched_as_a_pair(tmp_path: Path) -> None:
    source = np.stack([sound(1), 0.5 * sound(2)])
    for name, pair in (("source.wav", source), ("step.wav", 0.25 * source)):
        soundfile.write(tmp_path / name, pair.T, 48_000, subtype="FLOAT")
    matched = read_matched(tmp_path / "step.wav", tmp_path / "source.wav")
    assert matched.gain_db == pytest.approx(12.0, abs=0.05)
    np.testing.assert_allclose(matched.audio, source, rtol=2e-2, atol=1e-4)


@pytest.mark.parametrize(("channels", "wanted", "said"), [(6, 2, "both loudspeakers"), (6, 1, "mono"), (2, 1, "mono")])
def test_channels_that_a_model_lacks_are_averaged_and_that_is_said(
    tmp_path: Path, channels: int, wanted: int, said: str
) -> None:
    many = np.stack([sound(n) for n in range(channels)])
    soundfile.write(tmp_path / "many.wav", many.T, 48_000, subtype="FLOAT")
    clip = read_clip(tmp_path / "many.wav", wanted)
    np.testing.assert_allclose(clip.audio, many.mean(axis=0), atol=1e-6)
    assert any(f"{channels} channels were averaged to one" in note and said in note for note in clip.notes)

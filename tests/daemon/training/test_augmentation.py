"""Augmentation: each operation does what it says, no more, and none of it reaches what is held out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.corpus.clips import Clip, open_parts
from daemon.corpus.records import load_corpus
from daemon.dsp.measure import mel_distance
from daemon.runs.folder import read_run
from daemon.runs.spec import Plan, Recipe, TrainingSpec
from daemon.training import crops
from daemon.training.augmentation import draw_lengths, finish, mix, shape, stretch
from daemon.training.codec_run import train
from daemon.training.crops import CropSampler
from daemon.training.invented import invent
from daemon.training.sizing import make_plan

Sound = NDArray[np.float32]
CROP = 16_384
OFF = Recipe(
    eq_probability=0, speed_probability=0, pitch_probability=0, time_probability=0, mix_probability=0,
    invented_probability=0, noise_probability=0, gain_probability=0, flip=False,
)  # fmt: skip


def sine(samples: int, hz: float, level: float = 0.3) -> Sound:
    return (level * np.sin(2 * np.pi * hz * np.arange(samples) / 48_000)).astype(np.float32)


def pitch_of(audio: Sound) -> float:
    """Frequency of the highest peak, Hz, to a few cents."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(audio.size), 8 * audio.size))
    return float(spectrum.argmax() * 48_000 / (8 * audio.size))


def rms(audio: Sound) -> float:
    return float(np.sqrt(np.square(audio).mean()))


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def test_without_augmentation_a_crop_is_the_recording_from_any_sample() -> None:
    """Sub-hop offsets need no operation of their own: crops begin anywhere between two hops."""
    ramp = np.linspace(0.1, 0.9, 60_000, dtype=np.float32)
    sampler = CropSampler([Clip(audio=ramp[None], start=0, stop=60_000, gain_db=0.0, name="r")], OFF, 1024, seed=0)
    starts: list[int] = []
    for crop in (crop for step in range(20) for crop in sampler.batch(step)):
        heard = np.flatnonzero(crop)
        start = int(np.abs(ramp - crop[heard[0]]).argmin())
        assert np.array_equal(crop[heard], ramp[start : start + heard.size])
        starts.append(start - int(heard[0]))
    assert len({start % 1024 for start in starts}) > 40


@pytest.mark.parametrize("length", [CROP - 1536, CROP, CROP + 1536])
def test_stretching_changes_the_length_alone(length: int) -> None:
    made = stretch(sine(CROP, 440.0), length)
    assert made.size == length
    assert pitch_of(made[2048:-2048]) == pytest.approx(440.0, rel=0.003)
    assert rms(made[2048:-2048]) == pytest.approx(0.3 / np.sqrt(2), rel=0.03)
    if length == CROP:
        assert np.abs(made - sine(CROP, 440.0))[1024:-1024].max() < 1e-4


def test_pitch_and_time_and_speed_do_what_they_are_called() -> None:
    recipes = {
        "pitch": replace(OFF, pitch_probability=1.0),
        "time": replace(OFF, time_probability=1.0),
        "speed": replace(OFF, speed_probability=1.0),
    }
    for name, recipe in recipes.items():
        ratios, lengths = [], []
        for seed in range(12):
            chance = np.random.default_rng(seed)
            draw = draw_lengths(recipe, CROP, chance)
            made = shape(sine(draw.source_samples, 440.0), draw, CROP, recipe, chance)
            assert made.size == CROP
            ratios.append(pitch_of(made[2048:-2048]) / 440)
            lengths.append(draw.source_samples / CROP)
        semitones = np.abs(12 * np.log2(ratios))
        if name == "time":
            assert semitones.max() < 0.06
            assert min(lengths) >= 0.89 and max(lengths) <= 1.11 and max(lengths) - min(lengths) > 0.1
        else:
            assert semitones.max() <= (2.1 if name == "pitch" else 4.9) and semitones.max() > 1.0
        if name == "pitch":
            assert max(lengths) < 1.15 and min(lengths) > 0.87
        if name == "speed":
            assert ratios == pytest.approx(lengths, rel=0.01)


def test_a_mix_holds_both_at_the_level_of_the_first() -> None:
    a, b = sine(CROP, 100 * 48_000 / CROP), sine(CROP, 1000 * 48_000 / CROP, 0.01)
    mixed = mix(a, b, -6.0)
    assert rms(mixed) == pytest.approx(rms(a), rel=1e-3)
    spectrum = np.abs(np.fft.rfft(mixed * np.hanning(CROP)))
    assert 20 * np.log10(spectrum[1000] / spectrum[100]) == pytest.approx(-6.0, abs=0.5)
    assert np.array_equal(mix(a, np.zeros_like(a), -6.0), a)


def test_noise_gain_and_polarity_stay_within_their_bounds() -> None:
    source, chance = sine(CROP, 300.0), random()
    noisy = replace(OFF, noise_probability=1.0)
    below = [20 * np.log10(rms(source) / rms(finish(source, None, noisy, chance) - source)) for _ in range(20)]
    assert 24 < min(below) < 32 and 43 < max(below) < 51
    loud = replace(OFF, gain_probability=1.0)
    gains = [20 * np.log10(rms(finish(source, None, loud, chance)) / rms(source)) for _ in range(30)]
    assert -6.01 <= min(gains) < -3 and 3 < max(gains) <= 6.01
    flipped = [float(finish(source, None, replace(OFF, flip=True), chance) @ source) > 0 for _ in range(40)]
    assert 10 < sum(flipped) < 30


def test_invented_sounds_are_sounds_and_differ() -> None:
    chance = random()
    made = [invent(CROP, chance) for _ in range(60)]
    assert all(sound.dtype == np.float32 and np.isfinite(sound).all() for sound in made)
    assert all(rms(sound) == pytest.approx(0.1, rel=0.01) for sound in made if sound.any())
    assert sum(sound.any() for sound in made) >= 58
    centres = [float(np.average(np.arange(CROP // 2 + 1), weights=np.abs(np.fft.rfft(s)) + 1e-9)) for s in made]
    assert np.percentile(centres, 90) > 4 * np.percentile(centres, 10)
    assert np.array_equal(invent(CROP, random()), made[0])


def test_augmented_sound_takes_other_codes_and_stays_close(toy_codec: Codec, toy_run: Path, tone_corpus: Path) -> None:
    """What augmentation is for: the same sound to the ear, other codes to learn from."""
    run = read_run(toy_run)
    assert run is not None
    clips = open_parts(load_corpus(tone_corpus), run.plan.split.train, toy_codec.config)
    conservative = replace(Recipe(), mix_probability=0, invented_probability=0, speed_probability=0)
    changed, near, far = [], [], []
    for number, clip in enumerate(clips[:8]):
        source, chance = clip.mono(0, 32_768), np.random.default_rng(number)
        if source.size < 32_768:
            source = np.pad(source, (0, 32_768 - source.size))
        draw = draw_lengths(conservative, 32_768, chance)
        made = shape(source[: draw.source_samples], draw, 32_768, conservative, chance)
        made = finish(made[:32_768], None, conservative, chance)
        codes = [toy_codec.encode(np.ascontiguousarray(sound)).codes for sound in (source, made)]
        changed.append(float((codes[0] != codes[1]).mean()))
        near.append(mel_distance(source, made))
        far.append(mel_distance(source, np.resize(clips[(number + 4) % len(clips)].mono(), 32_768)))
    assert np.mean(changed) > 0.25
    assert np.mean(near) < 0.8 * np.mean(far)


def test_a_blend_of_latents_lies_between_its_sounds(toy_codec: Codec, tone_files: list[Path], make_tone) -> None:
    """Latents do not add like sounds do (bench_augment.py measures by how much): their mean lies between."""
    a, b = make_tone(0.6, 200.0, 1), make_tone(0.6, 900.0, 2)
    latents = [toy_codec.dequantize(toy_codec.encode(sound).codes) for sound in (a, b)]
    ends = [toy_codec.decode(toy_codec.quantize(latent), samples=a.size) for latent in latents]
    blend = toy_codec.decode(toy_codec.quantize((latents[0] + latents[1]) / 2), samples=a.size)
    apart = mel_distance(ends[0], ends[1])
    assert mel_distance(blend, ends[0]) < apart and mel_distance(blend, ends[1]) < apart


def test_held_out_audio_is_never_augmented(tone_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that change every crop, and their evaluation: recordings are judged as they are, none of them was cut."""
    judged, cut = list[Sound](), set[str]()

    def note_judged(source: Sound, decoded: Sound) -> float:
        judged.append(source)
        return mel_distance(source, decoded)

    def note_cut(clip: Clip, length: int, chance: np.random.Generator) -> Sound:
        cut.add(clip.name)
        return excerpt(clip, length, chance)

    def plan(*wish: Any, **more: Any) -> tuple[Plan, list[str]]:
        made, words = make_plan(*wish, **more)
        return replace(made, recipe=replace(made.recipe, eq_probability=1, gain_probability=1)), words

    excerpt = crops._excerpt
    monkeypatch.setattr(crops, "_excerpt", note_cut)
    monkeypatch.setattr("daemon.training.evaluation.mel_distance", note_judged)
    monkeypatch.setattr("daemon.training.beginning.make_plan", plan)
    train(TrainingSpec(steps=2, preset="toy", seed=3), tone_corpus, tmp_path / "run")
    run, corpus = read_run(tmp_path / "run"), load_corpus(tone_corpus)
    assert run is not None
    recordings = {record.sha256: record for record in corpus.usable}
    held = {recordings[part.sha256].source for part in run.plan.split.held_out}
    whole = {record.source: corpus.audio(record)[0] for record in corpus.usable}
    named = [[name for name, one in whole.items() if np.array_equal(one[: sound.size], sound)] for sound in judged]
    assert all(len(names) == 1 for names in named) and held <= {name for (name,) in named}
    assert len(cut) > 5 and not cut & held

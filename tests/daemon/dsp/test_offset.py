"""What counts as a DC offset, and that taking it out leaves sound and silence as they are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.dsp.offset import Offset, OffsetMeter

RATE = 48_000
Audio = NDArray[np.float32]


def measured(audio: Audio, rate: int = RATE, block: int = 12_345) -> Offset:
    pair = np.atleast_2d(audio)
    meter = OffsetMeter(len(pair), rate)
    for start in range(0, pair.shape[1], block):
        meter.add(pair[:, start : start + block])
    return meter.offset()


def cleaned(audio: Audio, block: int = 9_999) -> Audio:
    pair, found = np.atleast_2d(audio), measured(audio)
    pieces = [found.removed(pair[:, start : start + block], start) for start in range(0, pair.shape[1], block)]
    return np.concatenate(pieces, axis=1).reshape(audio.shape)


def times(seconds: float) -> NDArray[np.float64]:
    return np.arange(int(seconds * RATE)) / RATE


def kick(seconds: float = 0.25, decay: float = 20.0) -> Audio:
    """A saturated hit: it leans to one side while it is loud, and ends at zero."""
    t = times(seconds)
    swept = np.sin(2 * np.pi * (50 * t + 4 * (1 - np.exp(-30 * t)))) * np.exp(-decay * t)
    hit = np.tanh(3 * swept + 0.8 * np.exp(-decay * t)) * 0.9
    hit[-480:] *= np.linspace(1, 0, 480)
    return hit.astype(np.float32)


def noise(seconds: float, level: float = 0.1) -> Audio:
    return (level * np.random.default_rng(3).standard_normal(int(seconds * RATE))).astype(np.float32)


SILENCE = np.zeros(RATE // 4, np.float32)


@pytest.mark.parametrize(
    "sound",
    [
        kick(),
        kick(0.8, 6.0),
        kick()[:5_000],
        kick(1.2, 1.0),
        np.concatenate([SILENCE, kick(), SILENCE]),
        np.tile(np.concatenate([kick(), SILENCE]), 16),
        np.where(times(0.3) * 110 % 1 < 0.25, 0.5, -0.5).astype(np.float32),
        (0.8 * np.sin(2 * np.pi * 31 * times(5))).astype(np.float32),
        (0.8 * np.sin(2 * np.pi * 5 * times(5))).astype(np.float32),
        noise(5) + np.float32(0.004),
    ],
    ids=["kick", "long", "cut off", "sustained", "padded", "loop", "pulse", "bass", "below hearing", "converter"],
)
def test_what_leans_to_one_side_has_no_offset_and_stays(sound: Audio) -> None:
    assert measured(sound).values == (0.0,)
    assert np.array_equal(cleaned(sound), sound)


@pytest.mark.parametrize("value", [0.02, -0.3])
@pytest.mark.parametrize(
    "sound",
    [
        noise(20),
        (0.5 * np.sin(2 * np.pi * 220 * times(1))).astype(np.float32),
        (0.5 * np.sin(2 * np.pi * 100 / 3 * times(6))).astype(np.float32),
        np.concatenate([kick(), noise(0.2, 1e-4)]),
        np.tile(np.concatenate([kick(), noise(0.2, 1e-4)]), 8),
    ],
    ids=["long", "a second", "bass", "one hit", "hits"],
)
def test_a_true_offset_is_found_and_taken_out(sound: Audio, value: float) -> None:
    shifted = sound + np.float32(value)
    assert measured(shifted).values[0] == pytest.approx(value, abs=0.006)
    left = cleaned(shifted) - sound
    assert np.abs(left).max() < 0.012, "no transient at the start, no step at the end"
    assert np.abs(np.diff(left)).max() < 1e-4


def test_a_hit_with_an_offset_keeps_its_tail_silent() -> None:
    hit = np.concatenate([kick(), SILENCE])
    tail = cleaned(hit + np.float32(0.1))[-len(SILENCE) :]
    assert np.abs(tail).max() < 0.01


def test_nothing_that_is_heard_changes() -> None:
    tone = sum(np.sin(2 * np.pi * f * times(8)) for f in (20, 33.3, 50, 1000)).astype(np.float32) * np.float32(0.1)
    left = (cleaned(tone + np.float32(0.05)) - tone)[RATE:-RATE]
    audible = np.abs(np.fft.rfft(left * np.hanning(left.size)))[20 * left.size // RATE :]
    whole = np.abs(np.fft.rfft(tone * np.hanning(tone.size))).max()
    assert 20 * np.log10(audible.max() / whole) < -60


def test_an_offset_that_wanders_is_followed() -> None:
    sound = noise(20, 0.05)
    wandering = (0.05 + 0.01 * times(20)).astype(np.float32)
    left = cleaned(sound + wandering) - sound
    smooth = np.convolve(left, np.full(4800, 1 / 4800), mode="valid")
    assert np.abs(smooth).max() < 0.02


def test_digital_silence_around_a_sound_with_an_offset_stays() -> None:
    audio = np.concatenate([np.zeros(RATE, np.float32), noise(5) + np.float32(0.1), np.zeros(RATE, np.float32)])
    made = cleaned(audio)
    assert measured(audio).values[0] == pytest.approx(0.1, abs=0.005)
    assert not made[:RATE].any() and not made[-RATE:].any()
    assert abs(float(made[RATE:-RATE].mean())) < 1e-3


def test_blocks_of_any_size_give_the_same_and_channels_are_apart() -> None:
    pair = np.stack([noise(3) + np.float32(0.06), noise(3)])
    whole, pieces = measured(pair, block=10**9), measured(pair, block=777)
    assert whole.values == pieces.values and whole.values[1] == 0.0
    assert np.array_equal(whole.baselines, pieces.baselines)
    made = cleaned(pair, block=1_000)
    assert np.array_equal(made, cleaned(pair, block=10**9)) and np.array_equal(made[1], pair[1])


def test_short_and_empty_files() -> None:
    assert measured(np.zeros(0, np.float32)).values == (0.0,)
    assert measured(np.full(100, 0.5, np.float32)).values == (0.0,)

"""What encoding listens to, and the level it gives back."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.codec.level import MOST_CORRECTED_DB, STRETCHES, hop_levels_db, loudest_stretches, missing_level_db, power
from daemon.dsp.loudness import integrated_lufs

HOP, RATE = 1024, 48_000


def noise(length: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(length).astype(np.float32) * 0.1


def with_partials(length: int) -> NDArray[np.float32]:
    t = np.arange(length) / RATE
    return (0.2 * np.sin(2 * np.pi * 60 * t) + 0.1 * np.sin(2 * np.pi * 3000 * t)).astype(np.float32)


@settings(max_examples=30)
@given(samples=st.integers(1, 400 * HOP), channels=st.sampled_from([(), (2,)]))
def test_equally_long_stretches_within_the_sound(samples: int, channels: tuple[int, ...]) -> None:
    stretches = loudest_stretches(np.ones((*channels, samples), np.float32), HOP)
    assert len({hi - lo for lo, hi in stretches}) == 1
    if len(stretches) == 1:
        assert stretches == [(0, -(-samples // HOP))]
    else:
        assert len(stretches) == STRETCHES
        assert stretches[0][0] >= 0 and stretches[-1][1] * HOP <= samples
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(stretches))


@pytest.mark.parametrize("second", [0, 17, 40, 59])
def test_a_lone_hit_in_a_minute_of_next_to_nothing_is_listened_to(second: int) -> None:
    sound = 1e-3 * noise(60 * RATE)
    sound[second * RATE : second * RATE + 6000] = noise(6000, 1)
    listened = np.zeros(sound.size, bool)
    for lo, hi in loudest_stretches(sound, HOP):
        listened[lo * HOP : hi * HOP] = True
    assert np.square(sound[listened]).sum() > 0.95 * np.square(sound).sum()
    assert listened.mean() < 0.04


def missing_db(source: NDArray[np.float32], made: NDArray[np.float32]) -> float:
    return missing_level_db(torch.from_numpy(source), torch.from_numpy(made.astype(np.float32)))


def test_level_difference_equals_the_loudness_difference() -> None:
    """Up to the most that is corrected."""
    sound = with_partials(2 * RATE) + 0.3 * noise(2 * RATE)
    for made in (0.6 * sound, 1.5 * sound, 0.95 * sound, 0.5 * sound + 0.01 * noise(2 * RATE, 1)):
        wanted = integrated_lufs(sound) - integrated_lufs(made.astype(np.float32))
        assert missing_db(sound, made) == pytest.approx(wanted, abs=0.05)
    for factor, most in ((0.01, MOST_CORRECTED_DB), (100, -MOST_CORRECTED_DB)):
        assert missing_db(sound, np.float32(factor) * sound) == most


def test_a_partial_that_is_missing_costs_no_loudness() -> None:
    """A kick without its lowest partial, which makes most of its level, is as loud as it was all the same."""
    t = np.arange(RATE) / RATE
    rest = 0.4 * noise(RATE)
    kick = rest + (0.3 * np.sin(2 * np.pi * 120 * t)).astype(np.float32)
    apart = integrated_lufs(kick) - integrated_lufs(rest)
    assert 9 < apart < MOST_CORRECTED_DB
    assert missing_db(kick, rest) == pytest.approx(apart, abs=0.05)
    assert missing_db(rest, kick) == pytest.approx(-apart, abs=0.05)


def test_nothing_is_made_of_silence() -> None:
    sound, silence = noise(RATE), np.zeros(RATE, np.float32)
    assert missing_db(sound, silence) == missing_db(silence, sound) == missing_db(silence, silence) == 0.0


def test_a_pair_of_equal_channels_is_as_loud_as_one() -> None:
    sound, made = torch.from_numpy(noise(RATE)), torch.from_numpy(0.4 * noise(RATE, 3))
    alone = missing_level_db(sound, made)
    assert missing_level_db(sound.expand(3, 2, -1), made.expand(3, 2, -1)) == pytest.approx(alone, abs=1e-3)


def test_levels_of_hops_follow_the_gain() -> None:
    random = np.random.default_rng(2)
    sound = random.standard_normal((2, 20 * 1024)).astype(np.float32) * 0.1
    sound[:, 10 * 1024 :] *= 0.1
    levels = hop_levels_db(torch.from_numpy(sound), 1024)
    assert levels.shape == (20,)
    assert levels[:10].mean() - levels[10:].mean() == pytest.approx(20, abs=0.5)
    whole = 10 * np.log10(power(torch.from_numpy(sound)))
    assert 10 * np.log10(np.mean(10 ** (levels / 10))) == pytest.approx(whole, abs=0.1)

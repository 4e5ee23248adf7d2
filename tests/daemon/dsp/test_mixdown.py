"""Averaging channels: what is left out, and what is noticed when they cancel."""

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.dsp.mixdown import ChannelMeter, Mixdown, mean_of

RATE = 8_000


def noise(seed: int, level: float = 0.1, seconds: float = 3.0) -> NDArray[np.float32]:
    return (level * np.random.default_rng(seed).standard_normal(int(seconds * RATE))).astype(np.float32)


def mixed(*channels: NDArray[np.float32], block: int = 1_111) -> Mixdown:
    audio = np.stack(channels)
    meter = ChannelMeter(len(channels), RATE)
    for start in range(0, audio.shape[1], block):
        meter.add(audio[:, start : start + block])
    return meter.mixdown()


SOUND, OTHER, THIRD = noise(1), noise(2), noise(3)
DITHER = noise(4, 1e-5)
NOTHING = np.zeros_like(SOUND)


@pytest.mark.parametrize("rest", [NOTHING, DITHER, NOTHING + np.float32(0.2)])
@pytest.mark.parametrize("channels", [2, 3, 8, 32])
def test_silent_channels_are_left_out_and_the_level_is_kept(channels: int, rest: NDArray[np.float32]) -> None:
    found = mixed(*[rest] * (channels - 1), SOUND)
    assert found.heard == (channels - 1,) and found.loss is None and found.stretch is None
    assert np.array_equal(found.mean(np.stack([*[rest] * (channels - 1), SOUND])), SOUND)


def test_all_silent_channels_are_averaged() -> None:
    found = mixed(NOTHING, NOTHING)
    assert found.is_silent and not found.is_offset and found.heard == (0, 1) and not found.is_gone
    assert mixed(NOTHING + np.float32(0.2), NOTHING).is_offset


@pytest.mark.parametrize(
    ("share", "is_lost", "is_gone"),
    [(1.0, True, True), (0.999, True, True), (0.9, True, False), (0.6, True, False), (0.0, False, False)],
)
def test_a_channel_against_itself_is_named_with_both_levels(share: float, is_lost: bool, is_gone: bool) -> None:
    found = mixed(SOUND, -np.float32(share) * SOUND)
    assert (found.loss is not None, found.is_gone) == (is_lost, is_gone)
    if found.loss is not None:
        assert found.loss.is_cancelling and found.loss.channels == (0, 1)
        assert found.loss.loudest_db == pytest.approx(-20, abs=0.2)
        left = 20 * np.log10(max(1e-6, (1 - share) / 2))
        assert found.loss.mean_db == pytest.approx(max(-120, left - 20), abs=0.3)


def test_a_dc_offset_hides_no_cancelling() -> None:
    assert mixed(SOUND + np.float32(0.4), np.float32(0.4) - SOUND).is_gone


@pytest.mark.parametrize("others", [(SOUND,), (OTHER,), (0.5 * SOUND, OTHER), (SOUND, SOUND, SOUND)])
def test_what_averaging_does_no_harm_is_not_mentioned(others: tuple[NDArray[np.float32], ...]) -> None:
    found = mixed(SOUND, *others)
    assert found.loss is None and found.stretch is None and len(found.heard) == 1 + len(others)


def test_quiet_channels_beside_a_loud_one_are_named_but_not_as_cancelling() -> None:
    loss = mixed(noise(5, 0.001), SOUND, noise(6, 0.001)).loss
    assert loss is not None and not loss.is_cancelling
    assert loss.channels[0] == 1 and loss.db == pytest.approx(9.5, abs=0.1)


def test_a_pair_that_cancels_among_others_is_found() -> None:
    found = mixed(SOUND, OTHER, SOUND, THIRD, -OTHER, 0.3 * THIRD)
    assert found.loss is not None and found.loss.is_cancelling and set(found.loss.channels) == {1, 4}
    assert not found.is_gone, "the others remain"


def test_a_stretch_that_cancels_in_a_sound_that_does_not_is_found() -> None:
    long, turned = noise(1, seconds=10), noise(1, seconds=10)
    turned[4 * RATE : 6 * RATE] *= -1
    found = mixed(long, turned, block=RATE // 4)
    assert found.loss is None and found.stretch is not None
    assert (found.stretch.start_s, found.stretch.total_s) == (4, 2)
    assert found.stretch.mean_db < -100 and found.stretch.loudest_db == pytest.approx(-20, abs=0.5)


def test_the_mean_of_chosen_channels() -> None:
    block = np.stack([SOUND, OTHER, THIRD])
    assert np.array_equal(mean_of(block, (1,)), OTHER)
    np.testing.assert_allclose(mean_of(block, (0, 2)), (SOUND + THIRD) / 2, atol=1e-7)
    np.testing.assert_allclose(mean_of(block, (0, 1, 2)), block.mean(axis=0), atol=1e-7)

"""No sample over the ceiling, no step in the gain, nothing touched elsewhere."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.dsp.limiter import CEILING, LOOKAHEAD, limit


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 150_000), loudest=st.floats(0.1, 12.0))
def test_nothing_is_over_the_ceiling_that_was_over_full_scale(seed: int, size: int, loudest: float) -> None:
    random = np.random.default_rng(seed)
    audio = (0.3 * random.standard_normal(size)).clip(-0.95, 0.95).astype(np.float32)
    for place in random.integers(0, size, 5):
        audio[place : place + 30] *= np.float32(loudest)
    made = limit(audio)
    assert np.abs(made.audio).max() <= 1.0
    over = np.abs(audio) > 1.0
    assert made.over_samples == np.count_nonzero(over)
    assert (np.abs(made.audio[over]) <= CEILING + 1e-5).all()
    assert (made.most_db > 0) == bool(over.any())


def test_far_from_the_peak_nothing_changes_and_near_it_the_gain_is_smooth() -> None:
    time = np.arange(48_000) / 48_000
    audio = (0.5 * np.sin(2 * np.pi * 110 * time)).astype(np.float32)
    audio[24_000:24_100] *= 5
    made = limit(audio)
    reach = 2 * LOOKAHEAD
    assert np.array_equal(made.audio[: 24_000 - reach], audio[: 24_000 - reach])
    assert np.array_equal(made.audio[24_100 + reach :], audio[24_100 + reach :])
    loud = np.abs(audio) > 0.05
    gain = np.where(loud, made.audio / np.where(loud, audio, 1), np.nan)
    steps = np.abs(np.diff(gain))
    assert np.nanmax(steps) < 0.02, "a step in the gain is a click"


def test_two_channels_get_one_gain() -> None:
    """That of the louder one, so that nothing moves between the loudspeakers."""
    random = np.random.default_rng(4)
    pair = (0.3 * random.standard_normal((2, 60_000))).clip(-0.9, 0.9).astype(np.float32)
    pair[0, 20_000:20_050] *= 6
    pair[1, 45_000:45_050] *= 6
    made = limit(pair)
    assert np.abs(made.audio).max() <= 1.0
    assert made.over_samples == np.count_nonzero((np.abs(pair) > 1.0).any(axis=0))
    heard = np.abs(pair).min(axis=0) > 1e-3
    gains = made.audio[:, heard] / pair[:, heard]
    np.testing.assert_allclose(gains[0], gains[1], rtol=1e-4)
    assert gains.min() < 0.7

"""Gains of frames: each frame is decoded at its own level, and frames overlap without leaking their neighbour's."""

import numpy as np
import pytest

from daemon.codec.codec import Codec
from daemon.codec.errors import CodecError

FRAMES, HOP = 60, 1024


@pytest.fixture(params=["raw_model", "raw_pair_model"])
def codec(request: pytest.FixtureRequest) -> Codec:
    return Codec.load(request.getfixturevalue(request.param))


def grid(codec: Codec) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 16, (codec.config.levels, FRAMES)).astype(np.uint16)


def test_even_gains_are_one_gain(codec: Codec) -> None:
    codes = grid(codec)
    one = codec.decode(codes, gain_db=-7.5)
    assert np.array_equal(codec.decode(codes, gain_db=np.full(FRAMES, -7.5, np.float32)), one)
    assert np.allclose(one, codec.decode(codes) * 10 ** (-7.5 / 20), atol=1e-7)


def test_frames_add_up_at_their_own_levels(codec: Codec) -> None:
    """Decoding is linear in the gains: silenced frames and the others add up to all of them."""
    codes = grid(codec)
    low, high = np.full(FRAMES, -200.0, np.float32), np.full(FRAMES, -6.0, np.float32)
    first = np.where(np.arange(FRAMES) < 31, high, low).astype(np.float32)
    rest = np.where(np.arange(FRAMES) < 31, low, high).astype(np.float32)
    both, whole = (
        codec.decode(codes, gain_db=first) + codec.decode(codes, gain_db=rest),
        codec.decode(codes, gain_db=-6),
    )
    assert np.abs(both - whole).max() < 1e-5 * max(1, np.abs(whole).max())
    assert np.abs(codec.decode(codes, gain_db=first)[..., 32 * HOP :]).max() < 1e-6 * np.abs(whole).max()


def test_a_range_with_gains_equals_the_same_range_of_the_whole(codec: Codec) -> None:
    codes = grid(codec)
    gains = np.random.default_rng(3).uniform(-40, 0, FRAMES).astype(np.float32)
    gains[20:45] = -3  # a range whose own gains are even, with others around it
    whole = codec.decode(codes, gain_db=gains, chunk_frames=13)
    for lo, hi in ((0, 5), (11, 12), (28, 40), (50, 60)):
        part = codec.decode_range(codes, lo, hi, gain_db=gains)
        assert np.abs(part - whole[..., lo * HOP : hi * HOP]).max() < 1e-4


def test_gains_of_another_number_are_refused(codec: Codec) -> None:
    with pytest.raises(CodecError, match="60 frames have 60 gains"):
        codec.decode(grid(codec), gain_db=np.zeros(59, np.float32))

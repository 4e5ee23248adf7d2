"""What can and cannot be concluded about codes, from effects whose truth is known."""

import numpy as np
import pytest

from daemon.atlas.table import RELIABLE, Atlas
from protocol import atlas as words

Q, K, M = 2, 40, 12
NAMES = ("loudness", "pitch")


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (Q, K)).astype(np.float32)


@pytest.fixture(scope="module")
def atlas(truth: np.ndarray) -> Atlas:
    """Loudness is measured with a little noise on level 0 and much on level 1, pitch is noise alone."""
    random = np.random.default_rng(2)
    effects = random.normal(0, 1, (Q, K, M, 2))
    effects[0, :, :, 0] = truth[0][:, None] + 0.2 * effects[0, :, :, 0]
    effects[1, :, :, 0] = truth[1][:, None] + 6.0 * effects[1, :, :, 0]
    effects -= effects.mean(1, keepdims=True)
    usage = np.ones((Q, K), np.uint32)
    return Atlas(
        codec_id="x", descriptors=NAMES, units=("dB", "share"), effects=effects.astype(np.float16), usage=usage,
        usage_frames=K,
    )  # fmt: skip


def test_reliability_tells_signal_from_noise(atlas: Atlas) -> None:
    assert atlas.reliability[0, 0] > 0.95
    assert atlas.reliability[1, 0] < RELIABLE
    assert (atlas.reliability[:, 1] < RELIABLE).all()
    assert atlas.unsure_levels("loudness") == [1]
    assert atlas.is_reliable("loudness")
    assert not atlas.is_reliable("pitch")
    assert RELIABLE == words.RELIABLE


def test_reliability_is_that_of_all_contexts_not_of_half_of_them(atlas: Atlas, truth: np.ndarray) -> None:
    """Stepped up by Spearman and Brown: near the squared correlation of the measured order with the true one."""
    noisy = truth[0][:, None] + np.random.default_rng(5).normal(0, 3, (K, M))
    effects = np.stack([noisy, noisy])[..., None].astype(np.float16)
    told = Atlas(
        codec_id="x", descriptors=("loudness",), units=("dB",), effects=effects, usage=np.ones((2, K), np.uint32),
        usage_frames=K,
    )  # fmt: skip
    true = np.corrcoef(noisy.mean(1), truth[0])[0, 1] ** 2
    assert told.reliability[0, 0] == pytest.approx(true, abs=0.2)


def test_unreliable_entries_are_unknown_and_get_no_words(atlas: Atlas) -> None:
    assert (atlas.verdicts[:, :, 1] == words.UNKNOWN).all()
    assert (atlas.verdicts[1] == words.UNKNOWN).all()
    assert not atlas.known[1].any()
    assert atlas.known[0, :, 0].mean() > 0.9


def test_verdicts_have_the_sign_of_the_truth(atlas: Atlas, truth: np.ndarray) -> None:
    found = atlas.verdicts[0, :, 0].astype(int)
    marked = np.abs(found) >= 1
    assert marked.mean() > 0.4
    assert (np.sign(found[marked & (found != words.UNKNOWN)]) == np.sign((truth[0] - truth[0].mean())[marked])).all()
    assert (np.abs(found) == 2).sum() > 10


def test_ranks_are_an_order_of_each_level(atlas: Atlas, truth: np.ndarray) -> None:
    ranks = atlas.ranks("loudness")
    assert np.array_equal(np.sort(ranks, axis=1), np.tile(np.arange(K), (Q, 1)))
    assert np.corrcoef(ranks[0], truth[0])[0, 1] > 0.9
    with pytest.raises(KeyError):
        atlas.ranks("colour")


def test_surely_compares_codes_context_by_context(atlas: Atlas, truth: np.ndarray) -> None:
    middle = int(np.argsort(truth[0])[K // 2])
    up, down = (atlas.surely(0, middle, "loudness", sign) for sign in (1, -1))
    assert not (up & down).any()
    assert not up[middle]
    assert up.sum() >= 8
    assert (truth[0][up] > truth[0][middle]).all()
    assert (truth[0][down] < truth[0][middle]).all()
    assert not atlas.surely(1, middle, "loudness", 1).any()


def test_one_context_says_nothing(atlas: Atlas) -> None:
    single = Atlas(
        codec_id="x", descriptors=NAMES, units=("dB", "share"), effects=atlas.effects[:, :, :1], usage=atlas.usage,
        usage_frames=K,
    )  # fmt: skip
    assert not single.reliability.any()
    assert not single.known.any()


def test_words_name_the_strongest_three_and_how_sure_they_are() -> None:
    strong = {"loudness": 3.0, "brightness": -2.0, "warmth": 1.0, "attack": 0.5}
    assert words.words_of({"loudness": 2, "brightness": -2, "warmth": 2, "attack": 2}, strong) == (
        "louder, darker, warmer (sure)"
    )
    assert words.words_of({"brightness": -1, "warmth": 2}, strong) == "darker, warmer (likely)"
    assert words.words_of({"brightness": 0, "warmth": words.UNKNOWN}, strong) == "average"
    assert words.words_of({"warmth": words.UNKNOWN}, strong) == "unknown"

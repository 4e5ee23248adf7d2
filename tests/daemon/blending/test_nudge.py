"""Nudges by an atlas whose truth is known: codes are as bright as their number on level 0, unknown on level 1."""

from typing import Any

import numpy as np
import pytest

from daemon.atlas.table import MARKED, Atlas
from daemon.blending.computations import compute
from daemon.blending.nudge import nudge

Q, K, M = 2, 16, 10


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    random = np.random.default_rng(4)
    effects = random.normal(0, 0.05, (Q, K, M, 1))
    effects[0, :, :, 0] += np.arange(K)[:, None]
    effects[0, 9, :, 0] += 8 * random.permutation(np.arange(M) - 4.5)  # code 9 does something else everywhere
    effects -= effects.mean(1, keepdims=True)
    return Atlas(
        codec_id="x", descriptors=("brightness",), units=("octaves",), effects=effects.astype(np.float16),
        usage=np.ones((Q, K), np.uint32), usage_frames=K,
    )  # fmt: skip


def step(codec: Any, atlas: Atlas, codes: list[int], sign: int, *, by: int = 1, top: int = 0) -> list[int]:
    grid = np.array([codes], np.uint16)
    after = nudge(codec, atlas, grid, top=top, descriptor="brightness", sign=sign, by=by)
    assert after.dtype == np.uint16
    assert grid[0].tolist() == codes  # what was asked of stays
    return after[0].tolist()


def nearest(codec: Any, code: int, allowed: list[int]) -> int:
    vectors = codec.codebook_vectors(0)
    return min(allowed, key=lambda other: (float(np.square(vectors[other] - vectors[code]).sum()), other))


def test_the_nearest_known_code_in_the_direction_is_taken(toy_codec: Any, atlas: Atlas) -> None:
    assert not atlas.known[0, 9, 0]
    codes, least = [0, 5, 8, 14], MARKED * float(atlas.between[0, 0])
    assert 1 < least < K / 2  # the next code is not surely another sound
    for sign in (1, -1):
        allowed = [[c for c in range(K) if sign * (c - code) >= least and c != 9] for code in codes]
        expected = [nearest(toy_codec, code, far) if far else code for code, far in zip(codes, allowed, strict=True)]
        assert step(toy_codec, atlas, codes, sign) == expected


def test_at_the_end_a_cell_stays(toy_codec: Any, atlas: Atlas) -> None:
    assert step(toy_codec, atlas, [15, 15], 1) == [15, 15]
    assert step(toy_codec, atlas, [0], -1, by=5) == [0]


def test_by_n_is_n_nudges(toy_codec: Any, atlas: Atlas) -> None:
    codes = list(range(K))
    reached = codes
    for by in range(1, 5):
        reached = step(toy_codec, atlas, reached, 1)
        assert step(toy_codec, atlas, codes, 1, by=by) == reached
    (end,) = step(toy_codec, atlas, [0], 1, by=K)
    assert end > K - 1 - MARKED * float(atlas.between[0, 0]), "it goes on until nothing surely lies further"
    assert step(toy_codec, atlas, [end], 1) == [end]


def test_unknown_levels_stay(toy_codec: Any, atlas: Atlas) -> None:
    codes = list(range(K))
    assert step(toy_codec, atlas, codes, 1, top=1) == codes


def test_a_computation_is_given_the_atlas_it_takes(toy_codec: Any, atlas: Atlas) -> None:
    grid = np.zeros((2, 4), np.uint16)
    compute(toy_codec, "mutate", {"top": 0, "strength": 0.5, "seed": 1}, [grid])
    settings = {"top": 0, "descriptor": "brightness", "sign": 1, "by": 1}
    assert compute(toy_codec, "nudge", settings, [grid], atlas)[0].tolist() != [0] * 4

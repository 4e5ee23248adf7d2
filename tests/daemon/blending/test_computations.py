"""What a codec's books make of the questions that edits ask; its network was never trained and is not asked."""

from typing import Any

import numpy as np
import pytest

from daemon.blending.alignment import align
from daemon.blending.blend import blend
from daemon.blending.computations import compute
from daemon.blending.mosaic import mosaic
from daemon.blending.mutation import NEAR_SHARE, mutate
from daemon.blending.stretch import positions, stretch
from daemon.blending.vectors import level_sum
from daemon.codec.errors import CodecError

AMOUNTS = np.linspace(0, 1, 11)


@pytest.fixture(scope="module")
def walks() -> np.ndarray:
    """Latents that wander as sounds do, 60 of 50 frames, (60, 50, 16)."""
    random = np.random.default_rng(3)
    scale = 2.0 ** -np.arange(16)[None, None] * 4
    walks = np.cumsum(random.normal(0, 0.3, (60, 50, 16)), axis=1) + random.normal(0, 1, (60, 1, 16))
    return (walks * scale).astype(np.float32)


@pytest.fixture(scope="module")
def codec(walks: np.ndarray) -> Any:
    """4 levels × 32 codes, fitted to the walks."""
    import torch

    from daemon.codec.codec import Codec
    from daemon.codec.config import CodecConfig
    from daemon.codec.model import CodecModel

    torch.manual_seed(5)
    config = CodecConfig(width=32, latent=16, low_bands=2, envelope_points=4, blocks=1, levels=4, codebook_size=32)
    model = CodecModel(config)
    fitted = torch.from_numpy(walks.reshape(-1, 16))
    model.quantizer.fit(fitted, torch.Generator().manual_seed(1), 100.0, torch.ones(4, 16))
    return Codec(model)


@pytest.fixture(scope="module")
def grids(codec: Any, walks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes of two walks, (4, 40) each."""
    return codec.quantize(walks[0, :40]), codec.quantize(walks[7, :40])


def spearman(left: np.ndarray, right: np.ndarray) -> float:
    ranks = [np.searchsorted(np.sort(x), x) + np.searchsorted(np.sort(x), x, "right") for x in (left, right)]
    return float(np.corrcoef(*ranks)[0, 1])


def distance(codec: Any, one: np.ndarray, other: np.ndarray) -> float:
    return float(np.square(level_sum(codec, one, 0) - level_sum(codec, other, 0)).sum(1).mean())


def test_the_same_levels_searched_alone_or_in_the_chain_give_the_same_codes(codec: Any, grids: Any) -> None:
    latents = codec.dequantize(grids[0])
    assert np.array_equal(codec.quantize_levels(latents, [0, 1, 2, 3]), codec.quantize(latents))
    with pytest.raises(CodecError):
        codec.quantize_levels(latents, [4])
    with pytest.raises(CodecError):
        codec.quantize_levels(latents[:, :3], [0])


def test_a_blend_moves_away_from_one_and_towards_the_other(codec: Any, grids: Any) -> None:
    one, other = grids
    made = [blend(codec, one, other, top=0, amount=float(a), by_levels=False) for a in AMOUNTS]
    away = np.array([distance(codec, codes, one) for codes in made])
    towards = np.array([distance(codec, codes, other) for codes in made])
    assert spearman(AMOUNTS, away) >= 0.9
    assert spearman(AMOUNTS, towards) <= -0.9
    middle = (level_sum(codec, one, 0) + level_sum(codec, other, 0)) / 2
    error = np.square(level_sum(codec, made[5], 0) - middle).sum()
    assert error < np.square(level_sum(codec, one, 0) - middle).sum()


def test_frames_that_agree_stay_as_they_are(codec: Any, grids: Any) -> None:
    one, other = grids[0], grids[1].copy()
    other[:, 10:20] = one[:, 10:20]
    assert np.array_equal(blend(codec, one, other, top=0, amount=0.5, by_levels=False)[:, 10:20], one[:, 10:20])


def test_levels_moves_as_far_as_latent_with_the_fine_levels_ahead(codec: Any, grids: Any) -> None:
    one, other = grids
    made = [blend(codec, one, other, top=0, amount=float(a), by_levels=True) for a in AMOUNTS]
    away = np.array([distance(codec, codes, one) for codes in made])
    towards = np.array([distance(codec, codes, other) for codes in made])
    assert spearman(AMOUNTS, away) >= 0.9 and spearman(AMOUNTS, towards) <= -0.9
    latent = blend(codec, one, other, top=0, amount=0.5, by_levels=False)
    ahead = level_sum(codec, one[:1], 0) / 2 + level_sum(codec, other[:1], 0) / 2
    ahead += sum((0.5 - r / 6) * level_sum(codec, one[r : r + 1], r) for r in range(1, 4))
    ahead += sum((0.5 + r / 6) * level_sum(codec, other[r : r + 1], r) for r in range(1, 4))
    errors = [np.square(level_sum(codec, codes, 0) - ahead).sum() for codes in (made[5], latent)]
    assert errors[0] < errors[1], "the last level is the other's already"
    alone = blend(codec, one[1:2], other[1:2], top=1, amount=0.5, by_levels=True)
    assert np.array_equal(alone, blend(codec, one[1:2], other[1:2], top=1, amount=0.5, by_levels=False))


def test_one_level_alone_is_blended_on_that_level(codec: Any, grids: Any) -> None:
    one, other = (codes[1:2] for codes in grids)
    made = [blend(codec, one, other, top=1, amount=float(a), by_levels=False) for a in AMOUNTS]
    away = [float(np.square(level_sum(codec, m, 1) - level_sum(codec, one, 1)).sum()) for m in made]
    assert spearman(AMOUNTS, np.array(away)) >= 0.9
    assert made[3].shape == (1, 40) and made[3].dtype == np.uint16


def test_a_mutation_is_its_seed_and_its_strength_is_a_share(codec: Any) -> None:
    codes = np.random.default_rng(1).integers(0, 32, (4, 1000)).astype(np.uint16)
    settings = {"top": 0, "strength": 0.3, "seed": 5}
    first = mutate(codec, codes, **settings)
    assert np.array_equal(first, mutate(codec, codes, **settings))
    assert not np.array_equal(first, mutate(codec, codes, **(settings | {"seed": 6})))
    assert (first != codes).mean() == pytest.approx(0.3**0.5, abs=0.03)
    assert (mutate(codec, codes, top=0, strength=0.01, seed=5) != codes).mean() == pytest.approx(0.1, abs=0.03)
    assert (mutate(codec, codes, top=0, strength=1.0, seed=5) != codes).all()
    stronger = mutate(codec, codes, top=0, strength=0.6, seed=5)
    assert np.array_equal(stronger[first != codes], first[first != codes])


def test_mutations_of_rising_strength_are_evenly_apart(codec: Any, grids: Any) -> None:
    def away(strength: float) -> float:
        made = [mutate(codec, grids[0], top=0, strength=strength, seed=seed) for seed in range(20)]
        return float(np.sqrt(np.mean([distance(codec, codes, grids[0]) for codes in made])))

    gaps = np.diff([away(strength) for strength in (0, 0.1, 0.3, 0.6)])
    assert gaps[1] == pytest.approx(gaps[2], rel=0.5)
    assert gaps[0] > gaps[1:].max(), "the first is clear already"


def test_a_mutation_goes_to_near_codes_only(codec: Any) -> None:
    codes = np.random.default_rng(2).integers(0, 32, (4, 500)).astype(np.uint16)
    after = mutate(codec, codes, top=0, strength=0.3, seed=0)
    near = round(NEAR_SHARE * 31)
    for level in range(4):
        vectors = codec.codebook_vectors(level)
        distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
        changed = after[level] != codes[level]
        ranks = (
            distances[codes[level, changed]] < distances[codes[level, changed], after[level, changed]][:, None]
        ).sum(1)
        assert changed.any() and ranks.max() <= near


def test_the_same_sound_is_aligned_frame_by_frame(codec: Any, grids: Any) -> None:
    assert list(align(codec, grids[0], grids[0])) == list(range(40))


def test_a_sound_said_slower_is_found_again(codec: Any, grids: Any) -> None:
    slow = np.repeat(grids[1], 2, axis=1)
    places = align(codec, grids[1], slow)
    assert (np.diff(places) >= 0).all()
    assert np.abs(places - 2 * np.arange(40)).max() <= 6
    assert np.abs(align(codec, slow, grids[1]) - np.arange(80) // 2).max() <= 3


def test_long_sounds_are_aligned_in_blocks(codec: Any, grids: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.blending.alignment.MOST_PAIRS", 100)
    places = align(codec, grids[1], grids[1])
    assert places.dtype == np.int32 and (np.diff(places) >= 0).all()
    assert np.abs(places - np.arange(40)).max() <= 4


def test_silence_and_single_frames_are_aligned_too(codec: Any, grids: Any) -> None:
    silence = codec.encode(np.zeros(20 * 1024, np.float32)).codes
    assert np.array_equal(align(codec, silence, silence), np.arange(20))
    one = align(codec, grids[0][:, :1], grids[1])
    assert one.shape == (1,) and 0 <= one[0] < 40
    assert list(align(codec, grids[0], grids[1][:, :1])) == [0] * 40
    mixed = blend(codec, silence, grids[0][:, :20], top=0, amount=0.5, by_levels=False)
    assert mixed.shape == (4, 20) and mixed.max() < 32


def test_a_mosaic_of_itself_is_itself_and_of_pieces_finds_the_pieces(codec: Any, grids: Any) -> None:
    one = grids[1]
    assert np.array_equal(one[:, mosaic(codec, one, one, top=0, continuity=0.5)], one)
    shuffled = np.concatenate([one[:, 20:], one[:, :20]], axis=1)
    assert np.array_equal(shuffled[:, mosaic(codec, one, shuffled, top=0, continuity=0.2)], one)


def test_continuity_trades_likeness_for_runs(codec: Any, grids: Any) -> None:
    one, other = grids
    runs, errors = [], []
    for continuity in (0.0, 0.3, 0.6, 0.9, 1.0):
        way = mosaic(codec, one, other, top=0, continuity=continuity)
        runs.append(int((np.diff(way) == 1).sum()))
        errors.append(distance(codec, other[:, way], one))
    assert runs == sorted(runs) and runs[-1] == 39 and runs[0] < 39
    assert errors == sorted(errors)
    nearest = np.array([np.square(level_sum(codec, other, 0) - z).sum(1).min() for z in level_sum(codec, one, 0)])
    assert errors[0] == pytest.approx(nearest.mean(), rel=1e-3)
    assert list(mosaic(codec, one, other[:, :1], top=0, continuity=0.5)) == [0] * 40


def test_a_longer_sound_keeps_its_frames_and_gets_new_ones_between_them(codec: Any, grids: Any) -> None:
    one = grids[1]
    made = stretch(codec, one, frames=80)
    assert made.dtype == np.uint16 and np.array_equal(made[:, ::2], one)
    between = level_sum(codec, made[:, 1:-1:2], 0)
    middle = (level_sum(codec, one[:, :-1], 0) + level_sum(codec, one[:, 1:], 0)) / 2
    doubled = level_sum(codec, one[:, :-1], 0)
    assert np.square(between - middle).sum() < 0.5 * np.square(doubled - middle).sum()
    assert np.array_equal(made[:, -1], one[:, -1])
    thrice = stretch(codec, one[:, :1], frames=3)
    assert np.array_equal(thrice, np.repeat(one[:, :1], 3, axis=1))


def test_a_shorter_sound_is_the_middle_of_what_it_replaces(codec: Any, grids: Any) -> None:
    one = grids[1]
    assert np.array_equal(stretch(codec, one[:, :39], frames=13), one[:, 1:39:3])
    half = level_sum(codec, stretch(codec, one, frames=20), 0)
    middle = (level_sum(codec, one[:, ::2], 0) + level_sum(codec, one[:, 1::2], 0)) / 2
    assert np.square(half - middle).sum() < 0.5 * np.square(level_sum(codec, one[:, ::2], 0) - middle).sum()
    assert list(positions(4, 1)) == [1.5] and list(positions(2, 3)) == pytest.approx([0, 2 / 3, 1])


def test_long_sounds_are_stretched_in_blocks(codec: Any, grids: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [stretch(codec, grids[1], frames=frames) for frames in (17, 61)]
    monkeypatch.setattr("daemon.blending.stretch.BLOCK_FRAMES", 7)
    assert all(np.array_equal(stretch(codec, grids[1], frames=made.shape[1]), made) for made in whole)


def test_a_question_nobody_knows_is_refused(codec: Any, grids: Any) -> None:
    with pytest.raises(CodecError, match="guess"):
        compute(codec, "guess", {}, [grids[0]])

"""A prior's arithmetic: what a sequence's past may see, and that sampling and scoring are the same model."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from daemon.prior.config import PriorConfig
from daemon.prior.copies import Copies
from daemon.prior.errors import PriorError
from daemon.prior.files import read_prior
from daemon.prior.past import FrameVotes, Past
from daemon.prior.prior import Prior, PriorModel
from daemon.prior.sampling import Fixed, Sampling, sample
from daemon.prior.windows import HEARD_FRAMES, SCORED_FRAMES, windows_of

CONFIG = PriorConfig(
    levels=4, codebook_size=16, code_width=8, width=32, layers=2, heads=2, context=24, chain_width=32, conditions=6
)


def _random_prior(seed: int = 0) -> Prior:
    """A prior with random weights, large enough that every part of it matters."""
    torch.manual_seed(seed)
    model = PriorModel(CONFIG)
    model.network.vectors.normal_()
    for parameter in model.parameters():
        parameter.data += 0.12 * torch.randn_like(parameter)
    return Prior(model, "codec")


def _codes(frames: int, seed: int = 0) -> np.ndarray:
    """Codes that repeat themselves often."""
    return np.random.default_rng(seed).integers(0, 5, (CONFIG.levels, frames))


def _score(prior: Prior, codes: np.ndarray) -> np.ndarray:
    return prior.bits(codes)[0]


def test_a_frame_does_not_depend_on_later_frames_or_a_cell_on_finer_levels() -> None:
    prior, codes = _random_prior(), _codes(60)
    before = _score(prior, codes)
    changed = codes.copy()
    changed[2, 40] = (changed[2, 40] + 7) % CONFIG.codebook_size
    after = _score(prior, changed)
    assert np.allclose(before[:, :40], after[:, :40], atol=1e-5)
    assert np.allclose(before[:2, 40], after[:2, 40], atol=1e-5)
    assert not np.allclose(before[3, 40], after[3, 40], atol=1e-3)
    assert not np.allclose(before[:, 41], after[:, 41], atol=1e-3)


def test_a_window_is_scored_as_in_the_whole() -> None:
    prior, codes = _random_prior(), _codes(SCORED_FRAMES + 30)
    window = windows_of(SCORED_FRAMES + 7, SCORED_FRAMES + 20)
    assert window.heard == HEARD_FRAMES
    piece = prior.surprise(codes[:, window.heard_from : window.past], window.heard)
    assert np.allclose(piece, _score(prior, codes)[:, window.first : window.past], atol=1e-4)


def test_probabilities_of_all_codes_sum_to_one() -> None:
    prior, codes = _random_prior(), _codes(12)
    total = 0.0
    for code in range(CONFIG.codebook_size):
        codes[1, 11] = code
        total += 2.0 ** -float(_score(prior, codes)[1, 11])
    assert total == pytest.approx(1.0, abs=1e-4)


def test_the_unrolled_model_gives_the_same_probabilities_as_the_whole() -> None:
    prior, codes = _random_prior(), _codes(70)
    whole = _score(prior, codes)
    network, past = prior.unrolled, Past(prior.copy_weights, prior.unrolled.vectors, 1)
    state, frame = network.trunk.begin(1), network.start(1)
    for t in range(codes.shape[1]):
        sums, votes = network.context(frame, None, state), FrameVotes(past)
        for level in range(CONFIG.levels):
            likelihood = votes.mix(level, network.guess(sums, level))
            chosen = codes[level, t : t + 1]
            assert likelihood.sum() == pytest.approx(1.0)
            assert -np.log2(likelihood[0, chosen[0]]) == pytest.approx(whole[level, t], abs=2e-3)
            votes.choose(level, chosen)
            sums = sums + network.coarse_part(chosen, level)
        past.append(codes[None, :, t])
        frame = network.frame(codes[None, :, t])


def test_a_sequence_that_repeats_is_expected_and_a_new_one_is_not() -> None:
    copies = Copies(CONFIG.levels)
    motif = _codes(16, seed=3)
    codes = torch.from_numpy(np.concatenate([motif] * 3, 1))[None]
    vectors = torch.randn(CONFIG.levels, CONFIG.codebook_size, 8)
    cells = vectors[torch.arange(CONFIG.levels)[:, None], codes]
    even = torch.full((*codes.shape, CONFIG.codebook_size), 1 / CONFIG.codebook_size).log()
    likelihood = copies(even, codes, torch.zeros(1, codes.shape[-1], dtype=torch.long), cells)[0].detach()
    assert likelihood[:, 34:].log2().mean() > likelihood[:, :14].log2().mean() + 1
    apart = torch.arange(codes.shape[-1])[None] // 16  # as three recordings: nothing to copy from
    alone = copies(even, codes, apart, cells)[0].detach()
    assert alone[:, 34:].log2().mean() < likelihood[:, 34:].log2().mean() - 1


def test_a_seed_gives_the_same_codes_in_any_batch() -> None:
    prior = _random_prior()
    alone = sample(prior, 40, [5])[0]
    among = sample(prior, 40, [4, 5, 6, 7, 8])
    assert np.array_equal(alone, among[1])
    assert len({grid.tobytes() for grid in among}) == 5


def test_given_cells_stay_and_the_others_are_sampled() -> None:
    prior, given = _random_prior(), _codes(30, seed=9)
    mask = np.zeros((CONFIG.levels, 30), bool)
    mask[:2, 10:20] = True
    grid = sample(prior, 30, [1], fixed=Fixed(codes=given, mask=mask))[0]
    assert np.array_equal(grid[:2, 10:20], given[:2, 10:20])
    assert not np.array_equal(grid[2:, 10:20], given[2:, 10:20])


def test_repeats_come_back_after_one_period() -> None:
    prior = _random_prior()
    grid = sample(prior, 64, [2], Sampling(period=8, repeat=1.0))[0]
    assert np.array_equal(grid[:, 8:16], grid[:, :8]) and np.array_equal(grid[:, 56:], grid[:, :8])


def test_a_colder_temperature_takes_likelier_codes() -> None:
    prior = _random_prior()
    bits = [
        np.mean([_score(prior, grid).sum() / 60 for grid in sample(prior, 60, range(6), Sampling(temperature=heat))])
        for heat in (0.3, 1.0)
    ]
    assert bits[0] < bits[1]


def test_sampling_stops_when_it_is_requested() -> None:
    grid = sample(_random_prior(), 50, [1], go_on=lambda done: done < 7)[0]
    assert grid.shape == (CONFIG.levels, 7)


def test_files_of_a_prior_are_read_back_and_damage_is_named(tmp_path: Path) -> None:
    prior, folder = _random_prior(), tmp_path / "model" / "prior"
    prior.save(folder)
    described, state = read_prior(folder, "codec")
    again = PriorModel(described.config)
    again.load_state_dict(state)
    assert np.allclose(_score(Prior(again, "codec"), _codes(20)), _score(prior, _codes(20)))
    with pytest.raises(PriorError, match="another codec"):
        read_prior(folder, "other")
    weights = folder / "prior.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(PriorError, match="cannot be read"):
        read_prior(folder, "codec")
    (folder / "prior.json").write_text('{"version": 99}')
    with pytest.raises(PriorError, match="format 99"):
        read_prior(folder, "codec")
    with pytest.raises(PriorError, match="no prior"):
        read_prior(tmp_path, "codec")


def test_memory_of_a_long_sequence_is_bounded() -> None:
    prior = _random_prior()
    past = Past(prior.copy_weights, prior.unrolled.vectors, 1)
    random = np.random.default_rng(0)
    frames = [random.integers(0, 16, (1, CONFIG.levels)) for _ in range(2500)]
    for frame in frames:
        past.append(frame)
    assert past.count == 1024
    assert np.array_equal(past.codes[0, :, -1], frames[-1][0])
    assert np.array_equal(past.codes[0, :, 0], frames[-1024][0])
    for earlier, later in itertools.pairwise(range(0, 1024, 512)):
        assert not np.array_equal(past.codes[0, :, earlier], past.codes[0, :, later])

"""The residual chain: its codes, its gradients, and the library it is built on."""

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from vector_quantize_pytorch import VectorQuantize

from daemon.codec.kmeans import kmeans, nearest_centres
from daemon.codec.quantizer import ResidualQuantizer, nearest

D, Q, K = 24, 3, 16


def latents(seed: int = 0, batch: int = 2, frames: int = 40) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    scales = torch.linspace(3, 0.1, D)
    return torch.randn(batch, frames, D, generator=generator) * scales


@pytest.fixture
def chain() -> ResidualQuantizer:
    torch.manual_seed(0)
    made = ResidualQuantizer(D, 8, Q, K)
    made.set_dead_threshold(80, 0.15)
    made.fit(latents(1, 8, 80).flatten(0, 1), torch.Generator().manual_seed(0), 80.0, torch.ones(Q, D))
    return made


def project(chain: ResidualQuantizer, level: int) -> tuple[Any, Any]:
    vq: Any = chain.levels[level]
    return vq.project_in, vq.project_out


def test_the_nearest_code_is_the_one_that_leaves_least_of_the_whole_latent(chain: ResidualQuantizer) -> None:
    residual = latents(5)
    for level, vq in enumerate(chain.levels):
        left = (residual[..., None, :] - chain.vectors(level)).square().sum(-1)
        chosen = nearest(residual, vq)
        torch.testing.assert_close(left.gather(-1, chosen[..., None])[..., 0], left.min(-1).values)


@given(seed=st.integers(0, 1000), frames=st.integers(1, 60))
@settings(max_examples=15)
def test_dequantized_codes_are_the_quantizers_output(seed: int, frames: int) -> None:
    torch.manual_seed(seed)
    chain = ResidualQuantizer(D, 8, Q, K)
    chain.fit(latents(seed + 1, 4, 40).flatten(0, 1), torch.Generator().manual_seed(seed), 80.0, torch.ones(Q, D))
    chain.eval()
    made = chain(latents(seed, 2, frames))
    assert (chain.dequantize(made.codes) - made.latent).abs().max() < 1e-5


def test_levels_equal_the_library_run_by_hand(chain: ResidualQuantizer) -> None:
    """In training, where the library searches."""
    by_hand = copy.deepcopy(chain).train()
    residual, codes = latents(), []
    for level in range(Q):
        vq: Any = by_hand.levels[level]
        assert isinstance(vq, VectorQuantize)
        quantized, indices, _ = vq(residual)
        residual = residual - quantized
        codes.append(indices)
    made = chain.train()(latents())
    assert (made.codes == torch.stack(codes, 1)).all()
    assert (made.latent + residual - latents()).abs().max() < 1e-5


@torch.no_grad()
def test_codes_are_those_that_leave_least_over_so_that_levels_help(chain: ResidualQuantizer) -> None:
    """Against a slow twin; and with projections that training has bent, where the 8-d search does harm."""
    with torch.no_grad():
        for level in range(Q):
            for projection in project(chain, level):
                projection.weight.add_(0.03 * torch.randn(projection.weight.shape))
    chain.eval()
    made = chain(latents(3, 1, 30))
    residual = latents(3, 1, 30)[0]
    energies = [float(residual.square().mean())]
    for level in range(Q):
        vectors = chain.vectors(level)
        expected = [int((row - vectors).square().sum(-1).argmin()) for row in residual]
        assert made.codes[0, level].tolist() == expected
        residual = residual - vectors[expected]
        energies.append(float(residual.square().mean()))
    assert energies == sorted(energies, reverse=True)
    assert made.residual_rms.square().tolist() == pytest.approx(energies[1:], rel=1e-4)


def test_straight_through_gradient_is_one_between_the_projections(chain: ResidualQuantizer) -> None:
    chain.train()
    project_in, project_out = project(chain, 0)
    searched: list[Tensor] = []
    found: list[Tensor] = []

    def keep(tensor: Tensor, into: list[Tensor]) -> None:
        tensor.retain_grad()
        into.append(tensor)

    hooks = [
        project_in.register_forward_hook(lambda _m, _i, out: keep(out, searched)),
        project_out.register_forward_pre_hook(lambda _m, args: keep(args[0], found)),
    ]
    # Only the sum is differentiated: commitment pulls on the search side and is meant to.
    chain(latents().requires_grad_(True)).latent.square().sum().backward()
    for hook in hooks:
        hook.remove()
    assert searched[0].grad is not None and searched[0].grad.abs().max() > 0
    assert torch.equal(searched[0].grad, found[0].grad)


def test_both_projections_of_every_level_learn(chain: ResidualQuantizer) -> None:
    chain.train()
    weights = torch.randn(D, generator=torch.Generator().manual_seed(5))
    (chain(latents().requires_grad_(True)).latent * weights).sum().backward()
    for level in range(Q):
        for projection in project(chain, level):
            assert projection.weight.grad.abs().max() > 0


def test_dropped_levels_are_not_heard_and_keep_learning(chain: ResidualQuantizer) -> None:
    chain.train()
    before = chain.book(2).embed.clone()
    made = chain(latents(), torch.tensor([1, 3]))
    chain.eval()
    alone = chain.dequantize(made.codes[:1], [0])
    assert chain.book(2).embed.ne(before).any()
    # codebooks moved a little after these codes were chosen, hence not exactly
    assert (made.latent[:1] - alone).abs().mean() < 0.1 * alone.abs().mean()
    both = chain.dequantize(made.codes[1:])
    assert (made.latent[1:] - both).abs().mean() < 0.1 * both.abs().mean()


def test_each_level_leaves_less_over(chain: ResidualQuantizer) -> None:
    chain.eval()
    left_over = chain(latents(7)).residual_rms.tolist()
    assert left_over == sorted(left_over, reverse=True)
    assert left_over[-1] < 0.8 * left_over[0]


def test_evaluation_changes_nothing(chain: ResidualQuantizer) -> None:
    chain.eval()
    before = {name: tensor.clone() for name, tensor in chain.state_dict().items()}
    chain(latents(3))
    assert all(torch.equal(before[name], tensor) for name, tensor in chain.state_dict().items())


def test_relative_threshold_keeps_codes_where_the_usual_one_replaces_them() -> None:
    """80 vectors a step for 64 codes: the commonly advised threshold of 2 replaces most of them."""
    moved: list[float] = []
    for absolute in (None, 2.0):
        torch.manual_seed(0)
        chain = ResidualQuantizer(D, 8, 1, 64)
        chain.set_dead_threshold(80, 0.15)
        chain.fit(latents(1, 8, 80).flatten(0, 1), torch.Generator().manual_seed(0), 80.0, torch.ones(Q, D))
        if absolute is not None:
            chain.book(0).threshold_ema_dead_code = absolute
        chain.train()
        before = chain.book(0).embed.clone()
        chain(latents(2))
        moved.append(float(((chain.book(0).embed - before).norm(dim=-1) > 0.5).float().mean()))
    assert moved[0] < 0.1 < 0.5 < moved[1]


def test_reviving_fills_the_codebooks_and_lowers_the_error(chain: ResidualQuantizer) -> None:
    chain.eval()
    narrow = (0.3 * latents(9, 8, 80) + 0.7).flatten(0, 1)  # the encoder has moved since codes were placed

    def state() -> tuple[float, int]:
        made = chain(narrow[None])
        return float(made.residual_rms[-1]), min(len(made.codes[0, q].unique()) for q in range(Q))

    before, used_before = state()
    chain.revive(narrow)
    after, used_after = state()
    assert used_before < int(0.8 * K) <= used_after
    assert after < before


def test_distances_to_many_centres_are_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, centres = latents(2).flatten(0, 1), latents(3).flatten(0, 1)[:30]
    whole = nearest_centres(vectors, centres)
    monkeypatch.setattr("daemon.codec.kmeans.MOST_DISTANCES", 7 * len(centres))
    pieces = nearest_centres(vectors, centres)
    assert torch.equal(whole[1], pieces[1]) and torch.allclose(whole[0], pieces[0], atol=1e-5)
    assert torch.equal(whole[1], torch.cdist(vectors, centres).argmin(-1))


def test_kmeans_finds_clusters_and_survives_too_few_vectors() -> None:
    generator = torch.Generator().manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = centres.repeat(50, 1) + 0.1 * torch.randn(150, 2, generator=generator)
    found, counts = kmeans(points, 3, generator)
    assert torch.cdist(centres, found).min(1).values.max() < 0.1
    assert counts.tolist() == [50, 50, 50]
    few, _ = kmeans(points[:2], 8, generator)
    assert few.shape == (8, 2) and torch.isfinite(few).all()

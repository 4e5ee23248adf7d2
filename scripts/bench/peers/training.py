"""Train a peer as Allele trains itself: the same crops, losses, optimiser, schedule, averaging and clock.

The crops of step n are those Allele's own training sees at step n. The losses are `daemon.training.losses` with the
peer's own quantiser loss in the place of Allele's. Unlike Allele, whose budget pays for its evaluations, a peer spends
all of it on steps; afterwards its averaged and its last weights are compared on the recordings that the training set
aside, and the better are kept.
"""

import math
import os
import resource
import time

import numpy as np
import torch
from msgspec.structs import replace
from torch import Tensor

from daemon.codec.model import Reconstruction
from daemon.codec.quantizer import unquantized
from daemon.corpus.clips import Clip
from daemon.runs.spec import Plan, Recipe
from daemon.training.crops import CropSampler
from daemon.training.losses import losses, scales_of
from daemon.training.schedule import learning_rate
from daemon.training.threads import ThreadChooser
from peers.peer import Peer
from peers.records import Effort

WARM_SHARE = 0.05


class DivergedError(Exception):
    """A peer's numbers stopped being finite."""


def train_peer(
    peer: Peer,
    clips: list[Clip],
    plan: Plan,
    *,
    peak_rate: float,
    budget_s: float | None,
    steps: int | None,
    seed: int,
) -> tuple[Effort, dict[str, Tensor]]:
    """Take steps until the budget is spent.

    Returns:
        What it took, and the averaged parameters by name; the peer itself holds the last ones.

    Raises:
        DivergedError: twenty steps in a row were not finite.
    """
    recipe = _recipe(plan.recipe, peak_rate)
    sampler = CropSampler(clips, recipe, plan.codec.hop_length, seed)
    optimizer = torch.optim.AdamW(
        peer.parameters(), lr=peak_rate, betas=recipe.betas, weight_decay=recipe.weight_decay, fused=True
    )
    averaged = {name: value.detach().clone() for name, value in peer.named_parameters()}
    threads = ThreadChooser(is_adaptive=steps is None)
    totals: list[float] = []
    peer.train()
    torch.manual_seed(seed)
    _place_codes(peer, sampler)
    load, began, cpu = os.getloadavg()[0], time.monotonic(), time.process_time()
    step, skipped = 0, 0
    while (share := _share(step, time.monotonic() - began, budget_s, steps)) < 1.0:
        threads.begin()
        for group in optimizer.param_groups:
            group["lr"] = _rate(recipe, step, share)
        total = _loss(peer, torch.from_numpy(sampler.batch(step)), recipe, step)
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(peer.parameters(), recipe.clip_norm)
        is_finite = math.isfinite(float(norm)) and math.isfinite(total.item())
        skipped = 0 if is_finite else skipped + 1
        if skipped == 20:
            raise DivergedError(
                f"step {step}: the gradient has not been finite for 20 steps; try a lower learning rate"
            )
        if is_finite:
            optimizer.step()
            totals.append(total.item())
            _average(averaged, peer, min(recipe.ema_decay, (1 + step) / (10 + step)))
        step += 1
        threads.end()
    threads.restore()
    effort = effort_of(step, time.monotonic() - began, time.process_time() - cpu, load, totals)
    return effort, averaged


def effort_of(steps: int, wall_s: float, cpu_s: float, load_before: float, totals: list[float]) -> Effort:
    """The record of a training that has just ended, from the loss of every step."""
    part = max(1, len(totals) // 10)
    return Effort(
        steps=steps,
        wall_s=wall_s,
        cpu_s=cpu_s,
        load_before=load_before,
        load_after=os.getloadavg()[0],
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        first_loss=float(np.mean(totals[:part])) if totals else 0.0,
        last_loss=float(np.mean(totals[-part:])) if totals else 0.0,
    )


def use_parameters(peer: Peer, values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put values into the peer's parameters; returns those that were there."""
    before = {name: value.detach().clone() for name, value in peer.named_parameters()}
    with torch.no_grad():
        for name, parameter in peer.named_parameters():
            parameter.copy_(values[name])
    return before


def _rate(recipe: Recipe, step: int, share: float) -> float:
    """Allele's schedule; a slow peer, which may never see the last step of the warm-up, has warmed up after 5 %."""
    warm_by_time = int(min(1.0, share / WARM_SHARE) * recipe.warmup_steps)
    return learning_rate(recipe, max(step, warm_by_time), share)


def _recipe(recipe: Recipe, peak_rate: float) -> Recipe:
    return replace(recipe, learning_rate=peak_rate)


def _share(step: int, elapsed_s: float, budget_s: float | None, steps: int | None) -> float:
    return step / steps if steps is not None else elapsed_s / (budget_s or 1e-9)


def _loss(peer: Peer, audio: Tensor, recipe: Recipe, step: int) -> Tensor:
    made, own = peer(audio)
    # Nothing of Allele's quantiser: those terms are zero, and the peer's own stand in their place.
    reconstruction = Reconstruction(made, unquantized(audio.new_zeros(1, 1, 1)))
    terms = losses(audio, reconstruction, recipe, 48_000, scales_of(step))
    return terms["total"] + recipe.commitment_weight * own


@torch.no_grad()
def _place_codes(peer: Peer, sampler: CropSampler) -> None:
    """One pass that is not charged: some quantisers begin with 50 rounds of k-means, which took 10 s of a minute."""
    peer(torch.from_numpy(sampler.batch(0)))


@torch.no_grad()
def _average(averaged: dict[str, Tensor], peer: Peer, decay: float) -> None:
    for name, value in peer.named_parameters():
        averaged[name].lerp_(value, 1 - decay)

"""Run a training step on several CPU cores: the batch is split into shards, each on its own thread.

PyTorch's own threads divide each operation. The operations of a step are many and small, so two cores were slower than
one that way (docs/adr/0012-cores.md). Here each thread runs some of the crops through encoder, decoder, losses and the
backward pass. Only the quantiser, whose codebooks follow all vectors of a batch, runs on the whole batch:

    shards: encode → all: quantise → shards: decode, losses, gradients → all: quantiser's gradients → shards: encoder's

Gradients are added up in the order of the shards, so that the same seed, steps and number of shards repeat a run. They
equal those of the whole batch, except that spectral convergence is a ratio of each shard's own norms.

The threads share the weights, which must not change before all threads have ended, also if one raises an error.
"""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar, cast

import torch
from torch import Tensor

from daemon.codec.model import CodecModel, Reconstruction
from daemon.codec.quantizer import Quantized, unquantized
from daemon.runs.spec import Recipe
from daemon.training.losses import losses

FEWEST_CROPS = 3
"""Least number of crops in a shard; with fewer, the overhead of each operation outweighs the gain."""

Result = TypeVar("Result")


def shards_for(batch: int, device: torch.device) -> int:
    """Number of shards: as many as PyTorch has threads, each of at least `FEWEST_CROPS`; one on an accelerator."""
    return 1 if device.type != "cpu" else max(1, min(torch.get_num_threads(), batch // FEWEST_CROPS))


@contextmanager
def one_thread(device: torch.device) -> Generator[None]:
    """Run PyTorch's operations on a single thread within the block if they run on the CPU, where they are small."""
    before = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class ShardedPass:
    """Forward and backward pass of a batch in shards; leaves its gradients in the model's parameters."""

    def __init__(self, model: CodecModel, recipe: Recipe) -> None:
        self._model, self._recipe = model, recipe
        self._encoder = list(model.encoder.parameters())
        self._decoder = list(model.decoder.parameters())
        self._pool: ThreadPoolExecutor | None = None

    def backward(
        self,
        audio: Tensor,
        scales: Sequence[tuple[int, int]],
        count: int,
        *,
        is_quantizing: bool,
        kept: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Compute all terms of `losses` over `[B, L]` or `[B, 2, L]`, and set the parameters' gradients.

        Args:
            count: number of shards, at most B.
            kept: number of levels each sample keeps, as in `ResidualQuantizer`.

        Raises:
            MemoryError, RuntimeError: a shard failed; raised when all shards have ended.
        """
        model = self._model
        pieces = audio.tensor_split(count)
        latents = self._each(model.encode, pieces)
        joined = torch.cat([latent.detach() for latent in latents]).requires_grad_()
        quantized = model.quantizer(joined, kept) if is_quantizing else unquantized(joined)
        kept_parts = [part.detach().requires_grad_() for part in quantized.latent.tensor_split(count)]
        made = self._each(lambda piece, latent: self._decoded(piece, latent, len(audio), scales), pieces, kept_parts)
        of_latent = torch.cat([gradients[0] for _, gradients in made])
        beside, of_joined = self._through_codes(quantized, joined, of_latent) if is_quantizing else (0.0, of_latent)
        encoded = self._each(
            lambda latent, gradient: torch.autograd.grad(latent, self._encoder, gradient),
            latents,
            of_joined.tensor_split(count),
        )
        _add_up(self._encoder, encoded)
        _add_up(self._decoder, [gradients[1:] for _, gradients in made])
        terms = {name: torch.stack([part[name] for part, _ in made]).sum() for name in made[0][0]}
        terms["commitment"], terms["left_over"] = quantized.commitment.detach(), quantized.left_over.detach()
        return {**terms, "total": terms["total"] + beside}

    def _decoded(
        self, piece: Tensor, latent: Tensor, batch: int, scales: Sequence[tuple[int, int]]
    ) -> tuple[dict[str, Tensor], tuple[Tensor, ...]]:
        """A shard's contribution to every loss term, and to the gradients of its latents and the decoder's weights."""
        nothing = unquantized(latent.new_zeros(1, 1, 1))
        made = Reconstruction(self._model.decode(latent), nothing)
        terms = losses(piece, made, self._recipe, self._model.config.sample_rate, scales)
        share = len(piece) / batch
        gradients = torch.autograd.grad(share * terms["total"], [latent, *self._decoder])
        return {name: share * term.detach() for name, term in terms.items()}, gradients

    def _through_codes(self, quantized: Quantized, joined: Tensor, of_latent: Tensor) -> tuple[Tensor, Tensor]:
        """Contribution of the quantiser's loss terms to the total, and the gradient of the latents before it."""
        recipe = self._recipe
        beside = recipe.commitment_weight * quantized.commitment + recipe.left_over_weight * quantized.left_over
        torch.autograd.backward([quantized.latent, beside], [of_latent, None])
        return beside.detach(), cast(Tensor, joined.grad)

    def _each(self, work: Callable[..., Result], *columns: Sequence[Tensor]) -> list[Result]:
        """Run `work` on every shard, the first on this thread; returns when all have ended, also if one raises."""
        first, *rest = zip(*columns, strict=True)
        self._pool = self._pool or ThreadPoolExecutor(
            thread_name_prefix="shard", initializer=torch.set_num_threads, initargs=(1,)
        )
        others = [self._pool.submit(work, *row) for row in rest]
        try:
            own = work(*first)
        finally:
            wait(others)
        return [own, *(other.result() for other in others)]


def _add_up(parameters: Sequence[Tensor], shards: Sequence[Sequence[Tensor]]) -> None:
    for parameter, *gradients in zip(parameters, *shards, strict=True):
        total = gradients[0].clone() if len(gradients) == 1 else gradients[0] + gradients[1]
        for gradient in gradients[2:]:
            total += gradient
        parameter.grad = total

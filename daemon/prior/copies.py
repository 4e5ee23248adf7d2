"""Copies: how a sequence's own past predicts its next codes.

A sequence repeats itself far more than a network of minutes of training can know. For the cell of level q at frame t,
five experts weigh the earlier frames s of the sequence, and each frame votes for its own code c_q(s):

    0  every earlier frame
    1  frames whose coarser code is the same, c_{q-1}(s) = c_{q-1}(t)
    2  frames whose code before is the same, c_q(s - 1) = c_q(t - 1)
    3  frames where both are
    4  every earlier frame, by how near it is: exp(-distance) of the coarser codes of the frames and of the four frames
       before them, each pair of levels with a weight of its own

Level 0 has no coarser level and takes level 1 of the frame before. A weight also depends on the age of the frame, and
on how unsure the network is. The experts' votes are mixed in this order, each on top of the last,

    p <- (votes + p) / (sum of votes + 1),

beginning with the network's distribution. An expert without evidence leaves p unchanged, and one with much evidence
decides. All weights together are a few hundred numbers, so they can be learned from recordings that the network was not
trained on: its probabilities on its own training are too good to mix with.

References: R. Kuhn and R. De Mori, "A cache-based natural language model", 1990; E. Grave et al., "Improving neural
language models with a continuous cache", 2017, for experts by distance; Y. Teh, "A hierarchical Bayesian language model
based on Pitman-Yor processes", 2006, for mixing each order on top of the last. Deviations: experts by distance and by
equality in one chain, no discount, and the network as the base. Measured in docs/adr/0102-prior.md.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EXPERTS = 5
NEAR = EXPERTS - 1
BACK = 4
"""Frames before a frame that the expert by distance compares."""
NOTHING = -1
"""Stands for the code of a frame before the sequence began."""
CENTRE_NATS = 3.0
"""About the usual entropy of the network's guess, so that weights of it begin small."""
MOST_WEIGHT = 8.0
"""Largest logarithm of a vote's weight, so that none overflows."""


class Copies(nn.Module):
    """Weights of the experts."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        Q = levels
        self.scale = nn.Parameter(torch.tensor([-3.0, -2.0, -1.0, 0.0, 0.0])[:, None].repeat(1, Q))
        self.doubt = nn.Parameter(torch.zeros(EXPERTS, Q))
        self.fade = nn.Parameter(torch.zeros(EXPERTS, Q))
        self.near_before = nn.Parameter(torch.full((Q, Q), -5.0) + 3.0 * torch.eye(Q))
        self.near_above = nn.Parameter(torch.full((Q, Q), -3.0))
        self.near_back = nn.Parameter(torch.arange(-1.0, -BACK, -1.0))

    @property
    def before_weights(self) -> Tensor:
        """Weight of level p's distance before a frame for level q, `(Q, Q)`."""
        return F.softplus(self.near_before)

    @property
    def above_weights(self) -> Tensor:
        """Weight of the distance of a coarser level p in the same frame for level q, `(Q, Q)`, 0 unless p < q."""
        return F.softplus(self.near_above).tril(-1)

    @property
    def back_weights(self) -> Tensor:
        """Weight of each frame back, `(BACK,)`; the first is 1."""
        return torch.cat([torch.ones_like(self.near_back[:1]), F.softplus(self.near_back)])

    def forward(self, network: Tensor, codes: Tensor, segments: Tensor, vectors: Tensor) -> Tensor:
        """Probabilities of the codes of whole sequences.

        Args:
            network: log-probabilities of all codes by the network, `[B, Q, T, K]`.
            codes: `[B, Q, T]`.
            segments: ids of recordings within a sequence, `[B, T]`; frames of another recording do not vote.
            vectors: vectors of the codes, `[B, Q, T, W]`.

        Returns:
            `[B, Q, T]`, each greater than 0.
        """
        likelihood = network.gather(-1, codes[..., None])[..., 0].exp()
        unsure = unsure_of(network)
        age = _ages(codes.shape[-1], codes.device)
        far = self._distances(vectors)
        same = codes[..., :, None] == codes[..., None, :]
        for expert, voters in enumerate(_voters(codes, segments)):
            weight = (self.scale[expert][:, None] + self.doubt[expert][:, None] * unsure)[..., None]
            weight = weight - self.fade[expert][:, None, None] * age
            if expert == NEAR:
                weight = weight - far
            votes = weight.clamp_max(MOST_WEIGHT).exp() * voters
            likelihood = ((votes * same).sum(-1) + likelihood) / (votes.sum(-1) + 1)
        return likelihood.clamp_min(1e-12)

    def _distances(self, vectors: Tensor) -> Tensor:
        """Distances of expert 4 between all frames of `[B, Q, T, W]` vectors: `[B, Q, T, T]`."""
        T = vectors.shape[2]
        size = vectors.square().sum(-1)
        apart = (size[..., :, None] + size[..., None, :] - 2 * vectors @ vectors.transpose(-1, -2)).clamp_min(0)
        far = torch.einsum("qp,bpts->bqts", self.above_weights, apart)
        before = torch.zeros_like(apart)
        for weight in self.back_weights:
            apart = F.pad(apart, (1, 0, 1, 0))[..., :T, :T]
            before = before + weight * apart
        return far + torch.einsum("qp,bpts->bqts", self.before_weights, before)


def unsure_of(network: Tensor) -> Tensor:
    """Entropy of distributions given as log-probabilities `[..., K]`, in nats, about centred."""
    return -(network.exp() * network).sum(-1).detach() - CENTRE_NATS


def earlier_codes(codes: Tensor, segments: Tensor) -> Tensor:
    """Codes `[B, Q, T]` of the frame before each, NOTHING where a recording begins (`segments`: `[B, T]`)."""
    earlier = torch.full_like(codes, NOTHING)
    earlier[..., 1:] = codes[..., :-1]
    begins = torch.ones_like(segments, dtype=torch.bool)
    begins[:, 1:] = segments[:, 1:] != segments[:, :-1]
    return earlier.masked_fill(begins[:, None], NOTHING)


def coarser_codes(codes: Tensor, earlier: Tensor) -> Tensor:
    """Code of the next coarser level in the same frame, `[B, Q, T]`; for level 0, level 1 of the frame before."""
    return torch.cat([earlier[:, min(1, codes.shape[1] - 1)][:, None], codes[:, :-1]], 1)


def _voters(codes: Tensor, segments: Tensor) -> tuple[Tensor, ...]:
    """Frames that vote for each frame, for every expert: booleans that broadcast to `[B, Q, T, T]`."""
    T = codes.shape[-1]
    past = torch.ones(T, T, dtype=torch.bool, device=codes.device).tril(-1)
    past = (past & (segments[:, :, None] == segments[:, None, :]))[:, None]
    earlier = earlier_codes(codes, segments)
    same_before, same_above = _equal(earlier), _equal(coarser_codes(codes, earlier))
    return past, past & same_above, past & same_before, past & same_above & same_before, past


def _equal(context: Tensor) -> Tensor:
    return (context[..., :, None] == context[..., None, :]) & (context[..., :, None] != NOTHING)


def _ages(count: int, device: torch.device) -> Tensor:
    """Logarithm of how many frames ago frame s was at frame t, `(T, T)`."""
    frame = torch.arange(count, device=device)
    return (frame[:, None] - frame).clamp_min(1).float().log()

"""A trained prior for inference: how likely codes are, and where a sequence surprises it."""

import functools
import math
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.codec.codec import Codec
from daemon.prior.config import PriorConfig
from daemon.prior.copies import Copies
from daemon.prior.files import read_prior, write_prior
from daemon.prior.network import PriorNetwork
from daemon.prior.past import CopyWeights
from daemon.prior.unrolled import UnrolledNetwork
from daemon.prior.windows import HEARD_FRAMES, SCORED_FRAMES


class PriorModel(torch.nn.Module):
    """Network and copies together: what is trained, averaged and saved."""

    def __init__(self, config: PriorConfig, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.network = PriorNetwork(config, dropout)
        self.copies = Copies(config.levels)

    def log_likelihood(self, codes: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Natural log of the probability of each cell of single recordings `[B, Q, T]`: of the whole, of the network.

        Args:
            codes: `[B, Q, T]` int64.
            begins: whether the recording begins at the frame, `[B, T]`.
        """
        guess = self.network(self.network.contexts(codes, begins), codes)
        own = guess.gather(-1, codes[..., None])[..., 0]
        segments = torch.zeros_like(begins, dtype=torch.long)
        return self.copies(guess, codes, segments, self.network.vectors_of(codes)).log(), own

    @property
    def parameter_count(self) -> int:
        """Number of trained parameters."""
        return sum(parameter.numel() for parameter in self.parameters())


class Prior:
    """A prior with frozen weights, for one codec. Create one with `load` or from a trained `PriorModel`."""

    def __init__(self, model: PriorModel, codec_id: str, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.model = model.to(self.device).float().eval().requires_grad_(False)
        self.config, self.codec_id = model.config, codec_id

    @classmethod
    def load(cls, folder: Path, codec: Codec, device: torch.device | str = "cpu") -> Self:
        """Open the prior in a folder.

        Raises:
            PriorError: it is missing, damaged, of another version, or of another codec.
        """
        described, state = read_prior(folder, codec.codec_id)
        model = PriorModel(described.config)
        model.load_state_dict(state)
        return cls(model, described.codec_id, device)

    def save(self, folder: Path) -> None:
        """Write the weights and the configuration into `folder`."""
        write_prior(folder, self.config, self.codec_id, self.model.state_dict())

    @functools.cached_property
    def unrolled(self) -> UnrolledNetwork:
        """The network for sampling, on the CPU."""
        return UnrolledNetwork(self.model.network)

    @functools.cached_property
    def copy_weights(self) -> CopyWeights:
        """The weights of the experts for sampling."""
        return CopyWeights(self.model.copies)

    @torch.no_grad()
    def surprise(self, codes: NDArray[np.integer], heard: int = 0) -> NDArray[np.float32]:
        """Bits that each cell of `(Q, T)` codes costs, given the coarser cells and all frames before: `(Q, T - heard)`.

        Args:
            heard: frames at the beginning that are only the past of the others, 0 where the recording begins.
        """
        return self.bits(codes, heard)[0]

    @property
    def unigram_bits(self) -> NDArray[np.float32]:
        """Bits of every code if only its use in the training is known, `(Q, K)`."""
        return (-self.model.network.log_use / math.log(2)).cpu().numpy()

    @torch.no_grad()
    def bits(self, codes: NDArray[np.integer], heard: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Bits of every cell of `(Q, T)` codes, by the whole prior and by its network alone, each `(Q, T - heard)`."""
        grid = torch.from_numpy(np.asarray(codes, np.int64))[None].to(self.device)
        whole, network = [], []
        for lo in range(heard, grid.shape[-1], SCORED_FRAMES):
            first = max(0, lo - HEARD_FRAMES)
            piece = grid[..., first : lo + SCORED_FRAMES]
            begins = torch.zeros(1, piece.shape[-1], dtype=torch.bool, device=self.device)
            begins[:, 0] = first == 0 and not heard
            both, alone = self.model.log_likelihood(piece, begins)
            whole.append(both[0, :, lo - first :])
            network.append(alone[0, :, lo - first :])
        return _in_bits(whole), _in_bits(network)


def _in_bits(pieces: list[Tensor]) -> NDArray[np.float32]:
    """Bits of natural logarithms that stand in pieces `(Q, T)` one after another."""
    return -(torch.cat(pieces, -1) / math.log(2)).float().cpu().numpy()


def prepare(model: PriorModel, codec: Codec, grids: list[NDArray[np.uint16]]) -> None:
    """Give a new prior the codec's vectors and the use of its codes in the training, `(Q, T)` grids."""
    Q, K = model.config.levels, model.config.codebook_size
    use = np.full((Q, K), 0.5)
    for grid in grids:
        for level in range(Q):
            use[level] += np.bincount(grid[level], minlength=K)
    share = torch.from_numpy(use / use.sum(-1, keepdims=True)).float()
    vectors = torch.from_numpy(codec.search_vectors())
    mean = (share[..., None] * vectors).sum(1, keepdim=True)
    spread = (share[..., None] * (vectors - mean).square()).sum(1, keepdim=True).sqrt()
    model.network.log_use.copy_(share.log())
    model.network.vectors.copy_((vectors - mean) / spread.clamp_min(1e-4))

"""Markov models of codes, as baselines for a prior: counts with back-off, of the training and of the sequence's past.

Each order is mixed into the next by Witten and Bell's rule, p = (hits + k p_lower) / (count + k), and k is chosen from
a list on the *held-out* recordings themselves, in the baseline's favour. Orders of the training: how often a code is
used; after the code before it; under the coarser code; under both. Orders of the past: the same, of the
sequence's own earlier frames.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.prior.copies import NOTHING, coarser_codes, earlier_codes
from daemon.prior.recordings import Recording

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)

Cells = NDArray[np.float64]
Order = tuple[Cells, Cells]
"""Hits and counts of every held-out cell, each `(Q, N)`."""


def baselines(train: list[Recording], held: list[Recording], codebook_size: int) -> dict[str, float]:
    """Held-out bits a frame of each baseline. Recordings of `train` count with all their offsets."""
    codes = [torch.from_numpy(recording.grids[0].astype(np.int64))[None] for recording in held]
    grids = [torch.from_numpy(grid.astype(np.int64))[None] for recording in train for grid in recording.grids]
    levels, frames = codes[0].shape[1], sum(one.shape[-1] for one in codes)
    trained = {name: _tables(grids, codes, key, codebook_size) for name, key in _KEYS.items()}
    past = [_joined([_past(one, place) for one in codes]) for place in range(4)]
    uniform = np.full((levels, frames), 1 / codebook_size)

    def bits(orders: list[Order]) -> float:
        likelihood = uniform
        for hits, counts in orders:
            options = [(hits + k * likelihood) / (counts + k) for k in STRENGTHS]
            likelihood = min(options, key=lambda one: -float(np.log(one).sum()))
        return -float(np.log2(likelihood).sum()) / frames

    unigram, bigram, above, both = trained.values()
    return {
        "unigram": bits([unigram]),
        "unigram + own past": bits([unigram, past[0]]),
        "bigram": bits([unigram, bigram]),
        "back-off": min(bits([unigram, bigram, above, both]), bits([unigram, above, bigram, both])),
        "back-off + own past": min(
            bits([unigram, above, bigram, both, past[0], past[1], past[2], past[3]]),
            bits([unigram, bigram, past[0], past[2], past[1], past[3]]),
        ),
    }


Key = Callable[[torch.Tensor, int], torch.Tensor]


def _before(codes: torch.Tensor, _: int) -> torch.Tensor:
    return earlier_codes(codes, torch.zeros(1, codes.shape[-1]))


def _above(codes: torch.Tensor, size: int) -> torch.Tensor:
    return coarser_codes(codes, _before(codes, size))


def _both(codes: torch.Tensor, size: int) -> torch.Tensor:
    first, second = _before(codes, size), _above(codes, size)
    return torch.where((first == NOTHING) | (second == NOTHING), NOTHING, first * size + second)


_KEYS: dict[str, Key] = {
    "all": lambda codes, _: torch.zeros_like(codes),
    "before": _before,
    "above": _above,
    "both": _both,
}


def _tables(grids: list[torch.Tensor], held: list[torch.Tensor], key: Key, size: int) -> Order:
    """Hits and counts of held-out cells in the training, whose recordings stand there at eight offsets each."""
    levels = held[0].shape[1]
    hits, counts = [], []
    for level in range(levels):
        known: dict[int, int] = {}
        total: dict[int, int] = {}
        for grid in grids:
            for context, code in zip(key(grid, size)[0, level].tolist(), grid[0, level].tolist(), strict=True):
                if context != NOTHING:
                    known[context * size + code] = known.get(context * size + code, 0) + 1
                    total[context] = total.get(context, 0) + 1
        places = [(key(one, size)[0, level].tolist(), one[0, level].tolist()) for one in held]
        hits.append([known.get(at * size + code, 0) for row in places for at, code in zip(*row, strict=True)])
        counts.append([total.get(at, 0) for row in places for at in row[0]])
    return np.array(hits, float), np.array(counts, float)


def _past(codes: torch.Tensor, place: int) -> Order:
    """Hits and counts in the sequence's own past: of all frames (0), or where a context is the same (1 to 3)."""
    past = torch.ones(codes.shape[-1], codes.shape[-1], dtype=torch.bool).tril(-1)[None].expand(codes.shape[1], -1, -1)
    if place:
        context = (_above, _before, _both)[place - 1](codes, 1 << 20)[0]
        past = past & (context[:, :, None] == context[:, None, :]) & (context[:, :, None] != NOTHING)
    same = codes[0, :, :, None] == codes[0, :, None, :]
    return (past & same).sum(-1).double().numpy(), past.sum(-1).double().numpy()


def _joined(orders: list[Order]) -> Order:
    return np.concatenate([hits for hits, _ in orders], 1), np.concatenate([counts for _, counts in orders], 1)

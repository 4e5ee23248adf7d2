"""Seeded k-means that initialises codebooks.

References: D. Arthur and S. Vassilvitskii, "k-means++", 2007. Deviation: an empty cluster moves to the
vector with the largest error, so no code starts dead while there are distinct vectors.
"""

import torch
from torch import Tensor

_ROUNDS = 12
MOST_DISTANCES = 2**24  # per pass, 64 MiB; a single pass over 16 384 codes would take 8 GiB


def kmeans(vectors: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cluster `(N, d)` vectors: centres `(count, d)` and the number of vectors of each, `(count,)`.

    With fewer vectors than centres, the surplus centres are copies with a little noise.
    """
    return refine(vectors, _spread(vectors, count, generator), _ROUNDS)


def refine(vectors: Tensor, centres: Tensor, rounds: int) -> tuple[Tensor, Tensor]:
    """Run Lloyd iterations from given centres `(count, d)`; returns centres and counts as `kmeans` does."""
    count = len(centres)
    for _ in range(rounds):
        nearest, which = nearest_centres(vectors, centres)
        sums = torch.zeros_like(centres).index_add_(0, which, vectors)
        counts = torch.bincount(which, minlength=count).to(vectors)
        moved = sums / counts.clamp_min(1)[:, None]
        empty = (counts == 0).nonzero()[:, 0]
        worst = nearest.argsort(descending=True)[: len(empty)]
        moved[empty[: len(worst)]] = vectors[worst]
        moved[empty[len(worst) :]] = centres[empty[len(worst) :]]
        centres = moved
    _, which = nearest_centres(vectors, centres)
    return centres, torch.bincount(which, minlength=count).to(vectors)


def nearest_centres(vectors: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """Distance of each vector to its nearest centre, and that centre's index, in passes of `MOST_DISTANCES`."""
    rows = max(1, MOST_DISTANCES // len(centres))
    parts = [torch.cdist(some, centres).min(-1) for some in vectors.split(rows)]
    return torch.cat([part.values for part in parts]), torch.cat([part.indices for part in parts])


def _spread(vectors: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """k-means++ seeding: each centre is drawn with probability proportional to the squared distance."""
    device = vectors.device
    first = torch.randint(len(vectors), (1,), generator=generator).item()
    chosen = [vectors[int(first)]]
    distances = (vectors - chosen[0]).square().sum(-1)
    for _ in range(count - 1):
        weights = distances.cpu().double()
        if float(weights.sum()) <= 1e-12:
            noise = torch.randn(vectors.shape[1], generator=generator).to(device)
            chosen.append(chosen[0] + 1e-3 * noise)
            continue
        pick = int(torch.multinomial(weights, 1, generator=generator).item())
        chosen.append(vectors[pick])
        distances = torch.minimum(distances, (vectors - chosen[-1]).square().sum(-1))
    return torch.stack(chosen)

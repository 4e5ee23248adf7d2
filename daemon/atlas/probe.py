"""Measure codes: put each code into real contexts, decode it there and compute audio descriptors.

Data flow: grids of training strands → contexts, places that are loud enough, taken in turn from all strands → in each
context, every code of every level replaces the original for HELD_FRAMES frames, decoded in batches with PADDING frames
of the original on either side → descriptors of those frames and one more on either side → effects, relative to the
average over the level's codes in that context.

All codes see the same contexts, so that comparing two codes never compares two contexts. One random generator with a
fixed seed chooses the places: the same codec and strands give the same atlas.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.atlas.descriptors import DESCRIPTORS, UNITS, describe
from daemon.atlas.table import Atlas
from daemon.codec.codec import Codec, Codes
from daemon.dsp.measure import mono

PROBES = 12_288
"""Target number of decodes for the whole atlas."""
FEWEST_CONTEXTS, MOST_CONTEXTS = 8, 12
HELD_FRAMES = 2
PADDING = 4
"""Frames of context on either side. The decoder reaches further (9), but distant frames hardly matter."""
WINDOW = HELD_FRAMES + 2 + 2 * PADDING
BATCH = 64
QUIETEST_DB = -50.0
"""Least mean square of three frames at the codec's reference loudness; quieter places say nothing about timbre."""
_SEED = 0xA71A5


@dataclass(frozen=True)
class Context:
    """A piece of a real grid, (Q, WINDOW); the probed frames start at PADDING + 1."""

    codes: Codes


def count_contexts(codes: int) -> int:
    """Number of contexts for a total number of codes: 12 up to 1024, 9 for ten levels of 128, 8 from 1366."""
    return min(MOST_CONTEXTS, max(FEWEST_CONTEXTS, PROBES // codes))


def choose_contexts(codec: Codec, grids: Sequence[Codes], count: int) -> list[Context]:
    """Choose contexts from training strands, in turn from all of them, in random order within each.

    If every strand is too short for a window, all are joined into one.
    """
    random = np.random.default_rng(_SEED)
    long = [grid for grid in grids if grid.shape[1] >= WINDOW]
    if not long:
        joined = np.concatenate(list(grids), axis=1)
        long = [np.tile(joined, (1, -(-WINDOW // joined.shape[1])))]
    queues = [_places(codec, grid, random) for grid in (long[i] for i in random.permutation(len(long)))]
    chosen: list[Context] = []
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop())
    return chosen


def _places(codec: Codec, grid: Codes, random: np.random.Generator) -> list[Context]:
    """Windows of a grid in random order, the loud ones last; callers pop from the end."""
    hop = codec.config.hop_length
    square = np.square(mono(codec.decode(grid))).reshape(-1, hop).mean(1)
    power = np.convolve(square, np.full(3, 1 / 3), "same")
    starts = random.permutation(grid.shape[1] - WINDOW + 1)[: 4 * MOST_CONTEXTS]
    middles = power[starts + PADDING + 1]
    order = np.argsort(10 * np.log10(middles + 1e-12) > QUIETEST_DB, kind="stable")
    return [Context(np.ascontiguousarray(grid[:, start : start + WINDOW])) for start in starts[order]]


def probe(
    codec: Codec,
    grids: Sequence[Codes],
    *,
    contexts: int | None = None,
    go_on: Callable[[float], bool] = lambda _: True,
) -> Atlas | None:
    """Measure every code of every level in real contexts.

    Args:
        grids: codes (Q, T) of training strands, at least one frame in all.
        contexts: number of contexts; by default `count_contexts`.
        go_on: called after every level of a context with the share done; returning False cancels.

    Returns:
        The atlas, or None if cancelled.
    """
    Q, K = codec.config.levels, codec.config.codebook_size
    chosen = choose_contexts(codec, grids, contexts or count_contexts(Q * K))
    vectors = [codec.codebook_vectors(level) for level in range(Q)]
    effects = np.empty((Q, K, len(chosen), len(DESCRIPTORS)), np.float32)
    for number, context in enumerate(chosen):
        for level in range(Q):
            effects[level, :, number] = measure_codes(codec, context, level, vectors[level])
            if not go_on((number + (level + 1) / Q) / len(chosen)):
                return None
    effects -= effects.mean(1, keepdims=True)
    usage = np.stack([sum(np.bincount(grid[level], minlength=K) for grid in grids) for level in range(Q)])
    return Atlas(
        codec_id=codec.codec_id,
        descriptors=DESCRIPTORS,
        units=UNITS,
        effects=effects.astype(np.float16),
        usage=usage.astype(np.uint32),
        usage_frames=sum(grid.shape[1] for grid in grids),
    )


def measure_codes(codec: Codec, context: Context, level: int, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Descriptors (K, A) of a context with each code of a level, whose vectors are (K, D), in the probed frames."""
    held = slice(PADDING + 1, PADDING + 1 + HELD_FRAMES)
    latent = torch.from_numpy(codec.dequantize(context.codes))
    rest = latent[held] - torch.from_numpy(vectors[context.codes[level, held].astype(np.int64)])
    measured: list[torch.Tensor] = []
    hop = codec.config.hop_length
    for lo in range(0, len(vectors), BATCH):
        codes = torch.from_numpy(vectors[lo : lo + BATCH])
        batch = latent.repeat(len(codes), 1, 1)
        batch[:, held] = rest + codes[:, None]
        audio = codec.decode_latents(batch)
        measured.append(describe(audio[:, PADDING * hop : (WINDOW - PADDING) * hop]).cpu())
    return torch.cat(measured).numpy()

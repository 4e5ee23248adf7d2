"""Configuration of a prior's network, saved in full beside its weights."""

import msgspec

from daemon.codec.config import CodecConfig

SMALL_FRAMES = 3000
"""Training frames (64 s) below which a network of half the width learns more in the same time."""


class PriorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shape of a prior. `prior.json` holds it in full."""

    levels: int
    """Q, the number of levels of the codec."""
    codebook_size: int
    """K, the number of codes per level."""
    code_width: int
    """Width of a code's vector in the codec's search space."""
    width: int = 128
    """Width of the trunk and of the chain over levels."""
    layers: int = 4
    heads: int = 4
    expansion: int = 3
    """Hidden width of a trunk layer's perceptron, as a multiple of `width`."""
    context: int = 192
    """Frames before a frame that the trunk attends to, 4.1 s."""
    chain_width: int = 256
    """Hidden width of the perceptron that all levels share."""
    rank: int = 16
    """Rank of the logits that are not tied to the codec's vectors."""
    conditions: int = 0
    """Number of conditions of a frame, each a rank from 0 to 1 or absent."""

    def __post_init__(self) -> None:
        if min(self.levels, self.width, self.layers, self.heads, self.context, self.rank) < 1:
            raise ValueError("sizes of a prior must be positive")
        if self.width % (2 * self.heads):
            raise ValueError("the width of a prior must be a multiple of twice its heads")


def config_for(codec: CodecConfig, frames: int, conditions: int) -> PriorConfig:
    """Choose the size of a prior for a codec and a number of training frames.

    The codec has 1.6 million parameters. A prior must have fewer, or it recites the recordings.
    """
    is_small = frames < SMALL_FRAMES
    return PriorConfig(
        levels=codec.levels,
        codebook_size=codec.codebook_size,
        code_width=codec.codebook_dim,
        width=64 if is_small else 128,
        layers=2 if is_small else 4,
        heads=2 if is_small else 4,
        chain_width=128 if is_small else 256,
        conditions=conditions,
    )

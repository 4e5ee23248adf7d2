"""What every peer network offers the benchmark, and the bitrate each is given.

A peer works on mono 48 kHz audio at the reference loudness, `[B, L]` of any length, as Allele's own model does
in training. Bits are counted on the codes it really makes.
"""

import math
from collections.abc import Sequence

import msgspec
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from protocol.units import SAMPLE_RATE_HZ

# A tanh at the end cannot say more than 1, and peaks of a clip at -20 LUFS can: such networks work 12 dB lower.
HEADROOM = 0.25


class PeerSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to build and train a peer; part of what names a cell."""

    levels: int
    codebook_size: int
    width: int
    """Channels of the outermost layer (of the encoder, where the two sides differ)."""
    learning_rate: float = 1e-3


class Peer(nn.Module):
    """A network with its own quantiser."""

    hop_length: int
    codebook_size: int
    strides: Sequence[int]
    """Hops between two codes of each level: 1 wherever all levels run at one rate."""

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """`[B, L]` to its reconstruction `[B, L]` and the peer's own quantiser loss, a scalar."""
        raise NotImplementedError

    def encode(self, audio: Tensor) -> list[Tensor]:
        """`[1, L]` to one tensor of integer codes per level (and segment)."""
        raise NotImplementedError

    def decode(self, codes: list[Tensor], samples: int) -> Tensor:
        """Codes back to `[1, samples]`."""
        raise NotImplementedError

    @property
    def nominal_kbps(self) -> float:
        """Bits per second of endless audio, in thousands."""
        return kbps(self.hop_length, self.strides, self.codebook_size)

    @property
    def parameter_count(self) -> int:
        """Trained parameters; codebooks that are averages are buffers and not counted."""
        return sum(parameter.numel() for parameter in self.parameters())


def kbps(hop_length: int, strides: Sequence[int], codebook_size: int) -> float:
    """Thousands of bits per second of levels that emit a code every `stride` hops."""
    codes_per_hop = sum(1 / stride for stride in strides)
    return codes_per_hop * math.log2(codebook_size) * SAMPLE_RATE_HZ / hop_length / 1000


def code_kbps(codes: list[Tensor], codebook_size: int, samples: int) -> float:
    """Thousands of bits per second of codes that were made, padding included."""
    return sum(level.numel() for level in codes) * math.log2(codebook_size) / (samples / SAMPLE_RATE_HZ) / 1000


def matched(
    wanted_kbps: float, hop_length: int, most_levels: int, published_size: int, strides: Sequence[int] = ()
) -> tuple[int, int]:
    """Levels and codes a level that spend no less than `wanted_kbps` and as little more as can be.

    Codebooks of the published size, a half or a quarter of it; the larger where two spend the same. So the
    peer never has fewer bits than Allele, unless all of its levels are not enough.

    Args:
        strides: of each level, when they differ; then the number of levels is theirs.
    """
    choices = [(levels, published_size >> shift) for levels in range(1, most_levels + 1) for shift in (0, 1, 2)]
    if strides:
        choices = [(len(strides), published_size >> shift) for shift in (0, 1, 2)]
    spent = {choice: kbps(hop_length, strides or [1] * choice[0], choice[1]) for choice in choices}
    enough = [choice for choice in choices if spent[choice] >= wanted_kbps * 0.995]
    if not enough:
        return max(choices, key=spent.__getitem__)
    return min(enough, key=lambda choice: (round(spent[choice], 6), -choice[1]))


def bake_weight_norm(network: nn.Module) -> None:
    """Turn normalised weights into plain ones, so that decoding does not normalise them at every call."""
    for module in network.modules():
        if isinstance(module, nn.Module) and parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")


def pad_to(audio: Tensor, multiple: int) -> Tensor:
    """Zeros at the end of `[..., L]` up to a multiple."""
    missing = -audio.shape[-1] % multiple
    return torch.nn.functional.pad(audio, (0, missing)) if missing else audio

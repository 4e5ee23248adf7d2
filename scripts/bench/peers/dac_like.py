"""A DAC-like codec: Snake, strided convolutions, residual levels of factorised codes on the unit sphere.

Written from the paper. References: R. Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023,
sections 3.1 (Snake), 3.2 (codes of 8 dimensions, searched after normalisation), 3.3 (quantiser dropout with
probability 0.5) and its appendix (strides 2, 4, 8, 8; residual units with dilations 1, 3, 9; commitment 0.25, codebook
1, codes moved by gradient). Deviation: no adversarial stage, since every model here has the same losses.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from peers.peer import HEADROOM, Peer, PeerSetting, pad_to

STRIDES = (2, 4, 8, 8)
HOP_LENGTH = math.prod(STRIDES)
CODE_DIM = 8
DECODER_WIDENING = 24  # published: encoder 64 wide at the outside, decoder 1536 at the inside
NATIVE = PeerSetting(levels=9, codebook_size=1024, width=64)


class DacLike(Peer):
    """The DAC-like network; see the module."""

    def __init__(self, setting: PeerSetting) -> None:
        super().__init__()
        self.hop_length, self.codebook_size = HOP_LENGTH, setting.codebook_size
        self.strides = [1] * setting.levels
        self.encoder = _encoder(setting.width)
        latent = setting.width * 2 ** len(STRIDES)
        self.levels = nn.ModuleList(FactorisedLevel(latent, setting.codebook_size) for _ in range(setting.levels))
        self.decoder = _decoder(latent, setting.width * DECODER_WIDENING)

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        residual = self.encoder(pad_to(audio, HOP_LENGTH)[:, None] * HEADROOM)
        kept = self._kept(residual)
        total, loss = torch.zeros_like(residual), residual.new_zeros(())
        for level, quantize in enumerate(self.levels):
            heard, _, own = quantize(residual)
            mask = (kept > level).float()
            total, residual = total + heard * mask[:, None, None], residual - heard
            loss = loss + (own * mask).mean()
        return self._sound(total, audio.shape[-1]), loss

    def _kept(self, latent: Tensor) -> Tensor:
        """Number of levels that each sample keeps: random for half of the samples, all for the others."""
        count, batch = len(self.levels), latent.shape[0]
        kept = torch.full((batch,), count, device=latent.device)
        dropped = torch.rand(batch, device=latent.device) < 0.5
        return torch.where(dropped, torch.randint(1, count + 1, (batch,), device=latent.device), kept)

    def encode(self, audio: Tensor) -> list[Tensor]:
        residual = self.encoder(pad_to(audio, HOP_LENGTH)[:, None] * HEADROOM)
        codes: list[Tensor] = []
        for quantize in self.levels:
            heard, found, _ = quantize(residual)
            residual = residual - heard
            codes.append(found)
        return codes

    def decode(self, codes: list[Tensor], samples: int) -> Tensor:
        total = sum(quantize.heard(found) for quantize, found in zip(self.levels, codes, strict=True))
        return self._sound(total, samples)

    def _sound(self, latent: Tensor, samples: int) -> Tensor:
        return self.decoder(latent)[:, 0, :samples] / HEADROOM


class FactorisedLevel(nn.Module):
    """One codebook between its two projections; `[B, D, T]` in and out."""

    def __init__(self, latent: int, codebook_size: int) -> None:
        super().__init__()
        self.enter = weight_norm(nn.Conv1d(latent, CODE_DIM, 1))
        self.leave = weight_norm(nn.Conv1d(CODE_DIM, latent, 1))
        self.book = nn.Embedding(codebook_size, CODE_DIM)

    def forward(self, residual: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Quantise a residual; returns the result, the codes `[B, T]` and the loss of each sample `[B]`."""
        wanted = self.enter(residual)
        # On the unit sphere the nearest code is the one with the largest inner product.
        likeness = F.normalize(wanted.transpose(1, 2), dim=-1) @ F.normalize(self.book.weight, dim=-1).T
        codes = likeness.argmax(-1)
        chosen = self.book(codes).transpose(1, 2)
        commitment = (wanted - chosen.detach()).square().mean((1, 2))
        codebook = (chosen - wanted.detach()).square().mean((1, 2))
        return self.leave(wanted + (chosen - wanted).detach()), codes, 0.25 * commitment + codebook

    def heard(self, codes: Tensor) -> Tensor:
        """Vectors that codes `[B, T]` add to the latent."""
        return self.leave(self.book(codes).transpose(1, 2))


class Snake(nn.Module):
    """The Snake activation `x + sin^2(a x) / a`, with one `a` per channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x).square() / (self.alpha + 1e-9)


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        spread = weight_norm(nn.Conv1d(width, width, 7, dilation=dilation, padding=3 * dilation))
        self.block = nn.Sequential(Snake(width), spread, Snake(width), weight_norm(nn.Conv1d(width, width, 1)))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


def _encoder(width: int) -> nn.Sequential:
    layers: list[nn.Module] = [weight_norm(nn.Conv1d(1, width, 7, padding=3))]
    for stride in STRIDES:
        down = nn.Conv1d(width, 2 * width, 2 * stride, stride=stride, padding=stride // 2)
        layers += [*(_Residual(width, dilation) for dilation in (1, 3, 9)), Snake(width), weight_norm(down)]
        width *= 2
    return nn.Sequential(*layers, Snake(width), weight_norm(nn.Conv1d(width, width, 3, padding=1)))


def _decoder(latent: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = [weight_norm(nn.Conv1d(latent, width, 7, padding=3))]
    for stride in reversed(STRIDES):
        up = nn.ConvTranspose1d(width, width // 2, 2 * stride, stride=stride, padding=stride // 2)
        width //= 2
        layers += [Snake(2 * width), weight_norm(up), *(_Residual(width, dilation) for dilation in (1, 3, 9))]
    return nn.Sequential(*layers, Snake(width), weight_norm(nn.Conv1d(width, 1, 7, padding=3)), nn.Tanh())

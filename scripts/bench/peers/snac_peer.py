"""SNAC from the package `snac`, at 48 kHz, with random weights; nothing pretrained is read.

The published 44.1 kHz shape: strides 2, 3, 8, 8 (384 samples a hop), depthwise convolutions, noise blocks, local
attention over 32 hops, four levels that emit a code every 8, 4, 2 and 1 hops, 4096 codes of 8 dimensions a
level. The package has no training code; its quantiser losses are taken from DAC, whose codes it uses (commitment 0.25,
codebook 1).

References: H. Siuzdak et al., "SNAC: multi-scale neural audio codec", 2024.
"""

import warnings

import torch
import torch.nn.functional as F
from torch import Tensor

from peers.peer import HEADROOM, Peer, PeerSetting

ENCODER_RATES = (2, 3, 8, 8)
HOP_LENGTH = 384
VQ_STRIDES = (8, 4, 2, 1)
ATTENTION_HOPS = 32
DECODER_WIDENING = 24
NATIVE = PeerSetting(levels=4, codebook_size=4096, width=64)


class Snac(Peer):
    """SNAC as a peer; see the module."""

    def __init__(self, setting: PeerSetting) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch.jit.script, which the package uses, is deprecated
            from snac import SNAC

            self.network = SNAC(
                sampling_rate=48_000,
                encoder_dim=setting.width,
                encoder_rates=list(ENCODER_RATES),
                decoder_dim=setting.width * DECODER_WIDENING,
                decoder_rates=list(reversed(ENCODER_RATES)),
                attn_window_size=ATTENTION_HOPS,
                codebook_size=setting.codebook_size,
                codebook_dim=8,
                vq_strides=list(VQ_STRIDES),
            )
        self.hop_length, self.codebook_size = HOP_LENGTH, setting.codebook_size
        self.strides = VQ_STRIDES

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        latent = self.network.encoder(self.network.preprocess(audio[:, None] * HEADROOM))
        total, loss, residual = torch.zeros_like(latent), latent.new_zeros(()), latent
        for level in self.network.quantizer.quantizers:
            pooled = F.avg_pool1d(residual, level.stride, level.stride) if level.stride > 1 else residual
            wanted = level.in_proj(pooled)
            chosen, _ = level.decode_latents(wanted)
            loss = loss + 0.25 * F.mse_loss(wanted, chosen.detach()) + F.mse_loss(chosen, wanted.detach())
            heard = level.out_proj(wanted + (chosen - wanted).detach()).repeat_interleave(level.stride, dim=-1)
            total, residual = total + heard, residual - heard
        return self._sound(total, audio.shape[-1]), loss

    def encode(self, audio: Tensor) -> list[Tensor]:
        return self.network.encode(audio[:, None] * HEADROOM)

    def decode(self, codes: list[Tensor], samples: int) -> Tensor:
        return self._sound(self.network.quantizer.from_codes(codes), samples)

    def _sound(self, latent: Tensor, samples: int) -> Tensor:
        return self.network.decoder(latent)[:, 0, :samples] / HEADROOM

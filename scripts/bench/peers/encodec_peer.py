"""EnCodec's 48 kHz network from the package `encodec`, mono, with random weights; nothing pretrained is read.

SEANet with time-wise group normalisation, strides 2, 4, 5, 8 and two LSTM layers, as `encodec_model_48khz` builds it;
quantiser of the package with its own settings (averaged codes, k-means start, codes used less than twice replaced).
It is decoded in segments of one second with 1 % overlap, as that model is, since its normalisation sees a whole
segment. Deviations: one channel; no gain per segment, because every model here is given its clips at one loudness.

References: A. Défossez et al., "High fidelity neural audio compression", 2022, section 3.
"""

import warnings

import torch
from torch import Tensor, nn

from peers.peer import Peer, PeerSetting
from protocol.units import SAMPLE_RATE_HZ

HOP_LENGTH = 320
LATENT = 128
SEGMENT = SAMPLE_RATE_HZ
OVERLAP = SEGMENT // 100
NATIVE = PeerSetting(levels=16, codebook_size=1024, width=32, learning_rate=3e-4)


class Encodec(Peer):
    """See the module."""

    def __init__(self, setting: PeerSetting) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package is of 2022
            from encodec.modules import SEANetDecoder, SEANetEncoder
            from encodec.quantization import ResidualVectorQuantizer

        self.hop_length, self.codebook_size = HOP_LENGTH, setting.codebook_size
        self.strides = [1] * setting.levels
        shape = {"channels": 1, "dimension": LATENT, "n_filters": setting.width, "norm": "time_group_norm"}
        self.encoder: nn.Module = SEANetEncoder(**shape, causal=False)
        self.quantizer = ResidualVectorQuantizer(LATENT, n_q=setting.levels, bins=setting.codebook_size)
        self.decoder: nn.Module = SEANetDecoder(**shape, causal=False)

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        quantized, _, losses = self.quantizer.vq(self.encoder(audio[:, None]))
        return self.decoder(quantized)[:, 0, : audio.shape[-1]], losses.mean()

    def encode(self, audio: Tensor) -> list[Tensor]:
        segments = _segments(audio.shape[-1])
        return [self.quantizer.vq.encode(self.encoder(audio[:, None, lo:hi])) for lo, hi in segments]

    def decode(self, codes: list[Tensor], samples: int) -> Tensor:
        total, weights = torch.zeros(1, samples), torch.zeros(samples)
        for (lo, hi), segment in zip(_segments(samples), codes, strict=True):
            ramp = torch.ones(hi - lo)
            if lo > 0:
                rise = min(OVERLAP, hi - lo)
                ramp[:rise] = (torch.arange(rise) + 1) / (OVERLAP + 1)
            if hi < samples:
                ramp[-OVERLAP:] = (OVERLAP - torch.arange(OVERLAP)) / (OVERLAP + 1)
            sound = self.decoder(self.quantizer.vq.decode(segment))[:, 0, : hi - lo]
            total[:, lo:hi] += sound * ramp
            weights[lo:hi] += ramp
        return total / weights


def _segments(samples: int) -> list[tuple[int, int]]:
    """Stretches of a second, each beginning 1 % before the last one ends."""
    starts = range(0, max(1, samples - OVERLAP), SEGMENT - OVERLAP)
    return [(lo, min(samples, lo + SEGMENT)) for lo in starts]

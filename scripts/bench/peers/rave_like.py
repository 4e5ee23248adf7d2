"""A RAVE-like codec: PQMF bands, strided convolutions, residual quantiser, upsampling and filtered noise.

Written from the paper, not from its code (which is CC BY-NC). References: A. Caillon and P. Esling, "RAVE", 2021,
sections 3.2 and 4.1 (16 bands, strided encoder, decoder of upsampling layers and dilated residual stacks; waveform
times loudness plus filtered noise), with the residual quantiser and the hop of 1024 samples that its authors' discrete
configuration uses (16 levels of 1024 codes of 128 dimensions, averaged, k-means start with 50 iterations, codes used
less than twice replaced). Deviations: weight normalisation in place of batch normalisation, whose statistics
small corpora spoil; no variational bottleneck and no adversarial stage, since every model here has the same losses.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm
from vector_quantize_pytorch import ResidualVQ

from peers.peer import HEADROOM, Peer, PeerSetting, pad_to
from peers.pqmf import BANDS, Pqmf

RATIOS = (4, 4, 2, 2)
HOP_LENGTH = BANDS * 64
LATENT = 128
NATIVE = PeerSetting(levels=16, codebook_size=1024, width=64)
_NOISE_BINS = 5
_NOISE_HOP = 16
_SLOPE = 0.2


class RaveLike(Peer):
    """The RAVE-like network; see the module."""

    def __init__(self, setting: PeerSetting) -> None:
        super().__init__()
        self.hop_length, self.codebook_size = HOP_LENGTH, setting.codebook_size
        self.strides = [1] * setting.levels
        self.pqmf = Pqmf()
        self.encoder = _encoder(setting.width)
        self.quantizer = ResidualVQ(
            dim=LATENT,
            num_quantizers=setting.levels,
            codebook_size=setting.codebook_size,
            decay=0.99,
            kmeans_init=True,
            kmeans_iters=50,
            threshold_ema_dead_code=2,
            rotation_trick=False,
        )
        self.decoder = _Decoder(setting.width)

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        latent = self._latent(audio).transpose(1, 2)
        quantized, _, losses = self.quantizer(latent)
        return self._sound(quantized.transpose(1, 2), audio.shape[-1]), losses.mean()

    def encode(self, audio: Tensor) -> list[Tensor]:
        _, codes, _ = self.quantizer(self._latent(audio).transpose(1, 2))
        return list(codes.unbind(-1))

    def decode(self, codes: list[Tensor], samples: int) -> Tensor:
        quantized = self.quantizer.get_output_from_indices(torch.stack(codes, -1))
        return self._sound(quantized.transpose(1, 2), samples)

    def _latent(self, audio: Tensor) -> Tensor:
        return self.encoder(self.pqmf.analyse(pad_to(audio, HOP_LENGTH) * HEADROOM))

    def _sound(self, latent: Tensor, samples: int) -> Tensor:
        return self.pqmf.synthesise(self.decoder(latent))[:, :samples] / HEADROOM


def _conv(inputs: int, outputs: int, kernel: int, *, stride: int = 1, dilation: int = 1) -> nn.Module:
    padding = (kernel - 1) * dilation // 2 if stride == 1 else (kernel - stride + 1) // 2
    return weight_norm(nn.Conv1d(inputs, outputs, kernel, stride=stride, dilation=dilation, padding=padding))


def _encoder(width: int) -> nn.Sequential:
    layers = [_conv(BANDS, width, 7)]
    for ratio in RATIOS:
        layers += [nn.LeakyReLU(_SLOPE), _conv(width, 2 * width, 2 * ratio, stride=ratio)]
        width *= 2
    return nn.Sequential(*layers, nn.LeakyReLU(_SLOPE), _conv(width, LATENT, 3))


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.LeakyReLU(_SLOPE),
            _conv(width, width, 3, dilation=dilation),
            nn.LeakyReLU(_SLOPE),
            _conv(width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class _Decoder(nn.Module):
    """Latent `[B, 128, T]` to sub-bands `[B, 16, 64 T]`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        wide = width * 2 ** len(RATIOS)
        layers = [_conv(LATENT, wide, 7)]
        for ratio in reversed(RATIOS):
            up = nn.ConvTranspose1d(wide, wide // 2, 2 * ratio, stride=ratio, padding=ratio // 2)
            wide //= 2
            layers += [nn.LeakyReLU(_SLOPE), weight_norm(up), *(_Residual(wide, dilation) for dilation in (1, 3, 5))]
        self.body = nn.Sequential(*layers, nn.LeakyReLU(_SLOPE))
        self.wave = _conv(width, BANDS, 7)
        self.loudness = _conv(width, 1, 3)
        self.noise = nn.Sequential(
            _conv(width, 2 * width, 2 * 4, stride=4),
            nn.LeakyReLU(_SLOPE),
            _conv(2 * width, BANDS * _NOISE_BINS, 2 * 4, stride=4),
        )

    def forward(self, latent: Tensor) -> Tensor:
        hidden = self.body(latent)
        wave = torch.tanh(self.wave(hidden)) * torch.sigmoid(self.loudness(hidden))
        return wave + _filtered_noise(self.noise(hidden))


def _filtered_noise(amounts: Tensor) -> Tensor:
    """White noise shaped per band and per 16 sub-band samples: `[B, 16 * 5, T]` to `[B, 16, 16 T]`."""
    B, _, T = amounts.shape
    shape = torch.sigmoid(amounts.reshape(B, BANDS, _NOISE_BINS, T).transpose(2, 3) - 5.0)
    # Zero-phase answers of 8 taps, made causal; the convolution is circular within twice the block's length.
    answer = F.pad(torch.fft.irfft(shape, dim=-1).roll(_NOISE_BINS - 1, -1), (0, _NOISE_HOP))
    noise = F.pad(torch.rand(B, BANDS, T, _NOISE_HOP, device=amounts.device) * 2 - 1, (0, 8))
    blocks = torch.fft.irfft(torch.fft.rfft(noise) * torch.fft.rfft(answer), dim=-1)
    main, tail = blocks[..., :_NOISE_HOP], F.pad(blocks[..., _NOISE_HOP:], (0, 8))
    return (main + F.pad(tail, (0, 0, 1, 0))[:, :, :-1]).reshape(B, BANDS, T * _NOISE_HOP)

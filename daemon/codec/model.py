"""The trainable codec model: spectra, encoder, residual quantiser and decoder."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from daemon.codec.config import CodecConfig
from daemon.codec.network import Decoder, Encoder
from daemon.codec.quantizer import Quantized, ResidualQuantizer
from daemon.codec.spectrum import Spectra


class Reconstruction(NamedTuple):
    """Output of a forward pass in training."""

    audio: Tensor
    """`[B, L]`, whole hops; `[B, 2, L]` in stereo."""
    quantized: Quantized


class CodecModel(nn.Module):
    """Encode audio at the reference loudness, `[B, L]` or `[B, 2, L]`, to codes, and decode them."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self.config = config
        self.spectra = Spectra(config)
        self.encoder = Encoder(config)
        self.quantizer = ResidualQuantizer(config.latent, config.codebook_dim, config.levels, config.codebook_size)
        self.decoder = Decoder(config)

    def encode(self, audio: Tensor) -> Tensor:
        """Encode `[B, L]` or `[B, 2, L]` to the latent before quantisation, `[B, T, D]` float32."""
        with torch.autocast(audio.device.type, enabled=False):  # float32 here keeps inference equal to training
            features = self.spectra.features(audio)
        return self.encoder(*features).float()

    def decode(self, latent: Tensor, gain: Tensor | None = None) -> Tensor:
        """Decode a latent `[B, T, D]` to `[B, T * hop_length]`, or in stereo `[B, 2, T * hop_length]`.

        `gain`, `[B, T, 1]` linear, is applied to the spectrum of every frame, so that frames overlap at their levels.
        """
        head = self.decoder(latent)
        with torch.autocast(latent.device.type, enabled=False):
            return self.spectra.waveform(head, gain)

    def decode_mid(self, latent: Tensor) -> Tensor:
        """Decode a latent `[B, T, D]` to one channel, `[B, T * hop_length]`, for measuring the effect of codes."""
        audio = self.decode(latent)
        return audio if audio.ndim == 2 else audio.mean(1)

    def forward(self, audio: Tensor, keep: Tensor | None = None) -> Reconstruction:
        """Reconstruct `[B, L]` or `[B, 2, L]` (whole hops) through the codes; `keep` as in `ResidualQuantizer`."""
        latent = self.encode(audio)
        with torch.autocast(latent.device.type, enabled=False):
            quantized = self.quantizer(latent, keep)
        return Reconstruction(self.decode(quantized.latent), quantized)

    def level_parts(self) -> Tensor:
        """Latent dimensions in which each level's codes are initialised, `(Q, D)` of 0 and 1.

        The first of `low_levels` holds the low band alone, because kicks need all of it. The later ones hold the fine
        envelope as well. Models with too few levels for a later one (under six, in stereo under seven) initialise no
        level with the envelope.
        """
        config = self.config
        first = config.mel_bands + config.low_dimensions
        past = first + 2 * config.side_bands
        low, side, fine = torch.zeros(3, config.latent)
        low[config.mel_bands : config.mel_bands + config.low_bands] = 1.0
        fine[past : past + config.envelope_points] = 1.0
        if config.side_levels:
            side[first:past] = 1.0
        parts = (1 - fine).repeat(config.levels, 1)
        for level in range(config.levels if config.low_levels else 0):
            if level in config.low_levels:
                parts[level] = low if level == config.low_levels[0] else low + fine
            else:
                parts[level] = side if level in config.side_levels else 1 - low - side - fine
        return parts.to(self.spectra.mean.device)

    @property
    def parameter_count(self) -> int:
        """Number of trained parameters; codebooks are buffers and not counted."""
        return sum(parameter.numel() for parameter in self.parameters())

"""When, within a window, a sound begins: the fine envelope that magnitudes with invented phases lose.

A window of 2048 samples is 43 ms, and a decoder that invents phases spreads a click over all of it. What the
windows spread can be told from their energies alone: each lays its own over its share of all the squared windows
that overlap, so that a steady sound's are told to lay a steady one, and the sum is the envelope R that any sound
with those magnitudes has on average. What a source has of its own is the ratio of its envelope E to that, every 128
samples: nothing in noises and held tones, and around a hit 20 dB less before it than R has there and some more in
it. The ratio travels in the latent, and the decoder multiplies its sound by what it lacks.

Between the low band, which has its waveform, and 19 kHz, above which a gain that moves would spread over 20 kHz.

References: J. Herre and J. Johnston, "Enhancing the performance of perceptual audio coders by using temporal noise
shaping", 1996, for the aim; the gain by a target envelope is that of spectral band replication (ISO/IEC 14496-3,
4.6.18). Deviation: the reference is not the decoder's signal but what windows of its magnitudes would give.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.config import CodecConfig
from daemon.dsp.framing import hann, overlap_add

LEAST_POWER = 1e-7
"""Added to envelopes, -70 dB: what is quieter has none."""
AS_CHANCE = 0.5
"""Nepers (4.3 dB) that sounds without a beginning differ by from their windows: not told."""
MOST = 2.3
"""Nepers (20 dB) that a gain is at most."""
MOST_TOLD = 4.6
"""Nepers (40 dB) under or over its windows, beyond which there is nothing to tell."""
HIGHEST_HZ = 19_000


class Transients(nn.Module):
    """Ratios of envelopes, `[B, T, n]` in nepers beyond chance, and the gain that gives them to a sound."""

    band: Tensor
    shape: Tensor
    turn: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self._points = config.envelope_points
        self._block = config.hop_length // config.envelope_points
        self._per_hop = config.hop_length // self._block
        self._edge = (config.n_fft - config.hop_length) // 2 // self._block
        square = hann(config.n_fft, torch.device("cpu")).square()
        # What overlaps adds up to one, so that a steady sound's windows are told to lay a steady envelope.
        shares = square / square.reshape(-1, config.hop_length).sum(0).repeat(config.n_fft // config.hop_length)
        spread = shares.reshape(-1, self._block).mean(-1)
        # By Parseval a frame's energy is n_fft * sum(w²) times the power.
        self.register_buffer("shape", spread / (config.n_fft * square.sum()), persistent=False)
        rising, falling = hann(2 * self._block, torch.device("cpu")).chunk(2)
        self.register_buffer("turn", torch.stack([falling, rising]), persistent=False)
        hertz = torch.arange(config.bins) * config.sample_rate / config.n_fft
        low = config.low_bands * config.sample_rate / (2 * config.hop_length)
        band = ((hertz - low) / 100).clamp(0, 1) * ((HIGHEST_HZ - hertz) / 200).clamp(0, 1)
        self.register_buffer("band", band, persistent=False)

    def envelope(self, audio: Tensor) -> Tensor:
        """Mean power every block of `[B, L]`: `[B, L / block]`."""
        return audio.square().unflatten(-1, (-1, self._block)).mean(-1)

    def spread(self, spectrum: Tensor) -> Tensor:
        """What windows of these magnitudes give on average: `[B, T, bins]` complex to `[B, L / block]`."""
        energies = 2 * (spectrum.real.square() + spectrum.imag.square()).sum(-1)
        laid = overlap_add(energies[..., None] * self.shape, self._per_hop)
        count = energies.shape[1] * self._per_hop
        return laid[:, self._edge : self._edge + count]

    def ratio(self, audio: Tensor, spectrum: Tensor) -> Tensor:
        """Nepers by which the envelope of a sound lies over what its own windows give, `[B, L / block]`."""
        return 0.5 * ((self.envelope(audio) + LEAST_POWER) / (self.spread(spectrum) + LEAST_POWER)).log()

    def measure(self, audio: Tensor, spectrum: Tensor) -> Tensor:
        """What travels, `[B, T, n]`: the ratio less what is chance."""
        beyond = F.softshrink(self.ratio(audio, spectrum), AS_CHANCE)
        return beyond.clamp(-MOST_TOLD, MOST_TOLD).unflatten(-1, (-1, self._points))

    def gain(self, wanted: Tensor, audio: Tensor, spectrum: Tensor) -> Tensor:
        """Factors for every sample of `[B, L]` that bring it to the ratios wanted, `[B, T, n]`."""
        wanted = wanted.flatten(1)
        told = wanted + AS_CHANCE * torch.tanh(wanted / AS_CHANCE)
        sure = wanted.square() / (wanted.square() + AS_CHANCE**2)
        own = self.ratio(audio, spectrum).clamp(-MOST_TOLD, MOST_TOLD)
        nepers = (sure * (told - own)).clamp(-MOST, MOST)
        # From the middle of a block to the next's by halves of a Hann window: a gain with corners would spread far.
        around = F.pad(nepers, (1, 1))
        turns = torch.stack([around[:, :-1], around[:, 1:]], -1) @ self.turn
        return turns.flatten(1)[:, self._block // 2 : self._block // 2 + audio.shape[-1]].exp()

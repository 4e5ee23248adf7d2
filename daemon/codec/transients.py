"""The fine envelope: when, within a window, a sound begins. Magnitudes with invented phases lose it.

A window of 2048 samples lasts 43 ms, and a decoder that invents phases spreads a click over all of it. The energies of
the windows alone predict the spread envelope R, the one that any sound with those magnitudes has on average: each
window contributes its energy in proportion to its share of the overlapping squared windows, so that R of a steady sound
is steady. The codec codes the ratio of the source's envelope E to R, every 128 samples. It is 1 for noise and held
tones. Around a hit it is about -20 dB before the onset and above 0 dB in it. The ratio is part of the latent, and the
decoder multiplies its sound by the gain that restores it.

The gain applies between the low band, which is coded as a waveform, and 19 kHz: a time-varying gain above that would
spread energy beyond 20 kHz.

References: J. Herre and J. Johnston, "Enhancing the performance of perceptual audio coders by using temporal noise
shaping", 1996, for the aim; the gain by a target envelope is that of spectral band replication (ISO/IEC 14496-3,
4.6.18). Deviation: the envelope is relative to R, not to the decoder's signal.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.config import CodecConfig
from daemon.dsp.framing import hann, overlap_add

LEAST_POWER = 1e-7
"""Added to envelopes, -70 dB; quieter sounds have no fine envelope."""
CHANCE_NEPERS = 0.5
"""Ratio (4.3 dB) by which steady sounds deviate from R by chance; not coded."""
MOST_GAIN_NEPERS = 2.3
"""Largest gain of the decoder, up or down (20 dB)."""
MOST_RATIO_NEPERS = 4.6
"""Largest coded ratio, up or down (40 dB)."""
HIGHEST_HZ = 19_000


class Transients(nn.Module):
    """Measure the fine envelope as ratios, `[B, T, n]` in nepers beyond chance, and give the gain that restores it."""

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
        # The shares of overlapping windows add up to one, so that a steady sound has a steady spread envelope.
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
        """Mean power of every block of `[B, L]`: `[B, L / block]`."""
        return audio.square().unflatten(-1, (-1, self._block)).mean(-1)

    def spread(self, spectrum: Tensor) -> Tensor:
        """Spread envelope R that these magnitudes give on average: `[B, T, bins]` complex to `[B, L / block]`."""
        energies = 2 * (spectrum.real.square() + spectrum.imag.square()).sum(-1)
        laid = overlap_add(energies[..., None] * self.shape, self._per_hop)
        count = energies.shape[1] * self._per_hop
        return laid[:, self._edge : self._edge + count]

    def ratio(self, audio: Tensor, spectrum: Tensor) -> Tensor:
        """Ratio of a sound's envelope to its spread envelope in nepers, `[B, L / block]`."""
        return 0.5 * ((self.envelope(audio) + LEAST_POWER) / (self.spread(spectrum) + LEAST_POWER)).log()

    def measure(self, audio: Tensor, spectrum: Tensor) -> Tensor:
        """Fine envelope to code, `[B, T, n]` in nepers: the ratio, with deviations by chance shrunk to zero."""
        beyond = F.softshrink(self.ratio(audio, spectrum), CHANCE_NEPERS)
        return beyond.clamp(-MOST_RATIO_NEPERS, MOST_RATIO_NEPERS).unflatten(-1, (-1, self._points))

    def gain(self, wanted: Tensor, audio: Tensor, spectrum: Tensor) -> Tensor:
        """Gain for every sample of `[B, L]` that brings it to the coded ratios `wanted`, `[B, T, n]` in nepers."""
        wanted = wanted.flatten(1)
        target = wanted + CHANCE_NEPERS * torch.tanh(wanted / CHANCE_NEPERS)
        confidence = wanted.square() / (wanted.square() + CHANCE_NEPERS**2)
        own = self.ratio(audio, spectrum).clamp(-MOST_RATIO_NEPERS, MOST_RATIO_NEPERS)
        nepers = (confidence * (target - own)).clamp(-MOST_GAIN_NEPERS, MOST_GAIN_NEPERS)
        # Half a Hann window from the middle of each block to the next: a gain with corners would spread in frequency.
        around = F.pad(nepers, (1, 1))
        turns = torch.stack([around[:, :-1], around[:, 1:]], -1) @ self.turn
        return turns.flatten(1)[:, self._block // 2 : self._block // 2 + audio.shape[-1]].exp()

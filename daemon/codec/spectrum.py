"""Spectral analysis and synthesis around the network, shared by training and inference.

The encoder's input is, per frequency and frame, the log-magnitude standardised by the corpus's own mean
and deviation. The decoder's output uses the same units, so an untrained codec already decodes to the
corpus's average spectrum. It also outputs a phase.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.codec.config import CodecConfig
from daemon.codec.lowband import LowBand
from daemon.codec.network import Head
from daemon.codec.side import Side, energy, polar, smooth
from daemon.codec.transients import Transients
from daemon.dsp.framing import analyse, synthesise

# A bin of a full-scale signal reaches n_fft / 2 at most; e^8 leaves headroom and still bounds the output.
LOG_CEILING = 8.0
LOG_SILENCE = -12.0
# Energy above 20 kHz is inaudible but loads tweeters and later filters. A frame may have at most this share of its
# energy there, so that the decoder cannot invent any.
INAUDIBLE_HZ = 20_000
INAUDIBLE_SHARE = 10**-6.3
# Level of the head's own spectrum under the low band's waveform, -20 dB; audible only where the waveform is missing.
SHOWN_THROUGH = 0.1
# As energy ratios: how far the head may raise the low band, and how far above the head the low band may stay.
MOST_RAISED = 1e3
MOST_ABOVE = 10.0
# Largest correction by the coded level of the low band, as an energy ratio: 12 dB.
MOST_LEVELLED = 16.0
LEAST_ENERGY = 1e-6


def whole_hops(audio: Tensor, hop_length: int) -> Tensor:
    """Zero-pad `[B, L]` at its end to a whole number of hops, at least one."""
    missing = max(hop_length, -(-audio.shape[-1] // hop_length) * hop_length) - audio.shape[-1]
    return F.pad(audio, (0, missing)) if missing else audio


def mid_and_side(audio: Tensor) -> tuple[Tensor, Tensor]:
    """Mid and side, half the sum and half the difference of two channels: `[..., 2, L]` to `[..., L]` each."""
    left, right = audio.unbind(-2)
    return (left + right) / 2, (left - right) / 2


class Features(NamedTuple):
    """Input of the encoder network."""

    spectrum: Tensor
    """`[B, T, bins]`: the mid's standardised log-magnitude."""
    low: Tensor
    """`[B, T, low_dimensions]`: the coefficients of the mid's low band and its level."""
    envelope: Tensor
    """`[B, T, envelope_points]`: the mid's fine envelope."""
    side: Tensor | None = None
    """`[B, T, 2 * side_bands]`: the side in bands. None in mono."""


class Spectra(nn.Module):
    """Spectral analysis and synthesis with the corpus's statistics (`mean`, `deviation`: `(bins,)`, log units)."""

    mean: Tensor
    deviation: Tensor
    crossover: Tensor

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        self._n_fft, self._hop = config.n_fft, config.hop_length
        self._floor = config.magnitude_floor
        self._top = round(INAUDIBLE_HZ / config.sample_rate * config.n_fft)
        self.low_band = LowBand(config)
        self.transients = Transients(config)
        self.side = Side(config) if config.channels == 2 else None
        self.register_buffer("crossover", _crossover(config), persistent=False)
        self.register_buffer("mean", torch.full((config.bins,), -2.0))
        self.register_buffer("deviation", torch.full((config.bins,), 2.0))

    def floored(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Complex spectrum, and its magnitude plus the floor, each `[B, T, bins]`."""
        spectrum = analyse(whole_hops(audio, self._hop), self._n_fft, self._hop)
        return spectrum, energy(spectrum).sqrt() + self._floor

    def features(self, audio: Tensor) -> Features:
        """Encoder input of a sound `[B, L]`, or `[B, 2, L]` in stereo."""
        mid, beside = (audio, None) if self.side is None else mid_and_side(audio)
        spectrum, magnitude = self.floored(mid)
        features = self._standardised(magnitude)
        coefficients = self.low_band.analyse(whole_hops(mid, self._hop))
        level = 0.5 * self._low_energy(spectrum[..., : self.crossover.numel()]).log()
        low = torch.cat([coefficients, level], dim=-1)
        high = spectrum * self.transients.band
        envelope = self.transients.measure(synthesise(high, self._n_fft, self._hop), high)
        if self.side is None or beside is None:
            return Features(features, low, envelope)
        other = analyse(whole_hops(beside, self._hop), self._n_fft, self._hop)
        return Features(features, low, envelope, self.side.measure(spectrum, other))

    def _standardised(self, magnitude: Tensor) -> Tensor:
        """Log-magnitude standardised by the corpus's statistics: `[B, T, bins]` both ways."""
        return (magnitude.log() - self.mean) / self.deviation

    def _low_energy(self, spectrum: Tensor) -> Tensor:
        """Energy of the low bins of each frame: `[B, T, n]` to `[B, T, 1]`."""
        return (energy(spectrum) * self.crossover).sum(-1, keepdim=True) + LEAST_ENERGY

    def waveform(self, head: Head, gain: Tensor | None = None) -> Tensor:
        """Synthesise sound from the decoder's output: `[B, T * hop_length]`, or in stereo `[B, 2, T * hop_length]`.

        Args:
            gain: linear gain of every frame, `[B, T, 1]`; none by default.
        """
        level, phase = head.spectrum.float().chunk(2, dim=-1)
        logs = (level * self.deviation + self.mean).clamp(LOG_SILENCE, LOG_CEILING)
        magnitude = (logs.exp() - self._floor).clamp_min(0.0) + 1e-7
        spectrum = polar(self._quiet_top(magnitude), phase)
        mid = self._with_low_band(spectrum, head.low.float())
        channels = [mid]
        if self.side is not None and head.side is not None and head.apart is not None:
            fine, phase = head.apart.float().chunk(2, dim=-1)
            side = self._quiet_side(self.side.draw(head.side.float(), mid, fine, phase), mid)
            channels = [mid + side, mid - side]
        audio = self._with_transients(channels, mid, head.envelope.float(), gain)
        return audio[0] if self.side is None else torch.stack(audio, 1)

    def _with_transients(
        self, channels: list[Tensor], mid: Tensor, envelope: Tensor, gain: Tensor | None
    ) -> list[Tensor]:
        """Synthesise spectra of channels, each `[B, T, bins]`, as sounds `[B, L]` with the mid's fine envelope.

        The envelope's gain is found at the reference level, where its thresholds are right, whatever `gain` says.
        """
        band = self.transients.band
        middle = mid * band
        highs = [middle] if len(channels) == 1 else [channel * band for channel in channels]
        high = self._sounds(highs)
        mono = high[0] if len(high) == 1 else (high[0] + high[1]) / 2
        sharpening = self.transients.gain(envelope, mono, middle) - 1
        if gain is not None:
            channels, high = [channel * gain for channel in channels], self._sounds([one * gain for one in highs])
        return [one + sharpening * above for one, above in zip(self._sounds(channels), high, strict=True)]

    def _sounds(self, spectra: list[Tensor]) -> list[Tensor]:
        """Synthesise each spectrum. Separate transforms: stacking copies them, which costs as much as a transform."""
        return [synthesise(spectrum, self._n_fft, self._hop) for spectrum in spectra]

    def _with_low_band(self, spectrum: Tensor, low: Tensor) -> Tensor:
        """Replace the lowest bins of a spectrum by the low band's waveform, in place: `[B, T, bins]` both ways.

        Decoded coefficients are means: too quiet where the codes are uncertain, and too loud where the source is
        silent. The head's magnitudes, smoothed over a few bins, therefore bound them. The coded level of the low band
        then sets the energy of each frame (measured, docs/adr/0004-phase.md).
        """
        n = self.crossover.numel()
        head = spectrum[..., :n].clone()
        coefficients, level = low[..., :-1], low[..., -1:]
        carried = self.low_band.spectra(coefficients)
        carrier = carried + SHOWN_THROUGH * head
        ratio = smooth(head) / smooth(carrier)
        gain = (ratio.clamp_max(MOST_RAISED) / ratio.clamp(1 / MOST_ABOVE, 1.0)).sqrt()
        shaped = carrier * gain
        missing = (2 * level.clamp(-LOG_CEILING, LOG_CEILING)).exp() / self._low_energy(shaped)
        shaped = shaped * missing.clamp(1 / MOST_LEVELLED, MOST_LEVELLED).sqrt()
        spectrum[..., :n] = head + self.crossover * (shaped - head)
        return spectrum

    def _quiet_top(self, magnitude: Tensor) -> Tensor:
        """Limit the energy above 20 kHz of every frame to `INAUDIBLE_SHARE`: `[..., bins]` both ways.

        Each frame is limited by itself, so that a partial decode equals the whole.
        """
        low, high = magnitude[..., : self._top], magnitude[..., self._top :]
        allowed = INAUDIBLE_SHARE * low.square().sum(-1, keepdim=True)
        scale = (allowed / high.square().sum(-1, keepdim=True)).sqrt().clamp_max(1.0)
        return torch.cat([low, high * scale], dim=-1)

    def _quiet_side(self, side: Tensor, mid: Tensor) -> Tensor:
        """Limit the side's energy above 20 kHz to `INAUDIBLE_SHARE` of the mid's: complex `[B, T, bins]` both ways."""
        low, high = side[..., : self._top], side[..., self._top :]
        allowed = INAUDIBLE_SHARE * energy(mid[..., : self._top]).sum(-1, keepdim=True)
        scale = (allowed / energy(high).sum(-1, keepdim=True).clamp_min(1e-12)).sqrt().clamp_max(1.0)
        return torch.cat([low, high * scale], dim=-1)

    def fit(self, clips: list[Tensor]) -> None:
        """Measure mean and deviation per frequency over `[L]` or `[2, L]` clips already at the reference loudness."""
        mids = (clip if self.side is None else mid_and_side(clip)[0] for clip in clips)
        logs = torch.cat([self.floored(mid[None])[1][0].log() for mid in mids])
        self.mean.copy_(logs.mean(0))
        self.deviation.copy_(logs.std(0).clamp_min(0.5))


def _crossover(config: CodecConfig) -> Tensor:
    """Share of the low band in each of the lowest STFT bins: 1, falling to 0 over four bins at its upper edge."""
    edge = config.low_bands * config.n_fft / (2 * config.hop_length)
    return ((edge - torch.arange(math.ceil(edge))) / 4).clamp(0, 1)

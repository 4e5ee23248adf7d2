"""Framing, loudness, dither and the official measure against their definitions."""

import math

import numpy as np
import pytest
import torch
import torchaudio.functional as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.dsp.dither import Place, to_pcm
from daemon.dsp.framing import analyse, hann, synthesise
from daemon.dsp.loudness import LoudnessMeter, integrated_lufs
from daemon.dsp.measure import SCALES, mel_distance, si_sdr_db, spurious_above_db
from daemon.dsp.mel import log_mel, magnitudes, mel_bands


@given(hops=st.integers(1, 40), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_analysis_then_synthesis_is_the_identity(hops: int, seed: int) -> None:
    audio = torch.randn(2, hops * 512, generator=torch.Generator().manual_seed(seed))
    spectrum = analyse(audio, 2048, 512)
    assert spectrum.shape == (2, hops, 1025)
    # One lone frame sees both its ends through the window's skirts, where rounding grows.
    assert (synthesise(spectrum, 2048, 512) - audio).abs().max() < 1e-4


@pytest.mark.parametrize(("n_fft", "n_mels"), SCALES)
def test_bands_are_those_of_torchaudio(n_fft: int, n_mels: int) -> None:
    wanted = reference.melscale_fbanks(n_fft // 2 + 1, 0.0, 24_000.0, n_mels, 48_000, norm=None, mel_scale="htk")
    assert (mel_bands(n_fft, n_mels, 48_000, torch.device("cpu")) - wanted).abs().max() < 1e-4


def test_measure_is_its_definition() -> None:
    random = np.random.default_rng(0)
    a, b = (random.standard_normal(20_000).astype(np.float32) * g for g in (0.1, 0.05))
    per_scale: list[float] = []
    for n_fft, n_mels in SCALES:
        bands = mel_bands(n_fft, n_mels, 48_000, torch.device("cpu")).T
        logs = [
            (
                bands
                @ torch.stft(
                    torch.from_numpy(x),
                    n_fft,
                    n_fft // 4,
                    window=torch.hann_window(n_fft),
                    return_complex=True,
                ).abs()
            )
            .clamp_min(1e-5)
            .log10()
            for x in (a, b)
        ]
        per_scale.append(float((logs[0] - logs[1]).abs().mean()))
    assert mel_distance(a, b) == pytest.approx(np.mean(per_scale), abs=1e-5)
    assert mel_distance(a, a) == 0.0


def test_measure_takes_a_signal_shorter_than_a_window() -> None:
    assert math.isfinite(mel_distance(np.zeros(1, np.float32), np.ones(1, np.float32)))


def test_magnitudes_have_a_gradient_at_silence() -> None:
    audio = torch.zeros(1, 4096, requires_grad=True)
    log_mel(magnitudes(audio, 512), 512, 40, 48_000).sum().backward()
    assert audio.grad is not None and torch.isfinite(audio.grad).all()


def test_si_sdr_ignores_scale_and_counts_noise() -> None:
    random = np.random.default_rng(1)
    source = random.standard_normal(48_000).astype(np.float32)
    noisy = source + 0.1 * random.standard_normal(48_000).astype(np.float32)
    assert si_sdr_db(source, 3 * noisy) == pytest.approx(20, abs=0.3)


def test_spurious_energy_is_found_above_the_cutoff_only() -> None:
    t = np.arange(48_000) / 48_000
    low = np.sin(2 * np.pi * 440 * t).astype(np.float32)
    high = (0.001 * np.sin(2 * np.pi * 22_000 * t)).astype(np.float32)
    assert spurious_above_db(low, low + high) == pytest.approx(-60, abs=0.5)
    assert spurious_above_db(low + high, low) == -120


def test_loudness_is_the_standards() -> None:
    t = np.arange(5 * 48_000) / 48_000
    # BS.1770-4: a 997 Hz full-scale sine in one channel reads -3.01 LKFS
    assert integrated_lufs(np.sin(2 * np.pi * 997 * t).astype(np.float32)) == pytest.approx(-3.01, abs=0.02)
    assert integrated_lufs(np.zeros(48_000, np.float32)) == -70


@given(sizes=st.lists(st.integers(1, 100_000), min_size=1, max_size=5))
@settings(max_examples=10)
def test_loudness_does_not_depend_on_blocks(sizes: list[int]) -> None:
    audio = np.random.default_rng(sum(sizes)).standard_normal(sum(sizes)).astype(np.float32) * 0.1
    meter, start = LoudnessMeter(), 0
    for size in sizes:
        meter.add(audio[start : start + size])
        start += size
    assert meter.integrated_lufs() == pytest.approx(integrated_lufs(audio), abs=1e-6)


def test_dither_keeps_a_tone_below_one_step() -> None:
    t = np.arange(48_000) / 48_000
    quiet = (0.4 / 32_768 * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    assert not np.rint(quiet * 32_768).any()  # plain rounding erases it
    dithered = to_pcm(quiet, 16)
    heard = np.abs(np.fft.rfft(dithered / 32_768))[1000] / 24_000
    assert heard == pytest.approx(0.4 / 32_768, rel=0.1)


def test_dither_is_repeatable_keeps_silence_and_clips() -> None:
    loud = np.array([2.0, -2.0, 0.0], np.float32)
    assert to_pcm(loud, 16).tolist() == [32_767, -32_768, 0]
    noise = np.random.default_rng(0).standard_normal(100).astype(np.float32) * 0.1
    for first, past in ((0, 7), (3, 8), (4, 5), (1, len(noise))):
        part = to_pcm(noise[first:past], 16, seed=4, place=Place(first, len(noise)))
        assert (part == to_pcm(noise, 16, seed=4)[first:past]).all()
    pair = np.stack([noise[:-1], noise[1:]], 1)
    assert (to_pcm(pair[5:9], 16, place=Place(5, len(pair))) == to_pcm(pair, 16)[5:9]).all()
    assert (to_pcm(noise, 16, seed=4) == to_pcm(noise, 16, seed=4)).all()
    assert (to_pcm(noise, 16, seed=4) != to_pcm(noise, 16, seed=5)).any()


@pytest.mark.parametrize(("n_fft", "samples"), [(128, 4096), (1024, 4096), (4096, 9000), (2048, 700)])
def test_the_quick_gradient_of_magnitudes_is_autograds(n_fft: int, samples: int) -> None:
    """Against the slow twin that autograd makes of the same formula."""
    generator = torch.Generator().manual_seed(1)
    audio = torch.randn(2, samples, generator=generator)
    audio[0, 100:600] = 0.0
    ways: list[tuple[torch.Tensor, torch.Tensor]] = []
    for way in (magnitudes, slow_magnitudes):
        signal = audio.clone().requires_grad_(True)
        made = way(signal, n_fft)
        weights = torch.randn(made.shape, generator=torch.Generator().manual_seed(2))
        (made * weights).sum().backward()
        assert signal.grad is not None
        ways.append((made.detach(), signal.grad))
    assert torch.equal(ways[0][0], ways[1][0])
    assert (ways[0][1] - ways[1][1]).abs().max() < 1e-4 * ways[1][1].abs().max()


def slow_magnitudes(audio: torch.Tensor, n_fft: int) -> torch.Tensor:
    half = n_fft // 2
    if audio.shape[-1] <= half:
        audio = torch.nn.functional.pad(audio, (0, n_fft - audio.shape[-1]))
    frames = torch.nn.functional.pad(audio[:, None], (half, half), mode="reflect")[:, 0].unfold(-1, n_fft, n_fft // 4)
    spectrum = torch.fft.rfft(frames * hann(n_fft, audio.device), dim=-1)
    return (spectrum.real.square() + spectrum.imag.square() + 1e-14).sqrt()

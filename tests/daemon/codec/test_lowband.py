"""The low band as a waveform: its transform, and what it gives before and after the codes."""

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.lowband import LowBand, compress, expand
from daemon.codec.model import CodecModel
from daemon.dsp.framing import analyse
from daemon.dsp.measure import si_sdr_db

HOP = 1024
CONFIG = CodecConfig(width=96, levels=4, codebook_size=64)


def kick(start_hz: float, shift: int, seconds: float = 0.6) -> NDArray[np.float32]:
    """A drum that falls from `start_hz` to 50 Hz, `shift` samples after the beginning."""
    t = np.arange(round(seconds * 48_000)) / 48_000
    phase = 50 * t + (start_hz - 50) / 25 * (1 - np.exp(-25 * t))
    return np.pad(0.5 * np.sin(2 * np.pi * phase) * np.exp(-6 * t), (shift, 0)).astype(np.float32)


def below(sound: NDArray[np.float32], hz: float) -> NDArray[np.float32]:
    spectrum = np.fft.rfft(sound)
    spectrum[round(hz * sound.size / 48_000) :] = 0
    return np.fft.irfft(spectrum, sound.size).astype(np.float32)


def whole(sound: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.pad(sound, (0, -sound.size % HOP)))[None]


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_coefficients_are_those_of_windows_side_by_side(frames: int) -> None:
    band = LowBand(CONFIG)
    audio = torch.randn(3, frames * HOP, generator=torch.Generator().manual_seed(1))
    windows = torch.nn.functional.pad(audio, (HOP // 2, HOP // 2)).unfold(-1, 2 * HOP, HOP)
    torch.testing.assert_close(band.analyse(audio), compress(windows @ band.basis), rtol=1e-4, atol=1e-5)


def test_all_coefficients_give_the_sound_back_up_to_both_ends() -> None:
    band = LowBand(CodecConfig(latent=8192, low_bands=HOP))
    audio = torch.randn(2, 7 * HOP, generator=torch.Generator().manual_seed(0))
    assert band.analyse(audio).shape == (2, 7, HOP)
    assert (band.synthesise(expand(band.analyse(audio))) - audio).abs().max() < 1e-4


@pytest.mark.parametrize("frames", [1, 2, 3, 7])
def test_spectra_are_those_of_the_waveform_up_to_both_ends(frames: int) -> None:
    band = LowBand(CONFIG)
    audio = torch.randn(2, frames * HOP, generator=torch.Generator().manual_seed(frames))
    companded = band.analyse(audio)
    wanted = analyse(band.synthesise(expand(companded)), CONFIG.n_fft, HOP)[..., : CONFIG.low_bands]
    made = band.spectra(companded)
    assert made.shape == wanted.shape == (2, frames, CONFIG.low_bands)
    assert (made - wanted).abs().max() < 1e-4 * wanted.abs().max()


def test_companding_halves_decibels_and_keeps_the_shape() -> None:
    loud = torch.randn(5, 24, generator=torch.Generator().manual_seed(0))
    quiet = loud * 0.01
    ratio = compress(loud) / compress(quiet)
    assert (ratio - 10).abs().max() < 0.01
    for frames in (loud, quiet):
        assert (expand(compress(frames)) / frames - 1).abs().max() < 1e-2


def test_a_codec_begins_with_the_waveform_of_the_low_band() -> None:
    """Nothing is learned yet and no two hertz are the same: the path itself carries the band."""
    torch.manual_seed(0)
    model = CodecModel(CONFIG)
    for sound in (kick(150, 300), np.sin(np.arange(40_000) * 2 * np.pi * 330 / 48_000, dtype=np.float32) * 0.3):
        with torch.no_grad():
            made = model.decode(model.encode(whole(sound)))[0, : sound.size].numpy()
        assert si_sdr_db(below(sound, 450), below(made, 450)) > 15


@pytest.fixture(scope="module")
def placed() -> Codec:
    """A codec that never took a step, its codes placed on what kicks give."""
    torch.manual_seed(0)
    model = CodecModel(CONFIG)
    kicks = [kick(100 + 10 * n, 137 * n) for n in range(16)]
    with torch.no_grad():
        latents = torch.cat([model.encode(whole(sound * sign))[0] for sound in kicks for sign in (1, -1)])
        model.quantizer.fit(latents, torch.Generator().manual_seed(0), 100.0, model.level_parts())
    return Codec(model)


def test_codes_keep_the_waveform_of_a_kick_not_seen(placed: Codec) -> None:
    sound = kick(163, 555)
    made = placed.encode(sound)
    decoded = placed.decode(made.codes, samples=made.samples, gain_db=made.gain_db)
    assert si_sdr_db(below(sound, 450), below(decoded, 450)) > 3


def test_a_low_band_that_lost_its_level_gets_it_back() -> None:
    """What codes make of coefficients is too quiet or too loud; the level beside them says how loud it was."""
    torch.manual_seed(0)
    model = CodecModel(CONFIG)
    sound = np.sin(np.arange(48_000) * 2 * np.pi * 330 / 48_000, dtype=np.float32) * 0.1
    with torch.no_grad():
        latent = model.encode(whole(sound))
        for share in (0.6, 1.0, 1.5):
            worn = latent.clone()
            worn[..., CONFIG.mel_bands : CONFIG.mel_bands + CONFIG.low_bands] *= share
            made = model.decode(worn)[0, : sound.size].numpy()
            got = np.square(below(made, 450)[8_000:40_000]).mean()
            assert abs(10 * np.log10(got / np.square(sound[8_000:40_000]).mean())) < 1.0, share


def test_every_third_level_begins_as_the_low_band(placed: Codec) -> None:
    assert list(CodecConfig(levels=10).low_levels) == [2, 5, 8]
    two = CodecModel(CodecConfig(levels=2))
    past = two.config.mel_bands + two.config.low_dimensions
    envelope = slice(past, past + two.config.envelope_points)
    assert two.level_parts()[:, :past].all() and not two.level_parts()[:, envelope].any(), "two levels begin as both"
    assert list(placed.config.low_levels) == [2]
    low = slice(placed.config.mel_bands, placed.config.mel_bands + placed.config.low_bands)
    for level in range(4):
        vectors = placed.codebook_vectors(level)
        inside = np.square(vectors[:, low]).sum() / np.square(vectors).sum()
        assert inside > 0.99 if level == 2 else inside < 0.01


def test_without_its_levels_the_low_band_is_drawn_by_the_others(placed: Codec) -> None:
    codes = placed.encode(kick(150, 0)).codes
    everything = below(placed.decode(codes), 450)
    without = below(placed.decode(codes, levels=[0, 1, 3]), 450)
    assert np.isfinite(without).all()
    assert np.square(without).mean() > 1e-3 * np.square(everything).mean()


def test_a_latent_without_room_for_the_low_band_is_refused() -> None:
    for low_bands in (0, 32):
        with pytest.raises(ValueError, match="low_bands"):
            CodecConfig(low_bands=low_bands)
    toy = msgspec.structs.replace(CONFIG, latent=20, low_bands=3, envelope_points=4)
    assert toy.mel_bands + toy.low_dimensions + toy.envelope_points == toy.latent

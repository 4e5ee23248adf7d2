"""Two channels in one grid: what a codec that never took a step already carries of where sounds are."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.errors import CodecError
from daemon.codec.model import CodecModel
from daemon.codec.side import Side
from daemon.dsp.framing import analyse
from daemon.dsp.loudness import integrated_lufs
from daemon.dsp.measure import mel_distance, side_distance
from daemon.dsp.width import width_db

HOP = 1024
CONFIG = CodecConfig(channels=2, side_bands=6, width=96, latent=140, levels=8, codebook_size=64)
Signal = NDArray[np.float32]


def noise(seed: int, seconds: float = 0.6) -> Signal:
    """Noise that falls by 3 dB an octave and decays."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal(round(seconds * 48_000)))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 20))
    sound = np.fft.irfft(spectrum, round(seconds * 48_000))
    return (0.2 * sound / np.abs(sound).max() * np.exp(-2 * np.arange(sound.size) / 48_000)).astype(np.float32)


def panned(sound: Signal, place: float) -> Signal:
    """At 0 only left, at 1 only right, at .5 in the middle."""
    return np.stack([sound * np.float32(np.cos(place * np.pi / 2)), sound * np.float32(np.sin(place * np.pi / 2))])


def apart(seed: int) -> Signal:
    """Two channels that have nothing to do with each other."""
    return np.stack([noise(seed), noise(seed + 100)])


def energies_db(pair: Signal) -> list[float]:
    return [10 * float(np.log10(np.square(channel).mean() + 1e-12)) for channel in pair]


@pytest.fixture(scope="module")
def placed() -> Codec:
    """A stereo codec that never took a step, its codes placed on noises between and beside the loudspeakers."""
    torch.manual_seed(0)
    model = CodecModel(CONFIG)
    random = np.random.default_rng(0)
    sounds = [panned(noise(n), float(p)) for n, p in enumerate(random.uniform(0, 1, 20))]
    sounds += [panned(noise(50 + n), 0.5) for n in range(6)] + [apart(70 + n) for n in range(8)]
    inputs = [torch.from_numpy(s * np.float32(10 ** ((-20 - integrated_lufs(s)) / 20))) for s in sounds]
    with torch.no_grad():
        model.spectra.fit(inputs)
        latents = torch.cat([model.encode(sound[None])[0] for sound in inputs])
        model.quantizer.fit(latents, torch.Generator().manual_seed(0), 100.0, model.level_parts())
    return Codec(model)


def through(codec: Codec, sound: Signal, levels: list[int] | None = None) -> Signal:
    made = codec.encode(sound)
    return codec.decode(made.codes, levels=levels, samples=made.samples, gain_db=made.gain_db)


@pytest.mark.parametrize("length", [1, 1025, 30_001])
def test_two_channels_come_back_at_their_length(placed: Codec, length: int) -> None:
    made = placed.encode(apart(1)[:, :length] if length < 28_800 else np.tile(apart(1), 2)[:, :length])
    assert made.codes.shape == (8, -(-length // HOP)) and made.samples == length
    decoded = placed.decode(made.codes, samples=length)
    assert decoded.shape == (2, length) and decoded.dtype == np.float32 and np.isfinite(decoded).all()


@given(lo=st.integers(0, 59), count=st.integers(1, 60), seed=st.integers(0, 100))
@settings(max_examples=15)
def test_a_range_equals_the_same_range_of_the_whole(placed: Codec, lo: int, count: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 64, (8, 60)).astype(np.uint16)
    hi = min(60, lo + count)
    part = placed.decode_range(codes, lo, hi)
    assert part.shape == (2, (hi - lo) * HOP)
    assert np.abs(part - placed.decode(codes)[:, lo * HOP : hi * HOP]).max() < 1e-4
    assert np.abs(placed.decode(codes, chunk_frames=7) - placed.decode(codes)).max() < 1e-4


@pytest.mark.parametrize("place", [0.0, 0.15, 0.85, 1.0])
def test_a_sound_stays_on_its_side(placed: Codec, place: float) -> None:
    source = panned(noise(7), place)
    left, right = energies_db(through(placed, source))
    wanted = np.clip(np.subtract(*energies_db(source)), -12, 12)
    assert (left - right) * np.sign(wanted) > 0.6 * abs(wanted)


def test_what_is_mono_stays_mono(placed: Codec) -> None:
    """In one channel or in two equal ones: the same codes, and no width made up."""
    sound = noise(200)
    assert np.array_equal(placed.encode(sound).codes, placed.encode(np.stack([sound, sound])).codes)
    assert width_db(through(placed, sound)) < -25


def test_what_is_wide_stays_wide(placed: Codec) -> None:
    source = apart(300)
    decoded = through(placed, source)
    assert abs(width_db(decoded) - width_db(source)) < 4
    silence = np.stack([source.mean(axis=0)] * 2).astype(np.float32)
    assert side_distance(source, decoded) < 0.3 * side_distance(source, silence)


def test_every_fourth_level_begins_as_the_side_and_without_them_it_is_all_but_gone(placed: Codec) -> None:
    assert list(placed.config.side_levels) == [3, 7] and list(placed.config.low_levels) == [2, 6]
    first = CONFIG.mel_bands + CONFIG.low_dimensions
    for level in range(8):
        vectors = placed.codebook_vectors(level)
        inside = np.square(vectors[:, first : first + 2 * CONFIG.side_bands]).sum() / np.square(vectors).sum()
        assert inside > 0.99 if level in (3, 7) else inside < 0.01
    source = apart(300)
    kept = [0, 1, 2, 4, 5, 6]
    assert width_db(through(placed, source, kept)) < -25
    assert mel_distance(source, through(placed, source, kept)) < 1.1 * mel_distance(source, through(placed, source))


def test_the_sum_of_the_channels_does_not_depend_on_the_side(placed: Codec) -> None:
    """Mono compatibility: what a single loudspeaker plays is the mid and nothing else."""
    codes = placed.encode(apart(301)).codes
    others = codes.copy()
    others[[3, 7]] = np.random.default_rng(0).integers(0, 64, (2, codes.shape[1]))
    one, other = (placed.decode(grid).sum(axis=0) for grid in (codes, others))
    assert np.abs(one - other).max() < 1e-3 * np.abs(one).max()
    assert np.abs(placed.decode(codes) - placed.decode(others)).max() > 0.1 * np.abs(one).max()


def test_a_quiet_pair_keeps_its_codes_and_comes_back_quiet(placed: Codec) -> None:
    source = panned(noise(9), 0.2)
    loud, quiet = placed.encode(source), placed.encode(source * np.float32(0.2))
    assert (loud.codes == quiet.codes).mean() > 0.98  # a gain in hundredths of a dB moves a code now and then
    assert loud.gain_db - quiet.gain_db == pytest.approx(13.98, abs=0.05)
    decoded = placed.decode(loud.codes, samples=loud.samples, gain_db=loud.gain_db)
    assert integrated_lufs(decoded) == pytest.approx(integrated_lufs(source), abs=3.0)


def test_nothing_above_20_khz_is_invented_in_either_channel() -> None:
    """Whatever the network says of the side's highest bins."""
    torch.manual_seed(0)
    model = CodecModel(CONFIG)
    with torch.no_grad():
        model.decoder.leave_side.bias[854 : CONFIG.bins] = 2.0
        latents = 0.1 * torch.randn(1, 40, CONFIG.latent, generator=torch.Generator().manual_seed(1))
        first = CONFIG.mel_bands + CONFIG.low_dimensions
        latents[..., first : first + 2 * CONFIG.side_bands] = 4.0
        pair = model.decode(latents)[0].numpy()
    assert width_db(pair) > 0
    for channel in pair:
        spectrum = np.abs(np.fft.rfft(channel * np.hanning(channel.size))) ** 2
        top = spectrum[round(20_500 / 48_000 * channel.size) :].sum() / spectrum.sum()
        assert 10 * np.log10(top) < -55


def test_a_mono_codec_refuses_two_channels_and_a_stereo_one_three(toy_codec: Codec, placed: Codec) -> None:
    with pytest.raises(CodecError, match="mono clip"):
        toy_codec.encode(apart(1))
    with pytest.raises(CodecError, match="one or two channels"):
        placed.encode(np.zeros((3, 4096), np.float32))


def test_a_configuration_without_bands_for_the_side_is_refused() -> None:
    for channels, side_bands in ((2, 0), (1, 6), (3, 6)):
        with pytest.raises(ValueError, match="side bands"):
            CodecConfig(channels=channels, side_bands=side_bands, latent=140)


@pytest.fixture(scope="module")
def spectra() -> tuple[torch.Tensor, torch.Tensor]:
    sounds = torch.from_numpy(np.stack([noise(1), noise(2)])[:, : 26 * HOP])
    one, other = (analyse(30 * sound[None], 2048, 512) for sound in sounds)
    return one, other


@pytest.mark.parametrize("along", [-1.5, -0.3, 0.0, 0.5, 1.0])
def test_a_side_that_follows_is_drawn_exactly(spectra: tuple[torch.Tensor, torch.Tensor], along: float) -> None:
    side, (mid, _) = Side(CONFIG), spectra
    drawn = side.draw(side.measure(mid, along * mid), mid, torch.zeros_like(mid.real), torch.zeros_like(mid.real))
    error = (drawn - along * mid).abs().square().sum() / mid.abs().square().sum()
    assert error < 2e-3
    with torch.autocast("cpu", torch.bfloat16):  # as a training on a GPU measures it
        assert torch.equal(side.measure(mid, along * mid), side.measure(mid, along * mid).float())
        assert side.measure(mid, along * mid)[..., CONFIG.side_bands :].max() < 0.1


def test_a_side_that_stands_apart_keeps_its_energy(spectra: tuple[torch.Tensor, torch.Tensor]) -> None:
    side, (mid, other) = Side(CONFIG), spectra
    phase = torch.rand(mid.shape, generator=torch.Generator().manual_seed(0)) * 6.283
    drawn = side.draw(side.measure(mid, 0.5 * other), mid, torch.zeros_like(mid.real), phase)
    ratio = drawn.abs().square().sum() / (0.5 * other).abs().square().sum()
    assert 0.6 < ratio < 1.6

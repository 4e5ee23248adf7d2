"""The fine envelope: nothing of what windows carry by themselves, and a hit where it was."""

import math

import pytest
import torch
from torch import Tensor

from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.codec.transients import CHANCE_NEPERS, MOST_GAIN_NEPERS, Transients
from daemon.dsp.framing import analyse, overlap_add, synthesise

CONFIG = CodecConfig()
RATE, L = 48_000, 32 * 1024
ONSET = 14_500  # 164 samples into a latent frame: its windows begin far before


@pytest.fixture(scope="module")
def transients() -> Transients:
    return Transients(CONFIG)


def hit() -> Tensor:
    """Noise that begins at once and dies away in 30 ms, after silence."""
    time = torch.arange(L - ONSET) / RATE
    noise = torch.randn(L - ONSET, generator=torch.Generator().manual_seed(1))
    return torch.cat([torch.zeros(ONSET), 0.5 * noise * (-time / 0.03).exp()])[None]


def band(transients: Transients, audio: Tensor) -> tuple[Tensor, Tensor]:
    """What of a sound the envelope is about: its samples and its spectrum."""
    spectrum = analyse(audio, CONFIG.n_fft, CONFIG.hop_length) * transients.band
    return synthesise(spectrum, CONFIG.n_fft, CONFIG.hop_length), spectrum


def turned(audio: Tensor) -> Tensor:
    """The same magnitudes with phases of chance, as a decoder that knows none has them."""
    spectrum = analyse(audio, CONFIG.n_fft, CONFIG.hop_length)
    phase = torch.rand(spectrum.shape, generator=torch.Generator().manual_seed(2)) * 2 * math.pi
    return synthesise(torch.polar(spectrum.abs(), phase), CONFIG.n_fft, CONFIG.hop_length)


def before_db(audio: Tensor) -> float:
    """Energy in the 15 ms before the hit, relative to the 15 ms from it on."""
    span = RATE * 15 // 1000
    early, late = (audio[0, lo : lo + span].square().sum() for lo in (ONSET - span, ONSET))
    return float(10 * (early / late).clamp_min(1e-12).log10())


@pytest.mark.parametrize("kind", ["noise", "tone", "silence"])
def test_what_windows_carry_is_not_coded(transients: Transients, kind: str) -> None:
    sounds = {
        "noise": 0.1 * torch.randn(1, L, generator=torch.Generator().manual_seed(0)),
        "tone": 0.3 * torch.sin(2 * math.pi * 3000 * torch.arange(L) / RATE)[None],
        "silence": torch.zeros(1, L),
    }
    measured = transients.measure(*band(transients, sounds[kind]))
    assert measured.shape == (1, L // CONFIG.hop_length, CONFIG.envelope_points)
    inner = measured[:, 2:-2]  # a tone that is cut off begins and ends
    assert (inner != 0).float().mean() < 0.03 and inner.abs().max() < 0.2


def test_a_hit_with_phases_of_chance_is_put_back_where_it_was(transients: Transients) -> None:
    source = hit()
    measured = transients.measure(*band(transients, source))
    made = turned(source)
    smeared = band(transients, made)
    sharpened = made + (transients.gain(measured, *smeared) - 1) * smeared[0]
    smeared_db, sharpened_db = before_db(smeared[0]), before_db(band(transients, sharpened)[0])
    assert smeared_db > -8, "the flaw that is to be corrected is not there"
    assert sharpened_db < smeared_db - 10
    assert abs(10 * float((sharpened.square().mean() / made.square().mean()).log10())) < 1.5


def test_a_sound_that_has_its_envelope_already_is_left_alone(transients: Transients) -> None:
    source = hit()
    own = band(transients, source)
    gain = transients.gain(transients.measure(*own), *own)
    assert (gain - 1).abs().max() < 0.5 and (gain - 1).abs().mean() < 0.02
    nothing = transients.gain(torch.zeros(1, L // CONFIG.hop_length, CONFIG.envelope_points), *own)
    assert torch.equal(nothing, torch.ones(1, L))


def test_it_puts_nothing_above_20_khz(transients: Transients) -> None:
    """Everything up to 20 kHz, and the hardest gains there are."""
    noise = torch.randn(1, L, generator=torch.Generator().manual_seed(3))
    spectrum = analyse(noise, CONFIG.n_fft, CONFIG.hop_length)
    spectrum[..., math.ceil(20_000 / RATE * CONFIG.n_fft) :] = 0
    made = synthesise(spectrum, CONFIG.n_fft, CONFIG.hop_length)
    high = band(transients, made)
    measured = torch.randn(
        1, L // CONFIG.hop_length, CONFIG.envelope_points, generator=torch.Generator().manual_seed(4)
    )
    shaped = made + (transients.gain(3 * measured, *high) - 1) * high[0]
    assert (shaped - made).abs().max() > 0.5

    def above(audio: Tensor) -> float:
        power = analyse(audio, 4096, 1024)[0, 4:-4].abs().double().square().sum(0)
        return float(10 * (power[math.ceil(20_100 / RATE * 4096) :].sum() / power.sum()).log10())

    assert above(shaped) < -60


def test_a_begun_codec_carries_it_to_the_sound() -> None:
    """Without codes or training the latent has it where `level_parts` says, and the decoder takes it from there."""
    torch.manual_seed(0)
    model = CodecModel(CONFIG).eval()
    model.spectra.fit([hit()[0]])
    with torch.no_grad():
        latent = model.encode(hit())
        first = CONFIG.mel_bands + CONFIG.low_dimensions
        measured = slice(first, first + CONFIG.envelope_points)
        levels = model.level_parts()[:, measured]
        assert [level for level, part in enumerate(levels) if part.any()] == [5, 8] and levels[5].all()
        without = latent.clone()
        without[..., measured] = 0
        assert before_db(model.decode(latent)) < before_db(model.decode(without)) - 6


def test_two_channels_share_it() -> None:
    """Both channels of a hit that is louder on the left are put back, by what the mid's envelope says."""
    torch.manual_seed(0)
    config = CodecConfig(channels=2, side_bands=12, latent=160)
    model = CodecModel(config).eval()
    pair = torch.stack([hit(), 0.5 * hit()], 1)
    model.spectra.fit([pair[0]])
    first = config.mel_bands + config.low_dimensions + 2 * config.side_bands
    with torch.no_grad():
        latent = model.encode(pair)
        without = latent.clone()
        without[..., first : first + config.envelope_points] = 0
        sharp, smeared = model.decode(latent), model.decode(without)
    for channel in range(2):
        assert before_db(sharp[:, channel]) < before_db(smeared[:, channel]) - 6


def test_points_that_do_not_divide_the_windows_are_refused() -> None:
    for points in (0, 3):
        with pytest.raises(ValueError, match="envelope_points"):
            CodecConfig(envelope_points=points)


def test_gains_go_from_block_to_block_by_hann_windows(transients: Transients, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block's nepers under a Hann window of two blocks; windows add up to one but at the two ends."""
    wanted = torch.randn(2, 3, CONFIG.envelope_points, generator=torch.Generator().manual_seed(3))
    audio, spectrum = torch.zeros(2, 3 * CONFIG.hop_length), torch.zeros(2, 3, CONFIG.bins, dtype=torch.complex64)
    monkeypatch.setattr(transients, "ratio", lambda *_: torch.zeros(2, 3 * CONFIG.envelope_points))
    measured = wanted.flatten(1)
    sure = measured.square() / (measured.square() + CHANCE_NEPERS**2)
    nepers = (sure * (measured + CHANCE_NEPERS * torch.tanh(measured / CHANCE_NEPERS))).clamp(
        -MOST_GAIN_NEPERS, MOST_GAIN_NEPERS
    )
    block = CONFIG.hop_length // CONFIG.envelope_points
    laid = overlap_add(nepers[..., None] * torch.hann_window(2 * block), block)[:, block // 2 :]
    gain = transients.gain(wanted, audio, spectrum)
    torch.testing.assert_close(gain, laid[:, : audio.shape[-1]].exp())

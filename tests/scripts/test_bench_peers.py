"""The networks that bench_codec.py compares Allele with: they learn, keep lengths and spend what they say."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from loguru import logger

from daemon.dsp.measure import si_sdr_db
from peers.measuring import aligned, level_gain
from peers.networks import NETWORKS, build, missing, peer_setting
from peers.peer import PeerSetting, bake_weight_norm, code_kbps, kbps, matched
from peers.pqmf import TAPS, Pqmf
from peers.references import NearestFrame, opus, packet_bytes

# encodec and snac are in the extra `bench`, which set-up does not install: they are tested where they are.
HERE = [name for name in NETWORKS if not missing(name)]
SMALL = {
    "encodec": PeerSetting(levels=2, codebook_size=16, width=4),
    "snac": PeerSetting(levels=4, codebook_size=16, width=8),
    "dac-like": PeerSetting(levels=2, codebook_size=16, width=4),
    "rave-like": PeerSetting(levels=2, codebook_size=16, width=8),
}


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    logger.disable("vector_quantize_pytorch")
    yield
    logger.enable("vector_quantize_pytorch")


def test_what_needs_no_extra_is_always_here() -> None:
    assert {"dac-like", "rave-like"} <= set(HERE)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "snac needs the package snac: " in missing("snac")
    assert "[bench]" in missing("encodec")
    assert missing("rave-like") == ""


@pytest.mark.parametrize("name", HERE)
def test_every_weight_learns_and_lengths_are_kept(name: str) -> None:
    peer = build(name, SMALL[name], seed=0)
    audio = 0.1 * torch.randn(2, 12_345, generator=torch.Generator().manual_seed(1))
    made, loss = peer.train()(audio)
    assert made.shape == audio.shape
    ((made - audio).square().mean() + loss).backward()
    assert [key for key, value in peer.named_parameters() if value.grad is None] == []
    assert loss.item() > 0


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("samples", [700, 48_000, 50_001])
def test_codes_decode_to_the_exact_length(name: str, samples: int) -> None:
    peer = build(name, SMALL[name], seed=0)
    audio = 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(1))
    peer.train()(audio[:, :700].repeat(4, 1))  # places the codes that begin by k-means
    peer.eval()
    bake_weight_norm(peer)
    with torch.no_grad():
        codes = peer.encode(audio)
        assert peer.decode(codes, samples).shape == (1, samples)
    assert all(int(level.min()) >= 0 and int(level.max()) < 16 for level in codes)


@pytest.mark.parametrize("name", HERE)
def test_what_is_decoded_in_training_is_what_the_codes_say(name: str) -> None:
    """In eval mode the forward pass and encode, decode are the same path (EnCodec's within its first segment)."""
    peer = build(name, SMALL[name], seed=0)
    audio = 0.1 * torch.randn(4, 6144, generator=torch.Generator().manual_seed(1))
    peer.train()(audio)
    peer.eval()
    with torch.no_grad():
        torch.manual_seed(3)
        forward = peer(audio[:1])[0] if name != "dac-like" else None  # which drops levels in its forward pass
        torch.manual_seed(3)
        decoded = peer.decode(peer.encode(audio[:1]), 6144)
    if forward is not None:
        assert torch.allclose(forward, decoded, atol=1e-4)
    assert float(decoded.abs().max()) > 0


@pytest.mark.parametrize("name", HERE)
def test_bits_are_those_that_were_said(name: str) -> None:
    peer = build(name, SMALL[name], seed=0)
    audio = 0.1 * torch.randn(1, 96_000, generator=torch.Generator().manual_seed(1))
    peer.train()(audio[:, :8192].repeat(4, 1))
    with torch.no_grad():
        spent = code_kbps(peer.eval().encode(audio), 16, 96_000)
    assert spent == pytest.approx(peer.nominal_kbps, rel=0.08)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("wanted", [1.4, 2.25, 2.625, 3.375])
def test_a_matched_peer_has_no_fewer_bits_and_few_more(name: str, wanted: float) -> None:
    setting = peer_setting(name, "matched", wanted)
    hop = {"encodec": 320, "snac": 384, "dac-like": 512, "rave-like": 1024}[name]
    strides = (8, 4, 2, 1) if name == "snac" else [1] * setting.levels
    spent = kbps(hop, strides, setting.codebook_size)
    most = 2.9 if name == "snac" else wanted * 1.25  # SNAC has its four levels and three sizes of codebook, no more
    assert min(wanted * 0.995, 2.8) <= spent <= most


def test_matching_prefers_the_larger_codebook() -> None:
    assert matched(1.0, 48_000 // 100, 4, 1024) == (1, 1024)
    assert matched(1.8, 48_000 // 100, 4, 1024) == (2, 512)
    assert matched(99.0, 48_000 // 100, 4, 1024) == (4, 1024)


def test_as_published_is_as_published() -> None:
    assert peer_setting("dac-like", "own", 2.6) == PeerSetting(levels=9, codebook_size=1024, width=64)
    assert peer_setting("dac-like", "own", 2.6, 3e-4).learning_rate == 3e-4


def test_the_filterbank_gives_back_what_it_was_given() -> None:
    """Nearly: 60 dB away from the ends, where filters reach beyond the sound."""
    pqmf = Pqmf()
    audio = torch.randn(1, 16 * 1000, generator=torch.Generator().manual_seed(0))
    bands = pqmf.analyse(audio)
    assert bands.shape == (1, 16, 1000)
    inside = slice(TAPS, -TAPS)
    error = (pqmf.synthesise(bands) - audio)[:, inside]
    assert 10 * torch.log10(audio[:, inside].square().sum() / error.square().sum()) > 60


def test_the_filterbank_keeps_bands_apart() -> None:
    tone = torch.sin(2 * torch.pi * 5250 * torch.arange(48_000) / 48_000)[None]  # the middle of band 3
    energy = Pqmf().analyse(tone)[0].square().sum(1)
    assert int(energy.argmax()) == 3
    assert float(energy[3] / energy.sum()) > 0.999


def test_alignment_finds_a_shift_between_samples() -> None:
    random = np.random.default_rng(0)
    source = np.convolve(random.standard_normal(9_000), np.hanning(16), "same").astype(np.float32)
    spectrum = np.fft.rfft(source, 16_384)
    turn = np.exp(-2j * np.pi * np.arange(spectrum.size) / 16_384 * 37.3125)
    late = -np.fft.irfft(spectrum * turn)[:9_000].astype(np.float32)
    assert si_sdr_db(source, late) < 0
    assert si_sdr_db(source, aligned(source, late)) > 20


def test_level_is_given_back_but_for_a_decibel() -> None:
    source = np.random.default_rng(0).standard_normal(48_000).astype(np.float32) * 0.1
    assert level_gain(source, source) == 1.0
    assert 20 * np.log10(level_gain(source, source * 0.7)) == pytest.approx(2.1, abs=0.05)  # 3.1 dB less one
    assert 20 * np.log10(level_gain(source, source * 0.01)) == pytest.approx(6.0)
    assert level_gain(source, source * 0) == 1.0


def test_the_collage_repeats_what_it_knows() -> None:
    random = np.random.default_rng(0)
    known, other = (random.standard_normal(20_000).astype(np.float32) * 0.1 for _ in range(2))
    collage = NearestFrame([other, known])
    assert si_sdr_db(known, collage.collage(known)) > 40
    assert collage.collage(known[:15_001]).shape == (15_001,)
    assert collage.kbps == pytest.approx(np.log2(2 * 21) * 48_000 / 1024 / 1000, rel=0.02)


def test_opus_spends_what_it_is_given() -> None:
    source = (0.3 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)).astype(np.float32)
    decoded, size = opus(source, 6.0)
    assert decoded.shape == source.shape
    assert size * 8 / 2 / 1000 == pytest.approx(6.0, rel=0.05)
    assert si_sdr_db(source, aligned(source, decoded)) > 0


def test_header_packets_are_not_counted() -> None:
    page = b"OggS" + bytes(22)
    first = page + bytes([1, 19]) + bytes(19)
    second = page + bytes([1, 30]) + bytes(30)
    third = page + bytes([3, 255, 45, 50]) + bytes(350)  # one packet of 300 bytes and one of 50
    assert packet_bytes(first + second + third) == 350

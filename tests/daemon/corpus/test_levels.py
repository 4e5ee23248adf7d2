"""Channels, offsets and flat tops of real files: the same rule for a corpus and for a sound that is encoded."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
from msgspec.structs import replace
from numpy.typing import NDArray

from daemon.codec.config import CodecConfig
from daemon.codec.loudness import clip_gain_db
from daemon.corpus.clips import Clip, Part, open_parts
from daemon.corpus.ingest import ingest
from daemon.corpus.measures import clipped_samples
from daemon.corpus.records import Corpus, FileRecord, load_corpus, save_index
from daemon.workers.clips import read_clip
from protocol.errors import AlleleError

Audio = NDArray[np.float32]
Write = Callable[..., Path]
MONO, STEREO = CodecConfig(), CodecConfig(channels=2, side_bands=2)


def sound(seed: int, samples: int = 60_000) -> Audio:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes `(C, L)` audio as floats."""

    def write(audio: Audio, name: str = "a.wav", rate: int = 48_000) -> Path:
        path = tmp_path / name
        soundfile.write(path, np.atleast_2d(audio).T, rate, subtype="FLOAT")
        return path

    return write


def added(path: Path) -> tuple[Corpus, FileRecord]:
    report = ingest([path], path.parent / "corpus")
    assert len(report.added) == 1, report.errors
    return load_corpus(path.parent / "corpus"), report.added[0]


def trained_on(corpus: Corpus, config: CodecConfig) -> Clip:
    (record,) = corpus.usable
    (clip,) = open_parts(corpus, [Part(sha256=record.sha256, start=0, stop=record.samples)], config)
    return clip


ONE = sound(1)
LONG = sound(4, 240_000)


@pytest.mark.parametrize("share", [1.0, 0.999])
@pytest.mark.parametrize("wanted", [1, 2])
def test_channels_that_cancel_out_are_refused_in_both_with_the_levels_and_the_fix(
    write: Write, share: float, wanted: int
) -> None:
    path = write(np.stack([ONE, -np.float32(share) * ONE]))
    (refused,) = ingest([path], path.parent / "corpus").errors
    with pytest.raises(AlleleError) as raised:
        read_clip(path, wanted)
    assert raised.value.code == "E_BAD_AUDIO"
    assert raised.value.message.startswith(str(path))
    for words, fix in ((refused.message, refused.hint), (raised.value.message, str(raised.value.hint))):
        assert "cancel" in words and "dB of a -20 dB channel" in words and "polarity" in fix


@pytest.mark.parametrize(
    ("channels", "says", "fix"),
    [
        ([ONE, -0.9 * ONE], "partly cancel each other: averaging leaves -46 dB of a -20 dB channel", "polarity"),
        ([sound(2), ONE, sound(3), -ONE], "channels 2 and 4 partly cancel", "polarity"),
        ([1e-3 * sound(2), ONE], "averaging leaves -26 dB of a -20 dB channel", "channel 2 alone"),
        ([LONG, LONG * np.repeat([1, 1, -1, 1, 1], 48_000)], "cancel each other for 1.0 s, first at 2 s", "polarity"),
    ],
    ids=["most of it", "a pair", "one is quiet", "for a while"],
)
def test_what_averaging_loses_is_named_in_both(write: Write, channels: list[Audio], says: str, fix: str) -> None:
    path = write(np.stack(channels).astype(np.float32))
    _, record = added(path)
    assert record.status == "ok" and says in record.message and fix in record.hint
    notes = "\n".join(read_clip(path).notes)
    assert says in notes and fix in notes


def test_a_stereo_model_is_told_only_what_it_cannot_carry(write: Write) -> None:
    wide = write(np.stack([ONE, -0.4 * ONE]), "wide.wav")
    assert read_clip(wide, 2).notes == [] and any("partly cancel" in note for note in read_clip(wide, 1).notes)
    wider = write(np.stack([ONE, -0.9 * ONE]), "wider.wav")
    assert any("partly cancel" in note for note in read_clip(wider, 2).notes)


@pytest.mark.parametrize("place", [0, 1])
def test_a_silent_channel_leaves_the_level_of_the_other(write: Write, place: int) -> None:
    pair = np.zeros((2, ONE.size), np.float32)
    pair[place] = ONE
    path = write(pair)
    corpus, record = added(path)
    assert record.heard == [place] and record.message == ""
    clip = read_clip(path)
    assert np.array_equal(clip.audio, ONE) and any("channel is silent" in note for note in clip.notes)
    mono = trained_on(corpus, MONO)
    assert np.array_equal(mono.mono(), ONE) and np.array_equal(mono.sound(5, 99), ONE[5:99])
    assert mono.gain_db == pytest.approx(clip_gain_db(ONE, MONO), abs=0.011)
    assert np.array_equal(read_clip(path, 2).audio, pair), "in stereo it stays where it is"
    assert np.array_equal(trained_on(corpus, STEREO).sound(), pair)
    assert corpus.stereo_share() == 0.0, "one live channel is no reason for a stereo model"


@pytest.mark.parametrize("armed", [[2], [0, 7]])
def test_the_empty_tracks_of_a_recorder_are_left_out(write: Write, armed: list[int]) -> None:
    tracks = np.zeros((8, ONE.size), np.float32)
    tracks[armed] = [sound(seed) for seed in armed]
    path = write(tracks)
    corpus, record = added(path)
    heard = tracks[armed].mean(axis=0)
    assert record.channels == 8 and record.message == "" and record.heard == [0]
    for wanted, config in ((1, MONO), (2, STEREO)):
        clip = read_clip(path, wanted)
        np.testing.assert_allclose(clip.audio, heard, atol=1e-7)
        assert any(f"{8 - len(armed)} of its 8 channels are silent" in note for note in clip.notes)
        np.testing.assert_allclose(np.atleast_2d(trained_on(corpus, config).sound())[0], heard, atol=1e-7)


@pytest.mark.parametrize("rate", [48_000, 44_100])
@pytest.mark.parametrize("offsets", [[0.2], [0.1, 0.0], [0.05, -0.05], [0.03, 0.0, 0.0]])
def test_training_and_encoding_take_the_same_offset_out(write: Write, rate: int, offsets: list[float]) -> None:
    plain = np.stack([sound(seed, 150_000) for seed in range(len(offsets))])
    path = write(plain + np.array(offsets, np.float32)[:, None], rate=rate)
    corpus, record = added(path)
    assert abs(record.dc_offset) == pytest.approx(offsets[0], abs=3e-3)
    assert f"DC offset of {record.dc_offset:+.2f}" in record.message
    clip = read_clip(path)
    assert any("DC offset" in note for note in clip.notes)
    assert np.array_equal(clip.audio, trained_on(corpus, MONO).mono())
    without = read_clip(write(plain, "plain.wav", rate)).audio
    assert np.abs(clip.audio - without).max() < 4e-3, "no step where the file begins or ends"


def test_an_index_from_before_offsets_were_taken_out_is_read_as_it_was(write: Write) -> None:
    pair = np.stack([ONE, 0 * ONE])
    corpus, record = added(write(pair))
    old = replace(record, dc_offset=0.25, is_offset_removed=False, heard=None)
    save_index(corpus.folder, [old])
    index = corpus.folder / "corpus.json"
    fields = msgspec.json.decode(index.read_bytes())
    for name in ("is_offset_removed", "heard"):
        del fields["files"][0][name]
    index.write_bytes(msgspec.json.encode(fields))
    clip = trained_on(load_corpus(corpus.folder), MONO)
    np.testing.assert_allclose(clip.mono(), ONE / 2 - 0.25, atol=1e-7)


def test_a_short_hit_has_no_offset_and_keeps_its_end(write: Write) -> None:
    t = np.arange(12_000) / 48_000
    hit = (np.tanh(4 * np.sin(2 * np.pi * 55 * t) * np.exp(-15 * t) + 0.5 * np.exp(-15 * t)) * 0.9).astype(np.float32)
    hit[-480:] *= np.linspace(1, 0, 480, dtype=np.float32)
    assert abs(hit.mean()) > 0.02
    path = write(hit)
    corpus, record = added(path)
    assert record.dc_offset == 0.0 and record.message == "" and read_clip(path).notes == []
    assert np.array_equal(read_clip(path).audio, hit) and np.array_equal(trained_on(corpus, MONO).mono(), hit)


def test_only_flat_tops_are_clipped(write: Write) -> None:
    sine = np.sin(2 * np.pi * 100 * np.arange(48_000) / 48_000).astype(np.float32)
    assert added(write(3.5 * sine))[1].clipped_samples == 0
    assert clipped_samples(3.5 * sine[None]) == 0
    flat = np.clip(3.5 * sine, -1.4, 1.4)
    assert clipped_samples(flat[None]) == int((np.abs(flat) == np.float32(1.4)).sum())
    whole = np.clip(np.round(sine * 40_000), -32_768, 32_767).astype(np.float32)[None] / 32_768
    assert clipped_samples(whole) == pytest.approx(int((np.abs(sine) * 40_000 > 32_767).sum()), abs=400)
    assert clipped_samples(0.5 * np.sign(sine[None])) == 0
    assert clipped_samples(np.ones((1, 2), np.float32)) == 0

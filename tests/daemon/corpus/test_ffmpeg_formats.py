"""Formats that libsndfile does not read: encoded here by the same FFmpeg, read with their delay and padding cut off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from daemon.corpus import ffmpeg
from daemon.corpus.discovery import find_files
from daemon.corpus.leftovers import Leftovers
from daemon.corpus.streams import UnreadableFileError

RATE_HZ = 44_100
SECONDS = 3.21
LENGTH = round(SECONDS * RATE_HZ)
FORMATS = {"wavpack": "s16p", "tta": "s16"}  # their first choice is 8 bits
LOSSLESS = ("alac", "wavpack", "tta", "flac", "pcm_s16le")


def clicks() -> Any:
    """Silence with clicks at known places, over a tone: where it lies in time can be seen to the sample."""
    sound = np.sin(2 * np.pi * 300 * np.arange(LENGTH) / RATE_HZ) * 0.2
    sound[RATE_HZ :: RATE_HZ // 2] = 0.9
    return (sound * 32767).astype(np.int16)


def encode(path: Path, codec: str, *, channels: int = 1, tracks: int = 1, sound: Any = None) -> None:
    sound = clicks() if sound is None else sound
    layout = {1: "mono", 2: "stereo"}[channels]
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=48_000 if codec == "libopus" else RATE_HZ) for _ in range(tracks)]
        for stream in streams:
            stream.layout, stream.format = layout, FORMATS.get(codec, stream.format)
            stream.bit_rate = 128_000
        for stream in streams:
            resampler = av.AudioResampler(stream.codec_context.format, layout, stream.rate, frame_size=0)
            for start in range(0, len(sound), 4410):
                piece = np.repeat(sound[start : start + 4410], channels)[None]
                frame = av.AudioFrame.from_ndarray(piece, format="s16", layout=layout)
                frame.sample_rate, frame.pts = RATE_HZ, start
                for converted in resampler.resample(frame):
                    container.mux(stream.encode(converted))
            for converted in resampler.resample(None):
                container.mux(stream.encode(converted))
            container.mux(stream.encode(None))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("name", "codec", "slack"),
    [
        ("a.m4a", "aac", 0),
        ("a.mp4", "aac", 0),
        ("a.m4a", "alac", 0),
        ("a.mov", "pcm_s16le", 0),
        ("a.wv", "wavpack", 0),
        ("a.tta", "tta", 0),
        ("a.mka", "flac", 0),
        ("a.webm", "libopus", 400),
        ("a.mkv", "libopus", 400),
        ("a.aac", "aac", 2500),  # raw frames: nothing says what is delay and what is padding
        ("a.wma", "wmav2", 4096),
    ],
)
def test_formats(
    tmp_path: Path, read_whole: Callable[[Path], Any], name: str, codec: str, slack: int, channels: int
) -> None:
    encode(tmp_path / name, codec, channels=channels)
    heard = read_whole(tmp_path / name)
    rate = heard.decoding.sample_rate_hz
    assert heard.audio.shape[0] == channels and heard.remarks == []
    assert heard.audio.shape[1] == pytest.approx(LENGTH * rate / RATE_HZ, abs=slack)
    if codec in LOSSLESS:
        assert (heard.audio == clicks() / np.float32(32768)).all()
    elif not slack:
        window = heard.audio[0, RATE_HZ - 300 : RATE_HZ + 300]
        assert abs(int(np.abs(window).argmax()) - 300) <= 3  # the encoder's delay was cut off


def test_24_bits_keep_their_level(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    with av.open(str(tmp_path / "a.wv"), "w") as container:
        stream = container.add_stream("wavpack", rate=RATE_HZ, options={})
        stream.layout, stream.format = "mono", "s32p"
        frame = av.AudioFrame.from_ndarray(np.full((1, 8192), -(1 << 30), np.int32), format="s32p", layout="mono")
        frame.sample_rate = RATE_HZ
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert np.allclose(read_whole(tmp_path / "a.wv").audio, -0.5)


def test_a_second_track_is_named(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    encode(tmp_path / "a.mka", "flac", tracks=2)
    assert read_whole(tmp_path / "a.mka").remarks == ["It holds 2 sound tracks: the first is read."]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wv", "wavpack"), ("a.mka", "flac"), ("a.tta", "tta"), ("a.aac", "aac")]
)
def test_a_missing_tail_is_noticed(tmp_path: Path, read_whole: Callable[[Path], Any], name: str, codec: str) -> None:
    encode(tmp_path / name, codec, sound=np.random.default_rng(2).integers(-9000, 9000, LENGTH, np.int16))
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) * 7 // 10])
    heard = read_whole(tmp_path / name)
    assert heard.decoding.is_cut_short and 1.4 < heard.seconds < 2.5
    assert heard.remarks[0].startswith(f"Damaged or truncated: the first {heard.seconds:.2f} s")


def test_an_mp4_without_its_end_is_one_clear_line(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    encode(tmp_path / "a.m4a", "aac")
    content = (tmp_path / "a.m4a").read_bytes()
    (tmp_path / "a.m4a").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableFileError) as refused:
        read_whole(tmp_path / "a.m4a")
    assert "MP4 or M4A" in refused.value.message and "end may be missing" in refused.value.message
    assert "\n" not in refused.value.message and refused.value.hint


def test_without_pyav_they_are_counted_and_refused_with_what_to_install(
    tmp_path: Path, read_whole: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode(tmp_path / "a.m4a", "aac")
    monkeypatch.setattr(ffmpeg.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UnreadableFileError) as refused:
        read_whole(tmp_path / "a.m4a")
    assert "PyAV is not installed" in refused.value.message and "pip install av" in refused.value.hint
    left_out = Leftovers()
    (found,) = find_files([tmp_path], left_out)
    assert "No audio files" in found.message and "M4A" not in found.hint
    assert left_out.line == "not read: 1 .m4a; for .m4a: pip install av"

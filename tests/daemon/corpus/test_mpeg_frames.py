"""MP3 as it is found: no count of frames, a wrong one, pictures, tags, junk, several files in one, and cut off."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from daemon.corpus.formats.mpeg import read_header

RATE_HZ = 44_100
SECONDS = 4.0
FRAME_S = 1152 / RATE_HZ


def sweep(seconds: float = SECONDS, rate: int = RATE_HZ) -> Any:
    """First quiet, then loud: a variable bit rate makes the first frames small, or large."""
    time_s = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(3).normal(0, 0.2, time_s.size)
    return np.sin(2 * np.pi * 220 * time_s) * 0.3 + noise * (time_s > seconds / 2)


def frames_of(content: bytes) -> list[bytes]:
    """The frames of an MP3 without tags."""
    frames: list[bytes] = []
    at = 0
    while at + 4 <= len(content):
        header = read_header(int.from_bytes(content[at : at + 4], "big"))
        assert header is not None
        frames.append(content[at : at + header.size])
        at += header.size
    return frames


@pytest.fixture(scope="module", params=["CONSTANT", "VARIABLE"])
def mp3(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("mp3") / "a.mp3"
    with soundfile.SoundFile(path, "w", RATE_HZ, 1, bitrate_mode=request.param, compression_level=0.9) as file:
        file.write(sweep())
    content = path.read_bytes()
    assert b"Info" in content[:200] or b"Xing" in content[:200]
    return content


def headless(content: bytes) -> list[bytes]:
    return frames_of(content)[1:]


PICTURE = b"ID3\x03\0\0" + bytes([0, 3, 84, 96]) + b"\0" * (3 * 16384 + 84 * 128 + 96)
ID3V1 = b"TAG" + b"x" * 125
APE_ITEM = struct.pack("<II", 4, 0) + b"Title\0name"
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 32 + len(APE_ITEM), 1, 0) + b"\0" * 8


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (PICTURE, b""), (b"", ID3V1), (PICTURE, APE_ITEM + APE + ID3V1), (PICTURE * 2, b"\0" * 900)],
)
def test_without_a_count_of_frames_all_of_them_are_read(
    tmp_path: Path, read_whole: Callable[[Path], Any], mp3: bytes, before: bytes, after: bytes
) -> None:
    frames = headless(mp3)
    (tmp_path / "a.mp3").write_bytes(before + b"".join(frames) + after)
    heard = read_whole(tmp_path / "a.mp3")
    assert heard.seconds == pytest.approx(len(frames) * FRAME_S, abs=0.02) and heard.remarks == []
    (tmp_path / "whole.mp3").write_bytes(mp3)
    wanted = read_whole(tmp_path / "whole.mp3").audio[0]
    shifts = [np.abs(heard.audio[0, shift : shift + 80_000] - wanted[:80_000]).max() for shift in (1105 - 529, 1105, 0)]
    assert min(shifts) < 1e-3  # the same sound, but for the encoder's delay, which the count's frame would name


def test_a_good_file_is_read_as_libsndfile_reads_it(
    tmp_path: Path, read_whole: Callable[[Path], Any], mp3: bytes
) -> None:
    (tmp_path / "a.mp3").write_bytes(mp3)
    heard = read_whole(tmp_path / "a.mp3")
    assert heard.audio.shape[1] == round(SECONDS * RATE_HZ) and heard.remarks == []
    assert (heard.audio[0] == soundfile.read(tmp_path / "a.mp3", dtype="float32")[0]).all()


def test_junk_between_frames_is_passed_over(tmp_path: Path, read_whole: Callable[[Path], Any], mp3: bytes) -> None:
    frames = headless(mp3)
    middle = len(frames) // 2
    junk = PICTURE + np.random.default_rng(1).integers(0, 255, 5000, np.uint8).tobytes()
    (tmp_path / "a.mp3").write_bytes(b"".join([*frames[:middle], junk, *frames[middle:]]))
    assert read_whole(tmp_path / "a.mp3").seconds == pytest.approx(len(frames) * FRAME_S, abs=0.06)


def test_joined_files_are_read_one_after_the_other(
    tmp_path: Path, read_whole: Callable[[Path], Any], mp3: bytes
) -> None:
    soundfile.write(tmp_path / "b.mp3", np.stack([sweep(1.0, 32_000)] * 2, 1), 32_000)
    (tmp_path / "a.mp3").write_bytes(mp3 + ID3V1 + mp3 + (tmp_path / "b.mp3").read_bytes())
    heard = read_whole(tmp_path / "a.mp3")
    assert heard.seconds == pytest.approx(2 * SECONDS + 1, abs=0.01) and heard.remarks == []
    length = round(SECONDS * RATE_HZ)
    assert np.abs(heard.audio[0, :length] - heard.audio[0, length : 2 * length]).max() < 1e-6


def test_a_count_that_is_too_small_is_no_limit(tmp_path: Path, read_whole: Callable[[Path], Any], mp3: bytes) -> None:
    place = max(mp3[:200].find(b"Info"), mp3[:200].find(b"Xing"))
    (tmp_path / "a.mp3").write_bytes(mp3[: place + 8] + struct.pack(">I", 30) + mp3[place + 12 :])
    heard = read_whole(tmp_path / "a.mp3")
    assert heard.seconds == pytest.approx(SECONDS, abs=0.01) and heard.remarks == []


@pytest.mark.parametrize("has_count", [True, False])
def test_a_missing_tail_is_noticed(
    tmp_path: Path, read_whole: Callable[[Path], Any], mp3: bytes, has_count: bool
) -> None:
    content = mp3 if has_count else b"".join(headless(mp3))
    frames = frames_of(content)
    kept = len(frames) // 2
    (tmp_path / "a.mp3").write_bytes(b"".join(frames[:kept]) + frames[kept][:50])
    heard = read_whole(tmp_path / "a.mp3")
    assert heard.decoding.is_partial and heard.seconds == pytest.approx(kept * FRAME_S, abs=0.08)
    assert heard.remarks[0].startswith("Damaged or truncated: the first ")
    assert (" of 4.00 s " in heard.remarks[0]) == has_count


def test_mp2_is_read_to_its_end(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mp2"), "w") as container:
        stream = container.add_stream("mp2", rate=48_000)
        stream.layout = "mono"
        tone = (sweep(1.0, 48_000) * 20_000).astype(np.int16)
        for start in range(0, len(tone), 1152):
            frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1152], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    heard = read_whole(tmp_path / "a.mp2")
    assert heard.seconds == pytest.approx(1.0, abs=0.06) and heard.remarks == []

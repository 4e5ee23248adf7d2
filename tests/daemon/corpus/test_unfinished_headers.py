"""WAV, AIFF, AU, CAF and Wave64 whose sizes are wrong: read to the end of the file, and nothing else as sound."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

RATE_HZ = 48_000
LENGTH = 72_000
SOUND = (np.random.default_rng(5).uniform(-0.5, 0.5, LENGTH) * 32767).astype(np.int16)
BYTES = SOUND.astype("<i2").tobytes()
FORM = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16)
UNFINISHED = "never finished"


def wav(
    riff: int, data: int, *, magic: bytes = b"RIFF", chunks: bytes = FORM, sound: bytes = BYTES, after: bytes = b""
) -> bytes:
    return magic + struct.pack("<I", riff) + b"WAVE" + chunks + b"data" + struct.pack("<I", data) + sound + after


def whole(after: bytes = b"", *, chunks: bytes = FORM, data: int = len(BYTES)) -> bytes:
    return wav(4 + len(chunks) + 8 + len(BYTES) + len(after), data, chunks=chunks, after=after)


def ds64(riff: int, data: int) -> bytes:
    return b"ds64" + struct.pack("<IQQQI", 28, riff, data, data // 2, 0)


def is_sound(heard: Any) -> bool:
    return heard.audio.shape == (1, LENGTH) and bool((heard.audio[0] == SOUND / np.float32(32768)).all())


@pytest.mark.parametrize(
    "content",
    [
        wav(0, 0),
        wav(36 + len(BYTES) // 2, len(BYTES) // 2),
        wav(36 + len(BYTES), 0),
        wav(36, 0, chunks=FORM + b"LIST" + struct.pack("<I", 4) + b"INFO"),
        wav(36 + 1000, 1000),
        wav(0xFFFFFFFF, 0xFFFFFFFF, magic=b"RF64", chunks=ds64(2000, 1000) + FORM),
    ],
)
def test_a_wav_that_a_crash_left_is_read_to_its_end_and_noted(
    tmp_path: Path, read_whole: Callable[[Path], Any], content: bytes
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    heard = read_whole(tmp_path / "a.wav")
    assert is_sound(heard) and not heard.decoding.is_partial
    assert len(heard.remarks) == 1 and UNFINISHED in heard.remarks[0] and "1.50 s" in heard.remarks[0]


@pytest.mark.parametrize(
    "content",
    [
        whole(),
        wav(0xFFFFFFFF, 0xFFFFFFFF),
        wav(0xFFFFFFFF, 0xFFFFFFFF - 36),
        wav(0x7FFFF024, 0x7FFFF000),
        wav(0x80000024, 0x80000000),
        wav(0xFFFFFFFF, 0xFFFFFFFF, magic=b"RF64", chunks=ds64(len(BYTES) + 72, len(BYTES)) + FORM),
        wav(0xFFFFFFFF, 0xFFFFFFFF, magic=b"BW64", chunks=ds64(len(BYTES) + 72, len(BYTES)) + FORM),
        wav(0xFFFFFFFF, 0xFFFFFFFF, magic=b"RF64", chunks=ds64(0, 0) + FORM),
        whole(b"LIST" + struct.pack("<I", 8000) + b"x" * 8000),
        whole(b"id3 " + struct.pack("<I", 3000) + b"ID3" + b"x" * 2997 + b"bext" + struct.pack("<I", 602) + b"y" * 602),
        whole(b"LIST" + struct.pack("<I", 8000) + b"x" * 4000),  # a chunk that was cut off is no sound either
        whole(b"Abcd" + struct.pack("<I", 500) + b"x" * 500 + b"Efgh" + struct.pack("<I", 100) + b"y" * 100),
        whole(b"TAG" + b"x" * 125),
        whole(b"ID3\x04\0\0\0\0\x07\x76" + b"x" * 1000),
        whole(b"\0" * 4096),
        whole(b"junk after the sound"),
        whole(chunks=FORM + b"bext" + struct.pack("<I", 601) + b"x" * 601),  # no padding byte
        whole(chunks=FORM + b"bext" + struct.pack("<I", 601) + b"x" * 601 + b"\0"),
    ],
)
def test_a_wav_that_was_finished_or_came_from_a_pipe_is_read_exactly(
    tmp_path: Path, read_whole: Callable[[Path], Any], content: bytes
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    heard = read_whole(tmp_path / "a.wav")
    assert is_sound(heard) and heard.remarks == []


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW"])
def test_every_kind_of_sample_survives_a_header_that_was_never_finished(
    tmp_path: Path, read_whole: Callable[[Path], Any], subtype: str
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([SOUND, SOUND[::-1]], 1).astype(np.float64) / 32768, RATE_HZ, subtype=subtype)
    wanted = soundfile.read(path, dtype="float32")[0].T
    content = bytearray(path.read_bytes())
    place = content.index(b"data")
    content[4:8] = content[place + 4 : place + 8] = b"\0" * 4
    path.write_bytes(bytes(content))
    heard = read_whole(path)
    assert (heard.audio[:, :LENGTH] == wanted).all() and heard.audio.shape[1] - LENGTH < 8
    assert UNFINISHED in heard.remarks[0]


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.au", "a.caf", "a.w64", "a.rf64"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_missing_tail_is_noticed_in_every_container(
    tmp_path: Path, read_whole: Callable[[Path], Any], name: str, share: float
) -> None:
    soundfile.write(tmp_path / name, SOUND, RATE_HZ, subtype="PCM_16")
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: round(len(content) * share)])
    heard = read_whole(tmp_path / name)
    assert heard.decoding.is_partial and heard.seconds == pytest.approx(1.5 * share, abs=0.05)
    assert (heard.audio[0] == SOUND[: heard.audio.shape[1]] / np.float32(32768)).all()
    assert heard.remarks == [
        f"Damaged or truncated: the first {heard.seconds:.2f} s of 1.50 s could be read and are kept."
    ]


def test_an_aiff_that_was_never_finished(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    path = tmp_path / "a.aiff"
    soundfile.write(path, SOUND, RATE_HZ, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    assert content[12:16] == b"COMM" and content[38:42] == b"SSND"
    for frames in (0, 1000):
        content[4:8] = struct.pack(">I", 46 + 2 * frames)
        content[22:26] = struct.pack(">I", frames)
        content[42:46] = struct.pack(">I", 8 + 2 * frames)
        path.write_bytes(bytes(content))
        heard = read_whole(path)
        assert is_sound(heard) and UNFINISHED in heard.remarks[0]


@pytest.mark.parametrize(("size", "is_noted"), [(0xFFFFFFFF, False), (0, True), (2000, True), (2 * LENGTH, False)])
def test_au(tmp_path: Path, read_whole: Callable[[Path], Any], size: int, is_noted: bool) -> None:
    head = b".snd" + struct.pack(">5I", 24, size, 3, RATE_HZ, 1)
    (tmp_path / "a.au").write_bytes(head + SOUND.astype(">i2").tobytes())
    heard = read_whole(tmp_path / "a.au")
    assert is_sound(heard) and any(UNFINISHED in remark for remark in heard.remarks) == is_noted


@pytest.mark.parametrize(("size", "is_noted"), [(-1, False), (4, True), (2004, True), (4 + 2 * LENGTH, False)])
def test_caf(tmp_path: Path, read_whole: Callable[[Path], Any], size: int, is_noted: bool) -> None:
    path = tmp_path / "a.caf"
    soundfile.write(path, SOUND, RATE_HZ, subtype="PCM_16")
    content = path.read_bytes()
    place = content.index(b"data")
    sound = content[place + 16 : place + 16 + 2 * LENGTH]
    path.write_bytes(content[: place + 4] + struct.pack(">q", size) + b"\0" * 4 + sound)
    heard = read_whole(path)
    assert is_sound(heard) and any(UNFINISHED in remark for remark in heard.remarks) == is_noted


def test_a_wave64_that_was_never_finished(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    path = tmp_path / "a.w64"
    soundfile.write(path, SOUND, RATE_HZ, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    place = content.index(b"data\xf3\xac")
    content[place + 16 : place + 24] = struct.pack("<Q", 24)
    path.write_bytes(bytes(content[: place + 24 + 2 * LENGTH]))
    heard = read_whole(path)
    assert is_sound(heard) and UNFINISHED in heard.remarks[0]


def test_two_wavs_in_one_file_are_both_read(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    soundfile.write(tmp_path / "b.wav", SOUND[:24_000], 24_000, subtype="PCM_16")
    (tmp_path / "a.wav").write_bytes(whole() + (tmp_path / "b.wav").read_bytes())
    heard = read_whole(tmp_path / "a.wav")
    assert heard.seconds == pytest.approx(2.5) and heard.remarks == []
    assert (heard.audio[0, :LENGTH] == SOUND / np.float32(32768)).all()

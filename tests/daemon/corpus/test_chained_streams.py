"""Ogg and FLAC with several links, without an end, cut off and damaged."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from daemon.corpus.formats.ogg import ENDS, checksum

RATE_HZ = 48_000


def tone(seconds: float, hz: float, channels: int, rate: int) -> Any:
    time_s = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(round(hz)).normal(0, 0.05, (time_s.size, channels))
    return 0.4 * np.sin(2 * np.pi * hz * time_s)[:, None] + noise


def write(
    path: Path, seconds: float, subtype: str, *, hz: float = 200.0, channels: int = 1, rate: int = RATE_HZ
) -> bytes:
    form = "FLAC" if subtype == "PCM_16" else "OGG"
    with soundfile.SoundFile(path, "w", rate, channels, subtype, format=form) as file:
        for start in range(0, round(seconds * rate), rate // 2):  # libsndfile fails on long writes of Vorbis
            file.write(tone(seconds, hz, channels, rate)[start : start + rate // 2])
    return path.read_bytes()


def pages(content: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(content):
        assert content[at : at + 4] == b"OggS"
        segments = content[at + 27 : at + 27 + content[at + 26]]
        stop = at + 27 + len(segments) + sum(segments)
        found.append(content[at:stop])
        at = stop
    return found


def unmarked(page: bytes) -> bytes:
    """The page without the flag of the last one."""
    page = page[:5] + bytes([page[5] & ~ENDS]) + page[6:22] + b"\0" * 4 + page[26:]
    return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def test_the_checksum_is_oggs(tmp_path: Path) -> None:
    for page in pages(write(tmp_path / "a.ogg", 0.5, "VORBIS")):
        assert struct.pack("<I", checksum(page[:22] + b"\0" * 4 + page[26:])) == page[22:26]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS", "PCM_16"])
def test_links_are_read_one_after_the_other(tmp_path: Path, read_whole: Callable[[Path], Any], subtype: str) -> None:
    first = write(tmp_path / "1", 1.0, subtype)
    second = write(tmp_path / "2", 0.75, subtype, hz=500.0)
    (tmp_path / "a").write_bytes(first + second + first)
    heard = read_whole(tmp_path / "a")
    assert heard.seconds == pytest.approx(2.75, abs=0.002) and heard.remarks == []
    for content, at in ((first, 0), (second, RATE_HZ), (first, round(1.75 * RATE_HZ))):
        (tmp_path / "alone").write_bytes(content)
        alone = read_whole(tmp_path / "alone").audio
        assert np.abs(heard.audio[:, at : at + alone.shape[1]] - alone).max() < 1e-5


@pytest.mark.parametrize("subtype", ["VORBIS", "PCM_16"])
@pytest.mark.parametrize("first_channels", [1, 2])
def test_a_link_of_another_rate_and_channel_count_is_brought_to_the_first(
    tmp_path: Path, read_whole: Callable[[Path], Any], subtype: str, first_channels: int
) -> None:
    first = write(tmp_path / "1", 1.0, subtype, channels=first_channels)
    second = write(tmp_path / "2", 1.0, subtype, hz=500.0, channels=3 - first_channels, rate=22_050)
    (tmp_path / "a").write_bytes(first + second)
    heard = read_whole(tmp_path / "a")
    assert heard.audio.shape[0] == first_channels and heard.remarks == []
    assert heard.seconds == pytest.approx(2.0, abs=0.002)
    spectrum = np.abs(np.fft.rfft(heard.audio[0, RATE_HZ : 2 * RATE_HZ]))
    assert int(spectrum.argmax()) == pytest.approx(500, abs=2)


def test_a_link_that_cannot_be_read_is_named(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    first, second = write(tmp_path / "1", 1.0, "VORBIS"), write(tmp_path / "2", 0.5, "VORBIS")
    broken = pages(second)
    broken[1] = broken[1][:30] + bytes(len(broken[1]) - 30)
    (tmp_path / "a.ogg").write_bytes(first + b"".join(broken) + second)
    heard = read_whole(tmp_path / "a.ogg")
    assert heard.seconds == pytest.approx(1.5, abs=0.002) and heard.decoding.is_partial
    assert heard.remarks == ["It consists of 3 parts; not read: part 2."]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_last_page_that_is_not_marked_loses_nothing(
    tmp_path: Path, read_whole: Callable[[Path], Any], subtype: str
) -> None:
    parts = pages(write(tmp_path / "whole.ogg", 2.5, subtype))
    (tmp_path / "a.ogg").write_bytes(b"".join([*parts[:-1], unmarked(parts[-1])]))
    heard, whole = read_whole(tmp_path / "a.ogg"), read_whole(tmp_path / "whole.ogg")
    assert heard.audio.shape == whole.audio.shape and not heard.decoding.is_partial
    assert np.abs(heard.audio - whole.audio).max() < 1e-5
    assert heard.remarks == ["The stream is not marked as ended: all 2.50 s that are there were read."]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.97])
def test_ogg_that_is_cut_inside_a_page_keeps_its_packets(
    tmp_path: Path, read_whole: Callable[[Path], Any], subtype: str, share: float
) -> None:
    content = write(tmp_path / "whole.ogg", 4.0, subtype)
    (tmp_path / "a.ogg").write_bytes(content[: round(len(content) * share)])
    heard, whole = read_whole(tmp_path / "a.ogg"), read_whole(tmp_path / "whole.ogg")
    assert heard.decoding.is_cut_short and heard.seconds == pytest.approx(4 * share, abs=0.35)
    assert heard.remarks == [f"Damaged or truncated: the first {heard.seconds:.2f} s could be read and are kept."]
    length = heard.audio.shape[1] - 2000
    assert np.abs(heard.audio[:, :length] - whole.audio[:, :length]).max() < 1e-4


def with_count(flac: bytes, count: int) -> bytes:
    packed = struct.unpack(">Q", flac[18:26])[0] & ~(2**36 - 1) | count
    return flac[:18] + struct.pack(">Q", packed) + flac[26:]


@pytest.mark.parametrize(("count", "is_noted"), [(0, False), (10_000, True)])
def test_flac_is_read_to_its_last_frame_whatever_its_header_counts(
    tmp_path: Path, read_whole: Callable[[Path], Any], count: int, is_noted: bool
) -> None:
    content = write(tmp_path / "whole.flac", 2.3, "PCM_16", channels=2)
    (tmp_path / "a.flac").write_bytes(with_count(content, count))
    heard = read_whole(tmp_path / "a.flac")
    assert (heard.audio == read_whole(tmp_path / "whole.flac").audio).all()
    assert [("never finished" in remark) for remark in heard.remarks] == [True] * is_noted


def test_flac_that_is_damaged_inside_keeps_what_precedes(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    content = bytearray(write(tmp_path / "whole.flac", 3.0, "PCM_16"))
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    (tmp_path / "a.flac").write_bytes(bytes(content))
    heard = read_whole(tmp_path / "a.flac")
    assert 1.0 < heard.seconds < 1.6 and heard.decoding.is_cut_short
    assert heard.remarks == [
        f"Damaged or truncated: the first {heard.seconds:.2f} s of 3.00 s could be read and are kept."
    ]


def test_a_hundred_links_need_few_descriptors(tmp_path: Path, read_whole: Callable[[Path], Any]) -> None:
    import resource

    (tmp_path / "a.ogg").write_bytes(write(tmp_path / "1", 0.1, "VORBIS") * 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 64
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, hard))
    try:
        heard = read_whole(tmp_path / "a.ogg")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert heard.seconds == pytest.approx(10.0, abs=0.01) and heard.remarks == []

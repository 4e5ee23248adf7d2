"""Cutting on the command line: ranges in frames and seconds, exact samples, and frames that leave and come back."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile


def codes_of(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return np.load(io.BytesIO(archive.read("codes.npy")), allow_pickle=False)


@pytest.fixture
def folder(allele: Any, make_tone: Any) -> Path:
    """Two strands, a.alle of 4.3 s and b.alle of 2 s, and a decode of the whole of a, limited in places."""
    soundfile.write(allele.folder / "a.wav", np.clip(make_tone(4.3, 110.0, level=2.0), -1, 1), 48_000)
    soundfile.write(allele.folder / "b.wav", make_tone(2.0, 220.0), 48_000)
    for name in ("a", "b"):
        assert allele("encode", f"{name}.wav", "--model", "toy").status == 0
    assert allele("decode", "a.alle", "-o", "whole.wav").status == 0
    return allele.folder


@pytest.mark.parametrize(
    ("frames", "first", "past"),
    [
        ("@1.2s:3.4s", 57_600, 163_200),
        ("0s:4s", 0, 192_000),
        ("10:40", 10_240, 40_960),
        ("1500ms:100", 72_000, 102_400),
        (":7", 0, 7_168),
        ("4s:", 192_000, 206_400),
    ],
)
def test_a_part_is_written_sample_for_sample(allele: Any, folder: Path, frames: str, first: int, past: int) -> None:
    made = allele("decode", "a.alle", "--frames", frames, "-o", "part.wav", "--json").json
    whole, part = (soundfile.read(folder / name, dtype="int32")[0] for name in ("whole.wav", "part.wav"))
    assert made["samples"] == past - first == len(part)
    assert made["seconds"] == (past - first) / 48_000
    assert np.array_equal(part, whole[first:past])


def test_a_part_that_is_not_there_is_refused_before_anything_is_written(allele: Any, folder: Path) -> None:
    error = allele("decode", "a.alle", "--frames", "1s:5s", "-o", "part.wav").error
    assert "1s:5s" in error and "4.300 s" in error and "as in 1s:" in error
    for wrong in ("3s:2s", "soon", "10"):
        assert allele("decode", "a.alle", "--frames", wrong, "-o", "part.wav").status == 2
    assert not (folder / "part.wav").exists()


def test_an_edit_is_written_down_in_frames(allele: Any, folder: Path) -> None:
    before = codes_of(folder / "a.alle")
    made = allele("edit", "a.alle", "cut @1.2s:2.4s into=k", "insert k @.5s", "-o", "c.alle", "--json").json
    assert made["edits"] == ["cut @56:113 into=k", "insert k @23:24"]
    after = codes_of(folder / "c.alle")
    rest = np.delete(before, range(56, 113), axis=1)
    assert np.array_equal(after, np.concatenate([rest[:, :23], before[:, 56:113], rest[:, 23:]], axis=1))
    assert allele("edit", "a.alle", "trim @1.2s:", "-o", "d.alle", "--json").json["edits"] == ["crop @56:"]
    assert np.array_equal(codes_of(folder / "d.alle"), before[:, 56:])


def test_a_pause_is_one_frame_of_silence_again_and_again(allele: Any, folder: Path) -> None:
    before = codes_of(folder / "a.alle")
    made = allele("edit", "a.alle", "pause 1s @1s:", "silence @3s:4s", "-o", "c.alle", "--json").json
    assert made["edits"] == ["pause 47 @47:", "silence @141:188"]
    after = codes_of(folder / "c.alle")
    silent = after[:, 47:48]
    assert np.array_equal(after[:, 47:94], np.repeat(silent, 47, axis=1))
    assert np.array_equal(after[:, 141:188], np.repeat(silent, 47, axis=1))
    assert np.array_equal(np.delete(after, np.r_[47:94, 141:188], axis=1), np.delete(before, np.r_[94:141], axis=1))
    assert allele("decode", "c.alle", "--json").json["samples"] == 206_400 + 47 * 1024


def test_two_strands_are_joined(allele: Any, folder: Path) -> None:
    a, b = (codes_of(folder / f"{name}.alle") for name in "ab")
    assert allele("edit", "a.alle", "join b.alle take=1s:", "join b.alle before=2", "-o", "c.alle").status == 0
    joined = np.concatenate([a[:, :2], b, a[:, 2:], b[:, 47:]], axis=1)
    assert np.array_equal(codes_of(folder / "c.alle"), joined)
    assert np.array_equal(codes_of(folder / "b.alle"), b)


def test_swap_takes_seconds(allele: Any, folder: Path) -> None:
    swapped = allele("swap", "a.alle", "b.alle", "--frames", "0.5s:40", "-o", "e.alle", "--json").json
    assert swapped["edits"] == ["swap b.alle @23:40"]
    refused = allele("swap", "a.alle", "b.alle", "--frames", "1s:20", "-o", "f.alle")
    assert refused.status == 2 and "the range 1s:20 is empty" in refused.err


def test_bars_are_cut_at_the_sample_and_counted_by_the_strands_tempo(allele: Any, folder: Path) -> None:
    whole = soundfile.read(folder / "whole.wav", dtype="int32")[0]
    refused = allele("decode", "a.alle", "--frames", "bar1:bar3", "-o", "loop.wav")
    assert "needs a tempo" in refused.error and not (folder / "loop.wav").exists()
    made = allele("decode", "a.alle", "--frames", "bar1:bar3", "--tempo", "120", "-o", "loop.wav", "--json").json
    assert made["samples"] == 192_000
    assert np.array_equal(soundfile.read(folder / "loop.wav", dtype="int32")[0], whole[:192_000])
    edited = allele(
        "edit", "a.alle", "tempo 90 beats=3", "reverse @bar2", "pause 1beat @2.2:", "-o", "t.alle", "--json"
    )
    assert edited.json["edits"] == ["tempo 90 beats=3", "reverse @94:188", "pause 31 @125:"]
    assert "90 bpm, 3 beats a bar" in " ".join(edited.json["notes"])
    assert allele("strand", "show", "t.alle", "--json").json["tempo"] == {"bpm": 90.0, "beats": 3}
    made = allele("decode", "t.alle", "--frames", "@2.1:2.2", "-o", "beat.wav", "--json").json
    assert made["samples"] == 32_000
    assert allele("edit", "t.alle", "tempo none", "--json").json["edits"] == ["tempo none"]
    assert allele("strand", "show", "t.alle", "--json").json["tempo"] is None
    found = allele("strand", "tempo", "a.alle", "--json").json
    assert found["estimates"] and found["onsets"] == sorted(found["onsets"])
    beats = [one["bpm"] * 4.3 / 60 for one in found["estimates"]]
    assert beats == pytest.approx([one["beats"] for one in found["estimates"]])
    for wrong in (["--tempo", "7"], ["--tempo", "none"]):
        assert allele("decode", "a.alle", "--frames", "bar1:", *wrong, "-o", "x.wav").status == 2

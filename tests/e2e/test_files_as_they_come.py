"""Through the command line: all of a file is read or it is said what is not, and a folder is accounted for."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
import soundfile


@pytest.fixture
def takes(tmp_path: Path, make_tone: Callable[..., Any]) -> Path:
    """A folder of recordings with something wrong with each, called after it."""
    folder = tmp_path / "takes"
    folder.mkdir()
    soundfile.write(folder / "unfinished.wav", make_tone(2.0, 210.0), 48_000, subtype="PCM_16")
    content = bytearray((folder / "unfinished.wav").read_bytes())
    content[4:8], content[40:44] = struct.pack("<I", 36 + 48_000), struct.pack("<I", 48_000)
    (folder / "unfinished.wav").write_bytes(bytes(content))
    soundfile.write(folder / "part.ogg", make_tone(1.0, 310.0), 48_000)
    (folder / "chained.ogg").write_bytes((folder / "part.ogg").read_bytes() * 2)
    (folder / "part.ogg").unlink()
    for name, hz in (("cut.flac", 410.0), ("cut.wav", 450.0), ("cut.aiff", 490.0)):
        soundfile.write(folder / name, make_tone(2.0, hz), 48_000)
        (folder / name).write_bytes((folder / name).read_bytes()[: (folder / name).stat().st_size * 7 // 10])
    with av.open(str(folder / "memo.M4A"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(make_tone(2.0, 510.0)[None], format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return folder


SECONDS = {"unfinished.wav": 2.0, "chained.ogg": 2.0, "memo.M4A": 2.0, "cut.wav": 1.4, "cut.aiff": 1.4, "cut.flac": 1.4}


def test_corpus_and_encode_read_the_same_and_say_the_same(allele: Any, takes: Path) -> None:
    added = allele("corpus", "add", "takes", takes, "--json")
    facts = added.json
    assert sorted(Path(path).name for path in facts["added"]) == sorted(SECONDS)
    problems = {Path(problem["path"]).name: problem for problem in facts["problems"]}
    assert set(problems) == {"unfinished.wav", "cut.wav", "cut.aiff", "cut.flac"}
    recordings = {
        Path(file["path"]).name: file for file in allele("corpus", "show", "takes", "--json").json["recordings"]
    }
    for name, seconds in SECONDS.items():
        ran = allele("encode", takes / name, "--model", "toy", "--json", "-o", f"{name}.alle")
        assert recordings[name]["seconds"] == pytest.approx(seconds, abs=0.15)
        assert ran.json["seconds"] == pytest.approx(recordings[name]["seconds"], abs=0.03)
        if name in problems:
            words = problems[name]["problem"].rstrip(".")
            assert any(words[1:] in note for note in ran.json["notes"]) and words[1:] in ran.err
            assert words in added.err
    allele("corpus", "remove", "takes")


def test_a_folder_is_accounted_for_in_one_line(allele: Any, recordings: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Bob's pack"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "A.WAV").write_bytes((recordings / "tone1.wav").read_bytes())
    for name in ("a.txt", "b.TXT", "c.pdf", "d.mid", ".e.wav", "._A.WAV", "README"):
        (folder / name).write_bytes(b"\0")
    (folder / "deep" / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "more").symlink_to(recordings, target_is_directory=True)
    ran = allele("corpus", "add", "pack", folder, "--json")
    assert ran.json["files"] == 1 and ran.json["skipped"] == 0
    kinds = {".txt": 2, ".pdf": 1, ".mid": 1, "hidden": 1, "AppleDouble (._)": 1, "without a suffix": 1}
    assert ran.json["not_read"]["kinds"] == kinds
    assert {(link["path"], link["target"], link["is_loop"]) for link in ran.json["not_read"]["linked_folders"]} == {
        (str(folder / "deep" / "loop"), str(folder), True),
        (str(folder / "more"), str(recordings), False),
    }
    (line,) = [line for line in ran.err.splitlines() if line.startswith("not read: ")]
    assert all(f"{count} {kind}" in line for kind, count in kinds.items())
    assert f"more -> {recordings}" in line and f"loop -> {folder}, a loop" in line and line in ran.json["notes"]
    allele("corpus", "remove", "pack")
    (folder / "deep" / "A.WAV").unlink()
    nothing = allele("corpus", "add", "pack", folder)
    assert "No audio files" in nothing.error and "not read: 2 .txt" in nothing.err

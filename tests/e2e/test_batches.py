"""Commands on several files, takes, standard output, trial runs, and the commands that only look or play."""

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile


@pytest.fixture
def folder(allele: Any, make_tone: Any) -> Path:
    """Two short recordings and their strands in `d`, encoded in one call."""
    for name, hz in (("a", 110.0), ("b", 220.0)):
        soundfile.write(allele.folder / f"{name}.wav", make_tone(1.5, hz), 48_000)
    made = allele("encode", "a.wav", "b.wav", "--model", "toy", "--out-dir", "d", "--json").json
    assert [one["strand"] for one in made["outputs"]] == ["d/a.alle", "d/b.alle"]
    assert made["strand"] == "d/a.alle" and made["frames"] == 71 and made["problems"] == [] and not made["dry_run"]
    return allele.folder


def codes_of(data: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return np.load(io.BytesIO(archive.read("codes.npy")), allow_pickle=False)


def test_takes_have_seeds_that_make_them_again(allele: Any, folder: Path) -> None:
    made = allele("edit", "d/a.alle", "mutate 0.8", "--count", "3", "--out-dir", "t", "--json").json
    takes = [folder / "t" / f"take-0{number}.alle" for number in (1, 2, 3)]
    codes = [codes_of(take.read_bytes()) for take in takes]
    assert not np.array_equal(codes[0], codes[1]) and not np.array_equal(codes[1], codes[2])
    text = made["outputs"][1]["edits"][0]
    assert text.startswith("mutate 0.8 seed=")
    assert allele("edit", "d/a.alle", text, "-o", "again.alle").status == 0
    assert np.array_equal(codes_of((folder / "again.alle").read_bytes()), codes[1])
    both = allele("edit", "d/a.alle", "d/b.alle", "mutate 1 seed=4", "--count", "2", "--out-dir", "u", "--json").json
    assert [one["strand"] for one in both["outputs"]] == [
        "u/a-take-01.alle", "u/a-take-02.alle", "u/b-take-01.alle", "u/b-take-02.alle",
    ]  # fmt: skip
    assert both["outputs"][3]["edits"] == ["mutate 1 seed=5"]
    assert "take-01.alle: it exists" in allele("edit", "d/a.alle", "mutate 1", "--count", "1", "--out-dir", "t").error
    refused = allele("edit", "d/a.alle", "reverse", "--count", "2", "--out-dir", "v").error
    assert "every take would be the same" in refused and not (folder / "v").exists()


def test_a_file_that_fails_does_not_stop_the_others(allele: Any, folder: Path) -> None:
    ran = allele("decode", "d/a.alle", "d/missing.alle", "d/b.alle", "--out-dir", "w", "--json")
    assert ran.status == 1 and "error: d/missing.alle: there is no such file" in ran.err
    assert '"problem": "d/missing.alle: there is no such file"' in ran.out
    assert sorted(path.name for path in (folder / "w").iterdir()) == ["a.wav", "b.wav"]
    (folder / "e").mkdir()
    (folder / "e" / "a.alle").write_bytes((folder / "d" / "a.alle").read_bytes())
    assert "both be written to x/a.wav" in allele("decode", "d/a.alle", "e/a.alle", "--out-dir", "x").error


def test_nothing_is_written_in_a_trial(allele: Any, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for words in (
        ("edit", "d/a.alle", "d/b.alle", "crop @0.2s:1s"),
        ("edit", "d/a.alle", "reverse", "--out-dir", "new"),
        ("decode", "d/a.alle", "--out-dir", "new"),
        ("decode", "d/a.alle", "-o", "a-out.wav"),
        ("encode", "a.wav", "--model", "toy"),
        ("swap", "d/a.alle", "d/b.alle"),
        ("blend", "d/a.alle", "d/b.alle", "--amount", "0.5"),
    ):
        ran = allele(*words, "--dry-run")
        assert ran.status == 0 and ran.out.startswith("would write "), ran.err
        assert allele(*words, "--dry-run", "--json").json["dry_run"] is True
    assert "new/a.wav: 1.50 s" in allele("decode", "d/a.alle", "--out-dir", "new", "--dry-run").out
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert "it exists already" in allele("decode", "d/a.alle", "-o", "b.wav", "--dry-run").error


def test_standard_output_holds_the_file_alone(allele: Any, folder: Path) -> None:
    def out(*words: str) -> bytes:
        done = subprocess.run(
            allele.command(*words, "-o", "-"), cwd=folder, env=allele.environment, capture_output=True, check=True
        )
        return done.stdout

    assert allele("decode", "d/a.alle", "-o", "a-out.wav").status == 0
    assert out("decode", "d/a.alle") == (folder / "a-out.wav").read_bytes()
    assert np.array_equal(
        codes_of(out("encode", "a.wav", "--model", "toy")), codes_of((folder / "d/a.alle").read_bytes())
    )
    assert codes_of(out("edit", "d/a.alle", "crop @3:9")).shape[1] == 6
    assert allele("decode", "d/a.alle", "-o", "-", "--json").status == 2
    assert allele("decode", "d/a.alle", "d/b.alle", "-o", "x.wav").status == 2
    assert allele("edit", "d/a.alle", "mutate 1", "--count", "2").status == 2


def test_a_strand_is_shown_and_searched_without_a_daemon(allele: Any, folder: Path, tmp_path: Path) -> None:
    assert allele("edit", "d/a.alle", "set 5 q1 @3:5", "set 6 q1 @5").status == 0
    elsewhere = type(allele)(tmp_path / "no-home", folder)
    shown = elsewhere("strand", "show", "d/a.alle", "--json").json
    assert shown["edits"] == ["set 5 q1 @3:5", "set 6 q1 @5:6"] and shown["samples"] == 72_000
    assert shown["source"]["path"] == str(folder / "a.wav")
    found = elsewhere("strand", "find", "d/a.alle", "5", ".", "6", "--level", "1", "--json").json
    assert {"frame": 3, "seconds": 0.064} in found["places"] and found["codes"] == [5, None, 6]
    assert "has no level 9" in elsewhere("strand", "find", "d/a.alle", "5", "--level", "9").error
    assert "is not a code" in elsewhere("strand", "find", "d/a.alle", "500").error
    assert not (tmp_path / "no-home").exists()


def test_a_recording_and_a_strand_are_played(allele: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLELE_SOUND", "paced")
    assert allele("play", "a.wav", "--frames", "0.5s:1s", "--json").json == {
        "file": "a.wav",
        "seconds": 0.5,
        "device": "paced",
    }
    assert (
        allele("play", "d/a.alle", "--frames", "10:20", "--levels", "0-1", "--json").json["seconds"] == 10_240 / 48_000
    )
    assert "is not in the sound" in allele("play", "a.wav", "--frames", "1s:9s").error
    assert "no levels" in allele("play", "a.wav", "--levels", "0").error
    monkeypatch.setenv("ALLELE_SOUND", "none")
    assert "no sound" in allele("play", "a.wav").error

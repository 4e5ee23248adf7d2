"""Recording → codes → edits → sound, through the public command line and the real processes."""

import io
import json
import shlex
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tui.cli.commands import COMMANDS

LEVELS, CODEBOOK = 3, 32


def keys(*words: str) -> set[str]:
    return set(next(command.keys for command in COMMANDS if command.words == words))


def codes_of(path: Path) -> Any:
    """The grid in an .alle file, read as anyone with numpy would."""
    with zipfile.ZipFile(path) as archive:
        return np.load(io.BytesIO(archive.read("codes.npy")), allow_pickle=False)


def meta_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("strand.json"))


def rms_db(samples: Any) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-12))


@pytest.fixture
def strands(allele: Any, recordings: Path) -> tuple[Path, Path]:
    """Two encoded recordings in the test's folder."""
    for name in ("tone0", "tone3"):
        assert allele("encode", recordings / f"{name}.wav", "--model", "toy").status == 0
    return allele.folder / "tone0.alle", allele.folder / "tone3.alle"


def test_training_says_what_it_made(allele: Any) -> None:
    made = json.loads((allele.home / "trained.json").read_text())
    assert made.keys() == keys("train")
    assert (made["model"], made["levels"], made["codebook"], made["steps"]) == ("toy", LEVELS, CODEBOOK, 40)
    assert made["held_out"].keys() == {"mel", "stft", "sisdr_db"}
    assert 0 < made["held_out"]["mel"] < 3
    assert len(made["utilisation"]) == LEVELS and all(0 < share <= 1 for share in made["utilisation"])
    assert made["prior"] is None


def test_models_and_corpora_are_listed(allele: Any) -> None:
    corpora = allele("corpus", "list", "--json").json["corpora"]
    assert [(c["files"], c["skipped"]) for c in corpora if c["name"] == "tones"] == [(6, 0)]
    corpus = allele("corpus", "show", "tones", "--json").json
    assert corpus.keys() == keys("corpus", "show")
    rates = {Path(f["path"]).name: (f["sample_rate"], f["channels"]) for f in corpus["recordings"]}
    assert rates["wide.flac"] == (48_000, 2) and rates["low.ogg"] == (44_100, 1)
    model = allele("model", "show", "toy", "--json").json
    assert model.keys() == keys("model", "show")
    assert len(model["codec_id"]) == 64 and model["frame_rate"] == 46.875
    listed = {name: value for name, value in model.items() if name != "atlas"}
    assert listed in allele("model", "list", "--json").json["models"]
    for words in (
        ("corpus", "list"),
        ("corpus", "show", "tones"),
        ("model", "list"),
        ("model", "show", "toy"),
        ("jobs",),
    ):
        ran = allele(*words)
        assert ran.status == 0 and ("toy" in ran.out or "tones" in ran.out) and ran.err == ""


def test_encode_then_decode_gives_the_source_back_in_length_and_level(allele: Any, recordings: Path) -> None:
    source, _ = soundfile.read(recordings / "tone1.wav")
    encoded = allele("encode", recordings / "tone1.wav", "--model", "toy", "--json").json
    assert encoded.keys() == keys("encode")
    assert encoded["strand"] == "tone1.alle"
    assert (encoded["levels"], encoded["sample_rate"], encoded["seconds"]) == (LEVELS, 48_000, 2.0)
    assert encoded["frames"] == codes_of(allele.folder / "tone1.alle").shape[1] == np.ceil(2.0 * 46.875)
    assert encoded["notes"] == []
    decoded = allele("decode", "tone1.alle", "--json").json
    assert decoded.keys() == keys("decode")
    path = allele.folder / decoded["wav"]
    info = soundfile.info(path)
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", "PCM_24", 48_000, 1)
    assert info.frames == decoded["samples"] == len(source) == 96_000
    heard, _ = soundfile.read(path)
    assert rms_db(heard) == pytest.approx(rms_db(source), abs=15)  # a toy of forty steps; a real one keeps 1 dB
    assert decoded["rms_db"] == pytest.approx(rms_db(heard), abs=0.1)
    assert decoded["peak_db"] == pytest.approx(20 * np.log10(np.abs(heard).max()), abs=0.1)


def test_a_quieter_source_decodes_quieter_by_as_much(allele: Any, recordings: Path) -> None:
    source, _ = soundfile.read(recordings / "tone1.wav")
    soundfile.write(allele.folder / "quiet.wav", source * 0.1, 48_000, subtype="PCM_24")
    levels: list[float] = []
    for path in (recordings / "tone1.wav", allele.folder / "quiet.wav"):
        assert allele("encode", path, "--model", "toy", "-o", "x.alle", "--force").status == 0
        levels.append(allele("decode", "x.alle", "-o", "x.wav", "--force", "--json").json["rms_db"])
    assert levels[0] - levels[1] == pytest.approx(20, abs=1)


def test_odd_lengths_and_other_rates_keep_their_exact_length(allele: Any, recordings: Path) -> None:
    allele("encode", recordings / "low.ogg", "--model", "toy", "-o", "low.alle")
    decoded = allele("decode", "low.alle", "-o", "low.wav", "--json").json
    frames = soundfile.info(recordings / "low.ogg").frames
    assert decoded["samples"] == pytest.approx(frames * 48_000 / 44_100, abs=1)


def test_stereo_is_averaged_and_that_is_said(allele: Any, recordings: Path) -> None:
    ran = allele("encode", recordings / "wide.flac", "--model", "toy", "--json")
    assert any("averaged" in note for note in ran.json["notes"])
    assert "averaged" in ran.err
    assert allele("decode", "wide.alle", "--json").json["channels"] == 1


def test_a_stereo_model_from_recording_to_wav(allele: Any, recordings: Path) -> None:
    """Two channels in one grid: trained, encoded, edited and decoded; what is mono stays in the middle."""
    words = ("train", "tones", "--name", "pair", "--preset", "toy", "--steps", "8", "--json")
    refused = allele(*words, "--channels", "3")
    assert refused.status == 2 and "not one of auto, mono, stereo" in refused.err
    trained = allele(*words, "--channels", "2", timeout_s=120)
    assert trained.status == 0, trained.err
    assert trained.json["held_out"]["side_mel"] is not None and trained.json["levels"] == 4
    assert allele("model", "show", "pair", "--json").json["channels"] == 2
    for name in ("wide.flac", "tone1.wav"):
        encoded = allele("encode", recordings / name, "--model", "pair", "-o", f"{name}.alle", "--json").json
        assert not any("averaged" in note for note in encoded["notes"])
    assert allele("edit", "wide.flac.alle", "reverse @0:16", "-o", "turned.alle").status == 0
    for strand in ("wide.flac.alle", "turned.alle"):
        decoded = allele("decode", strand, "-o", "wide.wav", "--force", "--json").json
        assert decoded["channels"] == 2 and decoded["samples"] == soundfile.info(recordings / "wide.flac").frames
        audio, _ = soundfile.read(allele.folder / "wide.wav")
        assert np.abs(audio[:, 0] - audio[:, 1]).max() > 0.01
    assert allele("decode", "tone1.wav.alle", "-o", "mono.wav", "--levels", "0-2").status == 0
    left, right = soundfile.read(allele.folder / "mono.wav")[0].T
    assert np.square(left - right).sum() < 0.05 * np.square(left + right).sum()


def test_encoding_is_deterministic_and_levels_are_heard_apart(
    allele: Any, strands: tuple[Path, Path], recordings: Path
) -> None:
    allele("encode", recordings / "tone0.wav", "--model", "toy", "-o", "again.alle")
    assert np.array_equal(codes_of(strands[0]), codes_of(allele.folder / "again.alle"))
    allele("decode", "tone0.alle", "-o", "all.wav")
    allele("decode", "tone0.alle", "-o", "same.wav", "--levels", "0-2")
    allele("decode", "tone0.alle", "-o", "coarse.wav", "--levels", "0")
    everything, same, coarse = (soundfile.read(allele.folder / f"{name}.wav")[0] for name in ("all", "same", "coarse"))
    assert np.abs(everything - same).max() < 1e-4  # dither differs, the sound does not
    assert len(coarse) == len(everything) and np.abs(coarse - everything).max() > 1e-3
    assert "has 3 levels" in allele("decode", "tone0.alle", "--levels", "0-3", "-o", "x.wav").error


def test_edits_change_the_cells_they_name_and_no_others(allele: Any, strands: tuple[Path, Path]) -> None:
    before = codes_of(strands[0])
    ran = allele("edit", strands[0], "set 7 q1 @3:5", "copy a q0 @0:4", "put a @10:", "--json")
    assert ran.json.keys() == keys("edit")
    assert ran.json["edits"] == ["set 7 q1 @3:5", "copy a q0 @0:4", "put a @10:"]
    after = codes_of(strands[0])
    wanted = before.copy()
    wanted[1, 3:5] = 7
    wanted[0, 10:14] = before[0, 0:4]
    assert np.array_equal(after, wanted)
    assert meta_of(strands[0])["edits"] == ["set 7 q1 @3:5", "copy a q0 @0:4", "put a @10:"]


def test_swap_changes_only_the_first_strand(allele: Any, strands: tuple[Path, Path]) -> None:
    a, b = codes_of(strands[0]), codes_of(strands[1])
    untouched = strands[1].read_bytes()
    ran = allele("swap", *strands, "--levels", "0-1", "--frames", "10:40", "--json")
    assert ran.json.keys() == keys("swap") and ran.json["strand"] == str(strands[0])
    wanted = a.copy()
    wanted[0:2, 10:40] = b[0:2, 10:40]
    assert np.array_equal(codes_of(strands[0]), wanted)
    assert strands[1].read_bytes() == untouched


def test_the_same_through_edit_and_with_an_output_leaves_the_first_alone(
    allele: Any, strands: tuple[Path, Path]
) -> None:
    first = strands[0].read_bytes()
    assert allele("edit", "tone0.alle", "swap tone3.alle q0-1 @10:40", "-o", "one.alle").status == 0
    assert (
        allele("swap", "tone0.alle", "tone3.alle", "--levels", "0-1", "--frames", "10:40", "-o", "two.alle").status == 0
    )
    assert strands[0].read_bytes() == first
    assert np.array_equal(codes_of(allele.folder / "one.alle"), codes_of(allele.folder / "two.alle"))


def test_a_swap_beyond_the_shorter_strand_is_cropped_and_says_so(
    allele: Any, strands: tuple[Path, Path], recordings: Path
) -> None:
    allele("encode", recordings / "wide.flac", "--model", "toy")
    frames = codes_of(allele.folder / "wide.alle").shape[1]
    ran = allele("swap", strands[0], "wide.alle", "--json")
    assert ran.json["frames"] == codes_of(strands[0]).shape[1] > frames
    assert any("cropped" in note or "crop" in note for note in ran.json["notes"])
    assert ran.err != ""


def test_what_was_swapped_is_heard(allele: Any, strands: tuple[Path, Path]) -> None:
    allele("decode", strands[0], "-o", "before.wav")
    allele("swap", *strands, "-o", "all.alle")
    allele("decode", "all.alle", "-o", "after.wav")
    allele("decode", strands[1], "-o", "other.wav")
    before, after, other = (soundfile.read(allele.folder / f"{name}.wav")[0] for name in ("before", "after", "other"))
    assert len(before) == len(after)
    spectra = [np.abs(np.fft.rfft(sound)) for sound in (before, after, other)]
    likeness = [np.corrcoef(spectra[1], spectrum)[0, 1] for spectrum in (spectra[0], spectra[2])]
    assert likeness[1] > 0.9 > likeness[0]


@pytest.mark.parametrize(("mask", "wanted"), [("022", 0o644), ("077", 0o600), ("002", 0o664)])
def test_files_have_the_persons_permissions(allele: Any, strands: tuple[Path, Path], mask: str, wanted: int) -> None:
    words = shlex.join(allele.command("decode", strands[0].name, "-o"))
    line = f"umask {mask} && {words} new.wav && {words} kept.wav --force"
    kept = allele.folder / "kept.wav"
    kept.write_bytes(b"")
    kept.chmod(0o640)
    subprocess.run(["bash", "-c", line], env=allele.environment, cwd=allele.folder, capture_output=True, check=True)
    assert (allele.folder / "new.wav").stat().st_mode & 0o777 == wanted
    assert kept.stat().st_mode & 0o777 == 0o640
    assert kept.stat().st_size > 1000

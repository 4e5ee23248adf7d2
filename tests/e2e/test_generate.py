"""`allele generate` and the prior's part of `allele train`, by the command line alone."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

# Another seed than that of the model `toy`: equal trainings give equal codecs, and strands belong to codecs.
PRIOR = ("--preset", "toy", "--levels", "3", "--codebook", "32", "--steps", "40", "--seed", "5")


@pytest.fixture(scope="module")
def model(shared: Any) -> str:
    """A model that was trained without a prior, and got one by --resume."""
    plain = shared("train", "tones", "--name", "sung", *PRIOR, "--json", timeout_s=120).json
    assert plain["prior"] is None
    made = shared("train", "tones", "--name", "sung", "--resume", "--prior-budget", "3s", "--json", timeout_s=120).json
    assert made["steps"] == plain["steps"] and made["prior"]["steps"] > 0
    assert made["prior"]["held_out_bits_per_frame"] > 0 and made["prior"]["parameters"] > 0
    assert shared("model", "show", "sung", "--json").json["prior"] == made["prior"]
    return "sung"


def codes_of(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return np.load(io.BytesIO(archive.read("codes.npy")), allow_pickle=False)


def test_sounds_of_exact_length_with_a_manifest(allele: Any, model: str) -> None:
    made = allele("generate", model, "--seconds", "1.5", "--count", "2", "--seed", "7", "-o", "g", "--json").json
    manifest = json.loads(Path(made["manifest"]).read_text())
    assert [one["seed"] for one in made["outputs"]] == [7, 8]
    assert [one["audio"] for one in manifest["outputs"]] == [one["audio"] for one in made["outputs"]]
    for one in made["outputs"]:
        sound, rate = soundfile.read(one["audio"])
        assert rate == 48_000 and len(sound) == 72_000 and np.abs(sound).max() > 0.001
        assert one["engine"] in ("neural", "collage", "events") and {"brightness", "attack", "onsets"} <= set(
            one["descriptors"]
        )
        decoded = allele("decode", one["strand"], "-o", "again.wav", "--force", "--json").json
        assert decoded["samples"] == 72_000
        again, _ = soundfile.read(allele.folder / "again.wav")
        assert np.abs(again[:-480] - sound[:-480]).max() < 1e-3  # the file's end fades


def test_the_same_command_makes_what_is_missing_and_replaces_nothing(allele: Any, model: str) -> None:
    words = ("generate", model, "--seconds", "1", "--engine", "collage", "--seed", "3", "-o", "again")
    assert allele(*words, "--count", "2").status == 0
    folder = allele.folder / "again"
    before = {path.name: path.read_bytes() for path in folder.glob(f"{model}-*")}
    (folder / f"{model}-4.wav").unlink()
    (folder / f"{model}-4.alle").unlink()
    made = allele(*words, "--count", "3", "--json").json
    assert len(made["outputs"]) == 3
    after = {path.name: path.read_bytes() for path in folder.glob(f"{model}-*")}
    assert {name: after[name] for name in before if name.endswith("wav")} == {
        name: data for name, data in before.items() if name.endswith("wav")
    }
    refused = allele(*words, "--creativity", "0.9").error
    assert "it exists already" in refused and "--force" in refused
    assert allele(*words, "--creativity", "0.9", "--force").status == 0


def test_a_strand_is_continued_varied_and_filled(allele: Any, model: str, make_tone: Any) -> None:
    soundfile.write(allele.folder / "a.wav", make_tone(2.0, 220.0), 48_000)
    assert allele("encode", "a.wav", "--model", model, "-o", "a.alle").status == 0
    given = codes_of(allele.folder / "a.alle")
    (more,) = allele(
        "generate", model, "--continue", "a.alle", "--seconds", "0.7", "--seed", "1", "-o", "c", "--json"
    ).json["outputs"]
    assert more["samples"] == 33_600
    (filled,) = allele(
        "generate", model, "--infill", "a.alle", "--frames", "20:40", "--seed", "1", "-o", "i", "--json"
    ).json["outputs"]
    codes = codes_of(Path(filled["strand"]))
    assert np.array_equal(codes[:, :20], given[:, :20]) and np.array_equal(codes[:, 40:], given[:, 40:])
    assert not np.array_equal(codes[:, 20:40], given[:, 20:40]) and filled["samples"] == 96_000
    (varied,) = allele("generate", model, "--vary", "a.alle", "--amount", "0", "--seed", "1", "-o", "v", "--json").json[
        "outputs"
    ]
    assert np.array_equal(codes_of(Path(varied["strand"])), given)


def test_a_selection_is_regenerated_as_an_edit(allele: Any, model: str, make_tone: Any) -> None:
    soundfile.write(allele.folder / "a.wav", make_tone(2.0, 220.0), 48_000)
    assert allele("encode", "a.wav", "--model", model, "-o", "a.alle").status == 0
    before = codes_of(allele.folder / "a.alle")
    for out in ("b.alle", "c.alle"):
        made = allele("edit", "a.alle", "lock q1", "regenerate @20:40 seed=5", "-o", out, "--json").json
        assert made["edits"][-1].startswith("regenerate")
    after, again = (codes_of(allele.folder / name) for name in ("b.alle", "c.alle"))
    assert np.array_equal(after, again)
    changed = after != before
    assert changed[:, 20:40].any() and not changed[1].any()
    assert not changed[:, :20].any() and not changed[:, 40:].any()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--engine", "collage", "--focus", "0.5"), "has no focus"),
        (("--amount", "0.2"), "--vary"),
        (("--frames", "1:2"), "--infill"),
        (("--vary", "missing.alle"), "missing.alle"),
        (("--infill", "b.alle", "--frames", "90:200"), "frames"),
        (("--vary", "b.alle", "--loop"), "loop"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_line(
    allele: Any, model: str, make_tone: Any, words: tuple[str, ...], problem: str
) -> None:
    soundfile.write(allele.folder / "b.wav", make_tone(1.0, 220.0), 48_000)
    allele("encode", "b.wav", "--model", model, "-o", "b.alle", "--force")
    assert problem in allele("generate", model, *words, "--seconds", "1", "-o", "bad").error


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1801"])
def test_lengths_that_cannot_be(allele: Any, model: str, value: str) -> None:
    ran = allele("generate", model, "--seconds", value, "-o", "bad")
    assert ran.status == 2 and "--seconds" in ran.err


def test_a_model_without_a_prior_quotes_its_recordings(allele: Any) -> None:
    (one,) = allele("generate", "toy", "--seconds", "2", "--seed", "1", "-o", "q", "--json").json["outputs"]
    assert one["engine"] == "collage" and one["verbatim"] > 0.3
    assert "no prior" in allele("generate", "toy", "--engine", "neural", "--seconds", "1", "-o", "q2").error


def test_two_models_of_one_codec_make_sounds_together(shared: Any, allele: Any, model: str) -> None:
    words = ("train", "tones", "--name", "choir", "--codec-from", model)
    assert "--levels and --codec-from exclude one another" in shared(*words, "--levels", "3").error
    made = shared(*words, "--prior-budget", "1s", "--seed", "9", "--json", timeout_s=120).json
    assert made["prior"]["steps"] > 0 and made["levels"] == 3
    first, second = (shared("model", "show", name, "--json").json for name in (model, "choir"))
    assert first["codec_id"] == second["codec_id"] and (first["codec_from"], second["codec_from"]) == ("", model)
    assert {"name", "engine", "effect", "cross", "works", "why"} == set(second["knobs"][0])
    mixed = ("generate", model, "--seconds", "0.5", "--seed", "2", "-o", "mixed")
    (sound,) = allele(*mixed, "--with", "choir", "--json").json["outputs"]
    assert sound["with"] == {"model": "choir", "mix": 0.5, "through": "codes"} and sound["engine"] == "neural"
    with zipfile.ZipFile(sound["strand"]) as archive:
        assert json.loads(archive.read("strand.json"))["other"] == "choir"
    for refused, why in (
        (("--mix", "0.5"), "--mix is the share of a second model"),
        (("--with", model), "cannot be mixed with itself"),
        (("--with", "nobody"), "no model is called 'nobody'"),
        (("--with", "choir", "--mix", "-0.5", "--engine", "collage"), "cannot turn away"),
    ):
        assert why in allele(*mixed, *refused).error

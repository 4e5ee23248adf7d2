"""`allele novelty` as a person meets it: a recording, a strand, what cannot be judged."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile


@pytest.fixture(autouse=True)
def _indexed(allele: Any) -> None:
    """The toy model has an index, which its training did not make: it has no second part."""
    if not (allele.home / "models" / "toy" / "novelty" / "novelty.json").exists():
        assert allele("model", "atlas", "toy", timeout_s=120).status == 0


def test_a_crop_of_a_recording_is_a_copy_with_its_name_and_second(allele: Any, recordings: Path) -> None:
    index = json.loads((allele.home / "models" / "toy" / "novelty" / "novelty.json").read_text())
    take = next(take for take in index["takes"] if take["name"].endswith(".wav"))  # its other part is held out
    learned = Path(take["name"]).name
    sound, rate = soundfile.read(recordings / learned)
    first = round(take["start_s"] * rate)
    crop = sound[first + 1000 : first + take["frames"] * rate // 50]
    soundfile.write(allele.folder / "crop.wav", 0.4 * crop, rate)
    found = allele("novelty", "crop.wav", "--model", "toy", "--json").json
    assert {"verdict", "nearest", "at_s", "overlap", "distance_db", "percentile", "seconds", "model", "notes"} <= set(
        found
    )
    assert (found["verdict"], Path(found["nearest"]).name, found["model"]) == ("copy", learned, "toy")
    assert found["overlap"] > 0.5 and found["seconds"] == pytest.approx(len(crop) / rate, abs=0.01)
    line = allele("novelty", "crop.wav", "--model", "toy").out
    assert line.startswith("crop.wav: copy: ") and f" % from {learned} at " in line


def test_a_strand_is_judged_by_its_own_model(allele: Any, recordings: Path) -> None:
    assert allele("encode", recordings / "tone2.wav", "--model", "toy", "-o", "own.alle", "--force").status == 0
    found = allele("novelty", "own.alle", "--json").json
    assert found["model"] == "toy" and found["verdict"] in ("copy", "close", "new") and found["nearest"]
    assert allele("novelty", "own.alle", "--model", "toy").status == 0
    assert "nemo" in allele("novelty", "own.alle", "--model", "nemo").error


def test_silence_and_noise_are_not_taken_for_recordings(allele: Any) -> None:
    soundfile.write(allele.folder / "silence.wav", np.zeros(48_000), 48_000)
    silent = allele("novelty", "silence.wav", "--model", "toy", "--json").json
    assert (silent["verdict"], silent["nearest"], silent["at_s"]) == ("silent", None, None)
    noise = 0.1 * np.random.default_rng(0).standard_normal(96_000)
    soundfile.write(allele.folder / "noise.wav", noise, 48_000)
    found = allele(
        "novelty", "noise.wav", "--model", "toy", "--json"
    ).json  # what this codec decodes is much like noise
    assert found["verdict"] in ("close", "new") and found["overlap"] < 0.5
    assert f"noise.wav: {found['verdict']}: " in allele("novelty", "noise.wav", "--model", "toy").out


def test_what_cannot_be_judged_is_one_line(allele: Any, recordings: Path) -> None:
    (allele.folder / "words.wav").write_text("these are words")
    soundfile.write(allele.folder / "empty.wav", np.zeros(0), 48_000)
    assert "words.wav" in allele("novelty", "words.wav", "--model", "toy").error
    assert "empty.wav" in allele("novelty", "empty.wav", "--model", "toy").error
    assert "no such file" in allele("novelty", "nothing.wav", "--model", "toy").error
    assert "--model" in allele("novelty", recordings / "tone1.wav").error
    folder = allele.home / "models" / "toy" / "novelty"
    folder.rename(folder.with_name("aside"))
    try:
        assert "allele model atlas toy" in allele("novelty", recordings / "tone1.wav", "--model", "toy").error
    finally:
        folder.with_name("aside").rename(folder)

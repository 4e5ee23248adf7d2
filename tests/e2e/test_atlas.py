"""The atlas as a person meets it: made by training, shown, made again, and used by nudge."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from daemon.atlas.files import ATLAS_NAME
from protocol.atlas import DESCRIPTORS, RELIABLE
from protocol.strands import unpack_strand


def codes_of(path: Path) -> np.ndarray:
    return unpack_strand(path.read_bytes())[1]


def test_training_makes_an_atlas_that_is_shown_made_again_and_used(allele: Any, recordings: Path) -> None:
    path = allele.home / "models" / "toy" / ATLAS_NAME
    first = load_file(path)
    shown = allele("model", "show", "toy", "--json").json["atlas"]
    assert (shown["state"], list(shown["reliability"])) == ("ready", list(DESCRIPTORS))
    assert "contexts" in allele("model", "show", "toy").out
    path.unlink()
    assert allele("encode", recordings / "tone1.wav", "--model", "toy", "-o", "a.alle").status == 0
    assert allele("edit", "a.alle", "nudge brighter", "-o", "c.alle").status == 0, "a nudge does without it"
    assert "allele model atlas toy" in allele("model", "show", "toy").out
    made = allele("model", "atlas", "toy", "--json", timeout_s=120).json
    assert {key: made[key] for key in shown} == shown
    again = load_file(path)  # the same codec and recordings: the same atlas
    assert all(np.array_equal(again[name], first[name]) for name in ("effects", "usage"))
    sure = next(name for name, values in made["reliability"].items() if max(values) >= RELIABLE)
    level = int(np.argmax(made["reliability"][sure]))
    direction = DESCRIPTORS[sure].more
    edited = allele("edit", "a.alle", f"nudge {direction} q{level}", "-o", "b.alle", "--json")
    assert edited.status == 0, edited.err
    before, after = codes_of(allele.folder / "a.alle"), codes_of(allele.folder / "b.alle")
    rows = np.flatnonzero((before != after).any(1)).tolist()
    assert rows in ([level], [])
    assert (rows == [level]) != any(note.startswith("nothing changed") for note in edited.json["notes"])
    assert allele("model", "atlas", "nemo").error

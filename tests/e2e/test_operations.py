"""The operations on real recordings, as somebody types them: allele edit and allele blend."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tui.cli.commands import COMMANDS

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo"


def codes_of(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return np.load(io.BytesIO(archive.read("codes.npy")), allow_pickle=False)


def meta_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("strand.json"))


@pytest.fixture
def strands(allele: Any) -> tuple[Path, Path]:
    """Two demo recordings, encoded."""
    for source, name in (("drum_roll", "a"), ("glitch_perc1", "b")):
        assert allele("encode", DEMO / f"{source}.flac", "--model", "toy", "-o", f"{name}.alle").status == 0
    return allele.folder / "a.alle", allele.folder / "b.alle"


def test_blends_at_0_and_1_are_the_sources(allele: Any, strands: tuple[Path, Path]) -> None:
    one, other = map(codes_of, strands)
    both = min(one.shape[1], other.shape[1])
    for mode in ("latent", "cells", "levels"):
        for align in ("none", "stretch", "dtw"):
            ran = allele(
                "blend",
                "a.alle",
                "b.alle",
                "--amount",
                "0",
                "--mode",
                mode,
                "--align",
                align,
                "-o",
                "o.alle",
                "--force",
            )
            assert ran.status == 0, ran.err
            assert np.array_equal(codes_of(allele.folder / "o.alle"), one)
        ran = allele("blend", "a.alle", "b.alle", "--amount", "1", "--mode", mode, "-o", "o.alle", "--force", "--json")
        assert ran.json.keys() == set(next(c.keys for c in COMMANDS if c.words == ("blend",)))
        assert np.array_equal(codes_of(allele.folder / "o.alle")[:, :both], other[:, :both])
    allele("blend", "a.alle", "b.alle", "--amount", "1", "--align", "dtw", "-o", "o.alle", "--force")
    columns = {bytes(column) for column in other.T}
    assert all(bytes(column) in columns for column in codes_of(allele.folder / "o.alle").T)
    assert np.array_equal(codes_of(strands[0]), one) and np.array_equal(codes_of(strands[1]), other)


def test_a_blend_in_between_is_neither_and_repeats_itself(allele: Any, strands: tuple[Path, Path]) -> None:
    one = codes_of(strands[0])
    for mode in ("latent", "cells", "levels"):
        made = []
        for out in ("x.alle", "y.alle"):
            ran = allele(
                "blend", "a.alle", "b.alle", "--amount", "0.5", "--mode", mode, "--align", "dtw", "-o", out, "--force"
            )
            assert ran.status == 0, ran.err
            made.append(codes_of(allele.folder / out))
        assert np.array_equal(*made) and not np.array_equal(made[0], one)
    assert meta_of(allele.folder / "x.alle")["edits"] == ["blend b.alle 0.5 mode=levels align=dtw"]


def test_a_chain_of_operations_keeps_the_sound_decodable_to_the_sample(allele: Any, strands: tuple[Path, Path]) -> None:
    texts = [
        "paint 1,2,.,3 q0 @2:", "copy a q0-1 @0:4", "mix a @6: gap=@6", "flood a @10:18", "shift -2 @0:8",
        "reverse @0:6", "stretch 1.5", "repeat 2 @0:4", "mirror", "mutate 0.3 seed=1", "mosaic b.alle continuity=0.5",
        "blend b.alle 0.5 mode=latent align=dtw",
    ]  # fmt: skip
    before = meta_of(strands[0])
    missing = before["frames"] * 1024 - before["samples"]
    ran = allele("edit", "a.alle", *texts, "-o", "new.alle", "--json")
    assert ran.json["edits"] == texts
    stretched = int(before["frames"] * 1.5 + 0.5)
    assert ran.json["frames"] == 2 * (stretched + 8)
    meta = meta_of(allele.folder / "new.alle")
    assert meta["samples"] == meta["frames"] * 1024 - missing
    decoded = allele("decode", "new.alle", "-o", "new.wav", "--json").json
    assert decoded["samples"] == soundfile.info(allele.folder / "new.wav").frames == meta["samples"]
    again = allele("edit", "a.alle", *texts, "-o", "again.alle")
    assert again.status == 0
    assert np.array_equal(codes_of(allele.folder / "new.alle"), codes_of(allele.folder / "again.alle"))


REFUSALS = [
    (("edit", "a.alle", "stretch 0"), "FACTOR"),
    (("edit", "a.alle", "mirror q0"), "length"),
    (("edit", "a.alle", "repeat 9999"), "7200 s"),
    (("edit", "a.alle", "nudge upwards q1-2"), "brighter"),
    (("edit", "a.alle", "regenerate @1:4"), "prior"),
    (("edit", "a.alle", "mutate 0.3 @999999:"), "a.alle"),
    (("edit", "a.alle", "mutate 0.3", "mutate 0.3 @999999:"), "a.alle"),
    (("edit", "a.alle", "blend nothing.alle 0.5"), "nothing.alle"),
    (("edit", "a.alle", "blend b.alle 1.5"), "AMOUNT"),
    (("blend", "a.alle", "gone.alle", "--amount", "0.5"), "gone.alle"),
]


def test_refusals_are_one_line_and_leave_the_file(allele: Any, strands: tuple[Path, Path]) -> None:
    before = strands[0].read_bytes()
    for words, said in REFUSALS:
        assert said in allele(*words).error
        assert strands[0].read_bytes() == before


def test_an_amount_outside_0_to_1_is_a_usage_error(allele: Any, strands: tuple[Path, Path]) -> None:
    for amount in ("2", "-1", "nan", "half"):
        ran = allele("blend", "a.alle", "b.alle", "--amount", amount)
        assert ran.status == 2 and "from 0 to 1" in ran.err
    assert allele("blend", "a.alle", "b.alle").status == 2

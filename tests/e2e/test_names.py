"""Names as people have them, through the command line and the daemon: every command takes what the disk has."""

import json
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import soundfile

NAMES = [
    "Bob's pack/don't stop.wav",
    'say "hi" (1) [2] {3} & $x;.wav',
    "back\\slash.wav",
    "100% %20 #1.wav",
    "~",
    "~/x.wav",
    " both ends.wav ",
    "new\nline.wav",
    "set 1 q0",
    "u\u0308 nfd \u00fc nfc.wav",
    "\x1b[31mred.wav",
]


def put(allele: Any, recordings: Path, name: str) -> Path:
    path = allele.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(recordings / "tone0.wav", path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_name_goes_the_whole_way(allele: Any, recordings: Path, name: str) -> None:
    put(allele, recordings, name)
    encoded = allele("encode", name, "--model", "toy", "--json").json
    strand = encoded["strand"]
    assert strand == f"{Path(name).stem}.alle" and (allele.folder / strand).is_file()
    assert allele("edit", strand, "reverse @0:4", f"mosaic {strand} q0", f"swap {strand} at=1", "--json").status == 0
    assert allele("edit", strand, f"blend '{strand}' 0.5").status == 0 or "'" in strand
    decoded = allele("decode", strand, "-o", f"out {Path(name).stem}.wav", "--json").json
    assert soundfile.info(allele.folder / decoded["wav"]).frames == decoded["samples"]
    text = allele("decode", strand, "-o", "plain.wav")
    assert text.out.count("\n") == 1 and "\x1b" not in text.out + text.err


def test_an_operation_names_a_strand_as_it_stands(allele: Any, recordings: Path) -> None:
    for name in ("a.wav", "Bob's pack/don't stop.wav", "my take.wav"):
        path = put(allele, recordings, name)
        assert allele("encode", path, "--model", "toy", "-o", path.with_suffix(".alle")).status == 0
    ops = ["mosaic Bob's pack/don't stop.alle q0-1", "blend my take.alle 0.5 @2:9", "swap 'my take.alle' q0"]
    edited = allele("edit", "a.alle", *ops, "--json").json["edits"]
    assert [text.split()[0] for text in edited] == ["mosaic", "blend", "swap"]
    assert "there is no such strand" in allele("edit", "a.alle", "mosaic Bob's gone.alle").error
    assert "don't stop.alle" in allele("swap", "a.alle", "don't stop.alle").error
    assert allele("swap", "a.alle", "Bob's pack/don't stop.alle").status == 0


@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_a_recording_is_found_in_the_other_normal_form(allele: Any, recordings: Path, typed: str) -> None:
    there = "NFD" if typed == "NFC" else "NFC"
    put(allele, recordings, unicodedata.normalize(there, "Töne/schön.wav"))
    ran = allele("encode", unicodedata.normalize(typed, "Töne/schön.wav"), "--model", "toy", "-o", "x.alle", "--json")
    assert ran.json["strand"] == "x.alle"


def test_a_dash_is_refused_with_the_name_that_works_and_that_works(allele: Any, recordings: Path) -> None:
    for name in ("-kick.wav", "-old.wav", "--json.wav"):
        put(allele, recordings, name)
        for words in (("encode", name, "--model", "toy"), ("corpus", "add", "dashes", name)):
            ran = allele(*words)
            assert ran.status == 2 and ran.out == "" and f"./{name}" in ran.err
        strand = allele("encode", f"./{name}", "--model", "toy", "--json").json["strand"]
        assert strand == f"./{Path(name).stem}.alle"
        assert allele("edit", strand, "reverse").status == 0, "what was printed can be given again"
        assert allele("decode", Path(strand).name).status == 2
        assert json.loads(allele("decode", strand, "-o", f"./-{name}", "--json").out)["wav"] == f"./-{name}"

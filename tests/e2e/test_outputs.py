"""`-o` never destroys a recording: what each command writes over, and what it keeps, with real programs."""

import io
import os
import shutil
import subprocess
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
def folder(allele: Any, recordings: Path) -> Path:
    """Two recordings, their strands, and a recording that nobody encoded."""
    for source, name in (("tone0", "a"), ("tone3", "b"), ("tone1", "precious")):
        shutil.copy(recordings / f"{source}.wav", allele.folder / f"{name}.wav")
    for name in ("a", "b"):
        assert allele("encode", f"{name}.wav", "--model", "toy").status == 0
    return allele.folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


STRAND_COMMANDS = {
    "edit": ("edit", "a.alle", "reverse"),
    "swap": ("swap", "a.alle", "b.alle"),
    "blend": ("blend", "a.alle", "b.alle", "--amount", "0.5"),
    "encode": ("encode", "a.wav", "--model", "toy"),
    "mosaic": ("edit", "a.alle", "mosaic b.alle"),
}


@pytest.mark.parametrize("words", STRAND_COMMANDS.values(), ids=STRAND_COMMANDS)
def test_no_strand_is_written_over_a_recording(allele: Any, folder: Path, words: tuple[str, ...]) -> None:
    (folder / "soft.alle").symlink_to("precious.wav")
    (folder / "hard.alle").hardlink_to(folder / "precious.wav")
    (folder / "own.alle").hardlink_to(folder / "a.wav")
    (folder / "text.alle").write_text("a diary")
    (folder / "notes.txt").write_text("a diary")
    before = contents(folder)
    outs = ("a.wav", "precious.wav", "soft.alle", "hard.alle", "own.alle", "text.alle", "notes.txt", "new.flac", "new")
    for out in outs:
        for force in ((), ("--force",)):
            assert out in allele(*words, "-o", out, *force).error
    assert contents(folder) == before


def test_an_input_is_kept_and_the_first_strand_changes_in_place(allele: Any, folder: Path) -> None:
    (folder / "link.alle").symlink_to("b.alle")
    before = contents(folder)
    for words in (("swap", "a.alle", "b.alle"), ("edit", "a.alle", "swap b.alle q0")):
        for out in ("b.alle", "./b.alle", folder / "b.alle", "link.alle"):
            assert "b.alle" in allele(*words, "-o", out, "--force").error or out == "link.alle"
    assert contents(folder) == before
    codes = codes_of(folder / "a.alle")
    assert allele("edit", "a.alle", "reverse", "-o", f"../{folder.name}/a.alle").status == 0
    assert np.array_equal(codes_of(folder / "a.alle"), codes[:, ::-1])
    assert allele("swap", "a.alle", "a.alle", "--json").json["strand"] == "a.alle"


def test_another_strand_is_replaced_only_with_force(allele: Any, folder: Path) -> None:
    for words in (("encode", "a.wav", "--model", "toy", "-o", "b.alle"), ("edit", "a.alle", "reverse", "-o", "b.alle")):
        before = (folder / "b.alle").read_bytes()
        assert "--force" in allele(*words).error
        assert (folder / "b.alle").read_bytes() == before
        assert allele(*words, "--force", "--json").json["strand"] == "b.alle"
        assert (folder / "b.alle").read_bytes() != before
    assert "--force" in allele("encode", "a.wav", "--model", "toy").error, "without -o, too"
    assert allele("encode", "a.wav", "--model", "toy", "--force").status == 0


def test_a_decode_replaces_a_sound_only_with_force_and_never_the_recording(allele: Any, folder: Path) -> None:
    shutil.copy(folder / "a.wav", folder / "copy.wav")
    (folder / "hard.wav").hardlink_to(folder / "a.wav")
    (folder / "soft.wav").symlink_to("a.wav")
    (folder / "strand.wav").hardlink_to(folder / "a.alle")
    before = contents(folder)
    for out in ("a.wav", "hard.wav", "soft.wav", "strand.wav", "copy.wav"):
        assert out in allele("decode", "a.alle", "-o", out, "--force").error
    for words in ((), ("-o", "precious.wav"), ("-o", "b.wav")):
        assert ".wav" in allele("decode", "a.alle", *words).error
    assert contents(folder) == before
    assert "--force" in allele("decode", "a.alle", "-o", "precious.wav").error
    assert allele("decode", "a.alle", "-o", "precious.wav", "--force", "--json").json["wav"] == "precious.wav"
    assert soundfile.info(folder / "precious.wav").subtype == "PCM_24"


@pytest.mark.parametrize(
    "words", [("edit", "a.alle", "reverse"), ("decode", "a.alle"), ("encode", "a.wav", "--model", "toy")]
)
def test_outputs_that_are_no_files_are_one_line(allele: Any, folder: Path, words: tuple[str, ...]) -> None:
    suffix = "wav" if words[0] == "decode" else "alle"
    os.mkfifo(folder / f"fifo.{suffix}")
    (folder / f"dangling.{suffix}").symlink_to("nowhere")
    for out in (f"fifo.{suffix}", f"dangling.{suffix}", ".", "/dev/null", "/dev/full", f"gone/x.{suffix}"):
        ran = allele(*words, "-o", out, "--force")
        assert out in ran.error and len(ran.err.splitlines()) == 1
    assert not (folder / "nowhere").exists()


def test_of_two_edits_at_once_none_is_lost(allele: Any, folder: Path) -> None:
    """The slower one is refused: its strand is not the one it read."""
    processes = [allele.start("edit", "a.alle", f"set {n + 1} q0 @{n}:{n + 1}") for n in range(4)]
    ran = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    done = [number for number, (_, _, status) in enumerate(ran) if status == 0]
    codes = codes_of(folder / "a.alle")
    assert done and all(codes[0, number] == number + 1 for number in done)
    for _, err, status in ran:
        assert status == 0 or "changed it meanwhile" in err


def test_a_full_disk_is_one_line_and_keeps_what_was_there(allele: Any, folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        shutil.copy(folder / "a.alle", disk / "a.alle")
        before = (disk / "a.alle").read_bytes()
        with pytest.raises(OSError, match="space"):
            (disk / "filling").write_bytes(bytes(65_536))
        for words in (("edit", "disk/a.alle", "repeat 20"), ("decode", "disk/a.alle", "-o", "disk/x.wav")):
            assert "no space" in allele(*words).error.lower()
        assert (disk / "a.alle").read_bytes() == before
        assert sorted(path.name for path in disk.iterdir()) == ["a.alle", "filling"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)

"""Where files may be written: no recording, no input and nothing unasked is lost, by whichever name it goes."""

import errno
import hashlib
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from protocol.atomic import place_new
from protocol.errors import AlleleError
from protocol.strands import StrandMeta, as_encoded, pack_strand
from tui import strand_files
from tui.targets import (
    COMMAND_LINE,
    EDITOR,
    Kept,
    OccupiedError,
    Target,
    as_it_is,
    refuse_recording,
    shown,
    strand_target,
    wav_target,
)

META = StrandMeta(name="rain", model="demo", codec_id="c", levels=2, codebook=16, frames=5, samples=5000)
STRAND = pack_strand(as_encoded(META, np.arange(10, dtype=np.uint16).reshape(2, 5)))
RECORDING = b"RIFF\x24\x00\x00\x00WAVEfmt what somebody recorded"

Write = Callable[..., Target]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(write: Write, *arguments: object, **settings: object) -> AlleleError:
    with pytest.raises(AlleleError) as caught:
        write(*arguments, **{"wording": COMMAND_LINE, **settings})
    return caught.value


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", ["take.wav", "take", "take.alle.wav", "take.flac", "take.zip"])
def test_a_strand_goes_into_a_strand_file_only(name: str, force: bool) -> None:
    for _ in range(2):
        error = refused(strand_target, Path(name), force=force)
        assert error.code == "E_BAD_REQUEST" and "allele decode" in error.hint and str(error).startswith(name)
        Path(name).write_bytes(RECORDING)
    assert Path(name).read_bytes() == RECORDING


def zip_of(name: str) -> bytes:
    with zipfile.ZipFile("made.zip", "w") as archive:
        archive.writestr(name, "{}")
    return Path("made.zip").read_bytes()


@pytest.mark.parametrize("way", ["file", "symlink", "hard link"])
@pytest.mark.parametrize("kind", ["recording", "text", "empty", "other zip", "recording and zip"])
def test_a_strand_is_never_written_over_another_kind_of_file(kind: str, way: str) -> None:
    content = {
        "recording": RECORDING,
        "text": b"a diary",
        "empty": b"",
        "other zip": zip_of("song.xml"),
        "recording and zip": RECORDING + zip_of("strand.json"),
    }[kind]
    real, out = Path("kept.bin"), Path("out.alle")
    real.write_bytes(content)
    if way == "symlink":
        out.symlink_to(real)
    elif way == "hard link":
        out.hardlink_to(real)
    else:
        real.rename(out)
    for force in (False, True):
        error = refused(strand_target, out, force=force)
        assert error.code == "E_EXISTS" and not isinstance(error, OccupiedError)
    assert out.read_bytes() == content


@pytest.mark.parametrize("damage", [lambda data: data, lambda data: data.replace(b"codes.npy", b"codes.xyz")])
def test_another_strand_is_replaced_when_the_person_says_so(damage: Callable[[bytes], bytes]) -> None:
    out = Path("other.alle")
    out.write_bytes(damage(STRAND))
    error = refused(strand_target, out)
    assert isinstance(error, OccupiedError) and "--force" in error.hint
    assert ":w! other.alle" in refused(strand_target, out, wording=EDITOR).hint
    strand_target(out, force=True, wording=COMMAND_LINE).write(STRAND, hint="")
    assert out.read_bytes() == STRAND


def test_the_edited_strand_is_changed_in_place_by_any_spelling_of_its_name(tmp_path: Path) -> None:
    Path("sub").mkdir()
    Path("round").symlink_to("sub")
    strand = Path("sub/a.alle")
    strand.write_bytes(STRAND)
    for spelling in ("sub/a.alle", "./sub/../sub/a.alle", f"{tmp_path}/sub/a.alle", "round/a.alle"):
        target = strand_target(Path(spelling), edited=as_it_is(strand), wording=COMMAND_LINE)
        assert target == as_it_is(strand)


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("target", [strand_target, wav_target])
def test_a_source_is_kept_by_each_of_its_names(target: Write, force: bool) -> None:
    suffix = "alle" if target is strand_target else "wav"
    source = Path(f"source.{suffix}")
    source.write_bytes(STRAND)
    Path(f"soft.{suffix}").symlink_to(source)
    Path(f"hard.{suffix}").hardlink_to(source)
    Path("there").mkdir()
    for name in (source.name, f"soft.{suffix}", f"hard.{suffix}", f"there/../{source}", str(source.absolute())):
        error = refused(target, Path(name), kept=[Kept(source, "the source")], force=force)
        assert error.code == "E_EXISTS" and "it is the source" in str(error), name


def test_a_sound_replaces_a_file_only_when_the_person_says_so() -> None:
    out = Path("loud.WAV")
    assert wav_target(out, wording=COMMAND_LINE) == Target(out, None)
    out.write_bytes(RECORDING)
    assert isinstance(refused(wav_target, out), OccupiedError)
    assert wav_target(out, force=True, wording=COMMAND_LINE).replaces is not None
    for name, instead in {"x.mp3": "x.wav", "x": "x.wav", "x.wav.flac": "x.wav.wav", "x.alle": "x.wav"}.items():
        assert f"WAV files only (as in {instead})" in str(refused(wav_target, Path(name)))


def test_a_recording_that_was_moved_is_known_by_its_content() -> None:
    out = Path("moved.wav")
    out.write_bytes(RECORDING)
    target = wav_target(out, force=True, wording=COMMAND_LINE)
    refuse_recording(target, ["", hashlib.sha256(b"another").hexdigest()], COMMAND_LINE)
    with pytest.raises(AlleleError, match="recording that the strand was made of"):
        refuse_recording(target, [hashlib.sha256(RECORDING).hexdigest()], COMMAND_LINE)


@pytest.mark.parametrize("target", [strand_target, wav_target])
def test_what_cannot_be_written_is_one_clear_line(target: Write) -> None:
    suffix = "alle" if target is strand_target else "wav"
    Path("folder").mkdir()
    os.mkfifo(f"fifo.{suffix}")
    Path(f"dangling.{suffix}").symlink_to("nowhere")
    Path(f"loop.{suffix}").symlink_to(f"loop.{suffix}")
    protected = Path(f"protected.{suffix}")
    protected.write_bytes(STRAND)
    protected.chmod(0o444)
    cases = {
        "folder": "it is a folder",
        f"nowhere/x.{suffix}": "the folder nowhere is not there",
        f"fifo.{suffix}": "not an ordinary file",
        "/dev/null": "not an ordinary file",
        f"dangling.{suffix}": "link to a file that is not there",
        f"loop.{suffix}": "link to a file that is not there",
        protected.name: "write-protected",
        f"{'x' * 300}.{suffix}": "too long",
    }
    for name, said in cases.items():
        error = refused(target, Path(name), force=True)
        assert said in str(error) and str(error).startswith(f"{name}: ") and error.hint and "\n" not in str(error), name
    assert not Path("nowhere").exists() and protected.read_bytes() == STRAND


def test_a_write_protected_strand_is_not_edited_in_place() -> None:
    strand = Path("a.alle")
    strand.write_bytes(STRAND)
    strand.chmod(0o444)
    assert "write-protected" in str(refused(strand_target, strand, edited=as_it_is(strand)))


def test_a_file_that_appears_meanwhile_is_kept() -> None:
    out = Path("new.alle")
    target = strand_target(out, wording=COMMAND_LINE)
    out.write_bytes(RECORDING)
    with pytest.raises(AlleleError, match="just made this file") as caught:
        target.write(STRAND, hint="")
    assert caught.value.code == "E_EXISTS" and out.read_bytes() == RECORDING
    assert [path.name for path in Path().iterdir()] == ["new.alle"]


def test_a_file_that_changes_meanwhile_is_kept() -> None:
    out = Path("a.alle")
    out.write_bytes(STRAND)
    target = strand_target(out, edited=as_it_is(out), wording=COMMAND_LINE)
    other = Path("other")
    other.write_bytes(STRAND + b"x")
    other.replace(out)
    with pytest.raises(AlleleError, match="changed it meanwhile") as caught:
        target.write(STRAND, hint="")
    assert caught.value.code == "E_CONFLICT" and out.read_bytes() == STRAND + b"x"


def test_a_disk_without_hard_links_takes_new_files_and_keeps_old_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", without_links)
    out = Path("new.alle")
    strand_files.write_file(out, STRAND, place=place_new)
    assert out.read_bytes() == STRAND and stat.S_IMODE(out.stat().st_mode) & 0o600 == 0o600
    with pytest.raises(AlleleError, match="just made this file"):
        strand_files.write_file(out, RECORDING, place=place_new)
    assert out.read_bytes() == STRAND and [path.name for path in Path().iterdir()] == ["new.alle"]


def test_a_name_with_a_dash_is_shown_as_it_can_be_typed() -> None:
    assert [shown(Path(name)) for name in ("-kick.alle", "./-kick.alle", "a-b.alle", "/-x")] == [
        "./-kick.alle", "./-kick.alle", "a-b.alle", "/-x",
    ]  # fmt: skip

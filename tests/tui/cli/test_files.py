"""Strand files on the client's side: nothing is lost by accident, and every refusal names the file."""

import os
import stat
import wave
from pathlib import Path

import numpy as np
import pytest

from protocol.errors import AlleleError
from protocol.strands import MAX_STRAND_BYTES, Source, StrandMeta, pack_strand
from tui import strand_files
from tui.cli import files
from tui.keyfile import OwnKeys, write_keys

META = StrandMeta(name="rain", model="demo", codec_id="c", levels=2, codebook=16, frames=5, samples=5000)
CODES = np.arange(10, dtype=np.uint16).reshape(2, 5)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(path: Path, **changes: object) -> StrandMeta:
    meta = StrandMeta(**{name: getattr(META, name) for name in META.__struct_fields__} | changes)
    path.write_bytes(pack_strand(meta, CODES))
    return meta


def write_wav(path: Path, samples: int, *, rate: int = 48_000, channels: int = 1, width: int = 3) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(samples * channels * width))


def refused(call: object, *arguments: object) -> str:
    with pytest.raises(AlleleError) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_strand_is_written_whole_and_read_back() -> None:
    path = Path("a.alle")
    files.write_strand(path, META, CODES)
    meta, codes = strand_files.read_strand(path)
    assert meta == META and np.array_equal(codes, CODES)
    assert [str(path) for path in Path().iterdir()] == ["a.alle"]


def test_replacing_keeps_links_and_modes() -> None:
    real = Path("real.alle")
    files.write_strand(real, META, CODES)
    real.chmod(0o640)
    link = Path("link.alle")
    link.symlink_to(real)
    files.write_strand(link, META, CODES[:, ::-1])
    assert link.is_symlink()
    assert np.array_equal(strand_files.read_strand(real)[1], CODES[:, ::-1])
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_failed_write_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("a.alle")
    files.write_strand(path, META, CODES)
    before = path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "a.alle: No space left on device (free some space)" in refused(
        files.write_strand, path, META, CODES[:, ::-1]
    )
    assert path.read_bytes() == before
    assert [str(path) for path in Path().iterdir()] == ["a.alle"]


def test_every_file_is_synced_with_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def noted(handle: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    files.write_strand(Path("a.alle"), META, CODES)
    strand_files.write_file(Path("b.alle"), b"anything")
    write_keys(Path("home"), OwnKeys())
    assert synced == ["file", "folder"] * 3


def test_bad_strand_files_are_refused_by_name() -> None:
    folder, text, huge, fifo = Path("d"), Path("t.alle"), Path("h.alle"), Path("f.alle")
    folder.mkdir()
    text.write_text("not a strand")
    with huge.open("wb") as file:
        file.truncate(MAX_STRAND_BYTES + 1)
    os.mkfifo(fifo)
    for path, said in [
        (Path("missing.alle"), "no such file"),
        (folder, "folder"),
        (text, "not an .alle strand"),
        (huge, "too large"),
        (fifo, "ordinary file"),
    ]:
        message = refused(strand_files.read_strand, path)
        assert message.startswith(f"{path}: ") and said in message


def test_outputs_that_cannot_be_written_are_refused_first() -> None:
    Path("d").mkdir()
    assert "the folder nowhere is not there" in refused(files.require_writable, Path("nowhere/x.alle"))
    assert "it is a folder" in refused(files.require_writable, Path("d"))
    files.require_writable(Path("d/x.alle"))


def test_a_strand_is_called_as_its_recording_here() -> None:
    Path("sub").mkdir()
    write_wav(Path("sub/rain.wav"), 10)
    assert files.strand_output(Path("sub/rain.wav"), None) == Path("rain.alle")
    assert files.strand_output(Path("sub/rain.wav"), Path("sub/x.alle")) == Path("sub/x.alle")
    assert "the recording itself" in refused(files.strand_output, Path("sub/rain.wav"), Path("sub/rain.wav"))


def test_a_strand_with_edits_is_replaced_only_by_name() -> None:
    write_wav(Path("rain.wav"), 10)
    save(Path("rain.alle"))
    assert files.strand_output(Path("rain.wav"), None) == Path("rain.alle")
    save(Path("rain.alle"), edits=["set 1"])
    assert "carries 1 edit (-o rain.alle replaces it" in refused(files.strand_output, Path("rain.wav"), None)
    assert files.strand_output(Path("rain.wav"), Path("rain.alle")) == Path("rain.alle")
    Path("rain.alle").write_text("something else")
    assert "no strand" in refused(files.strand_output, Path("rain.wav"), None)


def test_the_source_is_never_decoded_over() -> None:
    write_wav(Path("rain.wav"), META.samples)
    meta = save(Path("rain.alle"), source=Source(path=str(Path("rain.wav").absolute())))
    for chosen in (None, Path("rain.wav"), Path("./../") / Path.cwd().name / "rain.wav"):
        assert "recording that the strand was made of" in refused(files.wav_output, Path("rain.alle"), meta, chosen)
    assert files.wav_output(Path("rain.alle"), meta, Path("other.wav")) == Path("other.wav")
    assert "the strand itself" in refused(files.wav_output, Path("rain.alle"), meta, Path("rain.alle"))
    for name in ("x.mp3", "x", "x.wav.flac"):
        message = refused(files.wav_output, Path("rain.alle"), meta, Path(name))
        assert message.startswith(f"{name}: decode writes WAV files only (-o ") and ".wav)" in message
    assert files.wav_output(Path("rain.alle"), meta, Path("loud.WAV")) == Path("loud.WAV")


def test_an_earlier_decode_is_replaced_and_nothing_else() -> None:
    meta = save(Path("rain.alle"))
    out = Path("rain.wav")
    write_wav(out, META.samples)
    assert files.wav_output(Path("rain.alle"), meta, None) == out
    for other in ({"samples": 4999}, {"samples": 5000, "rate": 44_100}, {"samples": 2500, "channels": 2}):
        write_wav(out, **other)
        assert "no earlier decode" in refused(files.wav_output, Path("rain.alle"), meta, None)
        assert files.wav_output(Path("rain.alle"), meta, out) == out
    for data in (b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", os.urandom(500)):
        out.write_bytes(data)
        assert "no earlier decode" in refused(files.wav_output, Path("rain.alle"), meta, None)

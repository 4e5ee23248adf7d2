"""Strand files on the client's side: nothing is lost by accident, and every refusal names the file."""

import hashlib
import os
import stat
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from protocol.errors import AlleleError
from protocol.strands import MAX_STRAND_BYTES, Source, StrandMeta, as_encoded, pack_strand
from tui import strand_files
from tui.cli import files
from tui.input.keyfile import OwnKeys, write_keys
from tui.targets import Target, as_it_is

META = StrandMeta(name="rain", model="demo", codec_id="c", levels=2, codebook=16, frames=5, samples=5000)
CODES = np.arange(10, dtype=np.uint16).reshape(2, 5)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(path: Path, **changes: object) -> StrandMeta:
    meta = StrandMeta(**{name: getattr(META, name) for name in META.__struct_fields__} | changes)
    path.write_bytes(pack_strand(as_encoded(meta, CODES)))
    return meta


def refused(call: object, *arguments: object) -> str:
    with pytest.raises(AlleleError) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_strand_is_written_whole_and_read_back() -> None:
    path = Path("a.alle")
    files.write_strand(as_it_is(path), as_encoded(META, CODES))
    meta, codes, _ = strand_files.read_strand(path)
    assert meta == META and np.array_equal(codes, CODES)
    assert [str(path) for path in Path().iterdir()] == ["a.alle"]


def test_replacing_keeps_links_and_modes() -> None:
    real = Path("real.alle")
    files.write_strand(as_it_is(real), as_encoded(META, CODES))
    real.chmod(0o640)
    link = Path("link.alle")
    link.symlink_to(real)
    files.write_strand(as_it_is(link), as_encoded(META, CODES[:, ::-1]))
    assert link.is_symlink()
    assert np.array_equal(strand_files.read_strand(real)[1], CODES[:, ::-1])
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_failed_write_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("a.alle")
    files.write_strand(as_it_is(path), as_encoded(META, CODES))
    before = path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "a.alle: No space left on device (free some space)" in refused(
        files.write_strand, as_it_is(path), as_encoded(META, CODES[:, ::-1])
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
    files.write_strand(as_it_is(Path("a.alle")), as_encoded(META, CODES))
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


def test_a_strand_is_called_as_its_recording_here() -> None:
    Path("sub").mkdir()
    Path("sub/rain.wav").write_bytes(b"RIFF")
    assert files.encode_target(Path("sub/rain.wav"), None, force=False).path == Path("rain.alle")
    chosen = Path("sub/x.alle")
    assert files.encode_target(Path("sub/rain.wav"), chosen, force=False).path == chosen
    Path("sub/take.alle").write_bytes(b"RIFF: a recording by that name")
    for force in (False, True):
        call = partial(files.encode_target, Path("sub/take.alle"), Path("sub/take.alle"), force=force)
        assert "it is the recording itself" in refused(call)


def test_a_strand_is_encoded_again_when_the_person_says_so() -> None:
    recording, strand = Path("rain.wav"), Path("rain.alle")
    recording.write_bytes(b"RIFF")
    save(strand)
    for chosen in (None, strand):
        assert "exists already (--force replaces it" in refused(
            partial(files.encode_target, recording, chosen, force=False)
        )
        assert files.encode_target(recording, chosen, force=True).replaces is not None
    save(strand, edits=["set 1", "set 2"])
    assert "exists already, with 2 edits (" in refused(partial(files.encode_target, recording, None, force=False))


def edited(out: Path | None, others: tuple[Path, ...] = (), *, force: bool = False) -> Target:
    strand = Path("a.alle")
    inputs = [(path, strand_files.read_strand(path)[0]) for path in (strand, *others)]
    return files.edit_target(as_it_is(strand), out, inputs, force=force)


def test_an_edit_is_written_over_its_own_strand_and_no_other_that_is_read() -> None:
    recording = Path("take.wav")
    recording.write_bytes(b"RIFF")
    save(Path("a.alle"), source=Source(path=str(recording.absolute())))
    save(Path("b.alle"))
    save(Path("c.alle"))
    Path("soft.alle").symlink_to("b.alle")
    Path("own.alle").hardlink_to("a.alle")
    Path("take.alle").symlink_to(recording)
    assert edited(None).path == Path("a.alle") == edited(Path("a.alle"), (Path("a.alle"),)).path
    for force in (False, True):
        for out in ("b.alle", "soft.alle"):
            assert "it is a strand that is read here" in refused(
                partial(edited, Path(out), (Path("b.alle"),), force=force)
            )
        assert "it is a.alle by another name" in refused(partial(edited, Path("own.alle"), force=force))
        assert "recording that a.alle was made of" in refused(partial(edited, Path("take.alle"), force=force))
    assert "--force replaces it" in refused(partial(edited, Path("c.alle")))
    assert edited(Path("c.alle"), force=True).replaces is not None


def test_the_source_is_never_decoded_over() -> None:
    recording, strand = Path("rain.wav"), Path("rain.alle")
    recording.write_bytes(b"RIFF what was recorded")
    digest = hashlib.sha256(recording.read_bytes()).hexdigest()
    meta = save(strand, source=Source(path=str(recording.absolute()), sha256=digest))
    Path("hard.wav").hardlink_to(recording)
    Path("soft.wav").symlink_to(recording)
    Path("same.wav").hardlink_to(strand)
    Path("copy.wav").write_bytes(recording.read_bytes())
    decode = partial(files.decode_target, strand, meta)
    for force in (False, True):
        for out in (None, "rain.wav", "hard.wav", "soft.wav", f"./../{Path.cwd().name}/rain.wav"):
            call = partial(decode, Path(out) if out else None, force=force)
            assert "recording that rain.alle was made of" in refused(call), out
        for out in ("rain.alle", "same.wav"):
            assert "it is the strand itself" in refused(partial(decode, Path(out), force=force))
    assert "exists already" in refused(partial(decode, Path("copy.wav"), force=False))
    assert "recording that the strand was made of" in refused(partial(decode, Path("copy.wav"), force=True))
    assert decode(Path("other.wav"), force=False) == Target(Path("other.wav"), None)


def test_an_earlier_decode_is_replaced_when_the_person_says_so() -> None:
    meta = save(Path("rain.alle"))
    Path("rain.wav").write_bytes(b"RIFF an earlier decode")
    for chosen in (None, Path("rain.wav")):
        call = partial(files.decode_target, Path("rain.alle"), meta, chosen)
        assert "exists already (--force replaces it" in refused(partial(call, force=False))
        assert call(force=True).replaces is not None

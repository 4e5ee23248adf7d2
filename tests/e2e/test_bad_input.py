"""Everything a person can get wrong: one clear line that names the file, nothing lost, the daemon alive."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from protocol.places import places_of


@pytest.fixture(autouse=True)
def _the_daemon_survives(allele: Any) -> Iterator[None]:
    before = allele.daemon_pids()
    assert len(before) == 1
    yield
    assert allele.daemon_pids() == before


@pytest.fixture
def bad(tmp_path: Path, make_tone: Callable[..., Any]) -> Path:
    """A folder of files that cannot be used, called after what is wrong with them."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "text.wav").write_text("this is not sound")
    (folder / "empty.wav").write_bytes(b"")
    soundfile.write(folder / "samples0.wav", np.zeros((0, 1), np.float32), 48_000)
    holes = make_tone(1.0, 200.0)
    holes[1000] = np.nan
    soundfile.write(folder / "nan.wav", holes, 48_000, subtype="FLOAT")
    return folder


@pytest.fixture
def strand(allele: Any, recordings: Path) -> Path:
    assert allele("encode", recordings / "tone2.wav", "--model", "toy").status == 0
    return allele.folder / "tone2.alle"


@pytest.mark.parametrize("name", ["text.wav", "empty.wav", "samples0.wav", "nan.wav", "missing.wav"])
def test_a_file_that_is_no_sound_is_named(allele: Any, bad: Path, name: str) -> None:
    assert name in allele("corpus", "add", "bad", bad / name).error
    assert name in allele("encode", bad / name, "--model", "toy").error
    assert not (allele.folder / f"{Path(name).stem}.alle").exists()
    assert "bad" not in [corpus["name"] for corpus in allele("corpus", "list", "--json").json["corpora"]]


def test_one_bad_file_is_reported_and_skipped(allele: Any, bad: Path, recordings: Path) -> None:
    shutil.copy(recordings / "tone1.wav", bad / "good.wav")
    ran = allele("corpus", "add", "mixed", bad, "--json")
    added = ran.json
    assert added["files"] == 1
    assert [Path(path).name for path in added["added"]] == ["good.wav"]
    assert {Path(p["path"]).name for p in added["problems"]} == {"text.wav", "empty.wav", "samples0.wav", "nan.wav"}
    assert all(problem["problem"] and problem["hint"] for problem in added["problems"])
    for name in ("text.wav", "empty.wav", "samples0.wav", "nan.wav"):
        assert any(name in line for line in ran.err.splitlines())
    assert allele("corpus", "remove", "mixed", "--json").json["removed"] == "mixed"
    assert "mixed" not in [c["name"] for c in allele("corpus", "list", "--json").json["corpora"]]
    assert "mixed" in allele("corpus", "show", "mixed").error


def test_only_what_is_new_is_added_and_clipping_is_named(allele: Any, recordings: Path, tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    shutil.copy(recordings / "tone1.wav", folder / "clean.wav")
    audio, rate = soundfile.read(recordings / "tone2.wav")
    soundfile.write(folder / "loud.wav", np.clip(audio * 40, -1, 1), rate)
    first = allele("corpus", "add", "takes", folder, "--json")
    assert sorted(Path(path).name for path in first.json["added"]) == ["clean.wav", "loud.wav"]
    (said,) = [line for line in first.err.splitlines() if "clipped" in line]
    assert "loud.wav" in said and "clean.wav" not in said and said in first.json["notes"]
    again = allele("corpus", "add", "takes", folder)
    assert again.status == 0 and "nothing new" in again.err and "nothing new" not in first.err
    shutil.copy(recordings / "tone3.wav", folder / "late.wav")
    third = allele("corpus", "add", "takes", folder, "--json").json
    assert [Path(path).name for path in third["added"]] == ["late.wav"] and third["files"] == 3
    shutil.copy(recordings / "tone3.wav", folder / "twin.wav")
    twin = allele("corpus", "add", "takes", folder / "twin.wav", "--json").json
    assert twin["added"] == [] and any("nothing new" in note for note in twin["notes"])
    soundfile.write(folder / "long.wav", np.tile(audio, (6, *[1] * (audio.ndim - 1))) * 0.5, rate)
    enough = allele("corpus", "add", "takes", folder, "--json").json
    assert enough["seconds"] > 10 > third["seconds"]
    assert not any("little" in note for note in enough["notes"]) and any("little" in note for note in third["notes"])
    allele("corpus", "remove", "takes")


def test_a_truncated_flac_is_said(allele: Any, recordings: Path, make_tone: Callable[..., Any], tmp_path: Path) -> None:
    whole = tmp_path / "whole.flac"
    soundfile.write(whole, make_tone(3.0, 300.0), 48_000)
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    ran = allele("corpus", "add", "cut", cut, recordings / "tone0.wav", "--json")
    assert ran.json["files"] >= 1
    (problem,) = ran.json["problems"]
    assert "cut.flac" in problem["path"] and "cut.flac" in ran.err


def test_a_folder_without_sound_and_one_that_may_not_be_read(allele: Any, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert "nothing" in allele("corpus", "add", "none", tmp_path / "nothing").error
    if os.geteuid() != 0:  # root reads everything
        (tmp_path / "closed").mkdir(mode=0)
        assert "closed" in allele("corpus", "add", "none", tmp_path / "closed").error


def test_a_corpus_that_is_too_short_is_refused(allele: Any, make_tone: Callable[..., Any], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "blip.wav", make_tone(0.2, 440.0), 48_000)
    added = allele("corpus", "add", "blip", tmp_path / "blip.wav")
    assert added.status == 0 and "0.20 s of sound in total is little to learn from" in added.err
    message = allele("train", "blip", "--name", "blip", "--preset", "toy", "--steps", "10").error
    assert ("blip" in message and "short" in message) or "seconds" in message or "s of" in message
    assert "blip" not in [model["name"] for model in allele("model", "list", "--json").json["models"]]


def test_many_bad_files_are_not_all_listed(allele: Any, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"empty{number}.wav").touch()
    ran = allele("corpus", "add", "bad", tmp_path)
    assert "and 29 more" in ran.error
    assert "and 10 more files" in ran.err and len(ran.err.splitlines()) == 22


def test_an_unknown_model_is_named_with_those_that_exist(allele: Any, recordings: Path) -> None:
    message = allele("encode", recordings / "tone0.wav", "--model", "nemo").error
    assert "nemo" in message and "toy" in message
    assert "nemo" in allele("model", "show", "nemo").error


def test_a_strand_of_another_model_is_refused_by_name(allele: Any, strand: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.alle"
    with zipfile.ZipFile(strand) as old, zipfile.ZipFile(foreign, "w") as new:
        text = old.read("strand.json").decode()
        (codec_id,) = {
            model["codec_id"] for model in allele("model", "list", "--json").json["models"] if model["name"] == "toy"
        }
        assert codec_id in text
        new.writestr("strand.json", text.replace(codec_id, "0" * 64))
        new.writestr("codes.npy", old.read("codes.npy"))
    before = foreign.read_bytes()
    for words in (
        ("decode", foreign),
        ("edit", foreign, "set 1 q0 @0:1"),
        ("swap", foreign, strand),
        ("swap", strand, foreign),
        ("blend", strand, foreign, "--amount", "1"),
        ("edit", strand, "reverse", f"mosaic {foreign}"),
    ):
        assert allele(*words).error.startswith(f"error: {foreign}: ")
    assert foreign.read_bytes() == before


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("explode", "explode"),
        ("set 99999 q0 @0:1", "99999"),
        ("set x q0", "x"),
        ("set 1 q7", "7"),
        ("set 1 @5000:5001", "5000"),
        ("put z", "z"),
        ("swap missing.alle", "missing.alle"),
        ("set 1 q0 loud=yes", "loud"),
    ],
)
def test_bad_operations_change_nothing(allele: Any, strand: Path, operation: str, said: str) -> None:
    before = strand.read_bytes()
    assert said in allele("edit", strand, "set 3 q0 @0:1", operation).error
    assert strand.read_bytes() == before


@pytest.mark.parametrize(
    ("operations", "said"),
    [
        (("set 3 q0", "set x q0"), "tone2.alle: edit 2, 'set x q0': a code is a whole number, not 'x' (codes go"),
        (("set 3 q0", "set 5 @-3:"), "tone2.alle: edit 2, 'set 5 @-3:': '@-3:' names no frames (frames are written"),
        (("set 99 q0", "set 3 q0", "set 98 q0"), "tone2.alle: edit 1, 'set 99 q0': code 99 does not exist (codes go"),
        (("copy a q0", "put a", "put b", "reverse"), "tone2.alle: edit 3, 'put b': register b is empty"),
        (("set 1 q7",), "tone2.alle: 'set 1 q7': level 7 does not exist"),
    ],
)
def test_a_refused_edit_is_named_with_its_file(
    allele: Any, strand: Path, operations: tuple[str, ...], said: str
) -> None:
    message = allele("edit", strand.name, *operations).error
    assert message.startswith(f"error: {said}"), message


def test_damaged_strands_are_named(allele: Any, strand: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.alle").write_bytes(strand.read_bytes()[:200])
    (tmp_path / "text.alle").write_text("hello")
    for name in ("torn.alle", "text.alle", "missing.alle", "bad\nname\x1b[31m.alle"):
        message = allele("decode", tmp_path / name).error
        assert Path(name).stem[:3] in message
        assert "\x1b" not in message


def test_codes_outside_the_codebook_are_refused(allele: Any, strand: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.alle"
    with zipfile.ZipFile(strand) as old, zipfile.ZipFile(wrong, "w") as new:
        codes = np.load(io.BytesIO(old.read("codes.npy")))
        codes[0, 0] = 1000
        out = io.BytesIO()
        np.save(out, codes)
        new.writestr("strand.json", old.read("strand.json"))
        new.writestr("codes.npy", out.getvalue())
    assert "wrong.alle" in allele("decode", wrong).error


def test_outputs_that_cannot_be_written_are_named(allele: Any, strand: Path, recordings: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert "nowhere" in allele("decode", strand, "-o", nowhere / "x.wav").error
    assert "nowhere" in allele("encode", recordings / "tone0.wav", "--model", "toy", "-o", nowhere / "x.alle").error
    assert "nowhere" in allele("edit", strand, "set 1 q0", "-o", nowhere / "x.alle").error
    assert "/dev/full" in allele("decode", strand, "-o", "/dev/full").error


def test_the_source_survives_a_careless_decode(allele: Any, recordings: Path) -> None:
    source = allele.folder / "song.wav"
    shutil.copy(recordings / "tone0.wav", source)
    before = source.read_bytes()
    assert allele("encode", "song.wav", "--model", "toy").status == 0
    assert "song.wav" in allele("decode", "song.alle").error
    assert "song.wav" in allele("decode", "song.alle", "-o", "song.wav").error
    assert source.read_bytes() == before


def test_garbage_on_the_socket_is_survived(allele: Any) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(places_of(allele.home).endpoint.socket("ctl")))
        raw.sendall(os.urandom(4096))
    import zmq

    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.set(zmq.LINGER, 500)
        dealer.connect(places_of(allele.home).endpoint.address("ctl"))
        for parts in ([b""], [b"AL\x03\x03", b"\xc1", b""], [os.urandom(50)] * 5, [b"AL\x03\x03", b"\x80", b"\x80"]):
            dealer.send_multipart(parts)
    assert allele("model", "list").status == 0


def test_a_reader_that_leaves_and_streams_that_are_closed(allele: Any) -> None:
    quoted = " ".join(f"'{word}'" for word in allele.command("corpus", "show", "tones"))
    gone = f"set -o pipefail; {quoted} | true"
    done = subprocess.run(["bash", "-c", gone], env=allele.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")
    for line in (f"{quoted} <&-", f"{quoted} >&-", f"{quoted} 2>&-", f"{quoted} <&- >&- 2>&-"):
        done = subprocess.run(
            ["bash", "-c", line], env=allele.environment, cwd=allele.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (line, done.stderr)
        assert "Traceback" not in done.stderr


def catches_sigint(pid: int) -> bool:
    """Whether the process handles Ctrl-C itself, as Python does from its start on."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) & 1 << (signal.SIGINT - 1))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks the kernel what the process does with signals")
@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_ctrl_c_while_it_loads_is_at_most_a_line(allele: Any, after_s: float) -> None:
    process = allele.start("corpus", "list")
    while process.poll() is None and not catches_sigint(process.pid):
        time.sleep(0.001)
    while process.poll() is None and catches_sigint(process.pid):  # Python's own start is not ours to correct
        time.sleep(0.001)
    assert process.poll() is None
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    if process.returncode == 0:  # it was done already
        assert out != "" and err == ""
    else:
        assert "Traceback" not in err and len(err.splitlines()) <= 1, err


def test_without_a_terminal_the_editor_says_so(allele: Any) -> None:
    assert "terminal" in allele().error


def test_a_file_name_that_is_no_utf8_is_refused(allele: Any) -> None:
    words = [os.fsencode(word) for word in allele.command("corpus", "add", "odd")] + [b"caf\xe9.wav"]
    done = subprocess.run(words, env=allele.environment, cwd=allele.folder, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"not UTF-8" in done.stderr and b"Traceback" not in done.stderr
    assert sys.executable.encode() in words

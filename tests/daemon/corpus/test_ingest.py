"""Recordings as they come: good, hostile, repeated; and a corpus that survives all of it."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from daemon.codec.config import CodecConfig
from daemon.corpus.clips import Part, open_parts
from daemon.corpus.errors import CorpusError
from daemon.corpus.ingest import CorpusReport, IngestProgress, ingest
from daemon.corpus.records import FileRecord, load_corpus
from daemon.workers.clips import read_clip
from protocol.errors import AlleleError

Tone = Callable[..., NDArray[np.float32]]
DEMO = Path(__file__).parents[3] / "scripts" / "demo"


def only_error(report: CorpusReport) -> FileRecord:
    assert not report.added and not report.duplicates and len(report.errors) == 1
    record = report.errors[0]
    assert record.hint and not record.is_usable
    return record


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "channels"),
    [
        ("a.wav", "PCM_16", 44_100, 2),
        ("a.wav", "FLOAT", 96_000, 1),
        ("a.wav", "PCM_U8", 8_000, 1),
        ("a.flac", "PCM_24", 48_000, 2),
        ("a.ogg", "VORBIS", 44_100, 1),
        ("a.mp3", "MPEG_LAYER_III", 44_100, 2),
        ("a.aiff", "PCM_16", 22_050, 1),
        ("a.wav", "PCM_16", 11_127, 1),  # an old Macintosh's rate: no small ratio to 48 000
        ("a.wav", "PCM_16", 48_000, 6),
    ],
)
def test_reads_formats_rates_and_channels(
    tmp_path: Path, make_tone: Tone, name: str, subtype: str, rate: int, channels: int
) -> None:
    length = rate
    mono = make_tone(1.0, 440.0)[:: max(1, 48_000 // rate)][:length]
    mono = np.pad(mono, (0, length - mono.size))
    soundfile.write(tmp_path / name, np.repeat(mono[:, None], channels, 1), rate, subtype=subtype)
    report = ingest([tmp_path / name], tmp_path / "corpus")
    (record,) = report.added
    assert (record.sample_rate_hz, record.channels) == (rate, channels)
    assert record.duration_s == pytest.approx(1.0, abs=0.06)  # MP3 pads its ends
    corpus = load_corpus(tmp_path / "corpus")
    audio = corpus.audio(corpus.usable[0])
    assert audio.shape == (2 if channels == 2 else 1, record.samples)
    assert 20 * np.log10(np.abs(audio).max()) == pytest.approx(record.peak_db, abs=0.01)


def test_samples_come_through_unchanged_at_48_khz(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (70_001, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", audio, 48_000, subtype="FLOAT")
    ingest([tmp_path / "a.wav"], tmp_path / "corpus")
    corpus = load_corpus(tmp_path / "corpus")
    mapped = corpus.audio(corpus.usable[0])
    assert not mapped.flags.writeable and not mapped.flags.owndata
    assert (mapped == audio.T).all()


def test_walks_folders_and_tries_what_is_named(tmp_path: Path, make_tone: Tone) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    soundfile.write(deep / "x.WAV", make_tone(0.3, 200.0), 48_000)
    soundfile.write(tmp_path / "a" / "y.dat", make_tone(0.3, 300.0), 48_000, format="WAV")
    (tmp_path / "a" / "notes.txt").write_text("not audio")
    walked = ingest([tmp_path / "a"], tmp_path / "one")
    assert [Path(r.source).name for r in walked.added] == ["x.WAV"] and not walked.errors
    named = ingest([tmp_path / "a" / "y.dat", tmp_path / "a" / "notes.txt"], tmp_path / "two")
    assert [Path(r.source).name for r in named.added] == ["y.dat"]
    assert "text file" in named.errors[0].message


def test_text_called_wav_and_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("hello, I am not a sound at all\n" * 5)
    (tmp_path / "b.wav").touch()
    report = ingest([tmp_path], tmp_path / "corpus")
    assert ["text file" in r.message or "0 bytes" in r.message for r in report.errors] == [True, True]
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize(
    ("audio", "says"),
    [
        (np.zeros(0, np.float32), "no samples"),
        (np.zeros(48_000, np.float32), "silent"),
        (np.ones(500, np.float32) * 0.5, "too short"),
        (np.ones(48_000, np.float32) * 0.5, "silent but for a DC offset"),
        (np.array([0.1, np.nan] * 5000, np.float32), "not numbers"),
        (np.array([0.1, np.inf] * 5000, np.float32), "not numbers"),
        (np.array([1e9, -1e9] * 5000, np.float32), "not audio"),
        (np.array([2e-4, -2e-4] * 12_000, np.float32).repeat(2), "nearly silent"),
        (np.array([[0.3, -0.3], [-0.2, 0.2]] * 20_000, np.float32), "cancel"),
    ],
)
def test_refuses_what_cannot_be_learned_from(tmp_path: Path, audio: NDArray[np.float32], says: str) -> None:
    soundfile.write(tmp_path / "a.wav", audio, 48_000, subtype="FLOAT")
    assert says in only_error(ingest([tmp_path / "a.wav"], tmp_path / "corpus")).message
    assert not (tmp_path / "corpus").exists()


def test_a_dc_offset_is_named_and_left_out(tmp_path: Path, make_tone: Tone) -> None:
    tone = make_tone(1.0, 220.0)
    for name, offset in (("plain", 0.0), ("offset", 0.4)):
        soundfile.write(tmp_path / f"{name}.wav", tone + np.float32(offset), 48_000, subtype="FLOAT")
    plain, offset = ingest([tmp_path / "plain.wav", tmp_path / "offset.wav"], tmp_path / "corpus").added
    assert plain.dc_offset == 0.0 and plain.message == ""
    assert offset.dc_offset == pytest.approx(0.4, abs=0.01) and "DC offset of +0.40" in offset.message
    assert offset.loudness_lufs == pytest.approx(plain.loudness_lufs, abs=0.3)
    corpus = load_corpus(tmp_path / "corpus")
    parts = [Part(sha256=record.sha256, start=0, stop=record.samples) for record in corpus.usable]
    heard = [clip.mono() for clip in open_parts(corpus, parts, CodecConfig())]
    assert np.abs(heard[0] - heard[1]).max() < 0.01
    read = read_clip(tmp_path / "offset.wav")
    assert np.abs(read.audio - heard[1]).max() < 1e-4 and "DC offset" in read.notes[0]


def test_a_corpus_that_was_there_stays_when_nothing_new_can_be_used(tmp_path: Path, make_tone: Tone) -> None:
    soundfile.write(tmp_path / "good.wav", make_tone(1.0, 220.0), 48_000)
    ingest([tmp_path / "good.wav"], tmp_path / "corpus")
    (tmp_path / "text.wav").write_text("hello")
    only_error(ingest([tmp_path / "text.wav"], tmp_path / "corpus"))
    corpus = load_corpus(tmp_path / "corpus")
    assert [Path(record.source).name for record in corpus.usable] == ["good.wav"]
    assert len(corpus.files) == 2


def test_missing_path_fifo_and_empty_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "empty").mkdir()
    for path, says in [("gone.wav", "no such file"), ("pipe.wav", "not a file"), ("empty", "No audio files")]:
        assert says in only_error(ingest([tmp_path / path], tmp_path / "corpus")).message


def test_a_name_that_is_not_utf_8_is_said_and_skipped(tmp_path: Path, make_tone: Tone) -> None:
    soundfile.write(tmp_path / "good.wav", make_tone(1.0, 200.0), 48_000)
    shutil.copy(tmp_path / "good.wav", os.fsencode(tmp_path) + b"/caf\xe9.wav")
    report = ingest([tmp_path], tmp_path / "corpus")
    assert [Path(record.source).name for record in report.added] == ["good.wav"]
    (refused,) = report.errors
    assert Path(refused.source).name == r"caf\xe9.wav" and "not UTF-8" in refused.message and "Rename" in refused.hint
    assert len(load_corpus(tmp_path / "corpus").files) == 2


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root reads everything")
def test_unreadable_file_and_folder(tmp_path: Path, make_tone: Tone) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    soundfile.write(tmp_path / "a.wav", make_tone(0.3, 200.0), 48_000)
    code = (
        "import json,sys;from pathlib import Path;from daemon.corpus.discovery import find_files;"
        "from daemon.corpus.reading import open_decoding,UnreadableFileError\n"
        "print([f.message for f in find_files([Path(sys.argv[2])])])\n"
        "try: open_decoding(Path(sys.argv[1]))\n"
        "except UnreadableFileError as e: print(e.message)\n"
    )
    (tmp_path / "a.wav").chmod(0)
    locked.chmod(0)
    for parent in tmp_path.parents[: len(tmp_path.parents) - 2]:
        if parent.owner() == "root" and os.geteuid() == 0:
            parent.chmod(0o755)
    tmp_path.chmod(0o755)
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*drop, sys.executable, "-c", code, str(tmp_path / "a.wav"), str(locked)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(Path.cwd())})
    locked.chmod(0o700)
    if "Permission denied" in result.stderr and "site-packages" in result.stderr:
        pytest.skip("another user cannot run this interpreter")
    assert result.returncode == 0, result.stderr
    assert result.stdout.lower().count("permission denied") == 2


def test_truncated_flac_keeps_the_readable_part(tmp_path: Path, make_tone: Tone) -> None:
    soundfile.write(tmp_path / "a.flac", make_tone(4.0, 300.0), 48_000)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    (record,) = ingest([tmp_path / "a.flac"], tmp_path / "corpus").added
    assert record.status == "partial" and record.is_usable
    assert 0.5 < record.duration_s < 3.9
    assert f"first {record.duration_s:.2f} s of 4.00 s" in record.message


@pytest.mark.parametrize("kind", ["cut", "unfinished", "whole"])
def test_a_corpus_and_a_single_sound_say_the_same_of_a_file(tmp_path: Path, make_tone: Tone, kind: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, make_tone(2.0, 300.0), 48_000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    if kind == "unfinished":
        content[4:8] = content[40:44] = b"\0" * 4
    path.write_bytes(bytes(content[: len(content) // 2] if kind == "cut" else content))
    (record,) = ingest([path], tmp_path / "corpus").added
    clip = read_clip(path)
    assert record.status == ("partial" if kind == "cut" else "ok")
    assert clip.audio.size == record.samples == ((len(content) // 2 - 44) // 2 if kind == "cut" else 96_000)
    said = "; ".join(part.rstrip(".") for part in (record.message, record.hint) if part)
    assert [note.lower() for note in clip.notes] == ([said.lower()] if said else [])
    assert {"cut": "first 1.00 s of 2.00 s", "unfinished": "never finished", "whole": ""}[kind] in said


def test_a_file_of_which_nothing_can_be_decoded_is_an_error_for_both(tmp_path: Path, make_tone: Tone) -> None:
    soundfile.write(tmp_path / "a.flac", make_tone(1.0, 300.0), 48_000)
    content = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[:200])
    message = only_error(ingest([tmp_path / "a.flac"], tmp_path / "corpus")).message
    with pytest.raises(AlleleError) as refused:
        read_clip(tmp_path / "a.flac")
    assert message == "Nothing in it could be decoded." and "nothing in it could be decoded" in str(refused.value)


def test_header_that_claims_billions_of_frames(tmp_path: Path, make_tone: Tone) -> None:
    soundfile.write(tmp_path / "a.flac", make_tone(1.0, 300.0), 48_000)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    # STREAMINFO: the frame count is the low 36 bits of bytes 18..25 of the file
    packed = struct.unpack(">Q", data[18:26])[0]
    data[18:26] = struct.pack(">Q", packed | (2**36 - 1))
    (tmp_path / "a.flac").write_bytes(bytes(data))
    report = ingest([tmp_path / "a.flac"], tmp_path / "corpus")
    (record,) = report.added + report.errors
    assert record.duration_s <= 1.01
    assert record.message


def test_absurd_sample_rate_is_refused(tmp_path: Path) -> None:
    header = b"RIFF" + struct.pack("<I", 36 + 4000) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 1, 2, 2, 16)
    (tmp_path / "a.wav").write_bytes(header + b"data" + struct.pack("<I", 4000) + b"\x11\x22" * 2000)
    assert "makes no sense" in only_error(ingest([tmp_path / "a.wav"], tmp_path / "corpus")).message


def test_long_file_is_cut_at_the_limit(tmp_path: Path, make_tone: Tone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.corpus.reading.LONGEST_S", 0.5)
    soundfile.write(tmp_path / "a.wav", make_tone(2.0, 300.0), 48_000)
    (record,) = ingest([tmp_path / "a.wav"], tmp_path / "corpus").added
    assert record.status == "partial" and record.samples == 24_000


def test_duplicates_by_bytes_and_by_sound_are_kept_once(tmp_path: Path, make_tone: Tone) -> None:
    audio = make_tone(0.5, 500.0)
    soundfile.write(tmp_path / "a.wav", audio, 48_000, subtype="PCM_16")
    shutil.copy(tmp_path / "a.wav", tmp_path / "b.wav")
    soundfile.write(tmp_path / "c.flac", soundfile.read(tmp_path / "a.wav")[0], 48_000, subtype="PCM_16")
    report = ingest([tmp_path], tmp_path / "corpus")
    assert [Path(r.source).name for r in report.added] == ["a.wav"]
    assert [Path(r.source).name for r in report.duplicates] == ["b.wav", "c.flac"]
    assert all("a.wav" in r.message for r in report.duplicates)
    assert len(list((tmp_path / "corpus" / "audio").iterdir())) == 1


def test_adding_again_adds_only_what_is_new(tmp_path: Path, make_tone: Tone) -> None:
    soundfile.write(tmp_path / "a.wav", make_tone(0.5, 500.0), 48_000)
    ingest([tmp_path / "a.wav"], tmp_path / "corpus")
    soundfile.write(tmp_path / "b.wav", make_tone(0.5, 600.0), 48_000)
    report = ingest([tmp_path], tmp_path / "corpus")
    assert (len(report.added), len(report.duplicates), report.total_files) == (1, 1, 2)
    assert len(load_corpus(tmp_path / "corpus").files) == 2


def test_measures_what_the_screen_shows(tmp_path: Path) -> None:
    t = np.arange(48_000) / 48_000
    audio = np.clip(2 * np.sin(2 * np.pi * 100 * t), -1, 1).astype(np.float32)
    audio[24_000:] = 0
    soundfile.write(tmp_path / "a.wav", audio, 48_000, subtype="FLOAT")
    (record,) = ingest([tmp_path / "a.wav"], tmp_path / "corpus").added
    assert record.clipped_samples == pytest.approx(int((np.abs(audio) >= 1.0 - 2**-12).sum()), abs=4)
    assert record.silence_share == pytest.approx(0.5, abs=0.02)
    assert record.loudness_lufs + record.gain_db == pytest.approx(-20, abs=0.02)


def test_cancel_keeps_what_was_finished(tmp_path: Path, tone_files: list[Path]) -> None:
    seen: list[IngestProgress] = []
    report = ingest(tone_files, tmp_path / "corpus", progress=seen.append, cancelled=lambda: len(seen) > 3)
    assert report.is_cancelled and len(report.added) == 3
    assert len(load_corpus(tmp_path / "corpus").usable) == 3
    assert [p.done_files for p in seen[:3]] == [0, 1, 2] and seen[0].total_files == 12


def test_kill_leaves_a_valid_corpus(tmp_path: Path, tone_files: list[Path]) -> None:
    code = (
        "import sys,time;from pathlib import Path;from daemon.corpus.ingest import ingest\n"
        "def slow(p):\n print(p.done_files,flush=True); time.sleep(0.05)\n"
        "ingest([Path(sys.argv[1])],Path(sys.argv[2]),progress=slow)"
    )
    folder = tmp_path / "corpus"
    command = [sys.executable, "-c", code, str(tone_files[0].parent), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        while child.stdout.readline().strip() != "4":
            assert child.poll() is None
        time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    usable = load_corpus(folder).usable
    assert 4 <= len(usable) <= 6
    corpus = load_corpus(folder)
    assert all(np.isfinite(corpus.audio(record)).all() for record in usable)
    assert ingest([tone_files[0].parent], folder).total_files == 12
    assert not list(folder.rglob(".part-*"))


def test_damaged_index_and_cache_are_said(tmp_path: Path, make_tone: Tone) -> None:
    soundfile.write(tmp_path / "a.wav", make_tone(0.5, 500.0), 48_000)
    ingest([tmp_path / "a.wav"], tmp_path / "corpus")
    corpus = load_corpus(tmp_path / "corpus")
    cached = tmp_path / "corpus" / corpus.usable[0].audio
    cached.write_bytes(cached.read_bytes()[:500])
    with pytest.raises(CorpusError, match="again"):
        corpus.audio(corpus.usable[0])
    cached.unlink()
    with pytest.raises(CorpusError, match=r"cached audio of a\.wav is missing"):
        corpus.audio(corpus.usable[0])
    (tmp_path / "corpus" / "corpus.json").write_text("{")
    with pytest.raises(CorpusError, match="index cannot be read"):
        load_corpus(tmp_path / "corpus")
    with pytest.raises(CorpusError, match="no corpus here"):
        load_corpus(tmp_path / "nothing")


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """A minute of stereo at 96 kHz is 46 MB, four hundred times a block, decoded; reading it takes a few blocks."""
    block = np.random.default_rng(0).standard_normal((96_000, 2)).astype(np.float32) * 0.05
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 96_000, 2, subtype="PCM_16") as file:
        for _ in range(60):
            file.write(block)
    code = (
        "import json,resource,sys;from pathlib import Path;from daemon.corpus.ingest import ingest\n"
        "before=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "r=ingest([Path(sys.argv[1])],Path(sys.argv[2]))\n"
        "print(json.dumps([r.total_s,(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss-before)/1024]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "long.flac"), str(tmp_path / "corpus")]
    seconds, grown_mib = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert seconds == pytest.approx(60, abs=0.1)
    assert grown_mib < 80

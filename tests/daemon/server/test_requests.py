"""Every request against a real daemon with a real (untrained) codec: what it does, and how it refuses."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest
import soundfile

from protocol.columns import encoded_columns, gains_db
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.corpora import ListCorpora, RemoveCorpus, ShowCorpus
from protocol.messages.fields import Struct
from protocol.messages.jobs import CancelJob, GetJobLog, ShowJob, StartTraining
from protocol.messages.models import GetPalette, ListModels, ShowModel
from protocol.messages.session import GetStatus
from protocol.messages.snapshots import DecodeRegion, DecodeSnapshot, DecodeStrand, EditSnapshot, EncodeFile
from protocol.messages.strands import (
    ApplyEdit,
    CloseStrand,
    GetStrand,
    GetWorkspace,
    ListClosedStrands,
    ListStrands,
    OpenStrand,
    PutWorkspace,
    RedoEdit,
    RenameStrand,
    ReopenStrand,
    UndoEdit,
)
from protocol.ranges import FrameRange
from protocol.strands import as_encoded
from protocol.training import TrainingOptions
from tui.transport.client import Client

Live = Any


@contextlib.asynccontextmanager
async def refused(code: str, *words: str) -> AsyncIterator[None]:
    """The block is refused with this code, a line that has these words, and a hint."""
    with pytest.raises(AlleleError) as refusal:
        yield
    assert refusal.value.code == code, str(refusal.value)
    assert all(word in str(refusal.value) for word in words), str(refusal.value)
    assert refusal.value.hint
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ShowCorpus(name="nope"), ["nope", "tones"]),
        (RemoveCorpus(name="nope"), ["nope", "tones"]),
        (ShowModel(name="nope"), ["nope", "raw"]),
        (GetPalette(model="nope"), ["nope", "raw"]),
        (EncodeFile(path="/etc/hostname", model="nope"), ["nope", "raw"]),
        (StartTraining(corpus="nope", model="new"), ["nope", "tones"]),
        (StartTraining(corpus="tones", model="new", resume=True), ["new", "unfinished"]),
        (ShowJob(job="j999"), ["j999"]),
        (CancelJob(job="j999"), ["j999"]),
        (GetJobLog(job="j999"), ["j999"]),
        (GetStrand(strand="s0"), ["s0"]),
        (CloseStrand(strand="s0"), ["s0"]),
        (ReopenStrand(strand="s0"), ["s0"]),
        (RenameStrand(strand="s0", name="x"), ["s0"]),
        (UndoEdit(strand="s0"), ["s0"]),
        (ApplyEdit(strand="s0", edit=parse_edit("set 1")), ["s0"]),
        (DecodeStrand(strand="s0", out="/tmp/x.wav"), ["s0"]),
        (EncodeFile(path="/no/such/file.wav", model="raw"), ["/no/such/file.wav"]),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_unknown_names_are_refused_naming_what_exists(client: Client, request_: Struct, words: list[str]) -> None:
    async with refused("E_NOT_FOUND", *words):
        await client.request(request_)


async def test_a_finished_model_is_not_trained_again(client: Client) -> None:
    async with refused("E_EXISTS", "raw", "another name"):
        await client.request(StartTraining(corpus="tones", model="raw"))
    async with refused("E_EXISTS", "raw"):
        await client.request(StartTraining(corpus="tones", model="raw", resume=True))


async def test_wishes_that_cannot_be_are_refused(client: Client) -> None:
    async with refused("E_BAD_REQUEST", "huge", "tiny, small, base"):
        await client.request(StartTraining(corpus="tones", model="new", options=TrainingOptions(preset="huge")))
    async with refused("E_BAD_REQUEST", "one of them"):
        await client.request(StartTraining(corpus="tones", model="new", options=TrainingOptions(budget_s=5, steps=5)))
    async with refused("E_BAD_REQUEST", "whole path"):
        await client.request(EncodeFile(path="here.wav", model="raw"))


async def test_an_unfinished_run_is_resumed_or_renamed(client: Client, live: Live, toy_run: Path) -> None:
    (live.places.models / "half").mkdir(exist_ok=True)
    shutil.copy(toy_run / "run.json", live.places.models / "half")
    async with refused("E_EXISTS", "half", "--resume"):
        await client.request(StartTraining(corpus="tones", model="half"))


async def test_a_corpus_with_too_little_audio_is_refused_at_once(client: Client, live: Live, tmp_path: Path) -> None:
    from daemon.corpus.ingest import ingest

    soundfile.write(tmp_path / "short.wav", np.sin(np.arange(9600) / 20) * 0.3, 48_000)
    ingest([tmp_path / "short.wav"], live.places.corpora / "short")
    async with refused("E_TOO_SHORT", "short", "allele corpus add"):
        await client.request(StartTraining(corpus="short", model="new"))


def write_bad_files(folder: Path) -> None:
    """One of each kind."""
    audio = np.sin(np.arange(48_000) / 20) * 0.3
    soundfile.write(folder / "whole.flac", audio, 48_000)
    soundfile.write(folder / "nan.wav", np.full(4800, np.nan, np.float32), 48_000, subtype="FLOAT")
    soundfile.write(folder / "none.wav", np.zeros(0, np.float32), 48_000)
    (folder / "cut.flac").write_bytes((folder / "whole.flac").read_bytes()[:-20_000])
    (folder / "text.wav").write_text("hello\n")
    (folder / "empty.wav").write_bytes(b"")
    (folder / "folder.wav").mkdir()


@pytest.mark.parametrize("name", ["nan.wav", "none.wav", "cut.flac", "text.wav", "empty.wav", "folder.wav"])
async def test_bad_audio_is_one_line_that_names_the_file(client: Client, tmp_path: Path, name: str) -> None:
    write_bad_files(tmp_path)
    with pytest.raises(AlleleError) as refusal:
        await client.request(EncodeFile(path=str(tmp_path / name), model="raw"), timeout_s=60)
    assert refusal.value.code in ("E_BAD_AUDIO", "E_TOO_SHORT")
    assert str(tmp_path / name) in refusal.value.message
    assert refusal.value.hint


async def test_encode_edit_decode_as_snapshots(
    client: Client, tone_files: list[Path], tmp_path: Path, raw_model: Path
) -> None:
    from daemon.codec.codec import Codec

    one = await client.request(EncodeFile(path=str(tone_files[0]), model="raw"), timeout_s=60)
    two = await client.request(EncodeFile(path=str(tone_files[5]), model="raw"), timeout_s=60)
    meta = one.body.meta
    assert (meta.levels, meta.codebook, meta.source.channels) == (2, 16, 1)
    assert meta.samples == soundfile.info(tone_files[0]).frames
    edited = await client.request(
        EditSnapshot(
            meta=meta,
            edits=[
                parse_edit("swap 'b one.alle' q0 @2:6 at=0"),
                parse_edit("copy a q0 @2:4"),
                parse_edit("put a q1 @0:"),
            ],
            others=[two.body.meta],
            names={"b one.alle": 0},
        ),
        buffers=[*one.buffers, *two.buffers],
    )
    expected = one.buffers[0].copy()
    expected[0, 2:6] = two.buffers[0][0, 0:4]
    expected[1, 0:2] = two.buffers[0][0, 0:2]
    assert np.array_equal(edited.buffers[0], expected)
    assert len(edited.body.meta.edits) == 3
    out = tmp_path / "out.wav"
    decoded = await client.request(
        DecodeSnapshot(meta=edited.body.meta, out=str(out)), buffers=edited.buffers, timeout_s=60
    )
    audio, rate = soundfile.read(out, dtype="float32")
    assert (rate, len(audio), soundfile.info(out).subtype) == (48_000, meta.samples, "PCM_24")
    whole = Codec.load(raw_model).decode(expected, samples=meta.samples, gain_db=gains_db(edited.buffers[1]))
    assert np.abs(np.clip(whole, -1, 1) - audio).max() < 1e-4
    assert decoded.body.peak_db == pytest.approx(20 * np.log10(np.abs(audio).max()), abs=0.1)


async def test_a_region_equals_the_whole_decode(client: Client, raw_model: Path) -> None:
    from daemon.codec.codec import Codec

    codec = Codec.load(raw_model)
    codes = np.random.default_rng(1).integers(0, 16, (2, 1500)).astype(np.uint16)  # longer than what is sent whole
    meta = meta_of(codec.codec_id, 1500)
    strand = (await client.request(OpenStrand(meta=meta), buffers=as_encoded(meta, codes).buffers)).body
    whole = codec.decode(codes)
    for lo, hi in ((0, 3), (700, 733), (1490, 1500)):
        region = await client.request(DecodeRegion(strand=strand.id, frames=FrameRange(lo, hi)), timeout_s=60)
        assert region.buffers[0].shape == (1, (hi - lo) * 1024)
        assert np.abs(region.buffers[0][0] - whole[lo * 1024 : hi * 1024]).max() < 1e-4
    async with refused("E_RANGE"):
        await client.request(DecodeRegion(strand=strand.id, frames=FrameRange(1490, 1501)))
    async with refused("E_RANGE"):
        await client.request(DecodeRegion(strand=strand.id, frames=FrameRange(0, 1), levels=[2]))


def meta_of(codec_id: str, frames: int, name: str = "x", model: str = "raw") -> Any:
    from protocol.strands import StrandMeta

    return StrandMeta(
        name=name, model=model, codec_id=codec_id, levels=2, codebook=16, frames=frames, samples=frames * 1024
    )


async def test_a_strand_of_another_model_is_refused_by_name(client: Client) -> None:
    buffers = [np.zeros((2, 4), np.uint16), encoded_columns(4, 1024, 0.0)]
    async with refused("E_WRONG_MODEL", "rain", "raw", "allele encode"):
        await client.request(OpenStrand(meta=meta_of("0" * 64, 4, "rain")), buffers=buffers)
    async with refused("E_NOT_FOUND", "rain", "gone", "raw"):
        await client.request(OpenStrand(meta=meta_of("0" * 64, 4, "rain", "gone")), buffers=buffers)
    async with refused("E_WRONG_MODEL", "rain"):
        await client.request(
            DecodeSnapshot(meta=meta_of("0" * 64, 4, "rain"), out="/tmp/x.wav"),
            buffers=buffers,
        )


async def test_a_decode_keeps_the_recording_and_what_it_may_not_replace(
    client: Client, tone_files: list[Path], tmp_path: Path
) -> None:
    recording, linked, other = tmp_path / "take.wav", tmp_path / "linked.wav", tmp_path / "other.wav"
    shutil.copy(tone_files[0], recording)
    linked.hardlink_to(recording)
    before = recording.read_bytes()
    made = await client.request(EncodeFile(path=str(recording), model="raw"), timeout_s=60)
    opened = (await client.request(OpenStrand(meta=made.body.meta), buffers=made.buffers)).body
    other.write_bytes(b"what somebody recorded")
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "nowhere.wav")
    os.mkfifo(tmp_path / "fifo.wav")

    async def decode(out: Path, *, replace: bool) -> None:
        snapshot = DecodeSnapshot(meta=made.body.meta, out=str(out), replace=replace)
        await client.request(snapshot, buffers=made.buffers, timeout_s=60)
        await client.request(DecodeStrand(strand=opened.id, out=str(out)), timeout_s=60)

    for out in (recording, linked):
        for replace in (False, True):
            async with refused("E_EXISTS", out.name, "recording"):
                await decode(out, replace=replace)
    async with refused("E_IO", "fifo.wav"):
        await decode(tmp_path / "fifo.wav", replace=True)
    for out in (other, tmp_path / "dangling.wav"):
        async with refused("E_EXISTS", out.name):
            await decode(out, replace=False)
        async with refused("E_EXISTS", out.name):
            await client.request(DecodeStrand(strand=opened.id, out=str(out), replace=False))
    assert recording.read_bytes() == linked.read_bytes() == before and other.read_bytes() == b"what somebody recorded"
    await decode(other, replace=True)
    assert soundfile.info(other).frames == made.body.meta.samples
    await client.request(CloseStrand(strand=opened.id))


async def test_a_strand_lives_is_edited_and_closed(client: Client, tone_files: list[Path], tmp_path: Path) -> None:
    opened = (await client.request(OpenStrand(path=str(tone_files[1]), model="raw"), timeout_s=60)).body
    before = (await client.request(GetStrand(strand=opened.id))).buffers[0]
    await client.request(ApplyEdit(strand=opened.id, edit=parse_edit("set 5 q1 @3:6"), if_rev=0))
    await client.request(UndoEdit(strand=opened.id, if_rev=1))
    again = await client.request(RedoEdit(strand=opened.id))
    assert again.body.strands[0].rev == 3
    got = await client.request(GetStrand(strand=opened.id))
    assert got.body.meta.edits == ["set 5 q1 @3:6"]
    assert (got.buffers[0][1, 3:6] == 5).all()
    assert np.array_equal(got.buffers[0][0], before[0])
    async with refused("E_NOT_FOUND", "missing"):
        await client.request(DecodeStrand(strand=opened.id, out=str(tmp_path / "missing" / "x.wav")))
    async with refused("E_IO", "folder"):
        await client.request(DecodeStrand(strand=opened.id, out=str(tmp_path)))
    await client.request(CloseStrand(strand=opened.id))
    async with refused("E_NOT_FOUND", opened.id):
        await client.request(GetStrand(strand=opened.id))
    closed = (await client.request(ListClosedStrands())).body.strands[0]
    assert (closed.id, closed.meta.name, closed.undo_depth, closed.rev) == (opened.id, opened.meta.name, 1, 3)
    back = (await client.request(ReopenStrand(strand=opened.id))).body
    assert (back.rev, back.undo_depth) == (3, 1)
    assert np.array_equal((await client.request(GetStrand(strand=opened.id))).buffers[0], got.buffers[0])
    assert (await client.request(ReopenStrand(strand=opened.id))).body == back
    assert opened.id in [info.id for info in (await client.request(ListStrands())).body.strands]
    renamed = (await client.request(RenameStrand(strand=opened.id, name=" my  kick "))).body
    assert renamed == msgspec.structs.replace(back, meta=msgspec.structs.replace(back.meta, name="my kick"))
    async with refused("E_BAD_REQUEST", "a/b"):
        await client.request(RenameStrand(strand=opened.id, name="a/b"))
    await client.request(UndoEdit(strand=opened.id))
    again = (await client.request(GetStrand(strand=opened.id))).body
    assert (again.meta.name, again.rev) == ("my kick", 4)  # a rename is no edit, and an undo keeps it
    await client.request(CloseStrand(strand=opened.id))
    assert (await client.request(ReopenStrand(strand=opened.id))).body.meta.name == "my kick"
    await client.request(CloseStrand(strand=opened.id))


async def test_lists_palette_and_workspace(client: Client) -> None:
    assert "tones" in [info.name for info in (await client.request(ListCorpora())).body.corpora]
    assert "raw" in [info.name for info in (await client.request(ListModels())).body.models]
    shown = (await client.request(ShowCorpus(name="tones"))).body
    assert (shown.info.files, len(shown.files), shown.files[0].status) == (12, 12, "ok")
    palette = await client.request(GetPalette(model="raw"), timeout_s=60)
    assert np.array_equal(np.sort(palette.buffers[0], axis=1), np.tile(np.arange(16), (2, 1)))
    await client.request(PutWorkspace(state='{"a": 1}'))
    assert (await client.request(GetWorkspace())).body.state == '{"a": 1}'


def engine_pid(live: Live, lane: str) -> int:
    for child in psutil.Process(live.process.pid).children():
        with contextlib.suppress(psutil.Error):
            if child.cmdline()[-1] == lane:
                return child.pid
    return 0


async def test_a_killed_engine_fails_what_it_did_and_comes_back(
    client: Client, live: Live, tmp_path: Path, tone_files: list[Path]
) -> None:
    import asyncio

    long = tmp_path / "long.wav"
    soundfile.write(long, np.tile(np.sin(np.arange(48_000) / 20) * 0.3, 240), 48_000)
    await client.request(EncodeFile(path=str(tone_files[0]), model="raw"), timeout_s=60)  # it is up
    working = asyncio.create_task(client.request(EncodeFile(path=str(long), model="raw"), timeout_s=60))
    await asyncio.sleep(0.3)
    killed_s = time.monotonic()
    os.kill(engine_pid(live, "files"), signal.SIGKILL)
    async with refused("E_ENGINE", "signal 9"):
        await working
    assert time.monotonic() - killed_s < 3.0
    assert (await client.request(GetStatus())).body.pid == live.process.pid
    again = await client.request(EncodeFile(path=str(tone_files[0]), model="raw"), timeout_s=60)
    assert again.body.meta.levels == 2


async def test_a_training_runs_to_its_end_and_its_log_can_be_followed_from_the_start(
    client: Client, live: Live, new_wire: Callable[..., Any]
) -> None:
    import asyncio

    names: list[str] = []
    await client.subscribe(lambda event: names.append(event.name), lambda _: None)
    accepted = (
        await client.request(
            StartTraining(corpus="tones", model="made", options=TrainingOptions(preset="toy", steps=2))
        )
    ).body
    async with refused("E_EXISTS", "made", accepted.job):
        await client.request(
            StartTraining(corpus="tones", model="made", options=TrainingOptions(preset="toy", steps=2))
        )
    while (job := (await client.request(ShowJob(job=accepted.job))).body).state in ("queued", "running"):
        await asyncio.sleep(0.1)
    assert (job.state, job.error) == ("done", "")
    assert job.result is not None
    assert job.result.keys() == {"model", "steps", "seconds", "levels", "codebook", "held_out", "utilisation", "prior"}
    assert (job.result["model"], job.result["steps"], job.result["prior"]) == ("made", 2, None)
    entries, after = [], 0
    while page := (await client.request(GetJobLog(job=accepted.job, after=after))).body.entries:
        entries += page
        after += len(page)
    kinds = [entry["type"] for entry in entries]
    assert kinds.count("StepCompleted") == 2
    assert {"JobLogged", "EvaluationCompleted"} <= set(kinds)
    assert "made" in [info.name for info in (await client.request(ListModels())).body.models]
    await asyncio.sleep(0.3)
    assert {"JobChanged", "StepCompleted", "EvaluationCompleted", "JobLogged", "ModelsChanged"} <= set(names)
    shutil.rmtree(live.places.models / "made")
    await client.request(ListModels())

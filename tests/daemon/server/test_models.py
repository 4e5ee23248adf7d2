"""Models go to the trash whole and come back from it; what holds their codes says how to get them back."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.prior.card import PriorCard, write_card
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.jobs import CancelJob, GetJobLog, PauseJob, ResumeJob, ShowJob, StartTraining
from protocol.messages.models import DeleteModel, GetAtlas, ListModels, RenameModel, RestoreModel, ShowModel
from protocol.messages.snapshots import DecodeRegion, EncodeFile
from protocol.messages.strands import ApplyEdit, GetStrand, OpenStrand
from protocol.ranges import FrameRange
from protocol.strands import as_encoded
from protocol.training import TrainingOptions
from tui.transport.client import Client

Files = dict[str, bytes]


class Shelf:
    """A daemon of its own, and what lies in its folders."""

    def __init__(self, client: Client, live: Any) -> None:
        self.client, self.places = client, live.places

    async def ask(self, body: Any, buffers: Any = ()) -> Any:
        return await self.client.request(body, buffers=list(buffers), timeout_s=60)

    async def refusal(self, body: Any, buffers: Any = ()) -> AlleleError:
        with pytest.raises(AlleleError) as refused:
            await self.ask(body, buffers)
        assert refused.value.hint and "\n" not in str(refused.value)
        return refused.value

    async def names(self) -> list[str]:
        return [info.name for info in (await self.ask(ListModels())).body.models]

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.places.models / "raw", self.places.models / name))

    @property
    def trash(self) -> list[str]:
        return sorted(path.name for path in self.places.trash.iterdir()) if self.places.trash.exists() else []


@pytest.fixture
async def shelf(new_daemon: Callable[..., Any]) -> AsyncIterator[Shelf]:
    live = new_daemon()
    async with Client(live.places.endpoint) as client:
        yield Shelf(client, live)


def contents(folder: Path) -> Files:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_deleted_model_is_whole_in_the_trash_and_its_strands_wait_for_it(
    shelf: Shelf, tone_files: list[Path]
) -> None:
    strand = (await shelf.ask(OpenStrand(path=str(tone_files[1]), model="raw"))).body
    sounded = (await shelf.ask(DecodeRegion(strand=strand.id, frames=FrameRange(0, 4)))).buffers[0]
    before, news = contents(shelf.places.models / "raw"), list[str]()
    await shelf.client.subscribe(lambda event: news.append(event.name), lambda _: None)
    said = (await shelf.ask(DeleteModel(name="raw"))).body.detail
    (trashed,) = shelf.trash
    assert trashed.startswith("model-raw-") and trashed in said and strand.meta.name in said
    assert contents(shelf.places.trash / trashed) == before
    assert await shelf.names() == []
    for lost in (
        DecodeRegion(strand=strand.id, frames=FrameRange(0, 4)),
        EncodeFile(path=str(tone_files[0]), model="raw"),
        DeleteModel(name="raw"),
    ):
        error = await shelf.refusal(lost)
        assert error.code == "E_NOT_FOUND" and "allele model restore raw" in error.hint
    edited = await shelf.ask(ApplyEdit(strand=strand.id, edit=parse_edit("set 5 q0 @2:3")))
    assert edited.body.strands[0].rev == 1  # cells are edited without the model

    await shelf.ask(RestoreModel(name="raw"))
    assert shelf.trash == [] and contents(shelf.places.models / "raw") == before
    await shelf.ask(ApplyEdit(strand=strand.id, edit=parse_edit("set 3 q1 @3:4")))
    back = (await shelf.ask(DecodeRegion(strand=strand.id, frames=FrameRange(0, 4)))).buffers[0]
    assert back.shape == sounded.shape and np.abs(back).max() > 0
    assert news.count("ModelsChanged") == 2


async def test_of_two_of_one_name_the_last_comes_back_and_beside_a_new_one_under_another_name(shelf: Shelf) -> None:
    for word in ("first", "second"):
        (shelf.copy("take-2") / "note.txt").write_text(word)
        await shelf.ask(DeleteModel(name="take-2"))
    assert len(shelf.trash) == 2
    shelf.copy("take-2")
    error = await shelf.refusal(RestoreModel(name="take-2"))
    assert error.code == "E_EXISTS" and "allele model restore take-2 --as take-2-2" in error.hint
    assert len(shelf.trash) == 2
    await shelf.ask(RestoreModel(name="take-2", new_name="old take"))
    assert (shelf.places.models / "old take" / "note.txt").read_text() == "second"
    assert await shelf.names() == ["old take", "raw", "take-2"]
    await shelf.ask(DeleteModel(name="take-2"))
    (shelf.places.trash / "model-broken").mkdir()  # nothing of ours: no time in its name
    await shelf.ask(RestoreModel(name="take-2"))
    assert not (shelf.places.models / "take-2" / "note.txt").exists()  # deleted after "first" was
    error = await shelf.refusal(RestoreModel(name="take"))
    assert error.code == "E_NOT_FOUND" and "take-2" in error.message


async def test_a_strand_finds_its_model_under_the_name_it_came_back_with(shelf: Shelf, tone_files: list[Path]) -> None:
    strand = (await shelf.ask(OpenStrand(path=str(tone_files[1]), model="raw"))).body
    twin = shelf.copy("twin")
    said = (await shelf.ask(DeleteModel(name="twin"))).body.detail
    assert strand.meta.name not in said and not twin.exists()  # raw has the same codec
    await shelf.ask(DeleteModel(name="raw"))
    await shelf.ask(RestoreModel(name="raw", new_name="other"))
    assert (await shelf.ask(DecodeRegion(strand=strand.id, frames=FrameRange(0, 4)))).buffers[0].shape == (1, 4 * 1024)


async def test_a_renamed_model_keeps_its_strands_and_takes_no_name_that_is_used(
    shelf: Shelf, tone_files: list[Path]
) -> None:
    strand = (await shelf.ask(OpenStrand(path=str(tone_files[1]), model="raw"))).body
    before = contents(shelf.places.models / "raw")
    shelf.copy("taken")
    error = await shelf.refusal(RenameModel(name="raw", new_name="taken"))
    assert error.code == "E_EXISTS" and "allele model rename raw taken-2" in error.hint
    assert (await shelf.refusal(RenameModel(name="nope", new_name="new"))).code == "E_NOT_FOUND"
    assert contents(shelf.places.models / "raw") == before
    await shelf.ask(RenameModel(name="raw", new_name="rain and wind"))
    assert await shelf.names() == ["rain and wind", "taken"]
    assert contents(shelf.places.models / "rain and wind") == before and shelf.trash == []
    await shelf.ask(DeleteModel(name="taken"))  # which has the same codec
    assert (await shelf.ask(DecodeRegion(strand=strand.id, frames=FrameRange(0, 4)))).buffers[0].shape == (1, 4 * 1024)


async def test_names_with_a_space_are_quoted_in_what_there_is_to_type(shelf: Shelf, tone_files: list[Path]) -> None:
    shelf.copy("raw too")
    strand = (await shelf.ask(OpenStrand(path=str(tone_files[1]), model="raw too"))).body
    codes = (await shelf.ask(GetStrand(strand=strand.id))).buffers[0]
    for wrong in (replace(strand.meta, codebook=8), replace(strand.meta, channels=2)):
        error = await shelf.refusal(OpenStrand(meta=wrong), as_encoded(wrong, codes % 8).buffers)
        assert (error.code, error.hint[-30:]) == ("E_BAD_STRAND", "allele encode FILE --model 'raw too'"[-30:])
    error = await shelf.refusal(StartTraining(corpus="my drums", model="new"))
    assert "allele corpus add 'my drums' PATH..." in error.hint
    assert "allele model atlas 'raw too'" in (await shelf.ask(GetAtlas(model="raw too"))).body.detail


async def test_what_a_job_works_on_stays_and_an_unfinished_training_can_go(shelf: Shelf) -> None:
    wish = StartTraining(corpus="tones", model="half", options=TrainingOptions(preset="toy", steps=100_000))
    job = (await shelf.ask(wish)).body.job
    while not (await shelf.ask(ShowJob(job=job))).body.detail.startswith("step "):
        await asyncio.sleep(0.05)
    error = await shelf.refusal(DeleteModel(name="half"))
    assert error.code == "E_BUSY" and f"allele jobs cancel {job}" in error.hint
    await shelf.ask(PauseJob(job=job))
    while (await shelf.ask(ShowJob(job=job))).body.state != "paused":
        await asyncio.sleep(0.05)
    assert (await shelf.refusal(DeleteModel(name="half"))).code == "E_BUSY"
    await shelf.ask(CancelJob(job=job))
    assert (await shelf.refusal(wish)).code == "E_EXISTS"
    assert (shelf.places.models / "half" / "run.json").exists()
    await shelf.ask(DeleteModel(name="half"))
    assert (await shelf.refusal(RestoreModel(name="nope"))).code == "E_NOT_FOUND"
    error = await shelf.refusal(ResumeJob(job=job))
    assert error.code == "E_NOT_FOUND" and "allele model restore half" in error.hint
    steps = len((await shelf.ask(GetJobLog(job=job))).body.entries)
    assert steps > 0  # from the trash
    again = (await shelf.ask(wish)).body.job  # the name is free
    assert (await shelf.refusal(RestoreModel(name="half"))).code == "E_EXISTS"  # also while the job waits in line
    await shelf.ask(CancelJob(job=again))
    while (await shelf.ask(ShowJob(job=again))).body.state in ("queued", "running"):
        await asyncio.sleep(0.05)
    await shelf.ask(RestoreModel(name="half", new_name="other half"))
    assert len((await shelf.ask(GetJobLog(job=job))).body.entries) == steps
    resumed = (await shelf.ask(ResumeJob(job=job))).body
    assert resumed.subject == "other half"
    await shelf.ask(CancelJob(job=resumed.id))


async def test_a_name_that_became_another_codec_is_not_taken_for_the_one_before(
    shelf: Shelf, tone_files: list[Path], toy_run: Path
) -> None:
    strand = (await shelf.ask(OpenStrand(path=str(tone_files[1]), model="raw"))).body
    frames = strand.meta.frames
    long = (await shelf.ask(ApplyEdit(strand=strand.id, edit=parse_edit(f"repeat 20 @0:{frames}")))).body
    assert long.strands[0].meta.frames > 512  # of so many frames only a part travels, by the codec's margin
    region = DecodeRegion(strand=strand.id, frames=FrameRange(600, 604))
    sounded = (await shelf.ask(region)).buffers[0]
    await shelf.ask(DeleteModel(name="raw"))
    shutil.copytree(toy_run, shelf.places.models / "raw")
    error = await shelf.refusal(region)
    assert error.code == "E_WRONG_MODEL" and "allele model restore raw --as raw-2" in error.hint
    await shelf.ask(RestoreModel(name="raw", new_name="raw-2"))
    assert np.array_equal((await shelf.ask(region)).buffers[0], sounded)
    other = (await shelf.ask(OpenStrand(path=str(tone_files[1]), model="raw"))).body
    assert other.meta.codec_id != strand.meta.codec_id
    await shelf.ask(ApplyEdit(strand=other.id, edit=parse_edit(f"repeat 20 @0:{frames}")))
    codec, grid = Codec.load(toy_run), (await shelf.ask(GetStrand(strand=other.id))).buffers[0]
    whole = codec.decode(grid, gain_db=other.meta.gain_db)
    part = (await shelf.ask(DecodeRegion(strand=other.id, frames=FrameRange(600, 604)))).buffers[0][0]
    assert np.abs(part - whole[600 * 1024 : 604 * 1024]).max() < 1e-4


async def test_a_model_of_an_earlier_allele_is_listed_with_what_to_do(shelf: Shelf, tone_files: list[Path]) -> None:
    described = shelf.copy("old") / "codec" / "codec.json"
    assert all(not info.problem for info in (await shelf.ask(ListModels())).body.models)  # now it is in the index
    told = json.loads(described.read_text()) | {"version": 5}
    described.write_text(json.dumps(told))
    models = {info.name: info for info in (await shelf.ask(ListModels())).body.models}
    assert "codec format 5" in models["old"].problem and "allele model delete old" in models["old"].hint
    assert models["raw"].problem == ""
    error = await shelf.refusal(EncodeFile(path=str(tone_files[0]), model="old"))
    assert "codec format 5" in error.message and "allele model delete old" in error.hint
    error = await shelf.refusal(StartTraining(corpus="tones", model="old"))
    assert error.code == "E_EXISTS" and "allele model delete old" in error.hint
    described.unlink()
    (info,) = [info for info in (await shelf.ask(ListModels())).body.models if info.name == "old"]
    assert "missing" in info.problem
    await shelf.ask(DeleteModel(name="old"))
    assert await shelf.names() == ["raw"]


async def test_a_prior_is_known_as_soon_as_it_is_written(shelf: Shelf) -> None:
    folder = shelf.copy("sung")
    assert (await shelf.ask(ShowModel(name="sung"))).body.prior is None
    card = PriorCard(
        parameters=1,
        steps=2,
        seconds=3.0,
        bits_per_frame=4.0,
        held_out_bits_per_frame=None,
        network_bits_per_frame=None,
        unigram_bits_per_frame=5.0,
        temperature=1.0,
        repeat_rate=0.5,
        corpus_repeat_rate=0.5,
    )
    (folder / "prior").mkdir()
    write_card(folder / "prior", card)
    known = (await shelf.ask(ShowModel(name="sung"))).body.prior
    assert known is not None and known["steps"] == 2 and known["held_out_bits_per_frame"] is None

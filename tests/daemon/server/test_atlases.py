"""Palettes, words for codes and nudges over the wire, with and without an atlas."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile

from daemon.atlas.files import ATLAS_NAME, LABELS_NAME, write_atlas
from daemon.atlas.table import Atlas as Table
from protocol.atlas import DESCRIPTORS, FIRST_COMPONENT
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.events import AtlasChanged
from protocol.messages.jobs import CancelJob
from protocol.messages.models import GetAtlas, GetPalette, MeasureAtlas, PutLabel, ShowModel
from protocol.messages.session import GetStatus
from protocol.messages.strands import ApplyEdit, GetStrand, OpenStrand, UndoEdit
from tui.transport.client import Client

K = 16


@asynccontextmanager
async def refused(code: str, *words: str) -> AsyncIterator[None]:
    with pytest.raises(AlleleError) as caught:
        yield
    assert caught.value.code == code, caught.value
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.fixture
def model_dir(live: Any) -> Path:
    return live.home / "models" / "raw"


@pytest.fixture
async def table(client: Client, model_dir: Path) -> Table:
    """An atlas, written into the model's folder: codes are as bright as their number, nothing else is known."""
    codec_id = (await client.request(ShowModel(name="raw"))).body.codec_id
    random = np.random.default_rng(4)
    effects = random.normal(0, 0.05, (2, K, 10, len(DESCRIPTORS)))
    at = list(DESCRIPTORS).index("brightness")
    effects[..., at] += np.arange(K)[None, :, None]
    effects -= effects.mean(1, keepdims=True)
    table = Table(
        codec_id=codec_id, descriptors=tuple(DESCRIPTORS), units=tuple(one.unit for one in DESCRIPTORS.values()),
        effects=effects.astype(np.float16), usage=np.arange(2 * K, dtype=np.uint32).reshape(2, K), usage_frames=496,
    )  # fmt: skip
    write_atlas(model_dir, table)
    return table


async def test_without_an_atlas_everything_works_and_the_command_that_measures_one_is_named(
    client: Client, model_dir: Path, tmp_path: Path, make_tone: Callable[..., Any]
) -> None:
    (model_dir / ATLAS_NAME).unlink(missing_ok=True)
    palette = (await client.request(GetPalette(model="raw"), timeout_s=60)).body
    assert (palette.descriptor, palette.choices) == (FIRST_COMPONENT, [])
    answer = await client.request(GetAtlas(model="raw"))
    assert (answer.body.state, answer.buffers) == ("absent", [])
    assert "allele model atlas raw" in answer.body.detail
    soundfile.write(tmp_path / "a.wav", make_tone(0.5, 220), 48_000)
    strand = (await client.request(OpenStrand(path=str(tmp_path / "a.wav"), model="raw"), timeout_s=60)).body
    await client.request(ApplyEdit(strand=strand.id, edit=parse_edit("nudge brighter")), timeout_s=60)
    rev = (await client.request(GetStrand(strand=strand.id))).body.rev
    (model_dir / ATLAS_NAME).write_bytes(b"no atlas")
    assert (await client.request(GetAtlas(model="raw"))).body.state == "damaged"
    async with refused("E_NO_ATLAS", "cannot be read"):
        await client.request(ApplyEdit(strand=strand.id, edit=parse_edit("nudge brighter")))
    assert (await client.request(GetStrand(strand=strand.id))).body.rev == rev


async def test_an_atlas_orders_the_codes_and_says_what_they_do(client: Client, table: Table) -> None:
    answer = await client.request(GetPalette(model="raw"))
    assert (answer.body.descriptor, answer.body.unsure) == ("brightness", [])
    assert answer.body.choices == list(DESCRIPTORS)
    assert np.array_equal(answer.buffers[0], table.ranks("brightness"))
    other = await client.request(GetPalette(model="raw", descriptor="loudness"))
    assert (other.body.descriptor, other.body.unsure) == ("loudness", [0, 1])
    component = await client.request(GetPalette(model="raw", descriptor=FIRST_COMPONENT), timeout_s=60)
    assert component.body.descriptor == FIRST_COMPONENT
    async with refused("E_NOT_FOUND", "colour", "brightness"):
        await client.request(GetPalette(model="raw", descriptor="colour"))
    whole = await client.request(GetAtlas(model="raw"))
    assert (whole.body.state, whole.body.contexts, whole.body.usage_frames) == ("ready", 10, 496)
    mean, spread, verdicts, usage = whole.buffers
    assert mean.shape == spread.shape == verdicts.shape == (2, K, len(DESCRIPTORS))
    assert np.array_equal(verdicts, table.verdicts)
    assert np.array_equal(usage, table.usage)
    assert whole.body.reliability[0][list(DESCRIPTORS).index("brightness")] > 0.99


async def test_nudge_says_how_far_it_went_and_is_undone(
    client: Client, table: Table, tmp_path: Path, make_tone: Callable[..., Any]
) -> None:
    soundfile.write(tmp_path / "a.wav", make_tone(0.5, 220), 48_000)
    strand = (await client.request(OpenStrand(path=str(tmp_path / "a.wav"), model="raw"), timeout_s=60)).body.id
    before = (await client.request(GetStrand(strand=strand))).buffers[0]
    changed = False
    for direction in (
        "louder",
        "softer",
        "brighter",
        "darker",
    ):  # a codec that was never trained has steps in some directions only
        levels = "q0" if direction in ("louder", "softer") else "q0-1"  # on all levels these turn the frames' volume
        applied = await client.request(
            ApplyEdit(strand=strand, edit=parse_edit(f"nudge {direction} {levels} @2:9 by=0.5"))
        )
        after = (await client.request(GetStrand(strand=strand))).buffers[0]
        (note,) = applied.body.notes
        assert direction in note
        assert note.startswith("nothing changed") == np.array_equal(after, before), note
        outside = np.ones(before.shape, np.bool_)
        outside[:, 2:9] = False
        assert np.array_equal(after[outside], before[outside])
        changed |= not np.array_equal(after, before)
        await client.request(UndoEdit(strand=strand))
        assert np.array_equal((await client.request(GetStrand(strand=strand))).buffers[0], before)
    assert changed


async def test_labels_are_kept_in_the_models_folder_and_told(client: Client, model_dir: Path) -> None:
    heard: list[Any] = []
    await client.subscribe(lambda event: heard.append(event.body), lambda _: None)
    await client.request(PutLabel(model="raw", level=1, code=3, text=" thud "))
    await client.request(PutLabel(model="raw", level=0, code=3, text="hiss"))
    await client.request(PutLabel(model="raw", level=0, code=3, text=""))
    assert (await client.request(GetAtlas(model="raw"))).body.labels == {"1:3": "thud"}
    assert msgspec.json.decode((model_dir / LABELS_NAME).read_bytes()) == {"1:3": "thud"}
    await client.request(GetStatus())
    assert AtlasChanged(model="raw") in heard
    async with refused("E_RANGE", "level 2"):
        await client.request(PutLabel(model="raw", level=2, code=0, text="x"))
    async with refused("E_BAD_CODE", "code 16"):
        await client.request(PutLabel(model="raw", level=0, code=K, text="x"))
    async with refused("E_BAD_REQUEST", "control"):
        await client.request(PutLabel(model="raw", level=0, code=0, text="a\nb"))
    (model_dir / LABELS_NAME).write_text("{")
    async with refused("E_IO", LABELS_NAME):
        await client.request(PutLabel(model="raw", level=0, code=0, text="x"))
    assert LABELS_NAME in (await client.request(GetAtlas(model="raw"))).body.detail
    (model_dir / LABELS_NAME).unlink()


async def test_of_two_who_ask_at_once_one_measures(client: Client, live: Any, toy_run: Path) -> None:
    shutil.copytree(toy_run, live.home / "models" / "asked")
    ask = [client.request(MeasureAtlas(model="asked")) for _ in range(4)]
    answers = await asyncio.gather(*ask, return_exceptions=True)
    jobs = [answer.body.job for answer in answers if not isinstance(answer, BaseException)]
    refusals = [str(answer) for answer in answers if isinstance(answer, AlleleError)]
    assert len(jobs) == 1 and len(refusals) == 3, answers
    assert all(f"job {jobs[0]} measures asked already" in refusal for refusal in refusals)
    await client.request(CancelJob(job=jobs[0]))


async def test_a_model_that_does_not_say_what_it_learned_from_cannot_be_measured(client: Client) -> None:
    async with refused("E_NOT_FOUND", "run.json"):
        await client.request(MeasureAtlas(model="raw"))

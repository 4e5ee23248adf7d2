"""`allele generate` and the prior's part of `allele train`, by the command line alone."""

import asyncio
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.jobs import GetJobLog, ListJobs
from protocol.messages.snapshots import GetSurprise
from protocol.messages.strands import ApplyEdit, CloseStrand, GetStrand, OpenStrand, StopEdit
from protocol.places import places_of
from tui.transport.client import Client, Event

# Another seed than that of the model `toy`: equal trainings give equal codecs, and strands belong to codecs.
PRIOR = ("--preset", "toy", "--levels", "3", "--codebook", "32", "--steps", "40", "--seed", "5")


@pytest.fixture(scope="module")
def model(shared: Any) -> str:
    """A model that was trained without a prior, and got one by --resume."""
    plain = shared("train", "tones", "--name", "sung", *PRIOR, "--json", timeout_s=120).json
    assert plain["prior"] is None
    made = shared("train", "tones", "--name", "sung", "--resume", "--prior-budget", "3s", "--json", timeout_s=120).json
    assert made["steps"] == plain["steps"] and made["prior"]["steps"] > 0
    assert made["prior"]["held_out_bits_per_frame"] > 0 and made["prior"]["parameters"] > 0
    assert sum(made["prior"]["novelty"].values()) == pytest.approx(1.0, abs=0.01)
    assert shared("model", "show", "sung", "--json").json["prior"] == made["prior"]
    return "sung"


def codes_of(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return np.load(io.BytesIO(archive.read("codes.npy")), allow_pickle=False)


def test_sounds_of_exact_length_with_a_manifest(allele: Any, model: str) -> None:
    made = allele("generate", model, "--seconds", "1.5", "--count", "2", "--seed", "7", "-o", "g", "--json").json
    manifest = json.loads(Path(made["manifest"]).read_text())
    assert [one["seed"] for one in made["outputs"]] == [7, 8]
    assert [one["audio"] for one in manifest["outputs"]] == [one["audio"] for one in made["outputs"]]
    for one in made["outputs"]:
        sound, rate = soundfile.read(one["audio"])
        assert rate == 48_000 and len(sound) == 72_000 and np.abs(sound).max() > 0.001
        assert one["engine"] in ("neural", "collage", "events") and {"brightness", "attack", "onsets"} <= set(
            one["descriptors"]
        )
        decoded = allele("decode", one["strand"], "-o", "again.wav", "--force", "--json").json
        assert decoded["samples"] == 72_000
        again, _ = soundfile.read(allele.folder / "again.wav")
        assert np.abs(again[:-480] - sound[:-480]).max() < 1e-3  # the file's end fades


async def test_a_priors_training_leaves_curves_and_previews(allele: Any, model: str) -> None:
    async with Client(places_of(allele.home).endpoint) as client:
        jobs = (await client.ask(ListJobs())).jobs
        job = next(one for one in jobs if (one.kind, one.subject, one.state) == ("train", model, "done"))
        entries, page = [], (await client.ask(GetJobLog(job=job.id)))
        while page.entries:
            entries += page.entries
            page = await client.ask(GetJobLog(job=job.id, after=page.next))
    assert any(one["type"] == "PriorStepped" and one["bits"] > 0 for one in entries)
    last = [one for one in entries if one["type"] == "PriorEvaluated"][-1]
    assert len(last["levels"]) == 3 and sum(last["levels"]) == pytest.approx(last["bits"], abs=0.01)
    assert last["novelty"] in ("copy", "close", "new", "silent")
    sound, _ = soundfile.read(last["preview"])
    assert len(sound) == 144 * 1024 and last["preview"].endswith("prior/previews/final.wav")


def test_the_same_command_makes_what_is_missing_and_replaces_nothing(allele: Any, model: str) -> None:
    words = ("generate", model, "--seconds", "1", "--engine", "collage", "--seed", "3", "-o", "again")
    assert allele(*words, "--count", "2").status == 0
    folder = allele.folder / "again"
    before = {path.name: path.read_bytes() for path in folder.glob(f"{model}-*")}
    (folder / f"{model}-4.wav").unlink()
    (folder / f"{model}-4.alle").unlink()
    made = allele(*words, "--count", "3", "--json").json
    assert len(made["outputs"]) == 3
    after = {path.name: path.read_bytes() for path in folder.glob(f"{model}-*")}
    assert {name: after[name] for name in before if name.endswith("wav")} == {
        name: data for name, data in before.items() if name.endswith("wav")
    }
    refused = allele(*words, "--creativity", "0.9").error
    assert "it exists already" in refused and "--force" in refused
    assert allele(*words, "--creativity", "0.9", "--force").status == 0


def test_a_strand_is_continued_varied_and_filled(allele: Any, model: str, make_tone: Any) -> None:
    soundfile.write(allele.folder / "a.wav", make_tone(2.0, 220.0), 48_000)
    assert allele("encode", "a.wav", "--model", model, "-o", "a.alle").status == 0
    given = codes_of(allele.folder / "a.alle")
    (more,) = allele(
        "generate", model, "--continue", "a.alle", "--seconds", "0.7", "--seed", "1", "-o", "c", "--json"
    ).json["outputs"]
    assert more["samples"] == 33_600
    (filled,) = allele(
        "generate", model, "--infill", "a.alle", "--frames", "20:40", "--seed", "1", "-o", "i", "--json"
    ).json["outputs"]
    codes = codes_of(Path(filled["strand"]))
    assert np.array_equal(codes[:, :20], given[:, :20]) and np.array_equal(codes[:, 40:], given[:, 40:])
    assert not np.array_equal(codes[:, 20:40], given[:, 20:40]) and filled["samples"] == 96_000
    (varied,) = allele("generate", model, "--vary", "a.alle", "--amount", "0", "--seed", "1", "-o", "v", "--json").json[
        "outputs"
    ]
    assert np.array_equal(codes_of(Path(varied["strand"])), given)


def test_a_selection_is_regenerated_as_an_edit(allele: Any, model: str, make_tone: Any) -> None:
    soundfile.write(allele.folder / "a.wav", make_tone(2.0, 220.0), 48_000)
    assert allele("encode", "a.wav", "--model", model, "-o", "a.alle").status == 0
    before = codes_of(allele.folder / "a.alle")
    for out in ("b.alle", "c.alle"):
        made = allele("edit", "a.alle", "lock q1", "regenerate @20:40 seed=5", "-o", out, "--json").json
        assert made["edits"][-1].startswith("regenerate")
    after, again = (codes_of(allele.folder / name) for name in ("b.alle", "c.alle"))
    assert np.array_equal(after, again)
    changed = after != before
    assert changed[:, 20:40].any() and not changed[1].any()
    assert not changed[:, :20].any() and not changed[:, 40:].any()


def test_only_the_odd_cells_are_mutated(allele: Any, model: str, make_tone: Any) -> None:
    soundfile.write(allele.folder / "a.wav", make_tone(1.0, 220.0), 48_000)
    assert allele("encode", "a.wav", "--model", model, "-o", "a.alle").status == 0
    before = codes_of(allele.folder / "a.alle")
    for out, only in (("b.alle", "odd"), ("c.alle", "odd"), ("d.alle", "dull")):
        assert allele("edit", "a.alle", f"mutate 1 seed=5 only={only} share=0.2", "-o", out, "--json").json
    odd, again, dull = (codes_of(allele.folder / f"{name}.alle") != before for name in "bcd")
    assert np.array_equal(odd, again) and not (odd & dull).any()
    assert {*odd.sum(1), *dull.sum(1)} == {round(0.2 * before.shape[1])}


async def test_cells_are_published_as_they_are_drawn_and_a_stopped_edit_leaves_the_strand(
    allele: Any, model: str, make_tone: Any
) -> None:
    soundfile.write(allele.folder / "a.wav", make_tone(12.0, 220.0), 48_000)
    drawn: list[Event] = []
    changes: list[Event] = []

    def take(event: Event) -> None:
        (drawn if event.name == "CellsDrawn" else changes if event.name == "StrandChanged" else []).append(event)

    async with Client(places_of(allele.home).endpoint) as client:
        await client.subscribe(take, lambda _: None)
        strand = await client.ask(OpenStrand(path=str(allele.folder / "a.wav"), model=model))
        before = (await client.request(GetStrand(strand=strand.id))).buffers[0]
        edit, number = parse_edit("regenerate @100:500 seed=5"), os.urandom(16)
        working = asyncio.create_task(
            client.request(ApplyEdit(strand=strand.id, edit=edit), request_id=number, timeout_s=60)
        )
        while len(drawn) < 3:
            await asyncio.sleep(0.01)
        await client.ask(StopEdit(edit=number))
        with pytest.raises(AlleleError, match="as it was"):
            await working
        assert np.array_equal((await client.request(GetStrand(strand=strand.id))).buffers[0], before) and not changes
        begun, first, second = drawn[:3]
        assert begun.buffers[1].all() and begun.buffers[1].shape == (3, 400)
        assert first.body.frames.first == 100 and second.body.frames.first == first.body.frames.past
        count = len(drawn)
        await client.ask(ApplyEdit(strand=strand.id, edit=parse_edit("regenerate @10:12 seed=5")))
        assert drawn[count].body.whole.first == 10, "the stopped edit has not gone on"
        scored = await client.request(GetSurprise(strand=strand.id, first=20))
        assert scored.body.frames.first == 0 and scored.body.rev == changes[-1].body.strand.rev
        assert scored.buffers[0].shape == before.shape and scored.buffers[0].dtype == np.uint8
        with pytest.raises(AlleleError, match="not being computed"):
            await client.ask(StopEdit(edit=number))
        await client.ask(CloseStrand(strand=strand.id))  # other tests share this daemon


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--engine", "collage", "--focus", "0.5"), "has no focus"),
        (("--amount", "0.2"), "--vary"),
        (("--frames", "1:2"), "--infill"),
        (("--vary", "missing.alle"), "missing.alle"),
        (("--infill", "b.alle", "--frames", "90:200"), "frames"),
        (("--vary", "b.alle", "--loop"), "loop"),
    ],
)
def test_what_cannot_be_made_is_said_in_a_line(
    allele: Any, model: str, make_tone: Any, words: tuple[str, ...], problem: str
) -> None:
    soundfile.write(allele.folder / "b.wav", make_tone(1.0, 220.0), 48_000)
    allele("encode", "b.wav", "--model", model, "-o", "b.alle", "--force")
    assert problem in allele("generate", model, *words, "--seconds", "1", "-o", "bad").error


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1801"])
def test_lengths_that_cannot_be(allele: Any, model: str, value: str) -> None:
    ran = allele("generate", model, "--seconds", value, "-o", "bad")
    assert ran.status == 2 and "--seconds" in ran.err


def test_a_model_without_a_prior_quotes_its_recordings(allele: Any) -> None:
    (one,) = allele("generate", "toy", "--seconds", "2", "--seed", "1", "-o", "q", "--json").json["outputs"]
    assert one["engine"] == "collage" and one["verbatim"] > 0.3
    assert "no prior" in allele("generate", "toy", "--engine", "neural", "--seconds", "1", "-o", "q2").error


def test_two_models_of_one_codec_make_sounds_together(shared: Any, allele: Any, model: str) -> None:
    words = ("train", "tones", "--name", "choir", "--codec-from", model)
    assert "--levels and --codec-from exclude one another" in shared(*words, "--levels", "3").error
    made = shared(*words, "--prior-budget", "1s", "--seed", "9", "--json", timeout_s=120).json
    assert made["prior"]["steps"] > 0 and made["levels"] == 3
    first, second = (shared("model", "show", name, "--json").json for name in (model, "choir"))
    assert first["codec_id"] == second["codec_id"] and (first["codec_from"], second["codec_from"]) == ("", model)
    assert {"name", "engine", "effect", "cross", "works", "why"} == set(second["knobs"][0])
    mixed = ("generate", model, "--seconds", "0.5", "--seed", "2", "-o", "mixed")
    (sound,) = allele(*mixed, "--with", "choir", "--json").json["outputs"]
    assert sound["with"] == {"model": "choir", "mix": 0.5, "through": "codes"} and sound["engine"] == "neural"
    with zipfile.ZipFile(sound["strand"]) as archive:
        assert json.loads(archive.read("strand.json"))["other"] == "choir"
    for refused, why in (
        (("--mix", "0.5"), "--mix is the share of a second model"),
        (("--with", model), "cannot be mixed with itself"),
        (("--with", "nobody"), "no model is called 'nobody'"),
        (("--with", "choir", "--mix", "-0.5", "--engine", "collage"), "cannot turn away"),
    ):
        assert why in allele(*mixed[:-1], "refused", *refused).error

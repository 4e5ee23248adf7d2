"""Tempo and onsets of open strands and snapshots, through a real daemon with a real (untrained) codec."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.events import StrandChanged
from protocol.messages.snapshots import EditSnapshot, FindOnsets
from protocol.messages.strands import ApplyEdit, GetStrand, ListStrands, OpenStrand, StrandInfo, UndoEdit
from protocol.tempo import Tempo
from tui.transport.client import Client, Event


@pytest.fixture
def opened(client: Client, tmp_path: Path, make_tone: Callable[..., Any]) -> Callable[..., Any]:
    async def open_one(seconds: float) -> StrandInfo:
        soundfile.write(tmp_path / "tone.wav", make_tone(seconds, 200.0), 48_000)
        return (await client.request(OpenStrand(path=str(tmp_path / "tone.wav"), model="raw"))).body

    return open_one


async def test_a_tempo_is_sent_to_every_client_and_changes_no_cell(client: Client, opened: Any) -> None:
    one = await opened(1.0)
    before = await client.request(GetStrand(strand=one.id))
    heard: list[StrandChanged] = []

    def hear(event: Event) -> None:
        if isinstance(event.body, StrandChanged):
            heard.append(event.body)

    await client.subscribe(hear, lambda _: None)
    done = (await client.request(ApplyEdit(strand=one.id, edit=parse_edit("tempo 97.5 beats=3")))).body
    after = await client.request(GetStrand(strand=one.id))
    assert done.strands[0].meta.tempo == after.body.meta.tempo == Tempo(bpm=97.5, beats=3)
    assert all(np.array_equal(*pair) for pair in zip(before.buffers, after.buffers, strict=True))
    for _ in range(100):
        if heard:
            break
        await asyncio.sleep(0.02)
    assert [(event.strand.meta.tempo, event.resized) for event in heard] == [(Tempo(bpm=97.5, beats=3), False)]
    with pytest.raises(AlleleError, match="nothing to undo"):
        await client.request(UndoEdit(strand=one.id))
    with pytest.raises(AlleleError, match="20 to 400"):
        await client.request(ApplyEdit(strand=one.id, edit=parse_edit("tempo 7")))
    listed = (await client.request(ListStrands())).body.strands
    assert [info.meta.tempo for info in listed if info.id == one.id] == [Tempo(bpm=97.5, beats=3)]


async def test_a_snapshot_keeps_a_tempo(client: Client, opened: Any) -> None:
    one = await opened(1.0)
    whole = await client.request(GetStrand(strand=one.id))
    edits = [parse_edit("tempo 120"), parse_edit("cut @0:4")]
    made = await client.request(EditSnapshot(meta=one.meta, edits=edits), buffers=whole.buffers)
    assert (made.body.meta.tempo, made.body.meta.frames) == (Tempo(bpm=120), one.meta.frames - 4)
    assert made.body.meta.edits == ["tempo 120", "cut @0:4"]


async def test_onsets_are_those_of_the_sound_and_tempos_fit_its_length(client: Client, opened: Any) -> None:
    one = await opened(4.0)
    found = await client.request(FindOnsets(strand=one.id))
    (moments,) = found.buffers
    assert moments.dtype == np.int32 and moments[0] < 2400 and (np.diff(moments) > 0).all()
    assert moments[-1] < one.meta.samples
    beats = np.array(found.body.tempos) * 4.0 / 60
    assert len(beats) and beats == pytest.approx(np.round(beats), abs=1e-6)
    whole = await client.request(GetStrand(strand=one.id))
    same = await client.request(FindOnsets(meta=one.meta), buffers=whole.buffers)
    assert np.array_equal(same.buffers[0], moments) and same.body.tempos == found.body.tempos
    with pytest.raises(AlleleError) as refusal:
        await client.request(FindOnsets())
    assert refusal.value.code == "E_BAD_REQUEST"


async def test_a_loop_is_smoothed_where_it_begins_again_and_undone(client: Client, opened: Any) -> None:
    one = await opened(1.0)
    codes, columns = (await client.request(GetStrand(strand=one.id))).buffers
    done = (await client.request(ApplyEdit(strand=one.id, edit=parse_edit("seamless @4:40 over=8")))).body
    assert "the loop point" in done.notes[0] and done.edit == "seamless @4:40 over=8"
    after = await client.request(GetStrand(strand=one.id))
    assert np.array_equal(after.buffers[0], codes) and not np.array_equal(after.buffers[1], columns)
    assert np.array_equal(after.buffers[1][1:], columns[1:]), "only levels change"
    await client.request(UndoEdit(strand=one.id))
    assert np.array_equal((await client.request(GetStrand(strand=one.id))).buffers[1], columns)

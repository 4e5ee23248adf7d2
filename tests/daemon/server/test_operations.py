"""The operations in a real daemon with a real (untrained) codec: order, news, lengths, undo, and several clients."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from msgspec.structs import replace

from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.events import StrandChanged
from protocol.messages.snapshots import DecodeRegion, DecodeStrand, EditSnapshot
from protocol.messages.strands import ApplyEdit, GetStrand, OpenStrand, RedoEdit, StrandInfo, UndoEdit
from protocol.ranges import FrameRange
from protocol.strands import as_encoded
from tui.transport.client import Client, Event

Live = Any


@pytest.fixture
def opened(client: Client, tmp_path: Path, make_tone: Callable[..., Any]) -> Callable[..., Any]:
    async def open_one(name: str, seconds: float, hz: float) -> StrandInfo:
        soundfile.write(tmp_path / f"{name}.wav", make_tone(seconds, hz), 48_000)
        return (await client.request(OpenStrand(path=str(tmp_path / f"{name}.wav"), model="raw"))).body

    return open_one


async def codes_of(client: Client, strand: str) -> np.ndarray:
    return (await client.request(GetStrand(strand=strand))).buffers[0]


async def edited(client: Client, strand: str, text: str, **more: Any) -> Any:
    return (await client.request(ApplyEdit(strand=strand, edit=parse_edit(text), **more))).body


async def test_every_operation_does_and_undoes(client: Client, opened: Any) -> None:
    one, two = await opened("one", 0.7, 200), await opened("two", 0.5, 700)
    before, others = await codes_of(client, one.id), await codes_of(client, two.id)
    texts = [
        "paint 3,4,.,5 q0 @2:", "copy a q0 @0:4", "mix a gap=@9 q1", "flood a @5:20", "shift +3 @0:8", "reverse q1",
        "stretch 1.5 @0:10", "repeat 2 @0:4", "mirror", "mutate 0.3 seed=1", f"blend {two.id} 0.5",
        f"blend {two.id} 0.5 mode=cells seed=2 align=stretch", f"blend {two.id} 0.5 mode=levels align=dtw",
        f"mosaic {two.id} continuity=0.5", "stretch 0.3",
    ]  # fmt: skip
    walked = [before]
    for text in texts:
        done = await edited(client, one.id, text)
        codes = await codes_of(client, one.id)
        (info,) = done.strands
        assert codes.shape == (2, info.meta.frames)
        assert info.meta.samples == info.meta.frames * 1024 - (one.meta.frames * 1024 - one.meta.samples)
        walked.append(codes)
    assert len({codes.tobytes() for codes in walked}) >= len(texts) - 1
    walked = [walked[0], *(codes for text, codes in zip(texts, walked[1:], strict=True) if not text.startswith("copy"))]
    for codes in walked[-2::-1]:
        await client.request(UndoEdit(strand=one.id))
        assert np.array_equal(await codes_of(client, one.id), codes)
    for codes in walked[1:]:
        await client.request(RedoEdit(strand=one.id))
        assert np.array_equal(await codes_of(client, one.id), codes)
    assert np.array_equal(await codes_of(client, two.id), others)


async def test_a_mutation_without_a_seed_is_another_one_each_time_and_its_text_repeats_it(
    client: Client, opened: Any
) -> None:
    one = await opened("one", 0.5, 200)
    before = (await client.request(GetStrand(strand=one.id))).buffers
    texts, made = [], []
    for _ in range(3):
        texts.append((await edited(client, one.id, "mutate 0.4")).edit)
        made.append(await codes_of(client, one.id))
        await client.request(UndoEdit(strand=one.id))
    assert len(set(texts)) == 3 and not np.array_equal(made[0], made[1])
    await client.request(RedoEdit(strand=one.id))
    assert np.array_equal(await codes_of(client, one.id), made[2]), "redo writes the same cells"
    await client.request(UndoEdit(strand=one.id))
    await edited(client, one.id, texts[0])
    assert np.array_equal(await codes_of(client, one.id), made[0])
    snapshot = EditSnapshot(meta=one.meta, edits=[parse_edit("mutate 0.4")])
    reply = await client.request(snapshot, buffers=before)
    (text,) = reply.body.meta.edits
    again = EditSnapshot(meta=one.meta, edits=[parse_edit(text)])
    assert "seed=" in text
    assert np.array_equal((await client.request(again, buffers=before)).buffers[0], reply.buffers[0])


async def test_the_same_edit_on_the_same_cells_gives_the_same_cells(client: Client, opened: Any) -> None:
    one, two = await opened("one", 0.5, 200), await opened("two", 0.6, 700)
    for text in ("mutate 0.4 seed=7", f"blend {two.id} 0.4", f"mosaic {two.id}", f"blend {two.id} 0.7 align=dtw"):
        made = []
        for _ in range(2):
            await edited(client, one.id, text)
            made.append(await codes_of(client, one.id))
            await client.request(UndoEdit(strand=one.id))
        assert np.array_equal(*made)


async def test_after_a_change_of_length_the_sound_has_as_many_samples_as_is_said(
    client: Client, opened: Any, tmp_path: Path
) -> None:
    one = await opened("one", 0.5, 200)
    assert one.meta.samples % 1024
    for text in ("mirror", "stretch 0.7", "repeat 1 @3:9"):
        done = await edited(client, one.id, text)
        said = done.strands[0].meta
        out = tmp_path / "out.wav"
        made = (await client.request(DecodeStrand(strand=one.id, out=str(out)))).body
        assert made.samples == soundfile.info(out).frames == said.samples
        region = await client.request(DecodeRegion(strand=one.id, frames=FrameRange(said.frames - 2, said.frames)))
        assert region.buffers[0].shape == (1, 2048)
    with pytest.raises(AlleleError) as refusal:
        await edited(client, one.id, "reverse @0:999")
    assert refusal.value.code == "E_RANGE"


async def test_news_of_a_new_length_say_so(client: Client, opened: Any) -> None:
    one = await opened("one", 0.5, 200)
    heard: list[Event] = []
    await client.subscribe(heard.append, lambda _: None)
    await edited(client, one.id, "repeat 1 @2:5")
    await edited(client, one.id, "mutate 1 @0:4")
    await client.request(UndoEdit(strand=one.id))
    await client.request(UndoEdit(strand=one.id))
    async with asyncio.timeout(10):
        while len(news := [event for event in heard if isinstance(event.body, StrandChanged)]) < 4:
            await asyncio.sleep(0.01)
    frames = one.meta.frames
    assert [event.body.resized for event in news] == [True, False, False, True]
    assert [event.body.strand.meta.frames for event in news] == [frames + 3, frames + 3, frames + 3, frames]
    assert [event.body.frames for event in news] == [
        FrameRange(5, 8),
        FrameRange(0, 4),
        FrameRange(0, 4),
        FrameRange(5, 5),
    ]
    assert news[1].buffers[0].shape == (2, 4)


async def test_keys_held_behind_an_edit_that_takes_the_model_keep_their_order(client: Client, opened: Any) -> None:
    one, two = await opened("one", 0.6, 200), await opened("two", 0.6, 700)
    texts = [f"blend {two.id} 0.5 align=dtw", "set 1 q0 @0", "mutate 1 @0:4 seed=3", "set 2 q0 @1", "shift 1 @0:5"]
    keys = [os.urandom(16) for _ in texts]
    asks = [
        client.request(
            ApplyEdit(strand=one.id, edit=parse_edit(text), if_rev=None if number else 0, after=keys[number - 1])
            if number
            else ApplyEdit(strand=one.id, edit=parse_edit(text), if_rev=0),
            request_id=keys[number],
        )
        for number, text in enumerate(texts)
    ]
    done = await asyncio.gather(*asks)
    assert [answer.body.strands[0].rev for answer in done] == [1, 2, 3, 4, 5]
    together = await codes_of(client, one.id)
    for _ in texts:
        await client.request(UndoEdit(strand=one.id))
    for text in texts:
        await edited(client, one.id, text)
    assert np.array_equal(await codes_of(client, one.id), together)


async def test_a_swap_does_not_overtake_the_other_strands_edits(client: Client, opened: Any) -> None:
    one, two = await opened("one", 0.6, 200), await opened("two", 0.6, 700)
    swapped = await codes_of(client, one.id)
    first, second, third = (os.urandom(16) for _ in range(3))
    await asyncio.gather(
        client.request(
            ApplyEdit(strand=two.id, edit=parse_edit(f"blend {one.id} 0.5 align=dtw"), if_rev=0), request_id=first
        ),
        client.request(ApplyEdit(strand=one.id, edit=parse_edit(f"swap {two.id}"), if_rev=0), request_id=second),
        client.request(ApplyEdit(strand=two.id, edit=parse_edit("set 3 q0 @0"), after=second), request_id=third),
    )
    expected = swapped.copy()
    expected[0, 0] = 3
    assert np.array_equal(await codes_of(client, two.id), expected)


async def test_an_engine_that_dies_fails_its_edit_and_lets_the_others_through(
    client: Client, live: Live, opened: Any
) -> None:
    one, two = await opened("one", 0.6, 200), await opened("two", 0.6, 700)
    before = await codes_of(client, one.id)
    await edited(client, two.id, "mutate 0.1")  # the engine is up
    engine = next(
        child for child in psutil.Process(live.process.pid).children() if child.cmdline()[-1] == "interactive"
    )
    engine.suspend()
    computed = asyncio.create_task(edited(client, one.id, "mutate 0.5"))
    after = asyncio.create_task(edited(client, one.id, "set 5 q0 @0"))
    other = await edited(client, two.id, "set 5 q0 @0")  # another strand does not wait
    assert other.strands[0].rev == 2
    assert (await client.request(GetStrand(strand=one.id))).body.rev == 0
    assert not after.done()
    engine.kill()
    with pytest.raises(AlleleError) as failure:
        await computed
    assert failure.value.code == "E_ENGINE" and "\n" not in str(failure.value)
    assert (await after).strands[0].rev == 1
    before = before.copy()
    before[0, 0] = 5
    assert np.array_equal(await codes_of(client, one.id), before)
    assert (await edited(client, one.id, "mutate 0.5")).strands[0].rev == 2  # the engine is back


async def test_two_clients_at_once_end_with_the_same_strands(client: Client, live: Live, opened: Any) -> None:
    one, two = await opened("one", 0.7, 200), await opened("two", 0.5, 700)
    async with Client(live.places.endpoint) as second:
        seen: list[dict[str, tuple[int, bytes]]] = [{}, {}]

        async def follow(who: Client, place: int) -> None:
            async def refetch(strand: str) -> None:
                answer = await who.request(GetStrand(strand=strand))
                rev, _ = seen[place].get(strand, (-1, b""))
                if answer.body.rev >= rev:
                    seen[place][strand] = (answer.body.rev, answer.buffers[0].tobytes())

            tasks: list[asyncio.Task[None]] = []

            def heard(event: Event) -> None:
                if isinstance(event.body, StrandChanged):
                    tasks.append(asyncio.create_task(refetch(event.body.strand.id)))

            await who.subscribe(heard, lambda _: None)

        async def play(who: Client, seed: int) -> int:
            random = np.random.default_rng(seed)
            done = 0
            for _ in range(15):
                here, there = (one.id, two.id) if random.random() < 0.5 else (two.id, one.id)
                texts = [
                    f"set {random.integers(16)} q0 @{random.integers(12)}", "mirror @0:3", "stretch 0.6 @0:8",
                    f"mutate 0.5 seed={seed} @0:9", f"blend {there} 0.5", f"swap {there} @0:5", f"mosaic {there} @0:6",
                    f"blend {there} 0.3 align=dtw mode=cells",
                ]  # fmt: skip
                try:
                    await edited(who, here, str(random.choice(texts)))
                    done += 1
                except AlleleError as refusal:
                    assert refusal.code in ("E_RANGE", "E_CONFLICT"), refusal
            return done

        await follow(client, 0)
        await follow(second, 1)
        counts = await asyncio.gather(play(client, 1), play(second, 2))
        assert min(counts) >= 10
        async with asyncio.timeout(10):
            while True:
                truth = {}
                for strand in (one.id, two.id):
                    answer = await client.request(GetStrand(strand=strand))
                    truth[strand] = (answer.body.rev, answer.buffers[0].tobytes())
                if seen[0] == seen[1] == truth:
                    break
                await asyncio.sleep(0.02)
        assert sum(rev for rev, _ in truth.values()) >= sum(counts)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("blend nobody 0.5", "E_NOT_FOUND"),
        ("blend OTHER 2", "E_BAD_EDIT"),
        ("mirror q0", "E_BAD_EDIT"),
        ("stretch 0", "E_BAD_EDIT"),
        ("repeat 9999", "E_RANGE"),
        ("mutate 0.5 @99:", "E_RANGE"),
        ("mix z gap=1", "E_NOT_FOUND"),
    ],
)
async def test_a_refusal_changes_nothing(client: Client, opened: Any, text: str, code: str) -> None:
    one, two = await opened("one", 1.0, 200), await opened("two", 0.5, 700)
    before = await codes_of(client, one.id)
    with pytest.raises(AlleleError) as refusal:
        await edited(client, one.id, text.replace("OTHER", two.id))
    assert refusal.value.code == code and "\n" not in str(refusal.value)
    answer = await client.request(GetStrand(strand=one.id))
    assert answer.body.rev == 0 and np.array_equal(answer.buffers[0], before)


async def test_the_extremes_of_strands_work(client: Client, live: Live, opened: Any) -> None:
    """Silence, and a strand of one frame."""
    one = await opened("one", 0.5, 200)
    opening = OpenStrand(meta=replace(one.meta, frames=1, samples=9))
    buffers = as_encoded(opening.meta, np.zeros((2, 1), np.uint16)).buffers
    short = (await client.request(opening, buffers=buffers)).body
    soundless = await opened("soundless", 0.4, 0.0)
    for here, there in ((one, short), (short, one), (soundless, one), (one, soundless)):
        for align in ("none", "stretch", "dtw"):
            await edited(client, here.id, f"blend {there.id} 0.5 align={align}")
        await edited(client, here.id, f"mosaic {there.id}")
        await edited(client, here.id, "mutate 0.9")
        await edited(client, here.id, "reverse")
    done = await edited(client, short.id, "mirror")
    assert (done.strands[0].meta.frames, done.strands[0].meta.samples) == (2, 1024 + 9)


async def test_snapshots_take_the_same_operations(client: Client, opened: Any) -> None:
    one, two = await opened("one", 0.7, 200), await opened("two", 0.5, 700)
    both = [await client.request(GetStrand(strand=strand.id)) for strand in (one, two)]
    buffers = [array for strand in both for array in strand.buffers]
    texts = ["mutate 0.5 seed=2", "mirror @0:4", "blend O 0.4 align=dtw", "mosaic O @0:9", "stretch 0.8"]
    edits = [parse_edit(text) for text in texts]
    request = EditSnapshot(meta=one.meta, edits=edits, others=[two.meta], names={"O": 0})
    made = await client.request(request, buffers=buffers)
    for text in texts:
        await edited(client, one.id, text.replace("O", two.id))
    assert np.array_equal(made.buffers[0], await codes_of(client, one.id))
    info = (await client.request(GetStrand(strand=one.id))).body
    assert (made.body.meta.frames, made.body.meta.samples) == (info.meta.frames, info.meta.samples)

"""Blocks, joins and streams against a small decoder with a real receptive field: what is heard, and what it costs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.dsp.audio import Decoded
from daemon.playback.block_cache import Block, CodecRef, PreviewCache, block_of
from daemon.playback.crossfade import FADE_SAMPLES, would_click
from daemon.playback.players import Playback, before_of
from daemon.playback.spans import resized
from daemon.playback.strand_stream import BLOCK_FRAMES, CHUNK_SAMPLES, StrandStream
from protocol.columns import encoded_columns
from protocol.errors import AlleleError
from protocol.ranges import FrameRange
from protocol.strands import Strand, StrandMeta, as_encoded

HOP, MARGIN, LEVELS, CODEBOOK = 1024, 3, 4, 64
CODEC = CodecRef("m", MARGIN)
CARRIER = np.sin(2 * np.pi * 8 * np.arange(HOP) / HOP)


def decode(codes: np.ndarray, levels: tuple[int, ...] | None = None, gain_db: float = 0.0) -> np.ndarray:
    """A toy codec: each frame's loudness follows the codes of MARGIN frames on either side, on a 375 Hz carrier."""
    heard = codes if levels is None else codes[list(levels)]
    energy = (heard / CODEBOOK).sum(0) / LEVELS
    smooth = np.convolve(energy, np.ones(2 * MARGIN - 1) / (2 * MARGIN - 1))[MARGIN - 1 :][: energy.size]
    edges = np.append(smooth, smooth[-1:])
    ramps = edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * (np.arange(HOP) / HOP)
    return (ramps * CARRIER * 10 ** (gain_db / 20)).astype(np.float32).reshape(-1)


@dataclass(frozen=True)
class View:
    """A strand at one revision."""

    strand: Strand
    rev: int
    meta: StrandMeta
    codes: np.ndarray


class Shelf:
    """One open strand that can be edited."""

    def __init__(self, codes: np.ndarray, samples: int | None = None) -> None:
        self.codes, self.rev, self.is_open = codes, 0, True
        self.samples = codes.shape[1] * HOP if samples is None else samples

    def find(self, strand: str) -> View:
        if not self.is_open:
            raise AlleleError("E_NOT_FOUND", f"no strand is called {strand}")
        meta = StrandMeta(
            name="a", model="m", codec_id="c" * 64, levels=LEVELS, codebook=CODEBOOK,
            frames=self.codes.shape[1], samples=self.samples,
        )  # fmt: skip
        return View(as_encoded(meta, self.codes), self.rev, meta, self.codes)

    def write(self, level: int, frame: int, code: int) -> None:
        self.codes = self.codes.copy()
        self.codes[level, frame] = code
        self.rev += 1


class Engine:
    """The decoder as the broker sees it: an awaitable that takes a while."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s, self.blocks = delay_s, list[Block]()
        self.problem: AlleleError | None = None

    async def decode(self, block: Block) -> Decoded:
        self.blocks.append(block)
        await asyncio.sleep(self.delay_s)
        if self.problem is not None:
            raise self.problem
        return Decoded(decode(block.codes, block.levels, float(block.gains_db[0]))[block.lo * HOP : block.hi * HOP])


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
async def cache(engine: Engine) -> AsyncIterator[PreviewCache]:
    cache = PreviewCache(engine.decode)
    yield cache
    await cache.close()


def grid(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, CODEBOOK, (LEVELS, frames)).astype(np.uint16)


def stream_of(
    shelf: Shelf,
    cache: PreviewCache,
    frames: tuple[int, int] | None = None,
    *,
    levels: tuple[int, ...] | None = None,
    loop: bool = False,
) -> StrandStream:
    whole = (0, shelf.codes.shape[1])
    return StrandStream(shelf, cache, "s", FrameRange(*(frames or whole)), codec=CODEC, levels=levels, loop=loop)


async def heard(stream: StrandStream, samples: int | None = None) -> np.ndarray:
    """Everything up to the end, or the first so many samples; checks chunk lengths and places on the way."""
    parts, total, expected = list[np.ndarray](), 0, None
    while samples is None or total < samples:
        cut = await stream.next()
        assert cut.pcm.dtype == np.float32
        assert 0 < cut.pcm.size <= CHUNK_SAMPLES
        assert expected is None or cut.sample == expected or cut.sample < expected, "gaps in the strand"
        expected = cut.sample + cut.pcm.size
        parts.append(cut.pcm)
        total += cut.pcm.size
        await asyncio.sleep(0)  # the look-ahead gets its turn
        if cut.last:
            break
    return np.concatenate(parts)


@given(frame=st.integers(0, 199), lo=st.integers(0, 190), size=st.integers(1, 40))
def test_a_key_changes_exactly_with_what_is_heard(frame: int, lo: int, size: int) -> None:
    """A changed cell changes the key of a block iff the block's sound can depend on it."""
    shelf = Shelf(grid(200))
    hi = min(200, lo + size)

    def key() -> bytes:
        view = shelf.find("s")
        return block_of(view.strand, lo, hi, codec=CODEC, levels=None).key

    before = key()
    shelf.write(0, frame, (int(shelf.codes[0, frame]) + 1) % CODEBOOK)
    assert (key() != before) == (lo - MARGIN <= frame < hi + MARGIN)


def test_a_key_is_by_content() -> None:
    """The same cells elsewhere, or with other codes in a level that is not heard, are the same block."""
    one = Shelf(np.tile(grid(50), 4))
    view = one.find("s")
    keys = {block_of(view.strand, lo, lo + 10, codec=CODEC, levels=(1, 2)).key for lo in (20, 70, 120)}
    one.write(0, 25, (int(one.codes[0, 25]) + 1) % CODEBOOK)
    view = one.find("s")
    keys.add(block_of(view.strand, 20, 30, codec=CODEC, levels=(1, 2)).key)
    assert len(keys) == 1
    keys.add(block_of(view.strand, 20, 30, codec=CODEC, levels=(1, 3)).key)
    keys.add(block_of(view.strand, 20, 30, codec=CODEC, levels=None).key)
    assert len(keys) == 3


async def test_however_many_ask_it_is_decoded_once(engine: Engine, cache: PreviewCache) -> None:
    """Also when one of those who ask gives up."""
    engine.delay_s = 0.02
    view = Shelf(grid(40)).find("s")
    block = block_of(view.strand, 0, 10, codec=CODEC, levels=None)
    tasks = [asyncio.create_task(cache.fetch(block)) for _ in range(5)]
    await asyncio.sleep(0.005)
    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(result is results[1] for result in results[1:])
    assert len(engine.blocks) == 1


async def test_the_cap_in_bytes_holds_and_the_oldest_goes(engine: Engine) -> None:
    """Ten blocks of 40 KiB in 100 KiB: the last two are there, the first is not."""
    cache = PreviewCache(engine.decode, max_bytes=100 * 1024)
    view = Shelf(grid(200)).find("s")
    blocks = [block_of(view.strand, lo, lo + 10, codec=CODEC, levels=None) for lo in range(0, 100, 10)]
    for block in blocks:
        await cache.fetch(block)
        assert cache.bytes <= 100 * 1024
    assert [cache.peek(block) is not None for block in blocks] == [False] * 8 + [True] * 2
    await cache.close()
    assert cache.bytes == 0


async def test_a_failure_is_not_kept(engine: Engine, cache: PreviewCache) -> None:
    """Every waiting caller gets the error; the next one tries again."""
    view = Shelf(grid(40)).find("s")
    block = block_of(view.strand, 0, 10, codec=CODEC, levels=None)
    engine.problem = AlleleError("E_ENGINE", "it died")
    with pytest.raises(AlleleError, match="it died"):
        await cache.fetch(block)
    engine.problem = None
    assert (await cache.fetch(block)).pcm.shape == (10 * HOP,)


@settings(max_examples=25)
@given(frames=st.integers(1, 150), first=st.integers(0, 149), spare=st.integers(0, HOP - 1), seed=st.integers(0, 9))
def test_it_equals_the_whole_decode(frames: int, first: int, spare: int, seed: int) -> None:
    """Whatever the strand's length, start and exact end."""
    first = min(first, frames - 1)
    shelf = Shelf(grid(frames, seed), samples=frames * HOP - spare)

    async def play() -> np.ndarray:
        cache = PreviewCache(Engine().decode)
        pcm = await heard(stream_of(shelf, cache, (first, frames)))
        await cache.close()
        return pcm

    whole = decode(shelf.codes)[first * HOP : frames * HOP - spare]
    np.testing.assert_allclose(asyncio.run(play()), whole, atol=1e-5)


async def test_only_the_levels_asked_for_are_heard(cache: PreviewCache) -> None:
    """A muted level is silent."""
    shelf = Shelf(grid(60))
    np.testing.assert_allclose(
        await heard(stream_of(shelf, cache, levels=(0, 2))), decode(shelf.codes, (0, 2)), atol=1e-5
    )


async def test_half_an_hour_starts_at_once(engine: Engine, cache: PreviewCache) -> None:
    """The first chunk takes one small block, the first second no more than three."""
    stream = stream_of(Shelf(grid(84_375)), cache)
    cut = await stream.next()
    assert cut.pcm.size == CHUNK_SAMPLES
    assert [block.hi - block.lo for block in engine.blocks] == [9]
    await heard(stream, 48_000)
    assert sum(block.hi - block.lo for block in engine.blocks) < 5 * BLOCK_FRAMES


async def test_a_loop_repeats_to_the_sample(cache: PreviewCache) -> None:
    """Three passes of frames [5, 47) are three times the same, joined without a gap."""
    shelf = Shelf(grid(60))
    length = 42 * HOP
    pcm = await heard(stream_of(shelf, cache, (5, 47), loop=True), 3 * length)
    once = decode(shelf.codes)[5 * HOP : 47 * HOP]
    np.testing.assert_allclose(pcm[:length], once, atol=1e-5)
    np.testing.assert_allclose(pcm[length : 2 * length][FADE_SAMPLES:], once[FADE_SAMPLES:], atol=1e-5)
    assert np.abs(np.diff(pcm)).max() <= np.abs(np.diff(once)).max() * 1.2


async def test_a_loop_whose_ends_do_not_meet_does_not_click(cache: PreviewCache, engine: Engine) -> None:
    """A signal that jumps at the turn is crossfaded over 5 ms; the period stays exact."""

    async def ramp(block: Block) -> Decoded:
        pcm = (await Engine().decode(block)).pcm
        start = float(block.codes[0, block.lo]) / CODEBOOK
        return Decoded((pcm * 0 + start + np.arange(pcm.size) / 1e6).astype(np.float32))

    codes = np.tile(np.arange(60, dtype=np.uint16), (LEVELS, 1))
    jumping = PreviewCache(ramp)
    shelf = Shelf(codes)
    pcm = await heard(stream_of(shelf, jumping, (0, 8), loop=True), 3 * 8 * HOP)
    raw = (await ramp(block_of(shelf.find("s").strand, 0, 8, codec=CodecRef("m", 0), levels=None))).pcm
    assert would_click(np.full(500, 0.5, np.float32), np.full(500, -0.5, np.float32))
    assert np.abs(np.diff(pcm)).max() < 0.02
    np.testing.assert_allclose(pcm[8 * HOP + FADE_SAMPLES : 16 * HOP], raw[FADE_SAMPLES : 8 * HOP], atol=1e-5)
    await jumping.close()


async def test_an_edit_in_a_loop_is_heard_on_the_next_pass(engine: Engine, cache: PreviewCache) -> None:
    """Also where only the edited cell's own block is decoded again, and an undo decodes nothing."""
    shelf = Shelf(grid(200))
    frames, length = (0, 128), 128 * HOP
    stream = stream_of(shelf, cache, frames, loop=True)
    first = await heard(stream, length)
    blocks, before = len(engine.blocks), int(shelf.codes[1, 70])
    shelf.write(1, 70, (before + 30) % CODEBOOK)
    second = await heard(stream, length)
    np.testing.assert_allclose(first, decode(Shelf(grid(200)).codes)[:length], atol=1e-5)
    np.testing.assert_allclose(second, decode(shelf.codes)[:length], atol=1e-5)
    assert np.abs(first - second).max() > 0.01
    assert len(engine.blocks) == blocks + 1, "only the block that was edited"
    shelf.write(1, 70, before)
    third = await heard(stream, length)
    np.testing.assert_allclose(third, first, atol=1e-5)
    assert len(engine.blocks) == blocks + 1


async def test_an_edit_under_the_playhead_fades_in_without_a_click(engine: Engine, cache: PreviewCache) -> None:
    """The block at hand changes over as soon as its new sound is there; until then the old goes on."""
    engine.delay_s = 0.005
    shelf = Shelf(np.full((LEVELS, 64), 10, np.uint16))
    stream = stream_of(shelf, cache)
    start = await heard(stream, 12 * HOP)
    old = decode(shelf.codes)
    shelf.codes = np.full((LEVELS, 64), 60, np.uint16)
    shelf.rev += 1
    parts = [start]
    while True:
        cut = await stream.next()
        parts.append(cut.pcm)
        await asyncio.sleep(0.002)
        if cut.last:
            break
    pcm, new = np.concatenate(parts), decode(shelf.codes)
    assert pcm.size == old.size
    np.testing.assert_allclose(pcm[12 * HOP : 12 * HOP + 960], old[12 * HOP : 12 * HOP + 960], atol=1e-5)
    np.testing.assert_allclose(pcm[18 * HOP :], new[18 * HOP :], atol=1e-5)
    assert np.abs(np.diff(pcm)).max() < np.abs(np.diff(new)).max() * 1.2


async def test_a_strand_that_is_closed_ends_it(cache: PreviewCache) -> None:
    """The error says so."""
    shelf = Shelf(grid(60))
    stream = stream_of(shelf, cache)
    await stream.next()
    shelf.is_open = False
    with pytest.raises(AlleleError, match="no strand"):
        await stream.next()


SETTLED = FADE_SAMPLES + 4 * CHUNK_SAMPLES  # the playing block was decoded again by then


async def test_a_strand_that_becomes_shorter_ends_where_it_ends_now(cache: PreviewCache) -> None:
    shelf = Shelf(grid(100))
    stream = stream_of(shelf, cache)
    before = (await heard(stream, 50 * HOP)).size
    shelf.codes, shelf.samples, shelf.rev = shelf.codes[:, :60], 60 * HOP - 300, 1
    whole = decode(shelf.codes)[: shelf.samples]
    rest = await heard(stream)
    assert np.abs(rest[SETTLED:] - whole[before + SETTLED :]).max() < 1e-4
    assert rest.size == shelf.samples - before


async def test_a_strand_cut_before_the_place_that_sounds_ends_at_once(cache: PreviewCache) -> None:
    shelf = Shelf(grid(100))
    stream = stream_of(shelf, cache)
    await heard(stream, 50 * HOP)
    shelf.codes, shelf.samples, shelf.rev = shelf.codes[:, :20], 20 * HOP, 1
    assert (await stream.next()).last


async def test_a_strand_cut_before_the_range_while_its_playback_starts_ends_at_once(cache: PreviewCache) -> None:
    shelf = Shelf(grid(100))
    stream = stream_of(shelf, cache, (40, 60))
    shelf.codes, shelf.samples, shelf.rev = shelf.codes[:, :20], 20 * HOP, 1
    cut = await stream.next()
    assert (cut.sample, cut.pcm.size, cut.last) == (40 * HOP, 0, True)


@pytest.mark.parametrize("kind", ["cell", "shorter", "longer"])
@pytest.mark.parametrize("frames", [100, 20])
async def test_a_loop_takes_an_edit_up_where_it_begins_again(cache: PreviewCache, kind: str, frames: int) -> None:
    """The pass under way is what it was to its end, the next is the new one whole; nothing jumps in between."""
    shelf = Shelf(grid(frames))
    stream = stream_of(shelf, cache, loop=True)
    old = decode(shelf.codes)
    pcm = await heard(stream, frames // 2 * HOP)
    if kind == "cell":
        shelf.write(0, frames - 2, (int(shelf.codes[0, frames - 2]) + 32) % CODEBOOK)
    else:
        longer = np.concatenate([shelf.codes, shelf.codes[:, ::-1]], axis=1)
        shelf.codes = shelf.codes[:, : frames * 3 // 5] if kind == "shorter" else longer
        shelf.rev, shelf.samples = 1, shelf.codes.shape[1] * HOP
        lo, after = min(frames, shelf.codes.shape[1]), max(0, shelf.codes.shape[1] - frames)
        stream.frames = resized(stream.frames, lo, max(0, frames - shelf.codes.shape[1]), after)
    new = decode(shelf.codes)
    pcm = np.concatenate([pcm, await heard(stream, 2 * new.size + old.size - pcm.size)])
    assert np.abs(pcm[: old.size] - old).max() < 1e-4
    for start in (old.size, old.size + new.size):
        one = pcm[start : start + new.size]
        assert np.abs(one[FADE_SAMPLES:] - new[FADE_SAMPLES : one.size]).max() < 1e-4
    largest = max(np.abs(np.diff(old)).max(), np.abs(np.diff(new)).max())
    assert np.abs(np.diff(pcm)).max() < 1.6 * largest


@pytest.mark.parametrize("levels", [(1,), (0, 2, 3), None, ()])
@pytest.mark.parametrize("loop", [False, True])
async def test_other_levels_are_heard_from_the_next_chunk_on(
    cache: PreviewCache, levels: tuple[int, ...] | None, loop: bool
) -> None:
    """Solo is the decode of that level alone; nothing jumps, and a loop does not wait for its next pass."""
    shelf = Shelf(grid(100))
    stream = stream_of(shelf, cache, levels=(0, 1), loop=loop)
    start = await heard(stream, 20 * HOP)
    stream.levels = levels
    pcm = np.concatenate([start, await heard(stream, 60 * HOP)])
    was = decode(shelf.codes, (0, 1))
    now = decode(shelf.codes, levels) if levels != () else np.zeros_like(was)
    assert np.abs(pcm[: start.size] - was[: start.size]).max() < 1e-4
    assert np.abs(pcm[start.size + SETTLED :] - now[start.size + SETTLED : pcm.size]).max() < 1e-4
    assert np.abs(np.diff(pcm)).max() < 1.3 * max(np.abs(np.diff(was)).max(), np.abs(np.diff(now)).max())


def rms_db(pcm: np.ndarray) -> float:
    return 10 * float(np.log10(np.mean(np.square(pcm, dtype=np.float64))))


@pytest.mark.parametrize("softer", [False, True])
async def test_before_and_after_are_equally_loud(cache: PreviewCache, softer: bool) -> None:
    """The louder of the two comes down; each is the decode of its codes, and switching over does not click."""
    now, before = np.full((LEVELS, 96), 40, np.uint16), np.full((LEVELS, 96), 12, np.uint16)
    if softer:
        now, before = before, now
    shelf = Shelf(now)
    stream = stream_of(shelf, cache, loop=True)
    playback = Playback(1, stream)
    other = before_of(shelf.find("s").meta, [before, encoded_columns(before.shape[1], HOP, 0.0)])
    parts = [await heard(stream, 20 * HOP)]
    sides: list[np.ndarray] = []
    for is_before in (True, False, True):
        await playback.compare(other, is_before, shelf, cache)
        parts.append(await heard(stream, 96 * HOP))
        sides.append(parts[-1][SETTLED : 60 * HOP])
    levels = [rms_db(side) for side in sides]
    assert max(levels) - min(levels) < 0.5
    assert max(levels) == pytest.approx(min(rms_db(decode(now)), rms_db(decode(before))), abs=0.5)
    assert abs(rms_db(decode(now)) - rms_db(decode(before))) > 6, "they differ unmatched"
    pcm = np.concatenate(parts)
    assert np.abs(np.diff(pcm)).max() < 1.2 * max(np.abs(np.diff(decode(one))).max() for one in (now, before))


async def test_an_edit_while_comparing_is_matched_anew(cache: PreviewCache) -> None:
    """In a long strand what differs is measured."""
    codes = np.full((LEVELS, 2000), 20, np.uint16)
    shelf = Shelf(codes)
    stream = stream_of(shelf, cache)
    playback = Playback(1, stream)
    other = before_of(shelf.find("s").meta, [codes, encoded_columns(codes.shape[1], HOP, 0.0)])
    await playback.compare(other, False, shelf, cache)
    assert other.gains == pytest.approx((1.0, 1.0), abs=0.01)
    shelf.codes = codes.copy()
    shelf.codes[:, 1500:1900] = 50
    shelf.rev += 1
    await asyncio.gather(*(playback.match(shelf, cache) for _ in range(5)))
    now, before = other.gains
    assert before == pytest.approx(1.0)
    assert now < 0.7, "the edited part is louder"
    blocks = cache.decoded
    await playback.match(shelf, cache)
    assert cache.decoded == blocks


async def test_a_comparison_may_have_another_length(cache: PreviewCache) -> None:
    """A strand that was cut is compared with what it was: a loop of it goes on past the new end, and comes back."""
    shelf = Shelf(grid(40))
    stream = stream_of(shelf, cache, (0, 40), loop=True)
    playback = Playback(1, stream)
    longer = grid(100)
    other = before_of(shelf.find("s").meta, [longer, encoded_columns(longer.shape[1], HOP, 0.0)])
    await playback.compare(other, True, shelf, cache)
    assert (await heard(stream, 90 * HOP)).size >= 90 * HOP
    shelf.codes, shelf.rev, shelf.samples = shelf.codes[:, :10], 1, 10 * HOP
    stream.frames = resized(stream.frames, 10, 30, 0)
    await playback.compare(other, False, shelf, cache)
    assert (await heard(stream, 30 * HOP)).size >= 30 * HOP

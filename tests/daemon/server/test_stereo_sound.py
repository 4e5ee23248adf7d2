"""Two channels through the broker: files, regions, snapshots, and what is streamed to players."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.dsp.audio import Decoded
from daemon.dsp.limiter import limit
from daemon.playback.block_cache import Block, CodecRef, PreviewCache
from daemon.playback.crossfade import FADE_SAMPLES, Crossfade, would_click
from daemon.playback.strand_stream import StrandStream
from daemon.server.handlers.previews import ClipStream
from protocol.errors import AlleleError
from protocol.messages.models import ListModels
from protocol.messages.snapshots import DecodeRegion, DecodeSnapshot, EditSnapshot, EncodeFile
from protocol.messages.strands import OpenStrand
from protocol.ranges import FrameRange
from protocol.strands import Strand, StrandMeta, as_encoded
from tui.transport.client import Client

HOP = 1024


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second, another noise in each channel."""
    path = tmp_path_factory.mktemp("sounds") / "wide.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal((24_321, 2))
    soundfile.write(path, noise, 48_000, subtype="FLOAT")
    return path


async def test_a_file_goes_through_its_grid_in_two_channels(
    client: Client, wide: Path, raw_pair_model: Path, tmp_path: Path
) -> None:
    codec = Codec.load(raw_pair_model)
    made = await client.request(EncodeFile(path=str(wide), model="pair"), timeout_s=60)
    meta = made.body.meta
    assert (meta.channels, meta.levels, meta.samples, meta.source.channels) == (2, 4, 24_321, 2)
    assert not any("averaged" in note for note in made.body.notes)
    source = soundfile.read(wide, dtype="float32")[0].T
    assert np.array_equal(made.buffers[0], codec.encode(np.ascontiguousarray(source)).codes)
    out = tmp_path / "out.wav"
    told = await client.request(DecodeSnapshot(meta=meta, out=str(out)), buffers=made.buffers, timeout_s=60)
    assert told.body.channels == 2 and told.body.samples == 24_321
    audio, _ = soundfile.read(out, dtype="float32")
    whole = codec.decode(made.buffers[0], samples=meta.samples, gain_db=meta.gain_db)
    assert np.abs(limit(whole).audio.T - audio).max() < 1e-4
    assert np.abs(audio[:, 0] - audio[:, 1]).max() > 1e-4

    strand = (await client.request(OpenStrand(meta=meta), buffers=made.buffers)).body
    region = await client.request(DecodeRegion(strand=strand.id, frames=FrameRange(5, 9)), timeout_s=60)
    assert region.buffers[0].shape == (2, 4 * HOP)
    expected = codec.decode(made.buffers[0], gain_db=meta.gain_db)[:, 5 * HOP : 9 * HOP]
    assert np.abs(region.buffers[0] - expected).max() < 1e-4


async def test_a_mono_model_averages_and_says_so_and_a_stereo_one_takes_mono(
    client: Client, wide: Path, tone_files: list[Path]
) -> None:
    averaged = await client.request(EncodeFile(path=str(wide), model="raw"), timeout_s=60)
    assert averaged.body.meta.channels == 1
    assert any("2 channels were averaged to one: this model is mono" in note for note in averaged.body.notes)
    taken = await client.request(EncodeFile(path=str(tone_files[0]), model="pair"), timeout_s=60)
    assert (taken.body.meta.channels, taken.body.meta.source.channels, taken.body.notes) == (2, 1, [])
    kinds = {model.name: model.channels for model in (await client.request(ListModels())).body.models}
    assert (kinds["raw"], kinds["pair"]) == (1, 2)


async def test_strands_of_mono_and_stereo_models_are_not_mixed(client: Client, wide: Path) -> None:
    from protocol.edits import parse_edit

    mono = await client.request(EncodeFile(path=str(wide), model="raw"), timeout_s=60)
    pair = await client.request(EncodeFile(path=str(wide), model="pair"), timeout_s=60)
    asked = EditSnapshot(
        meta=pair.body.meta, edits=[parse_edit("swap o.alle q0")], others=[mono.body.meta], names={"o.alle": 0}
    )
    with pytest.raises(AlleleError, match=r"made with model pair.*with model raw"):
        await client.request(asked, buffers=[*pair.buffers, *mono.buffers])
    forged = replace(pair.body.meta, channels=1)
    with pytest.raises(AlleleError, match="says 1 channel, model pair has 2 channels"):
        await client.request(DecodeSnapshot(meta=forged, out="/tmp/x.wav"), buffers=pair.buffers)


# --- streams ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """A strand at one revision."""

    meta: StrandMeta
    rev: int
    codes: np.ndarray

    @property
    def strand(self) -> Strand:
        return as_encoded(self.meta, self.codes)


class Shelf:
    """A strand of two levels: level 0 is how loud the left channel is, level 1 the right."""

    def __init__(self, frames: int) -> None:
        self.codes = np.random.default_rng(1).integers(10, 60, (2, frames)).astype(np.uint16)
        self.rev = 0

    def find(self, strand: str) -> View:
        meta = StrandMeta(
            name="a", model="m", codec_id="c" * 64, levels=2, codebook=64, frames=self.codes.shape[1],
            samples=self.codes.shape[1] * HOP, channels=2,
        )  # fmt: skip
        return View(meta, self.rev, self.codes)


def pair_of(codes: np.ndarray, levels: tuple[int, ...] | None = None) -> np.ndarray:
    carrier = np.sin(2 * np.pi * 8 * np.arange(HOP) / HOP)
    heard = np.zeros(codes.shape)
    for level in range(2) if levels is None else levels:
        heard[level] = codes[level] / 64
    return (heard[:, :, None] * carrier).reshape(2, -1).astype(np.float32)


@pytest.fixture
async def cache() -> AsyncIterator[PreviewCache]:
    async def decode(block: Block) -> Decoded:
        await asyncio.sleep(0)
        reduced_db = np.asarray(block.codes[0, block.lo : block.hi] / 10, np.float32)
        return Decoded(pair_of(block.codes, block.levels)[:, block.lo * HOP : block.hi * HOP], reduced_db)

    cache = PreviewCache(decode)
    yield cache
    await cache.close()


def stream_of(shelf: Shelf, cache: PreviewCache, **fields: Any) -> StrandStream:
    settings = {"codec": CodecRef("m", 0), "levels": None, "loop": False, **fields}
    return StrandStream(shelf, cache, "s", FrameRange(0, shelf.codes.shape[1]), **settings)


async def heard(stream: StrandStream, samples: int) -> np.ndarray:
    chunks: list[np.ndarray] = []
    while sum(chunk.shape[1] for chunk in chunks) < samples:
        cut = await stream.next()
        chunks.append(cut.pcm)
        if cut.last:
            break
    return np.concatenate(chunks, axis=1)


async def test_both_channels_are_streamed_as_they_decode(cache: PreviewCache) -> None:
    shelf = Shelf(70)
    pcm = await heard(stream_of(shelf, cache), 1 << 30)
    np.testing.assert_allclose(pcm, pair_of(shelf.codes), atol=1e-6)


async def test_an_edit_fades_in_on_both_sides_and_silence_has_two_channels(cache: PreviewCache) -> None:
    shelf = Shelf(64)
    stream = stream_of(shelf, cache)
    before = await heard(stream, 20 * HOP)
    shelf.codes = shelf.codes.copy()
    shelf.codes[1] = 63
    shelf.rev += 1
    after = await heard(stream, 1 << 30)
    untouched = pair_of(shelf.codes)[0, before.shape[1] :]
    np.testing.assert_allclose(after[0], untouched, atol=1e-6)
    np.testing.assert_allclose(after[1, -HOP:], pair_of(shelf.codes)[1, -HOP:], atol=1e-6)
    stream = stream_of(shelf, cache, levels=())
    assert not (await heard(stream, HOP)).any()
    stream.levels = (0,)
    again = await heard(stream, 1 << 30)
    assert again[0].any() and not again[1].any()


def test_a_click_in_either_channel_is_seen_and_faded() -> None:
    still, jump = np.zeros((2, 500), np.float32), np.zeros((2, 500), np.float32)
    jump[1] = 0.5
    assert would_click(still, jump) and not would_click(still, still)
    crossfade = Crossfade(still[:, :10], still[:, -1:])
    assert crossfade.is_change(jump)
    made = crossfade.apply(jump)
    assert np.abs(np.diff(made[1])).max() < 2.5 * 0.5 / FADE_SAMPLES * 1.6 and not made[0].any()


async def test_a_preview_in_two_channels_fades_at_its_ends_and_loops() -> None:
    clip = np.stack([np.full(3000, 0.5), np.full(3000, -0.25)]).astype(np.float32)
    stream = ClipStream(clip, 0, loop=True)
    pcm = np.concatenate([(await stream.next()).pcm for _ in range(8)], axis=1)
    assert pcm.shape == (2, 6000)
    np.testing.assert_allclose(pcm[0], -2 * pcm[1], atol=1e-6)
    assert np.abs(np.diff(pcm)).max() < 0.01 and pcm[0, 1500] == 0.5


async def test_a_chunk_says_how_much_the_limiter_reduced_its_frames(cache: PreviewCache) -> None:
    """The toy engine reduces each frame by a tenth of its code on level 0."""
    shelf = Shelf(70)
    stream, seen = stream_of(shelf, cache), 0
    while True:
        cut = await stream.next()
        first, last = cut.sample // HOP, (cut.sample + cut.pcm.shape[1] - 1) // HOP
        assert cut.reduced_db == pytest.approx(shelf.codes[0, first : last + 1].max() / 10, abs=1e-5)
        seen += 1
        if cut.last:
            break
    assert seen > 70

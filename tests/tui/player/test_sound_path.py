"""The whole way: broker, engine, a toy codec, the player and a device that writes down what it plays."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from daemon.dsp.loudness import integrated_lufs
from protocol.columns import encoded_columns
from protocol.edits import parse_edit
from protocol.errors import AlleleError
from protocol.messages.models import ListModels
from protocol.messages.playback import StartPlayback, StopPlayback, TunePlayback
from protocol.messages.snapshots import DecodeRegion
from protocol.messages.strands import ApplyEdit, OpenStrand, StrandInfo, UndoEdit
from protocol.places import Places, places_of
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta, as_encoded
from tui.player.child import PlayerChild
from tui.player.lines import PlaybackEnded
from tui.player.voice import FADE_IN, FADE_OUT
from tui.transport.client import Client

FRAMES, HOP = 60, 1024
WHOLE = FrameRange()
SAMPLES = FRAMES * HOP - 321
QUEUED = 12 * 960  # chunks between the daemon and the loudspeaker

MAKE_MODEL = """
import sys, msgspec, torch
from pathlib import Path
from daemon.codec.codec import Codec
from daemon.codec.config import CodecConfig
from daemon.codec.model import CodecModel
from daemon.runs.reports import HeldOut
from daemon.runs.folder import ModelCard
folder = Path(sys.argv[1])
torch.manual_seed(5)
sizes = dict(width=32, latent=20, low_bands=3, envelope_points=4, levels=3, codebook_size=32, blocks=1)
codec = Codec(CodecModel(CodecConfig(**sizes)))
codec.save(folder / "codec")
card = ModelCard(
    model=folder.name, codec_id=codec.codec_id, steps=0, seconds=0.0, levels=3, codebook=32, sample_rate=48000,
    hop_length=1024, frame_rate=46.875, held_out=HeldOut(mel=0.0, stft=0.0, sisdr_db=0.0), held_out_kind="files",
    utilisation=[], corpus="none", preset="toy", seed=5, parameters=codec.parameter_count, kbps=0.0, created="",
)
(folder / "model.json").write_bytes(msgspec.json.encode(card))
"""


class Daemon:
    """A real daemon of one home; can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.places: Places = places_of(home)
        subprocess.run([sys.executable, "-c", MAKE_MODEL, str(self.places.models / "toy")], check=True)
        self.start()

    def start(self) -> None:
        read, write = os.pipe()
        command = [sys.executable, "-P", "-m", "daemon", "--home", str(self.places.home), "--ready-fd", str(write)]
        self.process = subprocess.Popen(command, pass_fds=[write], start_new_session=True)
        os.close(write)
        assert os.read(read, 4096) == b"ready\n"
        os.close(read)

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(10)


@dataclass
class Stage:
    """A client, its player, and a strand to play."""

    client: Client
    player: PlayerChild
    strand: str
    heard: Path
    ended: list[PlaybackEnded]

    async def play(self, frames: FrameRange = WHOLE, *, loop: bool = False) -> int:
        body = StartPlayback(player=self.player.player_id, strand=self.strand, frames=frames, loop=loop)
        return (await self.client.request(body)).body.playback

    async def tune(self, playback: int, *codes: np.ndarray, **fields: object) -> None:
        body = TunePlayback(player=self.player.player_id, playback=playback, loop=True, **fields)
        buffers = [array for one in codes for array in (one, encoded_columns(one.shape[1], 1024, 40.0))]
        await self.client.request(body, buffers=buffers)

    async def decoded(self, levels: list[int] | None = None) -> np.ndarray:
        """The strand's sound as the engine decodes it whole."""
        answer = await self.client.request(
            DecodeRegion(strand=self.strand, frames=FrameRange(0, FRAMES), levels=levels)
        )
        return answer.buffers[0].reshape(-1)

    def recording(self) -> np.ndarray:
        return np.frombuffer(self.heard.read_bytes()[44:], "<f4")[::2]  # left; a mono model's right is the same

    async def played(self, samples: float, timeout_s: float = 30) -> None:
        """Wait until so much more was played, and what is queued before it: busy machines play late."""
        wanted = self.recording().size + QUEUED + samples
        async with asyncio.timeout(timeout_s):
            while self.recording().size < wanted:
                await asyncio.sleep(0.02)

    async def end(self, count: int = 1, timeout_s: float = 10) -> None:
        async with asyncio.timeout(timeout_s):
            while len(self.ended) < count:
                await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("home"))
    yield daemon
    daemon.end()


@pytest.fixture
async def stage(daemon: Daemon, tmp_path: Path) -> AsyncIterator[Stage]:
    async with Client(daemon.places.endpoint, kind="tui") as client:
        model = (await client.request(ListModels())).body.models[0]
        codes = np.random.default_rng(1).integers(0, 32, (3, FRAMES)).astype(np.uint16)
        meta = StrandMeta(
            name="toy",
            model=model.name,
            codec_id=model.codec_id,
            levels=3,
            codebook=32,
            frames=FRAMES,
            samples=SAMPLES,
            gain_db=40.0,  # an untrained codec whispers
        )
        strand: StrandInfo = (await client.request(OpenStrand(meta=meta), buffers=as_encoded(meta, codes).buffers)).body
        ended: list[PlaybackEnded] = []
        heard = tmp_path / "heard.wav"
        player = PlayerChild(
            daemon.places.endpoint.address("aud"), tmp_path / "player.log", device=f"wav:{heard}", on_ended=ended.append
        )
        await player.start()
        yield Stage(client, player, strand.id, heard, ended)
        await player.close()


@pytest.mark.e2e
async def test_what_is_heard_is_what_is_decoded(stage: Stage) -> None:
    """Sample by sample within 1e-4, to the strand's exact end; then from the middle."""
    whole = await stage.decoded()
    assert 0.01 < np.abs(whole).max() < 10
    await stage.play()
    await stage.end()
    assert stage.ended[0].reason == "end", stage.ended[0].detail
    heard = stage.recording()
    np.testing.assert_allclose(heard[FADE_IN : SAMPLES - FADE_OUT], whole[FADE_IN : SAMPLES - FADE_OUT], atol=1e-4)
    assert not heard[SAMPLES:].any()
    first = heard.size
    await stage.play(FrameRange(37, 50))
    await stage.end(2)
    again = stage.recording()[first:]
    part = whole[37 * HOP : 50 * HOP]
    np.testing.assert_allclose(again[FADE_IN : part.size - FADE_OUT], part[FADE_IN:-FADE_OUT], atol=1e-4)
    assert stage.player.status.underruns == 0


@pytest.mark.e2e
async def test_an_edit_in_a_loop_is_heard_on_a_next_pass(stage: Stage) -> None:
    """Three sounds of the same loop: before, after the edit, after its undo; no pass is longer or shorter."""
    lo, hi = 8, 24
    period = (hi - lo) * HOP
    before = (await stage.decoded())[lo * HOP : hi * HOP]
    await stage.play(FrameRange(lo, hi), loop=True)
    await stage.played(period)
    await stage.client.request(ApplyEdit(strand=stage.strand, edit=parse_edit("set 9 q0 @12:18")))
    edited_at = stage.recording().size
    after = (await stage.decoded())[lo * HOP : hi * HOP]
    assert np.abs(after - before).max() > 0.01
    await stage.played(2.5 * period)
    await stage.client.request(UndoEdit(strand=stage.strand))
    await stage.played(2.5 * period)
    await stage.client.request(StopPlayback(player=stage.player.player_id))
    await stage.end()
    heard = stage.recording()
    passes = heard[: heard.size // period * period].reshape(-1, period)
    seam = slice(FADE_OUT, period)  # the turn itself may be crossfaded
    is_before = [np.allclose(one[seam], before[seam], atol=1e-4) for one in passes]
    is_after = [np.allclose(one[seam], after[seam], atol=1e-4) for one in passes]
    assert is_before[0]
    first_after = is_after.index(True)
    assert first_after <= edited_at // period + 2
    assert any(is_before[first_after:]), "the undo is heard too"
    assert stage.player.status.underruns == 0


@pytest.mark.e2e
async def test_a_solo_while_it_plays_is_that_level_alone(stage: Stage) -> None:
    """Within a pass of the loop, without a click, and the other levels come back the same way."""
    lo, hi = 8, 40
    period = (hi - lo) * HOP
    alone = (await stage.decoded([1]))[lo * HOP : hi * HOP]
    whole = (await stage.decoded())[lo * HOP : hi * HOP]
    playback = await stage.play(FrameRange(lo, hi), loop=True)
    await stage.played(9600)
    await stage.tune(playback, levels=[1])
    await stage.played(2.2 * period)
    await stage.tune(playback)
    await stage.played(2.2 * period)
    await stage.client.request(StopPlayback(player=stage.player.player_id))
    await stage.end()
    heard = stage.recording()
    passes = heard[: heard.size // period * period].reshape(-1, period)
    seam = slice(FADE_OUT, period)
    is_alone = [np.allclose(one[seam], alone[seam], atol=1e-4) for one in passes]
    is_whole = [np.allclose(one[seam], whole[seam], atol=1e-4) for one in passes]
    assert any(is_alone)
    assert any(is_whole[is_alone.index(True) :])
    assert np.allclose(passes[0][FADE_OUT:9600], whole[FADE_OUT:9600], atol=1e-4), "until it was asked for"
    steps = max(np.abs(np.diff(one)).max() for one in (alone, whole))
    assert np.abs(np.diff(heard[:-FADE_OUT])).max() < 1.5 * steps
    assert stage.player.status.underruns == 0


@pytest.mark.e2e
async def test_before_and_after_are_heard_equally_loud(stage: Stage) -> None:
    """Two passes of each, measured as they were played: within 0.5 LU, where unmatched they differ by more."""
    lo, hi = 0, 48
    period = (hi - lo) * HOP
    others = np.random.default_rng(2).integers(0, 32, (3, FRAMES)).astype(np.uint16)
    others[1:] = others[1:, :1]
    unmatched = integrated_lufs((await stage.decoded())[: hi * HOP])
    playback = await stage.play(FrameRange(lo, hi), loop=True)
    bounds: list[int] = []
    for is_before in (True, False):
        await stage.tune(playback, others, before=is_before)
        await stage.played(9600)
        bounds.append(stage.recording().size)
        await stage.played(1.1 * period)
    await stage.client.request(StopPlayback(player=stage.player.player_id))
    await stage.end()
    heard = stage.recording()
    before, after = (integrated_lufs(heard[start : start + period]) for start in bounds)
    assert before == pytest.approx(after, abs=0.5)
    assert abs(np.corrcoef(heard[bounds[0] : bounds[0] + period], heard[bounds[1] : bounds[1] + period])[0, 1]) < 0.9
    assert min(before, after) <= unmatched + 0.5, "the louder one comes down"


@pytest.mark.e2e
async def test_the_player_survives_a_killed_daemon(daemon: Daemon, stage: Stage) -> None:
    """kill -9: the sound ends as lost; after the restart the same player plays the same strand again."""
    await stage.play(FrameRange(0, 16), loop=True)
    await asyncio.sleep(0.5)
    daemon.end(signal.SIGKILL)
    await stage.end()
    assert stage.ended[0].reason == "lost"
    daemon.start()
    before = stage.recording().size
    async with asyncio.timeout(20):
        while True:
            try:
                await stage.play(FrameRange(0, 16))
                break
            except AlleleError:
                await asyncio.sleep(0.1)
    await stage.end(2)
    assert stage.ended[1].reason == "end", stage.ended[1].detail
    assert stage.recording().size - before >= 16 * HOP

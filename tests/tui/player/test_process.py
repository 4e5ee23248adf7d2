"""The player as a process on a real socket: what it plays, what it grants, how it stops, how it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui.player.child import PlayerChild
from tui.player.intake import WINDOW
from tui.player.lines import Quit, Stop
from tui.player.voice import FADE_IN, FADE_OUT

StartPlayer = Callable[..., Awaitable[Any]]
HEADER_BYTES = 44


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, int(seconds * 48_000)).astype(np.float32)


def heard_in(path: Path) -> np.ndarray:
    left, right = pair_in(path)
    assert np.array_equal(left, right), "what was streamed in one channel is heard from both loudspeakers"
    return left


def pair_in(path: Path) -> np.ndarray:
    """Both channels, (2, L)."""
    return np.frombuffer(path.read_bytes()[HEADER_BYTES:], "<f4").reshape(-1, 2).T


async def test_it_plays_every_sample_once_and_in_order(aud: Any, start_player: StartPlayer, tmp_path: Path) -> None:
    """1.1 s of noise through the socket, the ring and the device: bit for bit between the fades; never more
    than WINDOW chunks granted beyond those played; the place in the strand grows with the clock."""
    player = await start_player(aud.endpoint, f"wav:{tmp_path}/heard.wav")
    await aud.wait_for(lambda: aud.granted == WINDOW)
    pcm = noise(1.1)
    begun_s = time.monotonic()
    streaming = asyncio.create_task(aud.stream(1, pcm, sample=5000))
    most = 0
    while not streaming.done():
        await asyncio.sleep(0.002)
        played_at_most = (time.monotonic() - begun_s) * 48_000 // 960 + 1
        most = max(most, aud.granted - played_at_most)
    await streaming
    await player.wait_for(lambda p: bool(p.ended))
    wall_s = time.monotonic() - begun_s
    assert most <= WINDOW
    assert 1.05 < wall_s < 1.6, "the device is the clock"
    heard = heard_in(tmp_path / "heard.wav")
    np.testing.assert_array_equal(heard[FADE_IN : pcm.size - FADE_OUT], pcm[FADE_IN:-FADE_OUT])
    assert not heard[pcm.size :].any()
    assert player.ended[0].reason == "end"
    assert player.status.underruns == 0
    places = [status.sample for status in player.statuses if status.playing and status.sample >= 0]
    assert places == sorted(places)
    assert 5000 <= places[0] < 5000 + 12_000
    assert places[-1] <= 5000 + pcm.size
    assert len(player.statuses) <= wall_s * 20 + 3
    assert max(status.peak_db for status in player.statuses) == pytest.approx(-6.0, abs=0.2)
    measured = [status for status in player.statuses if status.playing and status.sample >= 0]
    assert {status.lufs for status in measured} == {-20.0, -10.0}, "the loudness of the chunk that is heard"
    reduced = [status.sample for status in measured if status.reduced_db]
    assert len(reduced) in (1, 2) and all(5000 + 9600 - 960 <= sample < 5000 + 9600 + 5760 for sample in reduced)
    assert await player.finish() == 0


async def test_two_channels_stay_apart(aud: Any, start_player: StartPlayer, tmp_path: Path) -> None:
    player = await start_player(aud.endpoint, f"wav:{tmp_path}/heard.wav")
    pcm = np.stack([noise(0.3, 1), 0.5 * noise(0.3, 2)])
    await aud.wait_for(lambda: aud.credits > 0)
    await aud.stream(1, pcm)
    await player.wait_for(lambda p: bool(p.ended))
    heard = pair_in(tmp_path / "heard.wav")
    whole = slice(FADE_IN, pcm.shape[1] - FADE_OUT)
    np.testing.assert_array_equal(heard[:, whole], pcm[:, whole])
    assert await player.finish() == 0


async def test_all_credits_come_back(aud: Any, start_player: StartPlayer) -> None:
    """After streams, flushes in the middle and stops, the daemon holds exactly WINDOW credits again."""
    player = await start_player(aud.endpoint, "paced")
    for playback in range(1, 8):
        await aud.stream(playback, noise(0.25), last=playback % 2 == 0)
    await aud.stop(7)
    await player.wait_for(lambda p: bool(p.statuses) and not p.status.playing and p.status.playback == 7)
    await aud.wait_for(lambda: aud.credits == WINDOW)
    await asyncio.sleep(0.1)
    assert aud.credits == WINDOW
    assert aud.granted == aud.sent + WINDOW


@pytest.mark.parametrize("how", ["stop of the daemon", "panic of the client"])
async def test_at_most_30_ms_are_heard_after_a_stop(
    aud: Any, start_player: StartPlayer, tmp_path: Path, how: str
) -> None:
    """Measured in what the device was given after the moment the stop was sent."""
    player = await start_player(aud.endpoint, f"wav:{tmp_path}/heard.wav")
    await aud.wait_for(lambda: aud.granted == WINDOW)
    streaming = asyncio.create_task(aud.stream(3, np.full(96_000, 0.5, np.float32), last=False))
    await player.wait_for(lambda p: bool(p.statuses) and p.status.playing and p.status.sample > 20_000)
    before = heard_in(tmp_path / "heard.wav").size
    if how == "stop of the daemon":
        streaming.cancel()
        await aud.stop(3)
    else:
        player.tell(Stop())
    await player.wait_for(lambda p: bool(p.ended))
    assert player.ended[0].reason == "stopped"
    await asyncio.sleep(0.1)
    streaming.cancel()
    await asyncio.gather(streaming, return_exceptions=True)
    if how != "stop of the daemon":
        assert not player.status.playing, "what the daemon still sends is swallowed"
        await aud.stop(3)
        await asyncio.sleep(0.1)
        assert len(player.ended) == 1, "an end is reported once"
    after = heard_in(tmp_path / "heard.wav")[before:]
    sounding = np.flatnonzero(after)
    assert sounding.size == 0 or sounding[-1] < 0.030 * 48_000
    assert np.abs(np.diff(after)).max() < 0.02, "no click"
    await aud.stream(4, np.full(9600, 0.25, np.float32))
    await player.wait_for(lambda p: len(p.ended) == 2)
    assert player.ended[1].reason == "end", "the next playback is heard"
    assert np.count_nonzero(heard_in(tmp_path / "heard.wav") == np.float32(0.25)) > 9000


async def test_a_new_playback_supersedes_at_once(aud: Any, start_player: StartPlayer, tmp_path: Path) -> None:
    """A flush drops what is queued, however full the queue; the new sound follows within 100 ms."""
    player = await start_player(aud.endpoint, f"wav:{tmp_path}/heard.wav")
    streaming = asyncio.create_task(aud.stream(1, np.full(96_000, 0.5, np.float32), last=False))
    await player.wait_for(lambda p: bool(p.statuses) and p.status.sample > 10_000)
    streaming.cancel()
    await asyncio.gather(streaming, return_exceptions=True)
    await aud.wait_for(lambda: aud.granted - aud.sent == 0 or aud.credits >= 0)
    before = heard_in(tmp_path / "heard.wav").size
    await aud.stream(2, np.full(9600, -0.25, np.float32))
    await player.wait_for(lambda p: bool(p.ended))
    after = heard_in(tmp_path / "heard.wav")[before:]
    assert np.flatnonzero(after == np.float32(-0.25))[0] < 0.1 * 48_000
    assert np.count_nonzero(after == np.float32(0.5)) < 0.03 * 48_000


async def test_a_restarted_daemon_is_found_again(aud: Any, start_player: StartPlayer, tmp_path: Path) -> None:
    """The daemon vanishes mid-sound: what is queued plays out, the end is reported as lost; a new one is greeted."""
    player = await start_player(aud.endpoint, "paced")
    streaming = asyncio.create_task(aud.stream(1, noise(3.0), last=False))
    await player.wait_for(lambda p: bool(p.statuses) and p.status.playing)
    streaming.cancel()
    await asyncio.gather(streaming, return_exceptions=True)
    await aud.close()
    again = type(aud)(aud.endpoint, epoch="e2")
    try:
        await again.wait_for(lambda: again.credits == WINDOW, 8)
        await player.wait_for(lambda p: bool(p.ended))
        assert player.ended[0].reason == "lost"
        await again.stream(1, noise(0.2))
        await player.wait_for(lambda p: len(p.ended) == 2)
        assert player.ended[1].reason == "end"
    finally:
        await again.close()


async def test_no_device_is_reported_once_with_the_hint(aud: Any, start_player: StartPlayer, tmp_path: Path) -> None:
    """The real library, and a device that no machine has: one line, a state process, an empty terminal."""
    quiet = {"PULSE_SERVER": f"unix:{tmp_path}/nobody", "HOME": str(tmp_path)}
    player = await start_player(aud.endpoint, "no machine has this device", env=quiet)
    await player.wait_for(lambda p: bool(p.reports))
    await asyncio.sleep(0.3)
    assert player.process.returncode is None
    assert len(player.reports) == 1
    assert player.device.kind == "none"
    assert player.device.reason
    assert player.device.hint
    assert await player.finish() == 0
    assert await player.process.stderr.read() == b""


async def test_portaudio_missing_is_a_sentence(aud: Any, start_player: StartPlayer, tmp_path: Path) -> None:
    """The library cannot be loaded, as on a bare machine: what to install is named."""
    bare = "import ctypes.util\nctypes.util.find_library = lambda name: None\nraise OSError('PortAudio is not found')\n"
    (tmp_path / "sounddevice.py").write_text(bare)
    player = await start_player(aud.endpoint, "auto", env={"PYTHONPATH": str(tmp_path)})
    await player.wait_for(lambda p: bool(p.reports))
    assert player.device.reason == "the PortAudio library is not installed"
    assert "libportaudio2" in player.device.hint
    assert "brew install portaudio" in player.device.hint


async def test_a_player_that_keeps_crashing_is_given_up_with_a_sentence(tmp_path: Path) -> None:
    """A missing ALSA configuration aborts inside the C library: the client goes on and says where to look."""
    child = PlayerChild(f"ipc://{tmp_path}/aud.sock", tmp_path / "player.log")
    with pytest.MonkeyPatch.context() as patch:
        abort = [sys.executable, "-c", "import os; os.abort()"]
        patch.setattr("tui.player.child.children.command", lambda *_: abort)
        patch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "missing.conf"))
        patch.setattr("tui.player.child.RETRY_S", (0.01,))
        device = await child.start()
    await child.close()
    assert device.kind == "none"
    assert device.reason == "the player keeps ending"
    assert "player.log" in device.hint and "missing.conf" in device.hint


async def test_an_unwritable_file_is_a_sentence(aud: Any, start_player: StartPlayer, tmp_path: Path) -> None:
    """A device that cannot be opened is no device, with the reason."""
    player = await start_player(aud.endpoint, f"wav:{tmp_path}/missing/heard.wav")
    await player.wait_for(lambda p: bool(p.reports))
    assert player.device.kind == "none"
    assert "missing/heard.wav" in player.device.reason


async def test_it_leaves_when_told(aud: Any, start_player: StartPlayer) -> None:
    """Quit ends it, and so does a client that is killed without a word."""
    player = await start_player(aud.endpoint, "paced")
    await aud.wait_for(lambda: aud.hellos > 0)
    player.tell(Quit())
    assert await asyncio.wait_for(player.process.wait(), 3) == 0


def test_it_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    """kill -9 of the client: the player is gone within 2 s though nobody closed anything by hand."""
    child = [sys.executable, "-m", "tui.player", "--aud", f"ipc://{tmp_path}/aud.sock", "--client-id", "00" * 16]
    parent_code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen({[*child, '--device', 'paced', '--log', str(tmp_path / 'log')]!r},"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); print(child.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        deadline_s = time.monotonic() + 3
        while time.monotonic() < deadline_s and _is_running(pid):
            time.sleep(0.02)
        assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False

"""The client's handle: one player kept alive, told to be silent, restarted, closed without a trace."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui.player.child import PlayerChild
from tui.player.lines import PlaybackEnded
from tui.player.probe import probe_sound


async def until(what: Callable[[], bool], timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not what():
            await asyncio.sleep(0.01)


def pid_of(child: PlayerChild) -> int:
    process = child._process
    assert process is not None
    return process.pid


async def test_it_plays_reports_and_closes(aud: Any, tmp_path: Path) -> None:
    """Status while it plays, the end, and no process afterwards."""
    ended: list[PlaybackEnded] = []
    child = PlayerChild(aud.endpoint, tmp_path / "logs" / "player.log", device="paced", on_ended=ended.append)
    device = await child.start()
    assert (device.kind, device.device, child.can_play) == ("paced", "paced", True)
    await aud.wait_for(lambda: aud.hellos > 0)
    await aud.stream(1, np.full(9600, 0.5, np.float32))
    await until(lambda: bool(ended))
    assert ended == [PlaybackEnded(playback=1, reason="end")]
    assert not child.status.playing
    pid = pid_of(child)
    await child.close()
    assert not Path(f"/proc/{pid}").exists()
    assert not child.silence()


async def test_a_killed_player_comes_back(aud: Any, tmp_path: Path) -> None:
    """kill -9 in the middle of a sound: its end is reported as lost, a new process greets the daemon by itself."""
    ended: list[PlaybackEnded] = []
    child = PlayerChild(aud.endpoint, tmp_path / "player.log", device="paced", on_ended=ended.append)
    await child.start()
    await aud.wait_for(lambda: aud.credits > 0)
    streaming = asyncio.create_task(aud.stream(1, np.full(96_000, 0.5, np.float32), last=False))
    await until(lambda: child.status.playing)
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    await aud.wait_for(lambda: aud.hellos == 2)
    streaming.cancel()
    await asyncio.gather(streaming, return_exceptions=True)
    assert [end.reason for end in ended] == ["lost"]
    assert pid_of(child) != first
    assert child.can_play
    await child.close()


async def test_restart_reads_the_devices_again(aud: Any, tmp_path: Path) -> None:
    """A device that was not there is there after a restart, under the same player id."""
    child = PlayerChild(aud.endpoint, tmp_path / "player.log", device=f"wav:{tmp_path}/later/heard.wav")
    identity = child.player_id
    assert (await child.start()).kind == "none"
    (tmp_path / "later").mkdir()
    assert (await child.restart()).kind == "wav"
    assert (await child.restart("paced")).kind == "paced"
    assert child.player_id == identity
    await child.close()


async def test_silence_is_heard_by_the_player(aud: Any, tmp_path: Path) -> None:
    """A panic ends the playback though the daemon goes on sending."""
    ended: list[PlaybackEnded] = []
    child = PlayerChild(aud.endpoint, tmp_path / "player.log", device="paced", on_ended=ended.append)
    await child.start()
    await aud.wait_for(lambda: aud.credits > 0)
    streaming = asyncio.create_task(aud.stream(1, np.full(96_000, 0.5, np.float32), last=False))
    await until(lambda: child.status.playing and child.status.peak_db > -7)
    assert child.silence()
    await until(lambda: bool(ended), 0.5)
    assert ended[0].reason == "stopped"
    streaming.cancel()
    await asyncio.gather(streaming, return_exceptions=True)
    await child.close()


def test_the_probe_answers_whatever_the_machine_has(tmp_path: Path) -> None:
    """Either a default device that opens at 48 kHz, or a sentence with its hint."""
    probe = probe_sound(tmp_path / "player.log")
    assert bool(probe.default) != bool(probe.problem)
    assert bool(probe.hint) == bool(probe.problem)


def test_a_sound_library_that_crashes_is_no_missing_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PortAudio aborts where ALSA's own configuration is missing: the finding names what is configured."""
    missing = tmp_path / "missing.conf"
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(missing))
    probe = probe_sound(tmp_path / "player.log")
    if "not installed" in probe.problem:
        pytest.skip("needs PortAudio (apt install libportaudio2)")
    assert probe.problem and str(missing) in probe.hint
    assert "install" not in probe.problem + probe.hint

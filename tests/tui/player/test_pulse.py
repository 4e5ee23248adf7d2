"""A real sound server: PortAudio plays into a PulseAudio null sink, its monitor is recorded and compared."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui.player.child import PlayerChild
from tui.player.lines import DeviceOpened, PlaybackEnded, Stop

StartPlayer = Callable[..., Awaitable[Any]]
SINK = "allele_test"
NULL_SINK = ("module-null-sink", f"sink_name={SINK}", "rate=48000", "format=float32le", "channels=2")

pytestmark = pytest.mark.sound_server


@dataclass
class SoundServer:
    """A private PulseAudio. `env` points PortAudio and PulseAudio's tools at it."""

    env: dict[str, str]
    folder: Path
    pid: int

    def load_sink(self) -> None:
        """Plug the sink in."""
        subprocess.run(["pactl", "load-module", *NULL_SINK], env=self.env, check=True, capture_output=True)

    def unload_sink(self) -> None:
        """Pull the sink out while it plays."""
        subprocess.run(["pactl", "unload-module", NULL_SINK[0]], env=self.env, check=True)

    def record(self) -> "subprocess.Popen[bytes]":
        """Record the sink's monitor to recorded.raw: 48 kHz, stereo, float32."""
        command = ["parec", f"--device={SINK}.monitor", "--rate=48000", "--channels=2", "--format=float32le", "--raw"]
        with (self.folder / "recorded.raw").open("wb") as out:
            return subprocess.Popen([*command, "--latency-msec=20"], env=self.env, stdout=out)

    async def is_recording(self) -> None:
        """Wait until the monitor gives data: the player's stream keeps the sink awake."""
        async with asyncio.timeout(10):
            while not self.recorded().size:
                await asyncio.sleep(0.02)

    def recorded(self) -> np.ndarray:
        """(L, 2) so far."""
        data = (self.folder / "recorded.raw").read_bytes()
        return np.frombuffer(data[: len(data) // 8 * 8], "<f4").reshape(-1, 2)


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[SoundServer]:
    missing = [tool for tool in ("pulseaudio", "pactl", "parec") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs PulseAudio: {', '.join(missing)} not found (apt install pulseaudio pulseaudio-utils)")
    for name in ("run", "home"):
        (tmp_path / name).mkdir(mode=0o700)
    socket = tmp_path / "run" / "native"
    # Private in every way: no user's configuration, no shared memory, no default socket. As root it warns and works.
    env = {
        **os.environ, "HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "PULSE_RUNTIME_PATH": str(tmp_path / "run"), "PULSE_SERVER": f"unix:{socket}",
    }  # fmt: skip
    env.pop("PULSE_COOKIE", None)
    command = [
        "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
        "-L", " ".join(NULL_SINK),
        "-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]  # fmt: skip
    with (tmp_path / "pulse.log").open("wb") as log:
        server = subprocess.Popen(command, env={**env, "PULSE_SERVER": ""}, stdout=log, stderr=log)
    try:
        deadline_s = time.monotonic() + 10
        while subprocess.run(["pactl", "info"], env=env, capture_output=True).returncode:
            assert server.poll() is None, (tmp_path / "pulse.log").read_text()
            assert time.monotonic() < deadline_s, "the sound server does not answer"
            time.sleep(0.05)
        yield SoundServer(env, tmp_path, server.pid)
    finally:
        server.kill()  # also one that a test has stopped
        server.wait(10)


async def test_the_loudspeaker_gets_what_was_streamed(
    aud: Any, start_player: StartPlayer, sound_server: SoundServer
) -> None:
    """The recording holds the streamed sound: same samples on both channels, at one constant delay."""
    player = await start_player(aud.endpoint, "auto", env=sound_server.env)
    await player.wait_for(lambda p: bool(p.reports))
    if player.device.kind == "none" and "no sound device" in player.device.reason:
        pytest.skip("needs ALSA's PulseAudio plugin (apt install libasound2-plugins)")
    assert player.device.kind == "sound", player.device.reason
    assert 20 <= player.device.latency_ms <= 400
    recorder = sound_server.record()
    try:
        rng = np.random.default_rng(2)
        # a sweep in noise: its autocorrelation has one peak, so the delay is unmistakable
        pcm = (0.3 * np.sin(np.cumsum(np.linspace(0.01, 0.4, 96_000))) + rng.normal(0, 0.02, 96_000)).astype(np.float32)
        await aud.wait_for(lambda: aud.credits > 0)
        await sound_server.is_recording()
        await aud.stream(1, pcm)
        await player.wait_for(lambda p: bool(p.ended))
        await asyncio.sleep(0.5)
    finally:
        recorder.terminate()
        recorder.wait(5)
    heard = sound_server.recorded()
    assert np.abs(heard).max() > 0.2, "silence"
    np.testing.assert_allclose(heard[:, 0], heard[:, 1], atol=1e-6)
    mono = heard[:, 0].astype(np.float64)
    size = 1 << int(np.ceil(np.log2(mono.size + pcm.size)))
    delay = int(np.argmax(np.fft.irfft(np.fft.rfft(mono, size) * np.conj(np.fft.rfft(pcm, size)), size)))
    assert delay + pcm.size < mono.size
    pieces = np.abs(mono[delay : delay + pcm.size] - pcm).reshape(-1, 960).max(axis=1)
    pieces = pieces[1:-1]  # the fades
    if player.status.underruns == 0:
        assert np.mean(pieces < 2e-3) > 0.9, "almost every 20 ms is as streamed (the null sink itself may stumble)"
    assert np.mean(pieces < 2e-3) > 0.2


async def test_a_panic_empties_the_card_too(aud: Any, start_player: StartPlayer, sound_server: SoundServer) -> None:
    """What the sound server still holds is dropped, not played out; the next playback is heard again."""
    player = await start_player(aud.endpoint, "auto", env=sound_server.env)
    await player.wait_for(lambda p: bool(p.reports))
    if player.device.kind == "none":
        pytest.skip("needs ALSA's PulseAudio plugin (apt install libasound2-plugins)")
    recorder = sound_server.record()
    try:
        await aud.wait_for(lambda: aud.credits > 0)
        await sound_server.is_recording()
        streaming = asyncio.create_task(aud.stream(1, np.full(240_000, 0.25, np.float32), last=False))
        await player.wait_for(lambda p: bool(p.statuses) and p.status.playing and p.status.sample > 24_000)
        player.tell(Stop())
        await player.wait_for(lambda p: bool(p.ended))
        await asyncio.sleep(0.6)
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
        assert not np.abs(sound_server.recorded()[-9600:]).any(), "silent 0.4 s after the panic"
        await aud.stream(2, np.full(24_000, 0.5, np.float32))
        await player.wait_for(lambda p: len(p.ended) == 2)
        await asyncio.sleep(0.4)
    finally:
        recorder.terminate()
        recorder.wait(5)
    assert np.count_nonzero(np.abs(sound_server.recorded()[:, 0] - 0.5) < 1e-3) > 12_000
    assert player.process.returncode is None


async def until(what: Callable[[], bool], timeout_s: float = 10.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not what():
            await asyncio.sleep(0.01)


async def test_a_sink_that_goes_away_is_told_and_plays_again_when_it_is_back(
    aud: Any, sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for the loss, no dropouts counted, no process left; a look after the sink is back finds it."""
    for name, value in sound_server.env.items():
        monkeypatch.setenv(name, value)
    devices: list[DeviceOpened] = []
    ended: list[PlaybackEnded] = []
    log = sound_server.folder / "player.log"
    child = PlayerChild(aud.endpoint, log, on_device=devices.append, on_ended=ended.append)
    if (await child.start()).kind == "none":
        pytest.skip("needs ALSA's PulseAudio plugin (apt install libasound2-plugins)")
    await aud.wait_for(lambda: aud.credits > 0)
    streaming = asyncio.create_task(aud.stream(1, np.full(480_000, 0.1, np.float32)))
    await until(lambda: child.status.playing and child.status.sample > 9600)
    sound_server.unload_sink()
    await until(lambda: len(devices) > 2)
    streaming.cancel()
    assert [(end.playback, end.reason) for end in ended] == [(1, "lost")]
    assert "went away" in ended[0].detail
    assert [device.kind for device in devices] == ["sound", "none", "none"]
    assert "went away" in devices[1].reason and devices[1].hint
    assert not child.status.playing and child.status.underruns == 0
    sound_server.load_sink()
    assert (await child.restart()).kind == "sound"
    greeted = aud.hellos
    await aud.wait_for(lambda: aud.hellos >= greeted and aud.credits > 0)
    await aud.stream(2, np.full(24_000, 0.5, np.float32))
    await until(lambda: len(ended) == 2)
    assert (ended[1].playback, ended[1].reason) == (2, "end")
    assert child.status.underruns == 0
    await child.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_sound_server_that_dies_or_hangs_ends_the_player_in_good_order(
    aud: Any, start_player: StartPlayer, sound_server: SoundServer, number: signal.Signals
) -> None:
    player = await start_player(aud.endpoint, "auto", env=sound_server.env)
    await player.wait_for(lambda p: bool(p.reports))
    if player.device.kind == "none":
        pytest.skip("needs ALSA's PulseAudio plugin (apt install libasound2-plugins)")
    await aud.wait_for(lambda: aud.credits > 0)
    streaming = asyncio.create_task(aud.stream(1, np.full(480_000, 0.1, np.float32)))
    await player.wait_for(lambda p: bool(p.statuses) and p.status.playing and p.status.sample > 9600)
    os.kill(sound_server.pid, number)
    await player.wait_for(lambda p: bool(p.ended), 10)
    streaming.cancel()
    assert await asyncio.wait_for(player.process.wait(), 5) == 3
    assert player.status.underruns == 0
    assert [end.reason for end in player.ended] == ["lost"]
    assert "sound device" in player.ended[0].detail


async def test_stop_comes_back_while_the_sound_server_hangs(
    aud: Any, start_player: StartPlayer, sound_server: SoundServer
) -> None:
    """Neither silence nor quitting waits for a server that answers nobody."""
    player = await start_player(aud.endpoint, "auto", env=sound_server.env)
    await player.wait_for(lambda p: bool(p.reports))
    if player.device.kind == "none":
        pytest.skip("needs ALSA's PulseAudio plugin (apt install libasound2-plugins)")
    await aud.wait_for(lambda: aud.credits > 0)
    streaming = asyncio.create_task(aud.stream(1, np.full(480_000, 0.1, np.float32)))
    await player.wait_for(lambda p: bool(p.statuses) and p.status.playing and p.status.sample > 9600)
    os.kill(sound_server.pid, signal.SIGSTOP)
    player.tell(Stop())
    await player.wait_for(lambda p: bool(p.ended), 3)
    streaming.cancel()
    assert await player.finish() in (0, 3)


async def test_a_broken_alsa_configuration_is_named_and_portaudio_is_not_missed(
    aud: Any, start_player: StartPlayer, tmp_path: Path
) -> None:
    """What ALSA prints stays in the log; the advice is about the configuration, not about installing PortAudio."""
    configuration = tmp_path / "asound.conf"
    configuration.write_text("pcm.!default { type nonsense\n")
    player = await start_player(aud.endpoint, "auto", env={"ALSA_CONFIG_PATH": str(configuration)})
    await player.wait_for(lambda p: bool(p.reports))
    if "not installed" in player.device.reason:
        pytest.skip("needs PortAudio (apt install libportaudio2)")
    assert player.device.kind == "none"
    assert str(configuration) in player.device.hint
    assert "install" not in player.device.reason + player.device.hint
    assert await player.finish() == 0
    assert await player.process.stderr.read() == b""

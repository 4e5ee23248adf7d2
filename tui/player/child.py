"""The client's control of its player process: start, watch, restart, silence, close.

A plain asyncio child (multiprocessing's start methods fail inside Textual). Callbacks run on the event loop. The
player outlives daemons and reconnects automatically. It ends with its client.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from protocol import children
from tui.player.lines import (
    Command,
    DeviceOpened,
    PlaybackEnded,
    PlayerStatus,
    Quit,
    Report,
    Stop,
    line_of,
    report_of,
)
from tui.player.portaudio import advice

START_S = 10.0
CLOSE_S = 1.0
RETRY_S = (
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
)  # delays between restarts; after so many quick deaths it stays stopped until restart()
STEADY_S = 30.0


class PlayerChild:
    """One player process and its last reports.

    Args:
        aud_endpoint: the daemon's aud socket (`Places.endpoint("aud")`).
        log: file that the player's stderr goes to.
        on_status: called with every PlayerStatus (at most 20 a second).
        on_device: called when the device is known, and again after a restart; kind "none" has the reason.
        on_ended: called when a playback ended.
        device: auto, a device's name, none, paced or wav:FILE.
    """

    def __init__(
        self,
        aud_endpoint: str,
        log: Path,
        *,
        on_status: Callable[[PlayerStatus], None] | None = None,
        on_device: Callable[[DeviceOpened], None] | None = None,
        on_ended: Callable[[PlaybackEnded], None] | None = None,
        device: str = "auto",
        player_id: bytes | None = None,
    ) -> None:
        self.player_id = player_id or os.urandom(16)
        self.status = PlayerStatus(device="", latency_ms=0.0)
        self.device = DeviceOpened(device="none", kind="none", reason="the player has not started yet")
        self._endpoint, self._log, self._wanted = aud_endpoint, log, device
        self._on_status, self._on_device, self._on_ended = on_status, on_device, on_ended
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()

    @property
    def can_play(self) -> bool:
        """Whether there is a device; if not, `device.reason` and `device.hint` say why."""
        return self.device.kind != "none"

    async def start(self) -> DeviceOpened:
        """Start the process and wait for its device. Never raises: without sound the device has kind "none"."""
        if self._watch is None:
            self._opened.clear()
            self._watch = asyncio.create_task(self._keep_alive())
            try:
                await asyncio.wait_for(self._opened.wait(), START_S)
            except TimeoutError:  # its report may still arrive and will be read
                reason = f"the sound system has not answered for {START_S:.0f} s"
                self._take(DeviceOpened(device="none", kind="none", reason=reason, hint="restart it"))
        return self.device

    def silence(self) -> bool:
        """Stop the sound at once, without the daemon (send StopPlayback too). Returns False without a process."""
        return self._tell(Stop())

    async def restart(self, device: str | None = None) -> DeviceOpened:
        """Restart, on another device or after one was plugged in, since PortAudio reads its list only once."""
        await self.close()
        self._wanted = device or self._wanted
        return await self.start()

    async def close(self) -> None:
        """Fade out the sound and end the process."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        process, self._process = self._process, None
        if process is not None:
            await _end(process)

    async def _keep_alive(self) -> None:
        deaths = 0
        while True:
            begun_s = time.monotonic()
            await self._live_once()
            deaths = 0 if time.monotonic() - begun_s > STEADY_S else deaths + 1
            if deaths > len(RETRY_S):
                hint = advice(f"see {self._log}")
                self._take(DeviceOpened(device="none", kind="none", reason="the player keeps ending", hint=hint))
                return
            await asyncio.sleep(RETRY_S[max(0, deaths - 1)])

    async def _live_once(self) -> None:
        """Run one process from start to end and read its reports."""
        try:
            self._process = process = await self._spawn()
        except OSError as problem:
            self._take(DeviceOpened(device="none", kind="none", reason=f"the player does not start: {problem}"))
            return
        assert process.stdout is not None
        while line := await process.stdout.readline():
            report = report_of(line)
            if report is not None:
                self._take(report)
        await process.wait()
        self._process = None
        if self.status.playing:
            lost = PlaybackEnded(playback=self.status.playback, reason="lost", detail="the player process ended")
            self._take(PlayerStatus(device=self.status.device, latency_ms=self.status.latency_ms))
            self._take(lost)

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self._open_log() as log:
            return await asyncio.create_subprocess_exec(
                *children.command("tui.player", "--aud", self._endpoint, "--client-id", self.player_id.hex()),
                *("--device", self._wanted, "--log", str(self._log)),
                env=children.environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # so that Ctrl-C on the terminal reaches only the client
            )

    def _open_log(self) -> BinaryIO:
        """Open the log for the player's stderr. If that fails, the player runs without a log."""
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            return self._log.open("ab")
        except OSError:
            return Path(os.devnull).open("ab")

    def _take(self, report: Report) -> None:
        if isinstance(report, PlayerStatus):
            self.status = report
            if self._on_status is not None:
                self._on_status(report)
        elif isinstance(report, DeviceOpened):
            self.device = report
            self._opened.set()
            if self._on_device is not None:
                self._on_device(report)
        else:
            if report.playback == self.status.playback:  # the next regular status may come only after 50 ms
                self.status = msgspec.structs.replace(self.status, playing=False)
            if self._on_ended is not None:
                self._on_ended(report)

    def _tell(self, command: Command) -> bool:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return False
        process.stdin.write(line_of(command))
        return True


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process: terminate it, then kill it if it does not end."""
    if process.stdin is not None:
        with contextlib.suppress(OSError, RuntimeError):
            process.stdin.write(line_of(Quit()))
            process.stdin.close()
    try:
        await asyncio.wait_for(process.communicate(), CLOSE_S)
    except TimeoutError:
        process.kill()
        await process.wait()

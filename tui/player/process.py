"""The player's main thread: waits on the aud socket and stdin, keeps the ring full, and reports on stdout.

Everything that may block happens here; the device's callback uses only the ring. If the client does not read reports,
they are dropped.
"""

import contextlib
import math
import os
import time
from collections import deque
from enum import IntEnum

import zmq

from protocol.errors import AlleleError
from protocol.frames import Message
from protocol.units import SAMPLE_RATE_HZ
from tui.player.devices import Device
from tui.player.intake import Intake, Reading
from tui.player.lines import (
    DeviceOpened,
    EndReason,
    PlaybackEnded,
    PlayerStatus,
    Quit,
    Report,
    Stop,
    command_of,
    line_of,
)
from tui.player.link import Link
from tui.player.ring import Ring
from tui.player.voice import Voice

RING = 2 * SAMPLE_RATE_HZ  # ten times the credits: flushes may come faster than a late callback drops samples
PREBUFFER = SAMPLE_RATE_HZ * 60 // 1000  # local; three chunks
STATUS_S = 0.05
BUSY_MS, IDLE_MS = 5, 50
MAX_LINE = 4096
SILENCE_DB = -120.0
PLAY_AGAIN = "play again when it is back"


class Exit(IntEnum):
    """The exit status of the process."""

    DONE = 0
    DEVICE_LOST = 3


class Console:
    """Reads lines from stdin and writes lines to stdout, without blocking."""

    def __init__(self, stdin: int, stdout: int) -> None:
        os.set_blocking(stdin, False)
        os.set_blocking(stdout, False)
        self.stdin, self._stdout = stdin, stdout
        self._parent = os.getppid()
        self._unread = b""
        self._unsent: deque[bytes] = deque(maxlen=32)

    def commands(self) -> list[Stop | Quit]:
        """Return the client's commands since the last call; `Quit` when the client is gone."""
        try:
            data = os.read(self.stdin, 65_536)
        except BlockingIOError:
            return [Quit()] if os.getppid() != self._parent else []
        if not data:
            return [Quit()]
        *lines, self._unread = (self._unread + data).split(b"\n")
        self._unread = self._unread[-MAX_LINE:]
        found = (command_of(line) for line in lines)
        return [command for command in found if command is not None]

    def say(self, report: Report) -> None:
        """Write one line. If the pipe is full, a status is dropped and any other report is retried with the next."""
        self._unsent.append(line_of(report))
        while self._unsent:
            try:
                os.write(self._stdout, self._unsent[0])
            except BlockingIOError:
                if isinstance(report, PlayerStatus):
                    self._unsent.pop()
                return
            except BrokenPipeError:
                self._unsent.clear()
                return
            self._unsent.popleft()


class Player:
    """Plays the stream of one daemon on one device."""

    def __init__(self, device: Device, endpoint: str, client_id: bytes, console: Console) -> None:
        self._device, self._console = device, console
        self._voice = Voice(Ring(RING, device.channels), PREBUFFER)
        self._intake = Intake(self._voice)
        self._link = Link(endpoint, client_id, self._welcomed, self._lost)
        self._epoch = ""
        self._open = False  # a playback whose end was not reported yet
        self._lost_it = False
        self._over_s: float | None = None
        self._said = PlayerStatus(device="", latency_ms=0.0)
        self._said_s = 0.0

    def run(self) -> Exit:
        """Play until the client or the device is gone."""
        self._device.start(self._voice.fill)
        try:
            while True:
                if self._wait() and self._run_commands():
                    return Exit.DONE
                for message in self._link.receive():
                    with contextlib.suppress(AlleleError):  # an invalid chunk is not played
                        self._play(message)
                self._link.tend()
                self._give_credits()
                self._report()
                if trouble := self._device.trouble():
                    reason = f"the sound device {self._device.name} {trouble}"
                    self._console.say(DeviceOpened(device="none", kind="none", reason=reason, hint=PLAY_AGAIN))
                    self._finish("lost", reason)
                    return Exit.DEVICE_LOST
        finally:
            self._leave()

    def _play(self, message: Message) -> None:
        begun = self._intake.begun
        silenced = self._intake.take(message)
        if silenced and self._intake.is_stopped:
            self._device.cut()
        elif self._intake.begun != begun:  # chunks that arrive after a panic do not start a playback
            self._open, self._lost_it, self._over_s = True, False, None

    def _wait(self) -> bool:
        """Sleep until an event. Returns True when stdin or the parent process must be checked."""
        poller = zmq.Poller()
        poller.register(self._link.poll_socket, zmq.POLLIN)
        poller.register(self._console.stdin, zmq.POLLIN)
        ready = dict(poller.poll(BUSY_MS if self._open else IDLE_MS))
        return self._console.stdin in ready or not ready

    def _run_commands(self) -> bool:
        for command in self._console.commands():
            if isinstance(command, Quit):
                return True
            self._voice.mute()
            self._device.cut()
            self._finish("stopped", "")
        return False

    def _give_credits(self) -> None:
        owed = self._intake.owed() if self._link.connected else 0
        if owed and self._link.grant(owed):
            self._intake.promise(owed)

    def _welcomed(self, epoch: str) -> None:
        if self._epoch not in ("", epoch):
            self._lost()
        self._epoch = epoch
        self._intake.welcome()

    def _lost(self) -> None:
        if self._open and not self._voice.is_over:
            self._lost_it = True
            self._intake.cut_off()

    def _report(self) -> None:
        now_s = time.monotonic()
        if self._open and self._voice.is_over:
            self._over_s = self._over_s or now_s
            delay_s = 0.0 if self._intake.is_stopped else self._device.latency_s
            if now_s - self._over_s >= delay_s:
                self._finish(self._why_over(), self._intake.error)
        if now_s - self._said_s >= STATUS_S:
            status = self._status()
            if status != self._said:
                self._said, self._said_s = status, now_s
                self._console.say(status)

    def _status(self) -> PlayerStatus:
        latency_s = self._device.latency_s
        delay = int(latency_s * SAMPLE_RATE_HZ)
        peak = self._voice.take_peak() if self._open else 0.0
        reading = self._intake.reading(delay) if self._open else Reading()
        return PlayerStatus(
            device=self._device.name,
            latency_ms=round(latency_s * 1000, 1),
            connected=self._link.connected,
            playing=self._open,
            playback=self._intake.playback,
            sample=self._intake.place(delay) if self._open else -1,
            underruns=self._voice.underruns,
            peak_db=round(max(SILENCE_DB, 20 * math.log10(peak)), 1) if peak > 0 else SILENCE_DB,
            lufs=reading.lufs,
            reduced_db=reading.reduced_db,
            detail=self._link.refusal,
        )

    def _finish(self, reason: EndReason, detail: str) -> None:
        """Report the end of the current playback, once."""
        if self._open:
            self._open = False
            self._console.say(PlaybackEnded(playback=self._intake.playback, reason=reason, detail=detail))

    def _why_over(self) -> EndReason:
        if self._lost_it:
            return "lost"
        if self._intake.error:
            return "failed"
        return "stopped" if self._intake.is_stopped else "end"

    def _leave(self) -> None:
        """Fade out, then release the device and the socket."""
        if self._open:
            self._voice.mute()
            time.sleep(0.02)
        self._device.close()
        self._link.close()


def wait_without_sound(console: Console) -> Exit:
    """Wait without a device until the client is gone, so that the client need not restart the player."""
    while True:
        poller = zmq.Poller()
        poller.register(console.stdin, zmq.POLLIN)
        poller.poll(500)
        if any(isinstance(command, Quit) for command in console.commands()):
            return Exit.DONE

"""The entry point of `python -m tui.player`: read arguments, redirect stderr to the log, open the device, play."""

import argparse
import contextlib
import gc
import os
import signal
import sys
from pathlib import Path

from protocol.places import default_home, places_of
from tui.player.devices import Device, SoundCard
from tui.player.lines import DeviceKind, DeviceOpened
from tui.player.paced import PacedDevice, WavDevice
from tui.player.portaudio import NoDeviceError, advice, load_sounddevice, output_names
from tui.player.probe import SoundProbe, probe_line
from tui.player.process import Console, Player, wait_without_sound

MAX_LOG_BYTES = 1_000_000


def main(arguments: list[str] | None = None) -> int:
    """Run the player and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tui.player", description="Play what an Allele daemon streams.")
    parser.add_argument("--aud", metavar="ENDPOINT", help="the daemon's aud socket, as in ipc:///…/aud.sock")
    parser.add_argument("--client-id", metavar="HEX", type=_identity, help="16 bytes, as StartPlayback.player")
    parser.add_argument("--device", default="auto", help="auto, a device's NAME, none, paced or wav:FILE")
    parser.add_argument("--log", type=Path, help="file for what audio libraries print (default: the home's logs)")
    parser.add_argument(
        "--list", action="store_true", help="print the devices that can play, as one JSON line, and exit"
    )
    options = parser.parse_args(arguments)
    if not options.list and (options.aud is None or options.client_id is None):
        parser.error("--aud and --client-id are needed")
    _move_stderr(options.log or places_of(default_home()).logs / "player.log")
    if options.list:
        sys.stdout.write(probe_line(_probe()))
        return 0
    return _play(options.aud, options.client_id, options.device)


def _play(endpoint: str, client_id: bytes, device_name: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C on the terminal is for the client, which then closes stdin
    sys.setswitchinterval(0.001)  # the longest time that the callback waits for the main thread's Python
    console = Console(sys.stdin.fileno(), sys.stdout.fileno())
    try:
        device, kind = _open_device(device_name)
    except NoDeviceError as problem:
        console.say(DeviceOpened(device="none", kind="none", reason=problem.reason, hint=problem.hint))
        return wait_without_sound(console)
    player = Player(device, endpoint, client_id, console)
    latency_ms = round(device.latency_s * 1000, 1)
    console.say(DeviceOpened(device=device.name, kind=kind, latency_ms=latency_ms))
    gc.collect()
    gc.freeze()  # excludes imported objects from collections, which are then short enough for the callback
    return player.run()


def _open_device(name: str) -> tuple[Device, DeviceKind]:
    if name == "none":
        raise NoDeviceError("sound is switched off", "start without --device none")
    if name == "paced":
        return PacedDevice(), "paced"
    if name.startswith("wav:"):
        return WavDevice(Path(name[4:])), "wav"
    return SoundCard("" if name == "auto" else name), "sound"


def _probe() -> SoundProbe:
    try:
        names = output_names(load_sounddevice())
        if not names:
            hint = advice("plug one in, or start a sound server")
            return SoundProbe(problem="this machine has no sound device", hint=hint)
        card = SoundCard()
        try:
            return SoundProbe(devices=names, default=card.name, latency_ms=round(card.latency_s * 1000, 1))
        finally:
            card.close()
    except NoDeviceError as problem:
        return SoundProbe(problem=problem.reason, hint=problem.hint)


def _identity(text: str) -> bytes:
    identity = bytes.fromhex(text)
    if len(identity) != 16:
        raise ValueError("an id has 16 bytes")
    return identity


def _move_stderr(path: Path) -> None:
    """Redirect fd 2 to the log (or to nothing, without a log), because PortAudio and ALSA write to it from C."""
    target = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            flags |= os.O_TRUNC
        target = os.open(path, flags, 0o600)
    os.dup2(target, 2)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a normal exit would close PortAudio, which blocks if the sound server hangs

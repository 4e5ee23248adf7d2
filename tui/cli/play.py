"""The command `allele play`: a recording or a strand on the loudspeakers, to its end or until Ctrl-C.

The daemon reads or decodes the sound and streams it to a player process, as it does for the editor. A strand is decoded
to a temporary file first, so that what is heard is what `allele decode` writes.
"""

import asyncio
import os
import tempfile
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import AlleleError
from protocol.messages.playback import PlayFile
from protocol.messages.snapshots import DecodeSnapshot
from protocol.units import SAMPLE_RATE_HZ
from tui.cli.files import absolute
from tui.cli.output import Output, duration, harmless
from tui.cli.session import locate, with_daemon
from tui.cli.strand import heard_levels, name_strand
from tui.cli.timing import samples_for, span_for
from tui.player.child import PlayerChild
from tui.player.lines import PlaybackEnded
from tui.strand_files import holds_strand, read_strand, require_file
from tui.targets import STRAND_SUFFIX
from tui.transport.client import Client

HOP = 1024  # samples to a frame in a range for a recording, which has no frames of its own


@dataclass(frozen=True)
class _Played:
    """What was played: its length in seconds, and the device."""

    seconds: float
    device: str


def play(arguments: Namespace, output: Output) -> int:
    """Play a recording or a strand."""
    require_file(arguments.file, "check the path")
    is_strand = arguments.file.suffix.lower() == STRAND_SUFFIX or holds_strand(arguments.file)
    if arguments.levels is not None and not is_strand:
        raise AlleleError(
            "E_BAD_REQUEST", f"{arguments.file} has no levels: it is not a strand", hint="leave --levels out"
        )

    async def work(client: Client) -> _Played:
        with tempfile.TemporaryDirectory(prefix="allele-") as folder:
            if not is_strand:
                return await _play(client, arguments, output, arguments.file, is_part=True)
            sound = Path(folder) / "strand.wav"
            await _decode(client, arguments, output, sound)
            return await _play(client, arguments, output, sound, is_part=False)

    done = with_daemon(arguments, work)
    facts = {"file": str(arguments.file), "seconds": done.seconds, "device": done.device}
    output.result(facts, harmless(f"{arguments.file}: {duration(done.seconds)} on {done.device}"))
    return 0


async def _decode(client: Client, arguments: Namespace, output: Output, sound: Path) -> None:
    strand = read_strand(arguments.file)
    meta = strand.meta
    levels = heard_levels(arguments.levels, meta)
    part = samples_for(arguments, meta)
    request = DecodeSnapshot(meta=meta, out=str(sound), levels=levels, part=part)
    try:
        answer = await client.request(request, buffers=strand.buffers, timeout_s=None)
    except AlleleError as error:
        raise name_strand(error, str(arguments.file)) from None
    for note in answer.body.notes:
        output.note(f"{arguments.file}: {note}")


async def _play(client: Client, arguments: Namespace, output: Output, sound: Path, *, is_part: bool) -> _Played:
    """Play a file on a player of its own, and wait for the end.

    Raises:
        AlleleError: E_UNAVAILABLE when there is no device or the sound stops early.
    """
    ended: asyncio.Queue[PlaybackEnded] = asyncio.Queue()
    target = locate(arguments)
    with tempfile.TemporaryDirectory(prefix="allele-") as folder:
        log = target.places.logs / "player.log" if target.places is not None else Path(folder) / "player.log"
        device = os.environ.get("ALLELE_SOUND", "auto")
        child = PlayerChild(target.endpoint.address("aud"), log, on_ended=ended.put_nowait, device=device)
        try:
            opened = await child.start()
            if not child.can_play:
                hint = opened.hint or "allele decode writes a strand to a file"
                raise AlleleError("E_UNAVAILABLE", f"no sound: {opened.reason}", hint=hint)
            first, past = _samples(arguments) if is_part else (0, None)
            request = PlayFile(
                player=child.player_id, path=absolute(sound), first=first, past=past, loop=arguments.loop
            )
            started = await client.ask(request, timeout_s=None)
            while (end := await ended.get()).playback != started.playback:
                pass
        finally:
            await child.close()
    if end.reason in ("failed", "lost"):
        raise AlleleError("E_UNAVAILABLE", f"the sound stopped: {end.detail or end.reason}", hint="play it again")
    return _Played(started.seconds, opened.device)


def _samples(arguments: Namespace) -> tuple[int, int | None]:
    """The samples of a recording that --frames names; a part of a strand was already cut out of it."""
    span = span_for(arguments, None)
    if span is None:
        return 0, None
    if span.is_one and span.past is None:
        frames = span.frames(SAMPLE_RATE_HZ / HOP)
        return frames.first * HOP, frames.past * HOP
    return (0 if span.first is None else span.first.sample(HOP)), None if span.past is None else span.past.sample(HOP)

"""Opening a sound in a pane, and saving the focused strand to a file.

Saving never destroys a recording: `tui.targets` decides which files may be replaced, and when to ask first.
"""

import asyncio
from pathlib import Path

from protocol.errors import AlleleError
from protocol.messages.snapshots import DecodeStrand
from protocol.messages.strands import StrandInfo
from protocol.ranges import FrameRange, SampleRange
from protocol.times import Span
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.model.editor import NAMES
from tui.model.paths import read_path
from tui.targets import (
    EDITOR,
    STRAND_SUFFIX,
    WAV_SUFFIXES,
    Kept,
    OccupiedError,
    Target,
    give_usual_permissions,
    refuse_recording,
    strand_target,
    wav_target,
)

LONGEST_DECODE_S = 600.0


class Files:
    """Carries out `file.open` and `file.save`."""

    def __init__(self, context: EditorContext) -> None:
        self.context, self.session = context, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {"file.open": self.open, "file.save": self.ask_to_save}

    def open(self, press: Press) -> None:
        """Ask for a path and open it in the focused pane."""
        index, files = self.context.editor.focus, self.context.app.files
        self.context.ask(f"open as {NAMES[index]}: ", lambda text: files.open_text(text, index), is_path=True)

    def ask_to_save(self, press: Press) -> None:
        """Ask where to save the focused strand."""
        if self.context.grid is not None:
            start = str(save_path(self.context.grid.info, Path.cwd()))
            self.context.ask("save as: ", self._save_as, value=start, is_path=True)

    def _save_as(self, text: str) -> None:
        """Write the focused strand to the file of the prompt. Asks first if the file exists."""
        try:
            self._save_or_ask(read_path(text))
        except AlleleError as error:
            self.context.say(str(error), bad=True)

    def _save_or_ask(self, path: Path) -> None:
        try:
            self.save(path, force=False)
        except OccupiedError:
            question = f"{path.name} exists; replace it? y/n: "
            self.context.ask(question, lambda answer: self._replace(path, answer))

    def _replace(self, path: Path, answer: str) -> None:
        if answer.strip().lower() not in ("y", "yes"):
            self.context.say(f"{path.name} is kept; nothing was written")
            return
        try:
            self.save(path, force=True)
        except AlleleError as error:
            self.context.say(str(error), bad=True)

    def save(self, path: Path, *, force: bool, part: Span | None = None) -> None:
        """Write the focused strand, or a part of it, to a file. A WAV is cut at exact samples, codes at frames.

        Raises:
            AlleleError: the existing file must be kept, or the strand does not have the part.
            OccupiedError: the file exists and may be replaced with `force`.
        """
        grid = self.context.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty: there is nothing to write")
        samples = None if part is None else part.samples(grid.info.meta.samples, grid.info.meta.hop_length)
        kept = [
            Kept(Path(info.meta.source.path), f"the recording that {info.meta.name} was made of")
            for info in self.session.strands.values()
            if info.meta.source.path
        ]
        if path.suffix.lower() == STRAND_SUFFIX:
            target = strand_target(path, kept=kept, force=force, wording=EDITOR)
        elif path.suffix.lower() in WAV_SUFFIXES:
            target = wav_target(path, kept=kept, force=force, wording=EDITOR)
        else:
            raise AlleleError(
                "E_BAD_REQUEST", f"{path.name}: this format is unknown", hint="write FILE.wav or FILE.alle"
            )
        frames = None if part is None else part.frames(grid.frame_rate)
        self.context.spawn(self._save(grid.id, target, frames, samples))

    async def _save(self, strand: str, target: Target, frames: FrameRange | None, samples: SampleRange | None) -> None:
        path = target.path
        self.context.say(f"writing {path.name} ...")
        if path.suffix.lower() == STRAND_SUFFIX:
            size = await self.session.save_alle(strand, target, frames)
            self.context.say(f"wrote {size} bytes: {path}")
            return
        digests = [info.meta.source.sha256 for info in self.session.strands.values()]
        await asyncio.to_thread(refuse_recording, target, digests, EDITOR)
        request = DecodeStrand(strand=strand, out=str(path), part=samples, replace=target.replaces is not None)
        done = (await self.session.ask(request, timeout_s=LONGEST_DECODE_S)).body
        if target.replaces is None:
            give_usual_permissions(path)
        words = [f"wrote {done.seconds:.2f} s", f"peak {done.peak_db:.1f} dBFS", f"rms {done.rms_db:.1f} dBFS"]
        self.context.say(f"{', '.join([*words, *done.notes])}: {done.path}")


def save_path(info: StrandInfo, folder: Path) -> Path:
    """Return the path that saving offers: NAME.wav for a strand without edits, but never its source file."""
    stem = Path(info.meta.name).stem
    plain = folder / f"{stem}.wav"
    taken = plain.exists() or plain == Path(info.meta.source.path)
    return folder / f"{stem}-edited.wav" if info.undo_depth or taken else plain

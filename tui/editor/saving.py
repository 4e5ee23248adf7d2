"""Opening a sound in a pane, and saving the focused strand to a file.

Saving never destroys a recording: `tui.targets` decides which files may be replaced, and when to ask first.
"""

import asyncio
from pathlib import Path

from protocol.errors import AlleleError
from protocol.messages.snapshots import DecodeStrand
from protocol.messages.strands import StrandInfo
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.model.answers import is_yes
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
from tui.widgets.prompt import Work

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

    def _save_as(self, text: str) -> Work | None:
        """Write the focused strand to the file of the prompt. Asks first if the file exists."""
        path = read_path(text)
        try:
            return self.save(path, force=False)
        except OccupiedError:
            question = f"{path.name} exists; replace it? y/n: "
            self.context.ask(question, lambda answer: self._replace(path, answer))
            return None

    def _replace(self, path: Path, answer: str) -> Work | None:
        if is_yes(answer):
            return self.save(path, force=True)
        self.context.say(f"{path.name} is kept; nothing was written")
        return None

    def save(self, path: Path, *, force: bool) -> Work:
        """Return the coroutine that writes the focused strand to a file.

        Raises:
            AlleleError: the existing file must be kept.
            OccupiedError: the file exists and may be replaced with `force`.
        """
        grid = self.context.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty: there is nothing to write")
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
        return self._save(grid.id, target)

    async def _save(self, strand: str, target: Target) -> None:
        path = target.path
        self.context.say(f"writing {path.name} ...")
        if path.suffix.lower() == STRAND_SUFFIX:
            size = await self.session.save_alle(strand, target)
            self.context.say(f"wrote {size} bytes: {path}")
            return
        digests = [info.meta.source.sha256 for info in self.session.strands.values()]
        await asyncio.to_thread(refuse_recording, target, digests, EDITOR)
        request = DecodeStrand(strand=strand, out=str(path), replace=target.replaces is not None)
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

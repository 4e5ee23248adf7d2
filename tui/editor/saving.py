"""Opening a sound in a pane, and saving the focused strand to a file.

Saving never destroys a recording: `tui.targets` decides which files may be replaced, and when to ask first.
"""

import asyncio
from functools import partial
from pathlib import Path

from protocol.errors import AlleleError
from protocol.messages.snapshots import DecodeStrand
from protocol.ranges import FrameRange, SampleRange
from protocol.times import Span
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.model.answers import is_yes
from tui.model.editor import NAMES
from tui.model.grid import StrandGrid
from tui.model.save_names import (
    USUAL,
    complete_in,
    in_folder,
    missing_folder,
    offered_name,
    plain_stem,
    short_folder,
    typed_file,
    whole_file,
)
from tui.targets import (
    EDITOR,
    STRAND_SUFFIX,
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
        self._saved: dict[str, Path] = {}  # the last file of each strand

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {"file.open": self.open, "file.save": self.ask_to_save}

    def open(self, press: Press) -> None:
        """Ask for a path and open it in the focused pane."""
        index, files = self.context.editor.focus, self.context.app.files
        self.context.ask(f"open as {NAMES[index]}: ", lambda text: files.open_text(text, index), is_path=True)

    def ask_to_save(self, press: Press) -> None:
        """Ask where to save the focused strand, and offer a free name in the last folder."""
        grid = self.context.grid
        if grid is not None:
            self.ask_for_file("save", self._offer(grid, self.folder))

    def ask_for_file(self, what: str, offered: str, part: Span | None = None) -> None:
        """Ask where to write the focused strand or a part of it, and offer a name in the last folder."""
        folder = self.folder
        self.context.ask(
            f"{what} in {short_folder(folder)}: ",
            lambda text: self._save_typed(text, folder, part),
            value=offered,
            completer=partial(complete_in, folder),
            kind="save",
            wants="Enter saves; .wav is the sound, .alle the codes; a path is another folder; Tab completes",
        )

    @property
    def folder(self) -> Path:
        """The folder that was saved in last, if it is still there, else the current one."""
        last = Path(self.context.editor.folder)
        return last if self.context.editor.folder and last.is_dir() else Path.cwd()

    def named(self, text: str) -> Path:
        """Return the file that a text names: the offered one for "", and one in the folder for a slash at its end."""
        offer = partial(self._offer, self._grid())
        folder = Path(text) if text else self.folder
        return in_folder(folder, offer) if not text or text.endswith("/") else Path(text)

    def _offer(self, grid: StrandGrid, folder: Path) -> str:
        info, last = grid.info, self._saved.get(grid.id)
        edited = "-edited" if info.undo_depth else ""
        stem = last.stem if last is not None else plain_stem(Path(info.meta.name).stem) + edited
        suffix = USUAL if last is None else last.suffix
        kept = Path(info.meta.source.path) if info.meta.source.path else None
        return offered_name(stem, folder, suffix=suffix, kept=kept)

    def _grid(self) -> StrandGrid:
        grid = self.context.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty: there is nothing to write", hint="open a sound first")
        return grid

    def _save_typed(self, text: str, folder: Path, part: Span | None) -> Work | None:
        """Write the focused strand to the file of the prompt. Asks first if the file exists."""
        if not text.strip():
            return None
        path = typed_file(text, folder, partial(self._offer, self._grid()))
        try:
            return self.save(path, force=False, part=part)
        except OccupiedError:
            question = f"{path.name} exists; replace it? y/n: "
            self.context.ask(question, lambda answer: self._replace(path, answer, part))
            return None

    def _replace(self, path: Path, answer: str, part: Span | None) -> Work | None:
        if is_yes(answer):
            return self.save(path, force=True, part=part)
        self.context.say(f"{path.name} is kept; nothing was written")
        return None

    def _make_folder(self, folder: Path, path: Path, answer: str, part: Span | None) -> Work | None:
        if not is_yes(answer):
            self.context.say("nothing was written")
            return None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise AlleleError("E_IO", f"{folder}: {problem.strerror}", hint="save in another folder") from None
        return self.save(path, force=False, part=part)

    def save(self, path: Path, *, force: bool, part: Span | None = None) -> Work | None:
        """Return the coroutine that writes the focused strand to a file, or ask to make the file's folder.

        A part of the strand is cut at exact samples in a WAV, and at frames in codes.

        Raises:
            AlleleError: the existing file must be kept, or the strand does not have the part.
            OccupiedError: the file exists and may be replaced with `force`.
        """
        grid = self._grid()
        samples = None if part is None else part.samples(grid.info.meta.samples, grid.info.meta.hop_length)
        path = whole_file(path, partial(self._offer, grid))
        folder = missing_folder(path)
        if folder is not None:
            question = f"the folder {folder} is not there; make it? y/n: "
            self.context.ask(question, lambda answer: self._make_folder(folder, path, answer, part))
            return None
        kept = [
            Kept(Path(info.meta.source.path), f"the recording that {info.meta.name} was made of")
            for info in self.session.strands.values()
            if info.meta.source.path
        ]
        if path.suffix.lower() == STRAND_SUFFIX:
            target = strand_target(path, kept=kept, force=force, wording=EDITOR)
        else:
            target = wav_target(path, kept=kept, force=force, wording=EDITOR)
        frames = None if part is None else part.frames(grid.frame_rate)
        return self._save(grid.id, target, frames, samples)

    async def _save(self, strand: str, target: Target, frames: FrameRange | None, samples: SampleRange | None) -> None:
        path = target.path
        self.context.say(f"writing {path.name} ...")
        if path.suffix.lower() == STRAND_SUFFIX:
            size = await self.session.save_alle(strand, target, frames)
            self._note(strand, path)
            self.context.say(f"wrote {size} bytes: {path}")
            return
        digests = [info.meta.source.sha256 for info in self.session.strands.values()]
        await asyncio.to_thread(refuse_recording, target, digests, EDITOR)
        request = DecodeStrand(strand=strand, out=str(path), part=samples, replace=target.replaces is not None)
        done = (await self.session.ask(request, timeout_s=LONGEST_DECODE_S)).body
        if target.replaces is None:
            give_usual_permissions(path)
        self._note(strand, path)
        words = [f"wrote {done.seconds:.2f} s", f"peak {done.peak_db:.1f} dBFS", f"rms {done.rms_db:.1f} dBFS"]
        self.context.say(f"{', '.join([*words, *done.notes])}: {done.path}")

    def _note(self, strand: str, path: Path) -> None:
        """Remember a file that was written: the next name is offered in its folder and with its suffix."""
        self._saved[strand] = path
        self.context.editor.folder = str(path.parent)
        self.context.remember()

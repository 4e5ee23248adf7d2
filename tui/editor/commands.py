"""The editor's files and its `:` line.

Data flow: a line is read by tui.model.commands; what it means is an edit, or what a key does too.
"""

import asyncio
from pathlib import Path

from protocol.edits import OPS, Edit
from protocol.errors import AlleleError
from protocol.messages.snapshots import DecodeStrand
from protocol.messages.strands import StrandInfo
from tui.actions.registry import BY_ID
from tui.editor.motions import EditorKeys
from tui.model.changes import at_rect, to_other
from tui.model.commands import Command, read_command
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


class EditorCommands(EditorKeys):
    """Files and commands of the editor."""

    def do_file_open(self, count: int | None, register: str | None) -> None:
        index = self.editor.focus
        self.prompt.ask(f"open as {NAMES[index]}: ", lambda text: self.allele.open_text(text, index), is_path=True)

    def do_file_save(self, count: int | None, register: str | None) -> None:
        if self.grid is not None:
            start = str(save_path(self.grid.info, Path.cwd()))
            self.prompt.ask("save as: ", self._save_as, value=start, is_path=True)

    def _save_as(self, text: str) -> None:
        """Write the focused strand to the file of the prompt; where one exists, ask first."""
        try:
            self._save_or_ask(read_path(text))
        except AlleleError as error:
            self.say(str(error), bad=True)

    def _save_or_ask(self, path: Path) -> None:
        try:
            self.save(path, force=False)
        except OccupiedError:
            self.prompt.ask(f"{path.name} exists; replace it? y/n: ", lambda answer: self._replace(path, answer))

    def _replace(self, path: Path, answer: str) -> None:
        if answer.strip().lower() not in ("y", "yes"):
            self.say(f"{path.name} is kept; nothing was written")
            return
        try:
            self.save(path, force=True)
        except AlleleError as error:
            self.say(str(error), bad=True)

    def save(self, path: Path, *, force: bool) -> None:
        """Write the focused strand to a file.

        Raises:
            AlleleError: what is there is kept; OccupiedError: it may be replaced with `force`.
        """
        grid = self.grid
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
            raise AlleleError("E_BAD_REQUEST", f"{path.name}: no such format", hint="write FILE.wav or FILE.alle")
        self.spawn(self._save(grid.id, target))

    async def _save(self, strand: str, target: Target) -> None:
        path = target.path
        self.say(f"writing {path.name} ...")
        if path.suffix.lower() == STRAND_SUFFIX:
            size = await self.session.save_alle(strand, target)
            self.say(f"wrote {size} bytes: {path}")
            return
        digests = [info.meta.source.sha256 for info in self.session.strands.values()]
        await asyncio.to_thread(refuse_recording, target, digests, EDITOR)
        request = DecodeStrand(strand=strand, out=str(path), replace=target.replaces is not None)
        done = (await self.session.ask(request, timeout_s=600.0)).body
        if target.replaces is None:
            give_usual_permissions(path)
        said = [f"wrote {done.seconds:.2f} s", f"peak {done.peak_db:.1f} dBFS", f"rms {done.rms_db:.1f} dBFS"]
        self.say(f"{', '.join([*said, *done.notes])}: {done.path}")

    def do_app_command(self, count: int | None, register: str | None) -> None:
        self.prompt.ask(":", self.command)
        if self.editor.pane.selection is not None and self.grid is not None:
            self.words.show(f" an edit without a place acts on the selection, {self.editor.pane.rect(self.grid).words}")

    def command(self, text: str) -> None:
        """Carry a `:` line out."""
        try:
            command = read_command(text, {info.meta.name for info in self.session.strands.values()})
            if command is not None:
                self._command(command)
        except AlleleError as error:
            self.say(str(error), bad=True)

    def _command(self, command: Command) -> None:
        if command.edit is not None:
            self._typed_edit(command.edit)
        elif command.name == "action":
            self._typed_action(*command.args)
        elif command.name == "w":
            self.save(Path(command.args[0]), force=command.force)
        elif command.name == "open":
            model = command.args[1] if len(command.args) > 1 else None
            self.spawn(self.allele.open_in_pane(Path(command.args[0]), self.editor.focus, model))
        elif command.name == "frame":
            if not command.args[0].isdecimal():
                raise AlleleError("E_BAD_EDIT", f"{command.args[0]!r} is no frame", hint=":frame 120")
            self.go_to_frame(int(command.args[0]))
        elif command.name == "undolist":
            self.run_action_named("edit.history")
        elif command.name == "b":
            if command.args:
                self.show_in_pane(self._strand_named(command.args[0]))
            else:
                self.run_action_named("pane.strands")
        elif command.name == "find":
            self.find_text(" ".join(command.args), self.editor.pane.cursor.level)
        elif command.name == "describe":
            self.run_action_named("view.describe")
        elif command.name == "colour":
            self.colour_by("" if command.args[0] == "auto" else command.args[0])
        elif command.name == "help":
            self.allele.do_app_help(None, None)
        else:
            self.allele.do_app_quit(None, None)

    def _typed_action(self, action_id: str, word: str = "") -> None:
        """`:edit.undo 3`: the action on the visible screen."""
        top = self.allele.top_screen or self
        letter = bool(BY_ID[action_id].letter)
        count = int(word) if word and not letter else None
        top.run_action_named(action_id, count, word if word and letter else None)

    def _typed_edit(self, edit: Edit) -> None:
        grid = self.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty", hint=":open FILE")
        if OPS[edit.op].takes_strand:
            edit = to_other(edit, self._strand_named(edit.args[0]))
        if edit.levels is None and edit.frames is None and self.editor.pane.selection is not None:
            edit = at_rect(edit, self.editor.pane.rect(grid))
        self.editor.remember(edit)
        self.submit(grid.id, edit)

    def _strand_named(self, name: str) -> str:
        """The id of a strand called A, B, by its name or by its id."""
        if name.upper() in NAMES and len(name) == 1:
            found = self.editor.panes[NAMES.index(name.upper())].strand
            if found:
                return found
        for strand, info in self.session.strands.items():
            if name in (strand, info.meta.name):
                return strand
        raise AlleleError(
            "E_NOT_FOUND", f"no open strand is called {name}", hint="the panes are A and B; open others with :open"
        )


def save_path(info: StrandInfo, folder: Path) -> Path:
    """Where a strand is offered to be saved: NAME.wav while untouched, but never over what it was made of."""
    stem = Path(info.meta.name).stem
    plain = folder / f"{stem}.wav"
    taken = plain.exists() or plain == Path(info.meta.source.path)
    return folder / f"{stem}-edited.wav" if info.undo_depth or taken else plain

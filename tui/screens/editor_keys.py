"""What the editor's keys do: motions, selection, edits, sound and files. `EditorScreen` draws.

An edit is sent at once and drawn when the daemon says so (under a millisecond over ipc). Held keys are pipelined, see
tui.model.pending. Notes that come back ("cropped to …") are said on the last line.
"""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from protocol import messages as m
from protocol.edits import OPS, Edit, format_edit
from protocol.errors import AlleleError
from tui.keymap import Action
from tui.model.commands import Command, read_command
from tui.model.cursor import Rect, Selection, move
from tui.model.editor import NAMES, Editor
from tui.model.grid import StrandGrid
from tui.model.paths import read_paths
from tui.model.pending import EditChain
from tui.screens.base import BaseScreen


class EditorKeys(BaseScreen):
    """Actions of the editor, apart from how it is drawn."""

    @property
    def editor(self) -> Editor:
        return self.allele.editor

    def grid_of(self, index: int) -> StrandGrid | None:
        """The grid of a pane, None while it is empty or not fetched yet."""
        return self.session.grids.get(self.editor.panes[index].strand or "")

    def grids(self) -> list[StrandGrid | None]:
        return [self.grid_of(0), self.grid_of(1)]

    @property
    def grid(self) -> StrandGrid | None:
        """The focused pane's grid."""
        return self.grid_of(self.editor.focus)

    # --- moving ------------------------------------------------------------------------------------------

    def moved(self) -> None:
        """The cursor or the selection changed."""
        self.draw()
        self.allele.remember()

    def _move(self, motion: str, count: int | None) -> None:
        if self.grid is not None:
            pane = self.editor.pane
            self.editor.place(move(pane.cursor, motion, count, self.grid.codes, pane.page_frames), self.grids())
            self.moved()

    def method_of(self, action: Action) -> Any:
        """A motion is carried out by its name, anything else by its method."""
        if action.group == "Move" and action.id.startswith("move."):
            return lambda count, register: self._move(action.id.removeprefix("move."), count)
        return super().method_of(action)

    def do_pane_other(self, count: int | None, register: str | None) -> None:
        self.editor.focus = 1 - self.editor.focus
        self.moved()

    def do_pane_link(self, count: int | None, register: str | None) -> None:
        self.editor.linked = not self.editor.linked
        if self.grid is not None:
            self.editor.place(self.editor.pane.cursor, self.grids())
        self.say(
            "cursors linked: swap exchanges the same frames"
            if self.editor.linked
            else f"cursors free: swap lands at {self.editor.other_name}'s own cursor"
        )
        self.moved()

    # --- selecting ---------------------------------------------------------------------------------------

    def do_select_start(self, count: int | None, register: str | None) -> None:
        self._select(all_levels=False)

    def do_select_levels(self, count: int | None, register: str | None) -> None:
        self._select(all_levels=True)

    def _select(self, *, all_levels: bool) -> None:
        pane = self.editor.pane
        if pane.selection is None:
            pane.selection = Selection(pane.cursor, all_levels)
        elif pane.selection.all_levels == all_levels:
            pane.selection = None
        else:
            pane.selection = replace(pane.selection, all_levels=all_levels)
        self.moved()

    def do_select_corner(self, count: int | None, register: str | None) -> None:
        pane = self.editor.pane
        if pane.selection is None:
            return
        cursor, anchor = pane.cursor, pane.selection.anchor
        pane.selection = replace(pane.selection, anchor=cursor)
        self.editor.place(anchor, self.grids())
        self.moved()

    def do_select_drop(self, count: int | None, register: str | None) -> None:
        self.editor.pane.selection = None
        self.moved()

    # --- editing -----------------------------------------------------------------------------------------

    def submit(self, strand: str, edit: Edit) -> None:
        """Send an edit; what the daemon notes about it is said."""
        self.spawn(self._submit(strand, edit))

    async def _submit(self, strand: str, edit: Edit) -> None:
        applied = await self.session.edit(strand, edit)
        self._applied(applied, describe_edit(edit, self.session.strands))

    def _applied(self, applied: m.EditApplied | None, done: str) -> None:
        if applied is not None:
            notes = "; ".join(applied.notes)
            self.say(f"{done}{' - ' + notes if notes else ''}")
            self.draw()

    def do_edit_swap(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is not None:
            self.submit(grid.id, self.editor.swap(self.editor.pane.rect(grid, count)))

    def do_edit_set(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        rect = self.editor.pane.rect(grid, count)
        label = f"code for {rect.words}, 0 to {grid.codebook - 1}: "
        self.prompt.ask(label, lambda text: self._set(grid, rect, text))

    def _set(self, grid: StrandGrid, rect: Rect, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if not text.isdecimal() or int(text) >= grid.codebook:
            self.say(f"{text!r} is no code; codes go from 0 to {grid.codebook - 1}", bad=True)
            return
        self.submit(grid.id, self.editor.set(rect, int(text)))

    def do_edit_next_code(self, count: int | None, register: str | None) -> None:
        self._step_code(count or 1)

    def do_edit_prev_code(self, count: int | None, register: str | None) -> None:
        self._step_code(-(count or 1))

    def _step_code(self, by: int) -> None:
        grid = self.grid
        if grid is None:
            return
        cursor = self.editor.pane.cursor
        chain = self.session.chains.setdefault(grid.id, EditChain())
        now = chain.expected.get((cursor.level, cursor.frame), int(grid.codes[cursor.level, cursor.frame]))
        code = min(max(0, now + by), grid.codebook - 1)
        if code == now:
            self.say(f"code {now} is the {'last' if by > 0 else 'first'} of this level")
            return
        chain.expect(cursor.level, cursor.frame, code)
        self.submit(grid.id, self.editor.set(self.editor.pane.rect(grid), code))

    def do_edit_copy(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        rect = self.editor.pane.rect(grid, count)
        self.submit(grid.id, self.editor.copy(rect, register or self.session.registers.unnamed))
        if self.editor.pane.selection is not None:
            self.editor.pane.selection = None
            self.editor.place(replace(self.editor.pane.cursor, level=rect.first_level, frame=rect.first), self.grids())
            self.moved()

    def do_edit_put(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        pane = self.editor.pane
        rect = pane.rect(grid) if pane.selection is not None else None
        self.submit(grid.id, self.editor.put(pane.cursor, register or self.session.registers.unnamed, rect))

    def do_edit_repeat(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        edit = self.editor.repeat(grid, count) if grid is not None else None
        if grid is not None and edit is not None:
            self.submit(grid.id, edit)

    def do_edit_undo(self, count: int | None, register: str | None) -> None:
        self._history(self.session.undo, "undone", count)

    def do_edit_redo(self, count: int | None, register: str | None) -> None:
        self._history(self.session.redo, "redone", count)

    def _history(self, ask: Any, word: str, count: int | None) -> None:
        grid = self.grid
        for _ in range(min(count or 1, 1000)):
            if grid is not None:
                self.spawn(self._back(ask, grid.id, word))

    async def _back(self, ask: Any, strand: str, word: str) -> None:
        applied = await ask(strand)
        if applied is not None:
            self._applied(applied, f"{word}: {self._readable(applied.edit)}")

    def _readable(self, text: str) -> str:
        for strand, info in self.session.strands.items():
            text = text.replace(strand, info.meta.name)
        return text

    # --- sound -------------------------------------------------------------------------------------------

    def do_play_toggle(self, count: int | None, register: str | None) -> None:
        if self.allele.sound.playing:
            self.spawn(self.allele.sound.stop())
        elif self.grid is not None:
            first = self.editor.pane.cursor.frame
            self.spawn(self.allele.sound.play(self.grid, (first, None), self.editor))

    def do_play_selection(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is not None:
            rect = self.editor.pane.rect(grid, count)
            self.spawn(self.allele.sound.play(grid, (rect.first, rect.past), self.editor))

    def do_play_loop(self, count: int | None, register: str | None) -> None:
        self.editor.loop = not self.editor.loop
        self.say("loop on: Enter repeats the selection" if self.editor.loop else "loop off")
        self.moved()

    def do_play_mute(self, count: int | None, register: str | None) -> None:
        self.editor.muted ^= {self.editor.pane.cursor.level}
        heard = "muted" if self.editor.pane.cursor.level in self.editor.muted else "heard"
        self.say(f"level {self.editor.pane.cursor.level} is {heard}, from the next play on; edits and files keep it")
        self.moved()

    # --- files and commands ------------------------------------------------------------------------------

    def do_file_save(self, count: int | None, register: str | None) -> None:
        if self.grid is not None:
            start = str(Path.cwd() / (Path(self.grid.name).stem + "-edited.wav"))
            self.prompt.ask("save as: ", lambda text: self.save(text, force=False), value=start, is_path=True)

    def save(self, text: str, *, force: bool) -> None:
        """Write the focused strand to a file."""
        grid = self.grid
        if grid is None:
            self.say("this pane is empty: there is nothing to write", bad=True)
            return
        try:
            paths = read_paths(text)
            if len(paths) != 1:
                raise AlleleError("E_BAD_REQUEST", f"{len(paths)} file names", hint='give one, quoted: "my sound.wav"')
            path = paths[0]
            if path.exists() and not force:
                raise AlleleError("E_EXISTS", f"{path} exists", hint=f"overwrite it with :w! {path}")
            if path.suffix.lower() not in (".wav", ".alle"):
                raise AlleleError("E_BAD_REQUEST", f"{path.name}: no such format", hint="write FILE.wav or FILE.alle")
        except AlleleError as error:
            self.say(str(error), bad=True)
            return
        self.spawn(self._save(grid.id, path))

    async def _save(self, strand: str, path: Path) -> None:
        self.say(f"writing {path.name} ...")
        if path.suffix.lower() == ".wav":
            request = m.DecodeStrand(strand=strand, out=str(path))
            done = (await self.session.ask(request, timeout_s=600.0)).body
            self.say(
                f"wrote {done.seconds:.2f} s, peak {done.peak_db:.1f} dBFS, rms {done.rms_db:.1f} dBFS: {done.path}"
            )
        else:
            size = await self.session.save_alle(strand, path)
            self.say(f"wrote {size} bytes: {path}")

    def do_app_command(self, count: int | None, register: str | None) -> None:
        self.prompt.ask(":", self.command)
        if self.editor.pane.selection is not None and self.grid is not None:
            self.words.show(f" an edit without a place acts on the selection, {self.editor.pane.rect(self.grid).words}")

    def command(self, text: str) -> None:
        """Carry a `:` line out."""
        try:
            command = read_command(text)
            if command is not None:
                self._command(command)
        except AlleleError as error:
            self.say(str(error), bad=True)

    def _command(self, command: Command) -> None:
        if command.edit is not None:
            self._typed_edit(command.edit)
        elif command.name == "w":
            self.save(command.args[0] if " " not in command.args[0] else f'"{command.args[0]}"', force=command.force)
        elif command.name == "open":
            model = command.args[1] if len(command.args) > 1 else None
            self.spawn(self.allele.open_in_pane(read_paths(command.args[0])[0], self.editor.focus, model))
        elif command.name == "frame":
            if not command.args[0].isdecimal():
                raise AlleleError("E_BAD_EDIT", f"{command.args[0]!r} is no frame", hint=":frame 120")
            self._move("frame", int(command.args[0]))
        elif command.name == "help":
            self.allele.do_app_help(None, None)
        else:
            self.allele.do_app_quit(None, None)

    def _typed_edit(self, edit: Edit) -> None:
        grid = self.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty", hint=":open FILE")
        if OPS[edit.op].takes_strand:
            edit = replace_other(edit, self._strand_named(edit.args[0]))
        if edit.levels is None and edit.frames is None and self.editor.pane.selection is not None:
            edit = at_rect(edit, self.editor.pane.rect(grid))
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
            "E_NOT_FOUND",
            f"no open strand is called {name}",
            hint="it is called A or B here, or open it first with :open",
        )


def replace_other(edit: Edit, strand: str) -> Edit:
    """An edit with the other strand's name in another form."""
    return Edit(op=edit.op, args=[strand, *edit.args[1:]], levels=edit.levels, frames=edit.frames, options=edit.options)


def at_rect(edit: Edit, rect: Rect) -> Edit:
    """An edit with a place."""
    levels, frames = (rect.first_level, rect.last_level), (rect.first, rect.past)
    if edit.op == "put":
        return Edit(op=edit.op, args=edit.args, frames=frames, options=edit.options)
    return Edit(op=edit.op, args=edit.args, levels=levels, frames=frames, options=edit.options)


def describe_edit(edit: Edit, strands: dict[str, m.StrandInfo]) -> str:
    """An edit as text, with names in place of ids."""
    with contextlib.suppress(KeyError, IndexError):
        if OPS[edit.op].takes_strand:
            edit = replace_other(edit, strands[edit.args[0]].meta.name)
    return format_edit(edit)

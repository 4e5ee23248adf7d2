"""The editor's `:` line.

Data flow: a line is read by tui.model.commands; it is an edit, an action by its name, or one of the commands below.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.operations import OPS
from protocol.ranges import FrameRange
from protocol.tempo import Tempo
from protocol.times import Moment, read_moment
from protocol.units import FRAMES_PER_S
from tui.actions.press import Handlers, Press
from tui.actions.registry import BY_ID
from tui.editor.context import EditorContext
from tui.editor.cutting import Cutting
from tui.editor.finding import Finding
from tui.editor.motions import Motions
from tui.editor.saving import Files
from tui.editor.sending import EditSender
from tui.editor.strand_choice import StrandChoice
from tui.editor.timing import Timing
from tui.editor.varying import Varying
from tui.editor.viewing import Viewing
from tui.model.changes import at_rect, to_other
from tui.model.command_completion import Known, complete_command
from tui.model.commands import Command, read_command
from tui.model.editor import NAMES
from tui.model.surprise import NAME as SURPRISE
from tui.widgets.prompt import Prompt, Work


class CommandLine:
    """Runs the commands that are typed after `:`."""

    def __init__(
        self,
        context: EditorContext,
        *,
        sender: EditSender,
        motions: Motions,
        viewing: Viewing,
        finding: Finding,
        strands: StrandChoice,
        files: Files,
        cutting: Cutting,
        varying: Varying,
        timing: Timing,
    ) -> None:
        self.context, self.sender, self.strands, self.cutting = context, sender, strands, cutting
        self.editor, self.session = context.editor, context.session
        self._commands: dict[str, Callable[[Command], Work | None]] = {
            "action": lambda command: self._action(*command.args),
            "w": lambda command: files.save(
                files.named(command.args[0] if command.args else ""), force=command.force, part=command.part
            ),
            "split": self._split,
            "vary": lambda command: varying.vary(int(command.args[0]), self._named_other(command.edit)),
            "open": self._open,
            "frame": lambda command: motions.go_to_frame(int(self._moment(command.args[0]).frames(self._frame_rate))),
            "tempo": lambda _: timing.offer_tempo(),
            "select": lambda command: timing.select_span(command.part) if command.part is not None else None,
            "undolist": lambda _: context.run("edit.history"),
            "b": self._show_strand,
            "find": lambda command: finding.find_text(" ".join(command.args), self.editor.pane.cursor.level),
            "describe": lambda _: context.run("view.describe"),
            "colour": lambda command: viewing.colour_by("" if command.args[0] == "auto" else command.args[0]),
            "help": lambda _: context.run("app.help"),
            "q": lambda _: context.run("app.quit"),
        }

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {"app.command": self.open}

    def open(self, press: Press) -> None:
        """Open the `:` line."""
        context, wants = self.context, ""
        if self.editor.pane.selection is not None and context.grid is not None:
            rect = self.editor.pane.rect(context.grid)
            wants = f"an edit without levels and frames changes the selection, {rect}"
        self.ask(context.prompt, wants)

    def ask(self, prompt: Prompt, wants: str = "") -> None:
        """Open the `:` line in the prompt of any screen."""
        prompt.ask(":", self.answer, completer=lambda text: complete_command(text, self._known()), wants=wants)

    def _known(self) -> Known:
        grid = self.context.grid
        qualities = () if grid is None else (*self.context.colours_of(grid).choices, SURPRISE)
        return Known(tuple(info.meta.name for info in self.session.strands.values()), tuple(qualities))

    def run(self, text: str) -> None:
        """Run a line. Shows an error if it is not a valid command or is refused."""
        try:
            work = self.answer(text)
        except AlleleError as error:
            self.context.say(str(error), bad=True)
        else:
            if work is not None:
                self.context.spawn(work)

    def answer(self, text: str) -> Work | None:
        """Run a line, and return the coroutine of what takes longer.

        Raises:
            AlleleError: the line is not a valid command.
        """
        names = {info.meta.name for info in self.session.strands.values()}
        command = read_command(text, names, self._frame_rate, self._tempo)
        if command is None:
            return None
        if command.name == "edit" and command.edit is not None:
            return self._edit(command.edit)
        return self._commands[command.name](command)

    def _open(self, command: Command) -> Work:
        model = command.args[1] if len(command.args) > 1 else None
        files, path = self.context.app.files, Path(command.args[0])
        return files.open_in_pane(path, self.editor.focus, model)

    @property
    def _frame_rate(self) -> float:
        return FRAMES_PER_S if self.context.grid is None else self.context.grid.frame_rate

    @property
    def _tempo(self) -> Tempo | None:
        return None if self.context.grid is None else self.context.grid.tempo

    def _moment(self, text: str) -> Moment:
        """Return the position that a text names, as a frame or as a time.

        Raises:
            AlleleError: E_BAD_EDIT when it names none.
        """
        moment = read_moment(text, self._tempo)
        if moment is None:
            raise AlleleError("E_BAD_EDIT", f"{text!r} is not a frame or a time", hint="write 120, 1.2s, bar2 or 2.3")
        return moment

    def _split(self, command: Command) -> None:
        grid = self.context.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty", hint=":open FILE")
        at = self._moment(command.args[0]).nearest_frame(grid.frame_rate) if command.args else None
        self.cutting.split(grid, self.editor.pane.cursor.frame if at is None else at)

    def _show_strand(self, command: Command) -> None:
        if command.args:
            self.strands.show_in_pane(self._strand_named(command.args[0]))
        else:
            self.context.run("pane.strands")

    def _action(self, action_id: str, word: str = "") -> None:
        """Run an action by its id, as in `:edit.undo 3`, on the visible screen."""
        letter = bool(BY_ID[action_id].letter)
        count = int(word) if word and not letter else None
        self.context.run_visible(action_id, Press(count, word if word and letter else None))

    def _edit(self, edit: Edit) -> Work:
        grid = self.context.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty", hint=":open FILE")
        edit = self._named_other(edit) or edit
        if edit.levels is None and edit.frames is None and self.editor.pane.selection is not None:
            edit = at_rect(edit, self.editor.pane.rect(grid))
        elif edit.frames is None and OPS[edit.op].inserts:
            edit = replace(edit, frames=FrameRange(self.editor.pane.cursor.frame))
        self.editor.remember(edit)
        return self.sender.send(grid.id, edit)

    def _named_other(self, edit: Edit | None) -> Edit | None:
        """Return an edit with the id of the other strand that it names."""
        return edit if edit is None or edit.other is None else to_other(edit, self._strand_named(edit.other))

    def _strand_named(self, name: str) -> str:
        """Return the id of a strand, given as A, B, its name or its id.

        Raises:
            AlleleError: E_NOT_FOUND when no such strand is open.
        """
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
